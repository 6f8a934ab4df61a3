"""What can be wrong when a model is loaded, fed and run (E901-E919, E950s, W901-W909)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .suggest import did_you_mean

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
    message: ClassVar[str] = "`{name}` is not an ONNX model: {reason}"
    remedy: ClassVar[str] = "give an `.onnx` file such as `dotnn build` writes; if it was copied, copy it again"

    name: str
    reason: str


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

    installed: str


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

    reason: str
    installed: str

    def notes(self) -> tuple[str, ...]:
        """What is installed."""
        return (self.installed,)


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
class BadModelMetadata(Diagnostic):
    """The metadata that dotnn writes into a model cannot be read, so somebody changed it.

    `dotnn.demands` is a JSON list of objects with `dim`, `minimum` and `reason`; `dotnn.symbols` is one of objects with
    `symbol`, `input`, `axis`, `factor` and `offset`; `dotnn.labels` is a list of names, `dotnn.format` a whole number.
    """

    code: ClassVar[str] = "E909"
    message: ClassVar[str] = "the metadata `{key}` of `{name}` cannot be read: {reason}"
    remedy: ClassVar[str] = "build the model again"

    name: str
    key: str
    reason: str


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


# Feeds against the model --------------------------------------------------------------------------------------------


@record
class MissingInput(Diagnostic):
    """An input of the model is given no values."""

    code: ClassVar[str] = "E911"
    message: ClassVar[str] = "the input `{name}`, {expected}, is not given"
    remedy: ClassVar[str] = "give it: `--input {name}=FILE`, or `{name}` in the mapping of `Session.run`"

    name: str
    expected: str


@record
class UnexpectedInput(Diagnostic):
    """Values are given for a name that is no input of the model."""

    code: ClassVar[str] = "E912"
    message: ClassVar[str] = "the model has no input `{name}`"
    remedy: ClassVar[str] = "the inputs are {inputs}"

    name: str
    inputs: str
    near: tuple[str, ...] = ()

    def advice(self) -> str:
        """Near names if there are any, and all inputs."""
        return " ".join(part for part in (did_you_mean(self.near), super().advice()) if part)


@record
class _WithBothShapes(Diagnostic):
    """Base of faults of shapes.

    Attributes:
        name: the input.
        found: the shape of what was fed.
        expected: the shape that the model declares.
    """

    name: str
    found: str
    expected: str

    def notes(self) -> tuple[str, ...]:
        """Both shapes."""
        return (f"given: {self.found}", f"the model reads: {self.expected}")


@record
class WrongFeedRank(_WithBothShapes):
    """The values of an input have another number of axes than the model reads.

    The first axis counts the examples; a single example still has it: `x[None]` in numpy.
    """

    code: ClassVar[str] = "E913"
    message: ClassVar[str] = "`{name}` has {found_rank} axes, and the model reads {expected_rank}"

    found_rank: int
    expected_rank: int

    def advice(self) -> str:
        """One axis too few is nearly always that of the examples."""
        if self.found_rank == self.expected_rank - 1:
            return "a single example needs its first axis too: `x[None]` in numpy, one more pair of brackets in JSON"
        return f"reshape the values to {self.expected}"


@record
class WrongFeedSize(_WithBothShapes):
    """An axis of the values of an input has another size than the model reads.

    An axis that is declared `4 * H` reads the multiples of 4: 28 or 32, not 30.
    """

    code: ClassVar[str] = "E914"
    message: ClassVar[str] = "axis {axis} of `{name}` has size {size}, and the model reads {declared}"
    remedy: ClassVar[str] = "{hint}"

    axis: int
    size: int
    declared: str
    hint: str = "reshape, crop or transpose the values"


@record
class SymbolsDisagree(_WithBothShapes):
    """A symbolic dimension has one size wherever it stands, and two axes give it two.

    `input a: float32[N, 4]` and `input b: float32[N, 8]` are fed the same number of examples; where one axis is `4 * H`
    and another `2 * H`, 32 goes with 16.
    """

    code: ClassVar[str] = "E915"
    message: ClassVar[str] = (
        "axis {axis} of `{name}` makes `{symbol}` {size}, and axis {other_axis} of `{other}` makes it {other_size}"
    )
    remedy: ClassVar[str] = "with `{symbol}` = {other_size} axis {axis} of `{name}` has size {fitting}"

    axis: int
    symbol: str
    size: int
    other: str
    other_axis: int
    other_size: int
    fitting: int


@record
class WrongFeedType(Diagnostic):
    """The elements of an input have another type than the model reads, and converting them could change them.

    Converted are: floats to wider floats, integers to wider integers, numpy's default `float64` to `float32` and
    `float16`, and its default `int64` to any type that holds every one of the values exactly. Anything else is
    written out: `x.astype("float32")`; bytes of an image want their scale too: `x.astype("float32") / 255`.
    """

    code: ClassVar[str] = "E916"
    message: ClassVar[str] = "`{name}` has {found} elements, and the model reads {expected}: {reason}"
    remedy: ClassVar[str] = "{hint}"

    name: str
    found: str
    expected: str
    reason: str
    hint: str


@record
class UnmetDemand(Diagnostic):
    """The inputs are too small for a layer of the model, or too large for it.

    A convolution with a kernel of 3 and no padding makes `H - 2` rows of `H`, and there must be at least one. What
    the layers demand of the symbolic dimensions is found when a model is compiled and checked when it is fed.
    """

    code: ClassVar[str] = "E917"
    message: ClassVar[str] = "{situation}, and the model needs at least {minimum}"
    remedy: ClassVar[str] = "give {wanted}"

    sizes: str
    dim: str
    found: int
    minimum: int
    reason: str = ""
    change: str = ""

    @property
    def wanted(self) -> str:
        """As a phrase: "a larger `H` or a smaller `W`"."""
        return self.change or "inputs of other sizes"

    @property
    def situation(self) -> str:
        """``with H = 2 there would be `H - 2` = 0``, or ``T = 2`` where the demand is on the symbol alone."""
        value = f"{self.dim} = {self.found}"
        return f"`{value}` is given" if value == self.sizes else f"with {self.sizes} it follows that `{value}`"

    def notes(self) -> tuple[str, ...]:
        """Which layer demands it."""
        return (f"because {self.reason}",) if self.reason else ()


@record
class EmptyAxis(_WithBothShapes):
    """An axis of the values of an input has size 0.

    Every dimension of a dotnn model is at least 1.
    """

    code: ClassVar[str] = "E918"
    message: ClassVar[str] = "axis {axis} of `{name}` is empty"
    remedy: ClassVar[str] = "give at least one example, and at least one element on every axis"

    axis: int


@record
class InputNameNeeded(Diagnostic):
    """Values are given without the name of an input, and the model has several.

    `--input NAME=FILE` names one; `Session.run` takes a mapping from names to arrays.
    """

    code: ClassVar[str] = "E919"
    message: ClassVar[str] = "{what} does not say which input it is for, and the model reads {inputs}"
    remedy: ClassVar[str] = "name it: `--input NAME=FILE`, or `Session.run({{name: array}})`"

    what: str
    inputs: str


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

    reason: str


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
class FeedConverted(Diagnostic):
    """The elements of an input were converted to the type that the model reads.

    This is done only where the values stay the same, or where `float64`, numpy's default, is rounded.
    """

    code: ClassVar[str] = "W903"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "`{name}` was converted from {found} to {expected}"
    remedy: ClassVar[str] = "give {expected} values to spare the conversion"

    name: str
    found: str
    expected: str


@record
class FeedNotFinite(Diagnostic):
    """An input holds values that are not numbers (NaN) or infinite, and they spread through a network."""

    code: ClassVar[str] = "W904"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "`{name}` holds {count} of {total} values that are NaN or infinite"
    remedy: ClassVar[str] = "replace them before the model is fed"

    name: str
    count: int
    total: int


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
