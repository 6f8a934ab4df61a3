"""What may go wrong when a model is written."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .phrases import Phrase, Phrases
from .suggest import alike


@record
class CannotWrite(Diagnostic):
    """The operating system refused to write an output file.

    Files are written beside their destination and moved there when they are complete, so whatever stood there
    before is still there, unchanged.
    """

    code: ClassVar[str] = "E840"
    message: ClassVar[str] = "cannot write `{path}`: {reason}"
    remedy: ClassVar[str] = "write to another place; what stood there before is unchanged"

    path: str
    reason: Phrase | str


@record
class NoSpace(Diagnostic):
    """The disk, or the user's share of it, is full.

    A model is written beside its destination before it takes the old one's place, so for a moment both need
    room. What was written so far has been removed, and an existing output is unchanged.
    """

    code: ClassVar[str] = "E841"
    message: ClassVar[str] = "no space left to write `{path}`"
    remedy: ClassVar[str] = "free some space, or write to another disk; what stood there before is unchanged"

    path: str


@record
class NoDirectory(Diagnostic):
    """The directory that an output file should go to does not exist. dotnn makes no directories."""

    code: ClassVar[str] = "E842"
    message: ClassVar[str] = "cannot write `{path}`: there is no directory `{directory}`"
    remedy: ClassVar[str] = "make it with `mkdir -p {directory}`, or write to another place"

    path: str
    directory: str


@record
class NotPermitted(Diagnostic):
    """The directory of an output file may not be written to, or its file system is read-only.

    Files are written beside their destination and then moved, so the directory itself must be writable.
    """

    code: ClassVar[str] = "E843"
    message: ClassVar[str] = "not permitted to write `{path}`: {reason}"
    remedy: ClassVar[str] = "write to a directory of your own, or change the permissions of `{directory}`"

    path: str
    directory: str
    reason: str


@record
class NotARegularFile(Diagnostic):
    """What stands at the place of an output file is a directory or a device, which no file can replace."""

    code: ClassVar[str] = "E844"
    message: ClassVar[str] = "cannot write `{path}`: it is {kind}"
    remedy: ClassVar[str] = "name a file, such as `model.onnx`"

    path: str
    is_directory: bool

    @property
    def kind(self) -> str:
        """What it is, as far as that matters."""
        return "a directory" if self.is_directory else "no regular file"


@record
class WouldReplace(Diagnostic):
    """A model would be written into a file that it is made from: its text, an imported one, or its weights.

    The file would be lost, so nothing is written.
    """

    code: ClassVar[str] = "E849"
    message: ClassVar[str] = "cannot write `{path}`: the model is made from this file, which would be replaced"
    remedy: ClassVar[str] = "name another file, such as `{suggested}`"

    path: str
    suggested: str


@record
class AlreadyThere(Diagnostic):
    """A new file would take the place of something that is there already.

    `dotnn new` begins files, and replaces none: a text that somebody has written cannot be computed again.
    """

    code: ClassVar[str] = "E854"
    message: ClassVar[str] = "cannot begin `{path}`: it is there already"
    remedy: ClassVar[str] = "name another file, or remove this one first"

    path: str


@record
class ChangedMeanwhile(Diagnostic):
    """A file holds something else than when it was read, so what was to take its place is not written.

    `dotnn check --fix` reads a file, finds what is to be changed, and replaces it. Somebody else wrote to it in
    between, such as an editor; that would be lost.
    """

    code: ClassVar[str] = "E980"
    message: ClassVar[str] = "`{path}` has changed since it was read, and is left as it is now"
    remedy: ClassVar[str] = "call again when it is saved"

    path: str


@record
class FileIsReadOnly(Diagnostic):
    """A file that is to be changed may not be written to.

    `dotnn check --fix` changes no file that is marked as read-only; `--diff` shows what it would change.
    """

    code: ClassVar[str] = "E981"
    message: ClassVar[str] = "`{path}` is read-only, and is left as it is"
    remedy: ClassVar[str] = "`chmod u+w` makes it writable"

    path: str


@record
class ModelTooLarge(Diagnostic):
    """A model of this size cannot be held in one piece.

    An ONNX model is a protocol buffer, which is at most 2 GB. Larger models keep their weights in a second
    file beside the first, which is only possible where the model is written to a file.
    """

    code: ClassVar[str] = "E845"
    message: ClassVar[str] = "the model `{name}` takes {size:,} bytes, and in memory at most {limit:,} are possible"
    remedy: ClassVar[str] = "write it to a file with `dotnn build` and use the file"

    name: str
    size: int
    limit: int


@record
class InvalidModel(Diagnostic):
    """A model does not pass ONNX's own checker and strict shape inference.

    For a model that dotnn has built this is a mistake of dotnn, not of the source. Please report it with the
    source.
    """

    code: ClassVar[str] = "E846"
    message: ClassVar[str] = "the ONNX model `{name}` is not valid: {reason}"
    remedy: ClassVar[str] = "report this with the source of the model; `--no-optimize` may help until it is mended"

    name: str
    reason: str


@record
class OutOfMemory(Diagnostic):
    """The machine has not enough memory for the largest weight of the model.

    Weights are made and written one at a time, so that a model needs as much memory as its largest weight, a few times
    over at most.
    """

    code: ClassVar[str] = "E847"
    message: ClassVar[str] = "not enough memory for the weights of `{name}`, {size:,} bytes in all"
    remedy: ClassVar[str] = "check the sizes with `dotnn summary`, or build on a machine with more memory"

    name: str
    size: int


class NotLocked(Phrases):
    """Why the files of a folder are not locked."""

    LOCK_OF_ANOTHER = "`{lock}` there belongs to another user, who keeps it to himself"
    LOCK_IS_NO_FILE = "`{lock}` is no file"
    HAS_NO_LOCKS = "their file system has no locks"
    HAS_NO_IDENTITIES = "their file system does not tell one from another"


@record
class FilesNotLocked(Diagnostic):
    """The file system of an output has no locks, so two processes may write the same output at the same time.

    Processes that write a model take turns, so that the `.onnx` file and its data file belong together whoever comes
    last. That needs locks of the operating system, which some network file systems do not have. Everything is written
    nevertheless; a single process at a time is as safe as elsewhere.
    """

    code: ClassVar[str] = "W841"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "the files of `{directory}` cannot be locked: {reason}"
    remedy: ClassVar[str] = "do not write one output from two processes at the same time"

    directory: str
    reason: Phrase | str


@record
class WaitsForWriter(Diagnostic):
    """Another process is about to put files into the folder of an output, and takes unusually long.

    That is a matter of milliseconds: everything was computed and written before. So the other process was stopped, or
    the disk does not answer. The wait ends when that process goes on or ends, and Ctrl-C ends it at any time; what
    stood at the destination is unchanged.
    """

    code: ClassVar[str] = "W842"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "waiting for another process that writes to `{directory}`"
    remedy: ClassVar[str] = "look for a dotnn that was stopped, and let it go on or end it; Ctrl-C ends the wait"

    directory: str


@record
class NoKernel(Diagnostic):
    """A layer cannot run on elements of this type where the model is built to run.

    The targets `onnxruntime` and `onnxruntime-cpu` are for models that run on onnxruntime's CPU provider. It has no
    `float64` kernels for convolutions, recurrent layers, average and sum pooling and `local_response_norm`, and
    `bfloat16` only for layers that move elements. The page of each layer says what it runs on. ONNX itself has these
    forms, so that `--target onnx` builds them for a runtime that runs them.
    """

    code: ClassVar[str] = "E848"
    message: ClassVar[str] = "`{kind}` does not run on {element} with the target `{target}`"
    label: ClassVar[str] = "onnxruntime has no {element} kernel for it on the CPU"
    remedy: ClassVar[str] = (
        "keep the inputs, parameters and constants that it depends on in float32, in the text and without `--dtype`, "
        "or build with `--target onnx` for another runtime"
    )

    kind: str
    element: str
    target: str
    others: tuple[str, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Further layers that it is true of."""
        return alike(self.others)
