"""Arguments of calls: values that are not taken, missing, given twice, or too many (E301 to E305, E322)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from ..source import Span
from .base import Diagnostic
from .fixes import Fix, Safety, replacing, without_argument
from .forms import in_a_row, ticked
from .phrases import filled
from .suggest import listed, one_of

#: Characters of the longest call that a remedy repeats.
LONGEST_CALL = 60

# --- values that are not taken ----------------------------------------------------------------------------------------


@record
class WrongArgument(Diagnostic):
    """An argument has a value that the layer does not take.

    `dotnn layers NAME` shows every argument with its type, bounds and default.
    """

    code: ClassVar[str] = "E301"
    message: ClassVar[str] = "`{name}` of `{kind}` must be {expected}, not {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    name: str
    expected: str  #: what it takes, in the words of its constraint
    found: str

    @property
    def mend(self) -> str:
        """The word that differs by capitals alone, or where the arguments are listed."""
        return f"write `{self.lower}`" if self.lower else f"`dotnn layers {self.kind}` shows the arguments"

    @property
    def lower(self) -> str:
        """A string in small letters, if that is among what is taken."""
        lower = self.found.lower()
        return lower if lower != self.found and lower.startswith('"') and lower in self.expected else ""

    def fix(self) -> Fix | None:
        """The string in small letters."""
        if not self.lower or self.span is None or self.span.text != self.found:
            return None
        return replacing(self.span, self.lower, Safety.SAFE)


@record
class QuotedInitializer(WrongArgument):
    """An initializer in quotes, perhaps by the name that it has in another framework."""

    expected: str = "an initializer"
    remedy: ClassVar[str] = "write `{instead}`, without quotes"

    instead: str  #: the initializer

    def fix(self) -> Fix | None:
        """The name without quotes."""
        return replacing(self.span, self.instead)


@record
class NoPaddingByName(WrongArgument):
    """`padding="valid"`, which says that nothing is padded."""

    name: str = "padding"
    expected: str = "left out where nothing is padded"
    remedy: ClassVar[str] = "leave `padding` out"

    def fix(self) -> Fix | None:
        """No argument."""
        return without_argument(self.span, safety=Safety.SAFE)


@record
class QuotientAsArgument(WrongArgument):
    """A quotient of dimensions, which is no dimension."""

    message: ClassVar[str] = "`{name}` of `{kind}` must be {expected}, not {found} (`//` gives a dimension)"
    label: ClassVar[str] = "{found} (`//` gives a dimension)"


@record
class WeightNotInNumbers(WrongArgument):
    """A weight that is given as something other than numbers."""

    expected: str = "nested lists of numbers, or a const that holds them"


@record
class InitializerWithoutBias(WrongArgument):
    """An initializer of a bias that the layer does not have."""

    name: str = "bias_init"
    expected: str = "left out, since the layer has no bias"
    found: str = "an initializer"


@record
class UndecidedArgument(Diagnostic):
    """An argument needs a number, and it is given a symbolic dimension.

    A dimension that cannot be decided is never guessed: give it a number in the type of the input.
    """

    code: ClassVar[str] = "E302"
    message: ClassVar[str] = "`{name}` of `{kind}` must be {expected}, and `{dim}` is not known while compiling"
    label: ClassVar[str] = "the symbolic dimension `{dim}`"
    remedy: ClassVar[str] = "give it a number in the type of the input"

    kind: str
    name: str
    expected: str  #: what it takes, in the words of its constraint
    dim: str


@record
class ParameterShapeUndecided(UndecidedArgument):
    """A parameter whose shape is not known."""

    name: str = "the shape"
    expected: str = "made of numbers"


@record
class WrittenAnew(Diagnostic):
    """What is mended by writing a call anew, where that is a guess at what is meant."""

    remedy: ClassVar[str] = "write `{instead}`"

    whole: Span  #: the call
    instead: str  #: the call as it is written here

    def fix(self) -> Fix | None:
        """The call as it is written here."""
        return replacing(self.whole, self.instead, Safety.UNSAFE)


# --- missing ones -----------------------------------------------------------------------------------------------------


@record
class MissingArgument(Diagnostic):
    """A required argument is not written."""

    code: ClassVar[str] = "E303"
    label: ClassVar[str] = "missing here"

    kind: str


@record
class MissingTensor(MissingArgument):
    """A layer without a tensor that it needs."""

    message: ClassVar[str] = "`{kind}` needs the tensor `{name}`"
    remedy: ClassVar[str] = "write `{example}`"

    name: str
    operands: tuple[str, ...]  #: all that must be given

    @property
    def example(self) -> str:
        """A call with all of them."""
        if len(self.operands) == 1:
            return f"{self.operands[0]} -> {self.kind}"
        return f"{self.kind}({', '.join(self.operands)})"


@record
class MissingTensors(MissingArgument):
    """A layer of several tensors that is given one or none."""

    message: ClassVar[str] = "`{kind}` needs two tensors or more"
    remedy: ClassVar[str] = "write `{kind}(a, b)`"


@record
class TensorsInList(WrittenAnew, MissingArgument):
    """A layer of several tensors that is given a list of them."""

    message: ClassVar[str] = "the tensors of `{kind}` stand side by side, in no list"
    label: ClassVar[str] = "a list"


@record
class MissingAttributes(MissingArgument):
    """A layer without attributes that have no default."""

    message: ClassVar[str] = "`{kind}` needs {needed}"
    remedy: ClassVar[str] = "write `{example}`"

    wanted: tuple[tuple[str, str], ...]  #: their names, and what each takes, in the words of its constraint
    positional: tuple[str, ...]  #: those that go without a name

    @property
    def needed(self) -> str:
        """The attributes, with what they take."""
        if len(self.wanted) == 1:
            return ", ".join(f"`{name}`, {expected}" for name, expected in self.wanted)
        return in_a_row(f"`{name}` ({expected})" for name, expected in self.wanted)

    @property
    def example(self) -> str:
        """How they are written: all that are missing."""
        named = ", ".join(f"{name}=…" for name, _ in self.wanted if name not in self.positional)
        if not self.positional:
            return _completed(self.span, self.kind, named)
        return f"{self.kind}(…{', ' if named else ''}{named})"


@record
class MissingBlockArguments(MissingArgument):
    """A block without arguments that have no default."""

    message: ClassVar[str] = "`{kind}` needs the {arguments} {needed}"
    remedy: ClassVar[str] = "write `{example}`"

    wanted: tuple[
        tuple[str, str], ...
    ]  #: their names, and the type that is written for each; empty where there is none

    @property
    def arguments(self) -> str:
        """One or several."""
        return "argument" if len(self.wanted) == 1 else "arguments"

    @property
    def needed(self) -> str:
        """The arguments, with what they must be."""
        return in_a_row(f"`{name}` ({declared or 'a tensor'})" for name, declared in self.wanted)

    @property
    def example(self) -> str:
        """The call with them, behind what is written in it already."""
        return _completed(self.span, self.kind, ", ".join(f"{name}=…" for name, _ in self.wanted))


def _completed(span: Span | None, kind: str, added: str) -> str:
    """A call with further arguments behind those that are written; these alone if it is a long one."""
    call = "" if span is None else span.text
    if not call.startswith(kind) or "\n" in call or len(call) > LONGEST_CALL:
        return added
    if not call.endswith(")"):
        return f"{call}({added})"
    given = call.removesuffix(")").rstrip(" ,")
    return f"{given}{'' if given.endswith('(') else ', '}{added})"


@record
class MissingNumbers(MissingArgument):
    """An initializer without the numbers that have no default."""

    message: ClassVar[str] = "`{kind}` needs {needed}"
    remedy: ClassVar[str] = "write `{example}`"

    names: tuple[str, ...]

    @property
    def needed(self) -> str:
        """The numbers."""
        return ticked(self.names)

    @property
    def example(self) -> str:
        """A call with all of them."""
        return f"{self.kind}({', '.join(f'{name}=…' for name in self.names)})"


# --- too many ---------------------------------------------------------------------------------------------------------


@record
class TooManyArguments(Diagnostic):
    """There are more arguments without a name than the call takes.

    Operands come first; at most one attribute is positional, the layer's size (`conv2d(32, kernel=3)`). Everything else
    is named, so that a reader need not know the order.
    """

    code: ClassVar[str] = "E304"
    message: ClassVar[str] = "`{kind}` does not take this argument without a name"
    label: ClassVar[str] = "one too many"

    kind: str


@record
class TensorByArrow(TooManyArguments):
    """A tensor is given in parentheses where an arrow gives it already: `x -> dense(x, 10)`."""

    message: ClassVar[str] = "`{kind}` gets its tensor from the arrow, and is given another one"
    remedy: ClassVar[str] = "leave it out"

    def fix(self) -> Fix | None:
        """The call without it; the arrow may be what is too much."""
        return without_argument(self.span)


def _alone(positional: str) -> str:
    """What goes without a name; of a layer whose first number is its filters or units, others may miss the channels."""
    inferred = ", and what comes in is inferred" if positional in ("filters", "units") else ""
    return f"only `{positional}` goes without a name{inferred}"


@record
class TooManyForLayer(TooManyArguments):
    """More than a layer takes."""

    remedy: ClassVar[str] = "{alone}{rest}"

    positional: str  #: the attribute that goes without a name; empty where there is none
    others: tuple[str, ...]  #: the arguments that go with one

    @property
    def alone(self) -> str:
        """What goes without a name."""
        return f"{_alone(self.positional)}; " if self.positional else ""

    @property
    def rest(self) -> str:
        """What else it takes."""
        if not self.others:
            return "it takes nothing more"
        written = [f"{name}=" for name in self.others]
        return f"name the others: {listed(written)}" if self.positional else f"name it: {one_of(written)}"


@record
class ArgumentsInOrder(WrittenAnew, TooManyArguments):
    """Arguments of a layer without their names, in the order of another framework."""

    message: ClassVar[str] = "`{kind}` does not take these arguments without their names"
    label: ClassVar[str] = "{alone}"

    positional: str  #: the attribute that goes without a name; empty where there is none

    @property
    def alone(self) -> str:
        """What goes without a name."""
        if not self.positional:
            return "each goes with its name" if "=" in self.instead else "what comes in is inferred"
        return _alone(self.positional)


@record
class ListWithoutBrackets(WrittenAnew, TooManyArguments):
    """The elements of a list are given one by one, as in PyTorch: `transpose(0, 2, 1)`."""

    message: ClassVar[str] = "`{kind}` takes these as one list"
    label: ClassVar[str] = "a list stands in square brackets"


@record
class ActivationAsArgument(ListWithoutBrackets):
    """An activation is given to a layer, as in Keras: `dense(32, relu)`."""

    message: ClassVar[str] = "`{kind}` takes no activation: that is a layer of its own"
    label: ClassVar[str] = "a layer as an argument"


@record
class TooManyForBlock(TooManyArguments):
    """More than a block takes."""

    remedy: ClassVar[str] = "`{kind}` takes {known}"

    names: tuple[str, ...]

    @property
    def known(self) -> str:
        """What it takes."""
        return listed(self.names) or "nothing"


@record
class TooManyForMetric(TooManyArguments):
    """An argument of a metric of the whole model, or more than one tensor."""

    remedy: ClassVar[str] = "only `receptive_field(tensor)` takes an argument, a tensor"


@record
class TooManyForInitializer(TooManyArguments):
    """More numbers than an initializer takes without their names."""

    remedy: ClassVar[str] = "{known}"

    names: tuple[str, ...]

    @property
    def known(self) -> str:
        """How it takes numbers, if it does."""
        if not self.names:
            return f"it takes nothing: write `{self.kind}`"
        return f"name the numbers: {', '.join(f'`{name}=`' for name in self.names)}"


@record
class ArgumentTwice(Diagnostic):
    """An argument is given twice."""

    code: ClassVar[str] = "E305"
    message: ClassVar[str] = "`{name}` of `{kind}` is given twice"
    label: ClassVar[str] = "again here"
    remedy: ClassVar[str] = "remove one of the two"

    kind: str
    name: str


# --- numbers of initializers ------------------------------------------------------------------------------------------


@record
class BadInitializer(Diagnostic):
    """An initializer is given numbers that make no sense."""

    code: ClassVar[str] = "E322"
    message: ClassVar[str] = "`{name}`: {reason}"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "change the numbers of the initializer"

    name: str = ""  #: the initializer as written

    @property
    def reason(self) -> str:
        """What makes no sense, for those who know which initializer it is."""
        return filled(self.clause, self)


@record
class NotInitialized(BadInitializer):
    """A parameter of an element type that nothing initializes."""

    clause: ClassVar[str] = "a parameter of type {dtype} cannot be initialized, only {known}"

    dtype: str
    dtypes: tuple[str, ...]

    @property
    def known(self) -> str:
        """The element types that are."""
        return ", ".join(self.dtypes)


@record
class NumberNotFinite(BadInitializer):
    """Something other than a finite number."""

    clause: ClassVar[str] = "{argument} is {value}, but must be a finite number"

    argument: str
    value: str


@record
class NumberNegative(BadInitializer):
    """A negative number where that makes no sense."""

    clause: ClassVar[str] = "{argument} is {value}, but must be at least 0"

    argument: str
    value: str


@record
class LowAboveHigh(BadInitializer):
    """Bounds in the wrong order."""

    clause: ClassVar[str] = "low is {low}, but must not exceed high, {high}"

    low: str
    high: str


@record
class ValuesTooLarge(BadInitializer):
    """Values that the element type does not hold."""

    clause: ClassVar[str] = "{names} may give values up to {bound:.3g}, but the largest {dtype} is {largest:.3g}"

    arguments: tuple[str, ...]
    bound: float
    dtype: str
    largest: float

    @property
    def names(self) -> str:
        """The numbers that decide."""
        return " and ".join(self.arguments)
