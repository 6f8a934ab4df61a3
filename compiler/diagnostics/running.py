"""What can be wrong when a model is loaded and run, and with what it gives (E901-E910, E920, E951-E954, W901-W909)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .phrases import Phrase, Phrases

#: The operators of onnxruntime's own that targets put into models.
_OWN_OPERATORS = ("FusedConv", "FusedGemm")
#: How onnxruntime says that it knows an operator, but not for elements of this type.
_NO_KERNEL = ("Could not find an implementation", "Failed to find kernel", "does not support double")
_OTHER_ELEMENTS = "let the model compute in float32, or run it where there is a kernel for its elements"


def _lacks_kernel(reason: str) -> bool:
    return any(words in reason for words in _NO_KERNEL)


# Models and sessions ------------------------------------------------------------------------------------------------


@record
class FileNotReadable(Diagnostic):
    """A file cannot be read: it is not there, it is no regular file, or reading is not permitted.

    Paths are taken from the folder in which the command runs. A pipe or a device is no file, nor is what stands for
    one, such as `/dev/stdin` or `<(command)` in a shell: they may never end, or never begin. `-` reads standard input
    where that is documented; else what comes out of a pipe is written into a file first.
    """

    code: ClassVar[str] = "E901"
    message: ClassVar[str] = "cannot read `{path}`: {reason}"
    remedy: ClassVar[str] = "{hint}"

    path: str
    reason: str
    hint: str = "check the path; it is taken from the folder in which the command runs"


@record
class NotAModel(Diagnostic):
    """The file or the bytes are no ONNX model: empty, cut off, or another kind of file.

    A `.nn` text is compiled first: `dotnn build net.nn` writes `net.onnx`.
    """

    code: ClassVar[str] = "E902"
    message: ClassVar[str] = "`{name}` is not an ONNX model: {clause}"
    remedy: ClassVar[str] = "give an `.onnx` file such as `dotnn build` writes; if it was copied, copy it again"

    name: str


@record
class ModelIsText(NotAModel):
    """The ending of its name is that of texts."""

    clause: ClassVar[str] = "it is the text of a model, which `dotnn.compile_file` compiles"


@record
class ModelIsOtherFile(NotAModel):
    """Its content tells what it is."""

    clause: ClassVar[str] = "it is {kind}"

    kind: Phrase

    def advice(self) -> str:
        """What takes the file."""
        return self.kind.advice()


@record
class ModelIsEmpty(NotAModel):
    """The file has no bytes."""

    clause: ClassVar[str] = "it is empty"


@record
class ModelFileTooLarge(NotAModel):
    """The file has more bytes than a message of protobuf can have."""

    clause: ClassVar[str] = "it has more than 2 GiB, which no ONNX file has"


@record
class ModelIsDamaged(NotAModel):
    """onnxruntime finds no message of ONNX in it."""

    clause: ClassVar[str] = "it is damaged, cut off or another kind of file"


@record
class ModelIsNotUtf8(NotAModel):
    """A text in it is no UTF-8."""

    clause: ClassVar[str] = "a name or a note in it is not UTF-8, as ONNX demands"


@record
class ModelHasEndlessDims(NotAModel):
    """The symbolic dimensions of its inputs are more text than is read."""

    clause: ClassVar[str] = "the dimensions of its inputs are endless texts"


@record
class ModelRefused(Diagnostic):
    """onnxruntime reads the model but cannot prepare it for running.

    Most often the model uses an operator, a version of one, or elements that the installed onnxruntime does not have on
    this provider. Models that dotnn builds for the targets `onnxruntime` and `onnxruntime-cpu` are free of what it
    lacks on the CPU; `--target onnx` builds whatever ONNX can express, with standard operators only.
    """

    code: ClassVar[str] = "E903"
    message: ClassVar[str] = "onnxruntime {version} refuses `{name}`: {reason}"
    remedy: ClassVar[str] = "{hint}"

    name: str
    version: str
    reason: str

    @property
    def hint(self) -> str:
        """What helps, by what onnxruntime says."""
        if any(operator in self.reason for operator in _OWN_OPERATORS):
            return "build it with `--target onnx`, which uses standard operators only, or install a newer onnxruntime"
        if _lacks_kernel(self.reason):
            return _OTHER_ELEMENTS
        return "install a newer onnxruntime, or have the model exported for this one"


@record
class WeightsFileMissing(Diagnostic):
    """The weights of a model lie in a file beside it, and that file is missing or damaged.

    Large weights are kept in a data file whose name the model holds. The two files are moved and copied together.
    """

    code: ClassVar[str] = "E904"
    message: ClassVar[str] = "the weights that `{name}` keeps in a file of their own cannot be read: {reason}"
    remedy: ClassVar[str] = "put the data file beside the model again, or build the model once more"

    name: str
    reason: str


class Cuda(Phrases):
    """Why CUDA does not start, and what is installed."""

    INSTALLED = "{packages} is installed, with the providers {providers}"
    LIBRARY_MISSING = "`{library}` is missing, so the installation is incomplete"
    NO_GPU_ANSWERS = "its libraries load, but no NVIDIA GPU with a working driver answers"


@record
class CudaNotInstalled(Diagnostic):
    """The CUDA provider was asked for, and the installed onnxruntime is built without it.

    The package `onnxruntime` runs on the CPU; `onnxruntime-gpu` also runs on NVIDIA GPUs. Both put their files into
    the same folder, so only one of them may be installed in an environment.
    """

    code: ClassVar[str] = "E905"
    message: ClassVar[str] = "the CUDA provider is not installed: {installed}"
    remedy: ClassVar[str] = (
        'run `pip install "dotnn[gpu]"`, then remove the CPU package, which owns the same files: '
        "`pip uninstall onnxruntime` and `pip install --force-reinstall --no-deps onnxruntime-gpu`; "
        "or run with `--provider cpu`"
    )

    installed: Phrase


@record
class CudaDoesNotLoad(Diagnostic):
    """The CUDA provider was asked for and is installed, but it does not start on this machine.

    It needs an NVIDIA GPU with its driver, and the CUDA and cuDNN libraries of the versions that it was built for.
    onnxruntime alone would run on the CPU without a word; dotnn asks it which provider it really uses.
    """

    code: ClassVar[str] = "E906"
    message: ClassVar[str] = "the CUDA provider does not start: {reason}"
    remedy: ClassVar[str] = (
        "check `nvidia-smi`, install the libraries with "
        '`pip install "onnxruntime-gpu[cuda,cudnn]"`, or run with `--provider cpu`'
    )

    reason: Phrase | str
    installed: Phrase

    def notes(self) -> tuple[str, ...]:
        """What is installed."""
        return (str(self.installed),)


@record
class RunFailed(Diagnostic):
    """onnxruntime stopped while it ran the model.

    The inputs passed all checks that the model allows; what the operators demand beyond that shows only when they
    run.
    """

    code: ClassVar[str] = "E907"
    message: ClassVar[str] = "onnxruntime {version} failed while running `{name}`: {reason}"
    remedy: ClassVar[str] = "{hint}"

    name: str
    version: str
    reason: str

    @property
    def hint(self) -> str:
        """What helps, by what onnxruntime says."""
        if _lacks_kernel(self.reason):
            return _OTHER_ELEMENTS
        return "check the sizes and values of the inputs; if memory ran out, feed fewer examples at once"


@record
class BadOption(Diagnostic):
    """An option has a value outside its range.

    `--provider` is `auto`, `cpu` or `cuda`, `--target` is `onnx`, `onnxruntime` or `onnxruntime-cpu`; numbers of
    threads and of classes to show, and sizes, are at least 1, and a seed is at least 0.
    """

    code: ClassVar[str] = "E908"
    message: ClassVar[str] = "`{option}` is {found}, and must be {expected}"
    remedy: ClassVar[str] = "give {expected}"

    option: str
    found: str
    expected: str


@record
class BadCount(BadOption):
    """A number of things is below 1."""

    expected: str = "an integer from 1 on"


@record
class BadSizeOfSymbol(BadCount):
    """The size of a symbolic dimension, which is what ``option`` names, is below 1."""

    message: ClassVar[str] = "`size of {option}` is {found}, and must be {expected}"


@record
class BadModelMetadata(Diagnostic):
    """The metadata that dotnn writes into a model cannot be read, so somebody changed it.

    `dotnn.demands` is a JSON list of objects with `dim`, `minimum` and `reason`; `dotnn.symbols` is one of objects with
    `symbol`, `input`, `axis`, `factor` and `offset`; `dotnn.labels` is a list of names, `dotnn.format` a whole number.
    """

    code: ClassVar[str] = "E909"
    message: ClassVar[str] = "the metadata `{key}` of `{name}` cannot be read: {clause}"
    remedy: ClassVar[str] = "build the model again"

    name: str
    key: str


@record
class MetadataTooLong(BadModelMetadata):
    """The text is longer than is read."""

    clause: ClassVar[str] = "it has more than {most:,} characters"

    most: int


@record
class MetadataIsNoJson(BadModelMetadata):
    """The text is no JSON."""

    clause: ClassVar[str] = "it is no JSON"


@record
class MetadataIsNoList(BadModelMetadata):
    """The value is something else than a list."""

    clause: ClassVar[str] = "it is no list"


@record
class LabelsAreNoNames(BadModelMetadata):
    """The value is no list, or has items that are no texts."""

    clause: ClassVar[str] = "it is no list of names"


@record
class DemandsAreEndless(BadModelMetadata):
    """The dimensions of all demands are more text than is read."""

    clause: ClassVar[str] = "its dimensions are endless texts"


@record
class EntryIsNoObject(BadModelMetadata):
    """An item of the list is something else than an object."""

    clause: ClassVar[str] = "an entry is no object"


@record
class EntryIsNoDemand(BadModelMetadata):
    """An item lacks the dimension or the minimum of a demand."""

    clause: ClassVar[str] = "`{entry}` is no demand"

    entry: str


@record
class EntryIsNoRange(BadModelMetadata):
    """An item lacks the input or the bounds of a range."""

    clause: ClassVar[str] = "`{entry}` is no range"

    entry: str


@record
class EntryTellsNoDimension(BadModelMetadata):
    """An item lacks what tells the size of a dimension."""

    clause: ClassVar[str] = "`{entry}` tells no dimension"

    entry: str


@record
class FormatIsNoVersion(BadModelMetadata):
    """The version of the metadata is no whole number."""

    clause: ClassVar[str] = "`{entry}` is no version"

    entry: str


@record
class ElementTypeNotSupported(Diagnostic):
    """A model has an input or output whose values numpy cannot hold, so it cannot be run from Python.

    onnxruntime exchanges numpy arrays, and numpy has no `bfloat16`. A model that is to run from Python is declared in
    `float32` or `float16`.
    """

    code: ClassVar[str] = "E910"
    message: ClassVar[str] = "`{name}` is {found}, which cannot be exchanged with onnxruntime from Python"
    remedy: ClassVar[str] = "declare the model's inputs and outputs as `float32` or another type that numpy has"

    name: str
    found: str


@record
class AlreadyBuilt(Diagnostic):
    """Weights, a seed or a target are given with a model that is built already.

    They decide what is written into an ONNX model. A `Session` takes them with a model that `dotnn.compile_file` or
    `dotnn.compile_source` has compiled; an `.onnx` file, or its bytes, holds its own weights and is run as it is.
    """

    code: ClassVar[str] = "E920"
    message: ClassVar[str] = "{listed}: {name} is built already, and holds its own weights"
    remedy: ClassVar[str] = 'give them with the compiled model: `Session(dotnn.compile_file("net.nn"), {first}=…)`'

    name: str
    options: tuple[str, ...]

    @property
    def listed(self) -> str:
        """What is given."""
        return ", ".join(f"`{name}`" for name in self.options)

    @property
    def first(self) -> str:
        """The first of them."""
        return self.options[0]


# Results ------------------------------------------------------------------------------------------------------------


@record
class WrongSaveSuffix(Diagnostic):
    """Results are saved as `.npy` (one output) or `.npz` (any number)."""

    code: ClassVar[str] = "E951"
    message: ClassVar[str] = "cannot tell from the name `{path}` how to save the outputs"
    remedy: ClassVar[str] = "let it end in `.npz`, or in `.npy` for a single output"

    path: str


@record
class SeveralOutputsInNpy(Diagnostic):
    """A `.npy` file holds one array, and there are several outputs."""

    code: ClassVar[str] = "E952"
    message: ClassVar[str] = "`{path}` can hold one output, and there are {count}: {outputs}"
    remedy: ClassVar[str] = "let the name end in `.npz`"

    path: str
    count: int
    outputs: str


@record
class NotSavable(Diagnostic):
    """An output is no array of numbers, truth values or texts, so it fits into no `.npy` file."""

    code: ClassVar[str] = "E953"
    message: ClassVar[str] = "the output `{name}` is {found}, which `.npy` and `.npz` files cannot hold"
    remedy: ClassVar[str] = "save only the other outputs"

    name: str
    found: str


@record
class ObjectsNotSavable(NotSavable):
    """An array holds Python objects, which numpy would pickle."""

    found: str = "an array of Python objects"


@record
class TooManyForJson(Diagnostic):
    """The outputs have more values than are printed as JSON, where each takes some twenty characters.

    Nothing is left out of what is printed, so nothing is printed. `--save` keeps outputs of any size.
    """

    code: ClassVar[str] = "E954"
    message: ClassVar[str] = "the outputs have {count:,} values, and as JSON at most {largest:,} are printed"
    remedy: ClassVar[str] = "save them: `--save outputs.npz`"

    count: int
    largest: int


# What is said without stopping --------------------------------------------------------------------------------------


@record
class RunsOnCpu(Diagnostic):
    """The installed onnxruntime is built for CUDA, which does not work here, so `--provider auto` runs on the CPU.

    The numbers are the same up to rounding; only the speed differs. `--provider cpu` asks for the CPU and says
    nothing; `--provider cuda` insists on the GPU, and says how to get what it needs.
    """

    code: ClassVar[str] = "W901"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "running on the CPU: {reason}"

    reason: Phrase | str


@record
class WeightsAreInitial(Diagnostic):
    """The weights of the model are the random ones it starts with: they were never loaded or trained.

    The numbers show that the model runs; they mean nothing.
    """

    code: ClassVar[str] = "W902"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "the weights were never loaded or trained, so the outputs mean nothing"
    remedy: ClassVar[str] = "build or run its `.nn` file with `--weights FILE`, or give `weights=` in Python"


@record
class NewerFormat(Diagnostic):
    """A model was built by a newer dotnn, and says things of itself that this one does not know.

    What dotnn writes into a model beside the network has a version, `dotnn.format`. A later version may mean something
    else, so nothing of it is read: the model runs as one of another maker does, without the names of its classes and
    without the checks of what its layers need.
    """

    code: ClassVar[str] = "W909"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = (
        "`{name}` was built by a newer dotnn: its metadata have version {found}, and {known} is the last one known"
    )
    remedy: ClassVar[str] = "update dotnn, so that class names are shown and sizes are checked before the model is run"

    name: str
    found: str
    known: int


@record
class LabelsDoNotFit(Diagnostic):
    """There are more or fewer names of classes than classes.

    The file of `--labels` has one name on a line, in the order of the classes, the first being that of class 0. With
    another number of names some classes get none, or all names may be off by one.
    """

    code: ClassVar[str] = "W908"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "the classes are given {count} names, and {listed}"
    remedy: ClassVar[str] = "give each class one name, on a line of its own, in the order of the classes"

    count: int
    classes: tuple[tuple[str, object], ...]

    @property
    def listed(self) -> str:
        """How many classes each output has."""
        return ", ".join(f"`{name}` has {size}" for name, size in self.classes)
