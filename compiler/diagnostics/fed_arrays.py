"""What can be wrong with the arrays that a model is fed (E911-E919, W903-W904)."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .suggest import did_you_mean


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
    remedy: ClassVar[str] = "reshape, crop or transpose the values"

    axis: int
    size: int
    declared: str


@record
class NoSizeFits(WrongFeedSize):
    """The declared size is an expression that has this value for no size of its symbol.

    Attributes:
        symbol: the symbol.
        nearest: sizes of the axis that fit, each with the size of the symbol that gives it.
    """

    symbol: str
    nearest: tuple[tuple[int, int], ...]

    def advice(self) -> str:
        """The sizes that fit."""
        sizes = [f"{size} (`{self.symbol}` = {value})" for size, value in self.nearest]
        if len(sizes) == 1:
            return f"the least size that fits is {sizes[0]}"
        return f"sizes that fit are {' and '.join(sizes)}"


@record
class SizeOfExpression(WrongFeedSize):
    """The declared size is an expression whose symbols have their sizes from elsewhere."""

    remedy: ClassVar[str] = "with {sizes}"

    sizes: str


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


class Refusal(StrEnum):
    """Why values are not converted to the elements that a model reads."""

    NO_ARRAY = "its rows have unequal lengths, or it is no sequence of numbers"
    NO_NUMBERS = "these are no numbers"
    NO_TEXTS = "these are no texts"
    ROUNDED = "the values would be rounded"
    INEXACT = "it cannot hold all the values exactly"
    NO_SCALE = "their scale is not known"
    CHANGED = "the values would change"
    OTHER_THINGS = "these are other things"
    TOO_LARGE = "some values are too large for it"


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
    reason: Refusal

    @property
    def hint(self) -> str:
        """How to convert them, where that has a meaning."""
        if self.reason is Refusal.NO_ARRAY or self.found in ("text", "object"):
            return f'give an array of numbers: `np.asarray(values, "{self.expected}")`'
        if self.found == "uint8" and self.expected.startswith("float"):
            return f'bytes of an image want the scale of the training, such as `x.astype("{self.expected}") / 255`'
        return f'convert them where it is meant: `x.astype("{self.expected}")`'


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
    larger: tuple[tuple[str, bool], ...] = ()

    @property
    def wanted(self) -> str:
        """As a phrase: "a larger `H` or a smaller `W`"."""
        changes = [f"a {'larger' if is_larger else 'smaller'} `{name}`" for name, is_larger in self.larger]
        return " or ".join(changes) or "inputs of other sizes"

    @property
    def situation(self) -> str:
        """``with H = 2 there would be `H - 2` = 0``, or ``T = 2`` where the demand is on the symbol alone."""
        value = f"{self.dim} = {self.found}"
        return (
            f"`{value}` is given"
            if value == self.sizes
            else f"with {self.sizes or 'these inputs'} it follows that `{value}`"
        )

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

    inputs: str
    text: str = ""

    @property
    def what(self) -> str:
        """What was given: a text of the command line, or an array in Python."""
        return f"`{self.text}`" if self.text else "a single array"


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
