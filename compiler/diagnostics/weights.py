"""What can be wrong with weight files and with how they fit a model (E801-E806, E811-E839, W801)."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .phrases import Phrase, Phrases
from .suggest import did_you_mean

#: What to do where a path leads nowhere.
CHECK_THE_PATH = "check the path; it is taken from the folder in which the command runs"
#: Of each kind of misfit so many tensors are shown.
MOST_SHOWN = 10

# Files --------------------------------------------------------------------------------------------------------------


@record
class WeightFormatNotRead(Diagnostic):
    """The ending of a file's name tells how weights are kept in it, and this ending is of no format that is read.

    * `.safetensors`, which most tools write and read; `.safetensors.index.json`, the index of one in several parts;
    * `.npz`, arrays of numpy: `np.savez("net.npz", **weights)`;
    * `.onnx`, of which the initializers are read;
    * `.keras`, `.weights.h5`, `.h5` and `.hdf5`, files of Keras, with `pip install "dotnn[keras]"`;
    * `.pt`, `.pth` and `.bin`, a `state_dict` written by `torch.save`, with `pip install "dotnn[torch]"`;
      `.bin.index.json`, the index of one in several parts.

    Reading one never runs code. Pickles can run any code while they are read, so of those only what PyTorch reads with
    `weights_only=True` is taken, and nothing else is unpickled. Convert another file once, with the tool that made it;
    the names stay as they are:

        import torch
        from safetensors.torch import save_file
        state = torch.load("net.ckpt", weights_only=True)["state_dict"]
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, "net.safetensors")

    Names and layouts are PyTorch's: `conv1.weight` is `[filters, channels, height, width]`, and the weight of a dense
    layer is `[units, inputs]`.
    """

    code: ClassVar[str] = "E801"
    message: ClassVar[str] = "cannot read weights from `{path}`: {what}"
    remedy: ClassVar[str] = "{recipe}"

    path: str
    suffix: str
    endings: str

    @property
    def what(self) -> str:
        """What the ending of the name means."""
        return (
            KNOWN_OTHERS[self.suffix][0]
            if self.suffix in KNOWN_OTHERS
            else "the ending of its name is of no weight file"
        )

    @property
    def recipe(self) -> str:
        """How to make a file that is read."""
        if self.suffix in KNOWN_OTHERS:
            return KNOWN_OTHERS[self.suffix][1]
        return f"weights are read from {self.endings}; rename the file if it is one of them"


@record
class OtherFileForWeights(WeightFormatNotRead):
    """The content tells what it is."""

    kind: Phrase

    @property
    def what(self) -> str:
        """What it is."""
        return f"it is {self.kind}"

    @property
    def recipe(self) -> str:
        """What takes the file, and what weights are read from."""
        return f"{self.kind.advice()}; weights are read from {self.endings}"


@record
class FolderForWeights(WeightFormatNotRead):
    """A folder where a file is wanted."""

    message: ClassVar[str] = "cannot read weights from `{path}`: it is a folder (directory)"
    remedy: ClassVar[str] = "give the file in it that has the weights; they are read from {endings}"


_PICKLE = (
    "it is a pickle, which can run any code while it is read",
    "name it `.pt` if `torch.save` wrote it; else convert it once: `from safetensors.torch import save_file`, then "
    '`save_file(torch.load("net.ckpt", weights_only=True)["state_dict"], "net.safetensors")`',
)
_ONE_ARRAY = (
    "it holds one array without a name",
    'save the arrays under the model\'s names: `np.savez("net.npz", **weights)`',
)
_INDEX = (
    "it is no weight file itself",
    "the index of a file in several parts is named `….safetensors.index.json` or `….bin.index.json`",
)
#: What files of other formats are, by the endings of their names, and what to do about it.
KNOWN_OTHERS: dict[str, tuple[str, str]] = {
    **dict.fromkeys((".ckpt", ".pkl", ".pickle", ".tar"), _PICKLE),
    ".npy": _ONE_ARRAY,
    ".json": _INDEX,
}


@record
class WeightFileUnreadable(Diagnostic):
    """A weight file cannot be opened: it is not there, it is no regular file, or reading is not permitted.

    Paths are taken from the folder in which the command runs. A pipe or a device is no file, nor is what stands for
    one, such as `<(command)` in a shell: what comes out of it is written into a file first.
    """

    code: ClassVar[str] = "E802"
    message: ClassVar[str] = "cannot read the weights `{path}`: {reason}"
    remedy: ClassVar[str] = "{hint}"

    path: str
    reason: str
    hint: str = CHECK_THE_PATH


@record
class DamagedWeightFile(Diagnostic):
    """The content of a weight file is not what its name says: cut off, damaged, or another format.

    The whole layout of a file is checked before a number is read: each tensor's place, size and element type, and that
    no bytes are left over. A file that fails is refused as a whole, because what it says of the other tensors cannot be
    relied on either.
    """

    code: ClassVar[str] = "E803"
    message: ClassVar[str] = "`{path}` is no readable {kind}: {reason}"
    remedy: ClassVar[str] = "copy or download the file again, or write it again with the tool that made it"

    path: str
    kind: str
    reason: Phrase | str

    def advice(self) -> str:
        """What helps where the file is something else; else a new copy."""
        own = self.reason.advice() if isinstance(self.reason, Phrase) else ""
        return own or super().advice()


@record
class PickledWeights(Diagnostic):
    """An array of a `.npz` file holds Python objects, which are stored by pickle.

    Unpickling runs whatever code the file holds, so nothing is ever unpickled. Arrays of numbers need no pickle. Arrays
    of `object` come from lists of unequal lengths, or from saving a dictionary as if it were an array:
    `np.savez(file, **weights)` saves its entries.
    """

    code: ClassVar[str] = "E804"
    message: ClassVar[str] = "the array `{name}` of `{path}` holds Python objects, and nothing is ever unpickled"
    remedy: ClassVar[str] = "save each array of numbers under its own name: `np.savez(file, **weights)`"

    path: str
    name: str


@record
class WeightFormatNotWritten(Diagnostic):
    """Weights are written as `.safetensors`, `.npz` or, with PyTorch, `.pt`; the ending of the file's name tells which.

    PyTorch and most other tools load `.safetensors`; numpy loads `.npz`. Files of other formats are read, if at all,
    and not written.
    """

    code: ClassVar[str] = "E805"
    message: ClassVar[str] = (
        "cannot tell from its name how to write the weights `{path}`: they are written as {endings}"
    )
    remedy: ClassVar[str] = "name it `{suggested}`"

    path: str
    suggested: str
    endings: str


@record
class UnwritableName(Diagnostic):
    """A file format keeps a name for itself, so no tensor in it can have this name.

    A `.safetensors` file keeps its notes under `__metadata__`.
    """

    code: ClassVar[str] = "E806"
    message: ClassVar[str] = "`{path}` cannot hold a tensor named `{name}`: the format keeps this name for itself"
    remedy: ClassVar[str] = "give the parameter another name, or write `.npz`"

    path: str
    name: str


# Binding ------------------------------------------------------------------------------------------------------------


class AxisOrder(StrEnum):
    """How the axes of a tensor in a file relate to those of the model's, where they are the same in another order."""

    TRANSPOSED = "it is transposed, as Keras writes it"
    CHANNELS_LAST = "its axes are `[*kernel, channels, filters]`, as Keras writes them"
    OTHER = "its axes stand in another order"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One tensor that does not fit.

    Attributes:
        name: as the side says that has it: the file for unused tensors, the model for all others.
        shape: in the file for unused tensors, in the model for all others.
        found: what the file has instead: a shape, or an element type.
        near: names in the file that may be meant.
        attribute: what to write at the layer so that model and file agree, such as ``bias=true``.
        layer: the label of that layer.
        layout: how the file's axes relate to the model's; None where they are others.
        stored: what the file calls it, where names and layouts are another framework's.
        wanted: the shape that the file must have, in that framework's layout.
    """

    name: str
    shape: tuple[int, ...]
    found: str = ""
    near: tuple[str, ...] = ()
    attribute: str = ""
    layer: str = ""
    layout: AxisOrder | None = None
    stored: str = ""
    wanted: str = ""

    @property
    def label(self) -> str:
        """Name and shape."""
        return f"`{self.name}` {list(self.shape)}"

    @property
    def advice(self) -> str:
        """What would make it fit, as the end of a sentence; may be empty."""
        if self.attribute:
            return f"; to agree with it, write `{self.attribute}` at `{self.layer}`"
        return f"; {did_you_mean(self.near)}" if self.near else ""


@record
class Misfits(Diagnostic):
    """Base of the reports on tensors that do not fit.

    Attributes:
        path: the weight file.
        misfits: the tensors, in the order of the model or of the file; those that are shown have their hints.
        holder: what it is: a file, or a mapping in Python.
    """

    path: str
    misfits: tuple[Misfit, ...]
    holder: str = "file"

    @property
    def tensors(self) -> str:
        """How many, in words."""
        return count(self.misfits)

    @property
    def first(self) -> str:
        """The name of the first."""
        return self.misfits[0].name

    def sentence(self, misfit: Misfit) -> str:
        """What to say of one tensor."""
        return misfit.label + misfit.advice

    def notes(self) -> tuple[str, ...]:
        """The first tensors, and how many more there are."""
        shown = tuple(self.sentence(misfit) for misfit in self.misfits[:MOST_SHOWN])
        rest = len(self.misfits) - len(shown)
        return (*shown, f"and {rest:,} more") if rest else shown


@record
class MissingWeights(Misfits):
    """A weight file lacks tensors of the model.

    Tensors are found by their full names: the labels from the outermost block to the layer, then the tensor's own name,
    as in `layer1.0.conv1.weight`. Unlabelled layers have automatic names that move when a layer is inserted, so
    whatever is loaded wants a label. A tensor that stands in the source as a literal need not be in the file; if it is,
    the file's numbers are used.

    Nothing is left at its first random values silently: either all tensors are loaded, or none. With `--allow-missing`
    those that the file lacks are initialized, and named. Where a file has other names for the same tensors in the same
    order, `--match order` pairs them; `--rename` takes rules for names.

    Bad, for a file with `fc.weight` and `fc.bias`:

    ```nn
    output y = x -> dense(10)
    ```

    Good:

    ```nn
    output y = x -> fc: dense(10)
    ```
    """

    code: ClassVar[str] = "E811"
    message: ClassVar[str] = "`{path}` lacks {lacking} of the model's {total:,} tensors"
    label: ClassVar[str] = "`{first}` is not in the {holder}"
    total: int
    in_order: bool = False

    def advice(self) -> str:
        """By order, where that explains all; else labels."""
        if self.in_order:
            return (
                f"in their order all tensors of the {self.holder} have the shapes of the model's: write "
                '`--match order` (in Python `matching=dotnn.Matching(match="order")`)'
            )
        return f"give each layer the label that it has in the {self.holder}; `dotnn summary` shows the model's names"

    @property
    def lacking(self) -> str:
        """How many, in words."""
        return "all" if len(self.misfits) == self.total else f"{len(self.misfits):,}"


@record
class UnusedWeights(Misfits):
    """A weight file has tensors that the model lacks.

    Loading never changes the model: a bias that stands in the file is not added to a layer written without one. Write
    the attribute that makes the tensor (`bias=true`, `recurrent_bias=true`, `layers=2`), give the layers the labels
    that the file has, or leave the tensor out of the file. PyTorch's `num_batches_tracked`, a counter that no
    computation reads, is known and dropped.

    Bad, for a file with `conv1.weight` and `conv1.bias`:

    ```nn
    output y = x -> conv1: conv2d(64, kernel=7, bias=false)
    ```

    Good:

    ```nn
    output y = x -> conv1: conv2d(64, kernel=7)
    ```
    """

    code: ClassVar[str] = "E812"
    message: ClassVar[str] = "`{path}` has {tensors} that the model lacks"
    label: ClassVar[str] = "write `{attribute}` here"
    remedy: ClassVar[str] = (
        "loading never changes the model: write what makes these tensors, or leave them out of the {holder}"
    )

    @property
    def attribute(self) -> str:
        """What to write at the place that is shown."""
        return next((misfit.attribute for misfit in self.misfits if misfit.attribute), "")


@record
class MisshapenWeights(Misfits):
    """Tensors of a weight file have other shapes than the model's.

    Layouts are PyTorch's: a dense weight is `[units, inputs]`, a convolution's is `[filters, channels, *kernel]`. Keras
    writes `[inputs, units]` and `[*kernel, channels, filters]`. A last layer with another first axis belongs to a model
    with another number of classes.
    """

    code: ClassVar[str] = "E813"
    message: ClassVar[str] = "{tensors} of `{path}` {have} another shape than in the model"
    label: ClassVar[str] = "`{first}` belongs to this"

    @property
    def have(self) -> str:
        """The verb."""
        return "has" if len(self.misfits) == 1 else "have"

    def sentence(self, misfit: Misfit) -> str:
        """Both shapes."""
        if misfit.wanted:
            both = f"`{misfit.stored}` is {misfit.found} in the {self.holder} and must be {misfit.wanted}"
            return f"{both} for `{misfit.name}`{misfit.advice}"
        layout = f"; {misfit.layout}" if misfit.layout else ""
        return f"`{misfit.name}` is {misfit.found} in the {self.holder} and {list(misfit.shape)} in the model{layout}"

    def advice(self) -> str:
        """Another layout needs another file, another size another model or file."""
        if all(misfit.layout for misfit in self.misfits):
            return f"bring the {self.holder} into PyTorch's layout: `[units, inputs]`, `[filters, channels, *kernel]`"
        return (
            "change the sizes in the model, with `--set` where an argument sets them, "
            f"or take the {self.holder} that fits it"
        )


@record
class WrongElementTypes(Misfits):
    """Tensors of a weight file hold another kind of elements than the model's.

    Floating point types convert into each other: a `float16`, `bfloat16` or `float64` tensor becomes the `float32` that
    the model declares, rounded to the nearest number where it has more digits. Integers, truth values and complex
    numbers do not become floating point numbers: a weight that is stored as `int8` is most likely quantized, and means
    nothing without its scale.
    """

    code: ClassVar[str] = "E814"
    message: ClassVar[str] = "{tensors} of `{path}` {hold} another kind of elements than in the model"
    label: ClassVar[str] = "`{first}` belongs to this"
    remedy: ClassVar[str] = "save them as {wanted}; a quantized tensor must be multiplied by its scale first"

    wanted: str

    @property
    def hold(self) -> str:
        """The verb."""
        return "holds" if len(self.misfits) == 1 else "hold"

    def sentence(self, misfit: Misfit) -> str:
        """What the file holds."""
        return f"{misfit.label} holds {misfit.found}"


@record
class PrefixedNames(Diagnostic):
    """The names in a weight file and in the model differ by what they begin with.

    Wrappers put a word before every name: `torch.nn.DataParallel` writes `module.`, `torch.compile` writes
    `_orig_mod.`, and a network kept in an attribute of another one has the name of that attribute. `--strip-prefix`
    takes it off; in Python that is `matching=dotnn.Matching(strip_prefix="module.")`. In dotnn, a labelled block or
    group puts a word before names, too; then a rule of `--rename` does the same in the file: `'(.+)' = "net.$1"`.

    What else does not fit is reported as if the names had been mended.
    """

    code: ClassVar[str] = "E815"
    message: ClassVar[str] = "the names of {matched:,} tensors begin with `{prefix}` in {where}, and not in {other}"

    path: str
    prefix: str
    matched: int
    in_file: bool
    holder: str = "file"

    def advice(self) -> str:
        """The option, or the argument."""
        if not self.in_file:
            rule = f"'(.+)' = \"{self.prefix}$1\""
            argument = f'matching=dotnn.Matching(rename={{"(.+)": "{self.prefix}$1"}})'
            return f"write `{argument}`" if self.holder != "file" else f"write `{rule}` into a file for `--rename`"
        argument = f'matching=dotnn.Matching(strip_prefix="{self.prefix}")'
        if self.holder != "file":
            return f"write `{argument}`"
        return f"write `--strip-prefix {shlex.quote(self.prefix)}` (in Python `{argument}`)"

    @property
    def where(self) -> str:
        """The side that has the prefix."""
        return f"`{self.path}`" if self.in_file else "the model"

    @property
    def other(self) -> str:
        """The side without it."""
        return "the model" if self.in_file else f"`{self.path}`"


class ArrayFault(Phrases):
    """Why what a caller in Python gives as a weight is no array of numbers."""

    NAME_IS_NO_STR = "the name is {a_type}, and must be a str"
    IS_MASKED = "it is a masked array, and weights have no gaps: give `array.filled(…)`"
    IS_NO_ARRAY = "it is {a_type}, and no array of numbers"
    IS_MAPPING = "it is a mapping itself; if it holds the weights, give `{weights}[{name!r}]`"
    CANNOT_BE_ARRAY = "it cannot be read as an array: {reason}"
    HAS_CHANGED = "it has changed while it was read"


@record
class NotArrays(Diagnostic):
    """Weights that are given in Python are arrays of numbers under their names, and some entries are not.

    `weights` takes a mapping from names to whatever numpy can make an array of: its own arrays, tensors of PyTorch
    (`net.state_dict()`) and of other libraries, nested lists. A checkpoint of PyTorch is often a mapping that holds the
    weights in one of its entries, beside the state of the optimizer: give that entry, `checkpoint["state_dict"]`.
    """

    code: ClassVar[str] = "E816"
    message: ClassVar[str] = "`{path}` has {entries} no array of numbers can be made of"
    remedy: ClassVar[str] = "give arrays of numbers, or tensors, under the names of the model's weights"

    path: str
    faults: tuple[tuple[str, Phrase], ...]

    @property
    def entries(self) -> str:
        """How many, in words."""
        return "an entry that" if len(self.faults) == 1 else f"{len(self.faults):,} entries that"

    def notes(self) -> tuple[str, ...]:
        """What is wrong with the first ones, and how many more there are."""
        rest = len(self.faults) - MOST_SHOWN
        shown = tuple(f"`{name}`: {reason}" for name, reason in self.faults[:MOST_SHOWN])
        return (*shown, f"and {rest:,} more") if rest > 0 else shown


@record
class _NotFinite(Diagnostic):
    """Base of what is said of numbers that are not finite."""

    path: str
    names: tuple[str, ...]

    @property
    def tensors(self) -> str:
        """How many, in words."""
        return count(self.names)

    @property
    def hold(self) -> str:
        """The verb."""
        return "holds" if len(self.names) == 1 else "hold"

    @property
    def shown(self) -> str:
        """The first names."""
        return quoted(self.names, 4)


@record
class NotFiniteWeights(_NotFinite):
    """Tensors of a weight file hold NaN or infinite numbers, and were taken, as `--allow-nonfinite` says.

    They spread to the outputs of the model. Without the option they are an error (E867).
    """

    code: ClassVar[str] = "W801"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "{tensors} of `{path}` {hold} numbers that are not finite: {shown}"
    remedy: ClassVar[str] = "look into the training that they come from: the model's outputs may be NaN"


def count(things: Sequence[object]) -> str:
    """``1 tensor`` or ``3 tensors``."""
    return "1 tensor" if len(things) == 1 else f"{len(things):,} tensors"


def quoted(names: Iterable[str], most: int) -> str:
    """The first names, and how many more there are."""
    listed = [f"`{name}`" for name in names]
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest:,} more" if rest > 0 else "")
