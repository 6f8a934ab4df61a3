"""Values of the wrong kind, wrong calls, wrong statements (E3xx)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from ..source import Span
from .base import Diagnostic, Label, Severity
from .fixes import Edit, Fix, Safety, enclosing, inserting, replacing, without_statement
from .suggest import is_respelled


@record
class WrongArgument(Diagnostic):
    """An argument has a value that the layer does not take.

    `dotnn layers NAME` shows every argument with its type, bounds and default.
    """

    code: ClassVar[str] = "E301"
    message: ClassVar[str] = "`{name}` of `{kind}` must be {expected}, not {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "`dotnn layers {kind}` shows the arguments"

    kind: str
    name: str
    expected: str
    found: str


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
    expected: str
    dim: str


@record
class MissingArgument(Diagnostic):
    """A required argument is not written."""

    code: ClassVar[str] = "E303"
    message: ClassVar[str] = "`{kind}` needs {name}"
    label: ClassVar[str] = "missing here"
    remedy: ClassVar[str] = "write {example}"

    kind: str
    name: str
    example: str


@record
class TooManyArguments(Diagnostic):
    """There are more arguments without a name than the call takes.

    Operands come first; at most one attribute is positional, the layer's size (`conv2d(32, kernel=3)`). Everything else
    is named, so that a reader need not know the order.
    """

    code: ClassVar[str] = "E304"
    message: ClassVar[str] = "`{kind}` does not take this argument without a name"
    label: ClassVar[str] = "one too many"
    remedy: ClassVar[str] = "{hint}"

    kind: str
    hint: str


@record
class ArgumentTwice(Diagnostic):
    """An argument is given twice."""

    code: ClassVar[str] = "E305"
    message: ClassVar[str] = "`{name}` of `{kind}` is given twice"
    label: ClassVar[str] = "again here"
    remedy: ClassVar[str] = "remove one of the two"

    kind: str
    name: str


@record
class NotATensor(Diagnostic):
    """A tensor is needed, and this is a compile-time value.

    ```nn
    output y = 3 -> relu              # wrong: 3 is a number of the compiler
    ```

    An argument of a block is a tensor unless it has the type of a value, as in `width: int`.
    """

    code: ClassVar[str] = "E306"
    message: ClassVar[str] = "{what} must be a tensor, and this is {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}"

    what: str
    found: str
    hint: str = "use an input, a binding, or a `const` with a tensor type"


@record
class NotAValue(Diagnostic):
    """A compile-time value is needed, and this is something else.

    The numbers inside of a tensor are not known while compiling; its shape is (`x.shape`, `x.channels`, `x.rank`).
    """

    code: ClassVar[str] = "E307"
    message: ClassVar[str] = "{what} must be {expected}, and this is {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}"

    what: str
    expected: str
    found: str
    hint: str = "write {expected}"

    def advice(self) -> str:
        """The hint, with what is expected filled in."""
        return self.hint.replace("{expected}", self.expected)


@record
class WrongOperands(Diagnostic):
    """An operator does not take these two.

    Arithmetic takes numbers and dimensions, or tensors; comparisons take values of one kind; `and`, `or`, `not` take
    bools.
    """

    code: ClassVar[str] = "E308"
    message: ClassVar[str] = "`{operator}` does not take {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}"

    operator: str
    found: str
    hint: str = "arithmetic is between numbers, or between tensors"


@record
class BadArithmetic(Diagnostic):
    """The arithmetic has no result: a division by zero, an overflow, a negative dimension."""

    code: ClassVar[str] = "E309"
    message: ClassVar[str] = "this has no value: {reason}"
    label: ClassVar[str] = "{reason}"
    remedy: ClassVar[str] = "{hint}"

    reason: str
    hint: str = "change the numbers"


@record
class Undecided(Diagnostic):
    """A condition cannot be decided, because it depends on a symbolic dimension.

    The compiler never guesses: it would have to know the dimension.

    ```nn
    input x: float32[N, 3, H, W]
    y = if x.shape[2] > 32 { x -> max_pool2d(2) } else { x }     # H may be anything
    ```
    """

    code: ClassVar[str] = "E310"
    message: ClassVar[str] = "this cannot be decided: {question}"
    label: ClassVar[str] = "depends on {symbols}"
    remedy: ClassVar[str] = "{hint}give {symbols} a number in the type of the input"

    question: str
    symbols: str
    hint: str = ""


@record
class BadIndex(Diagnostic):
    """An index is outside of a list, or no index at all."""

    code: ClassVar[str] = "E311"
    message: ClassVar[str] = "{reason}"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "{hint}"

    reason: str
    hint: str = "indices count from 0; negative ones from the end"


@record
class NoAttribute(Diagnostic):
    """A value has no such attribute.

    Tensors have `shape`, `rank`, `dtype` and `channels`. What is computed of a tensor is no attribute of it, and no
    method: a layer is applied by an arrow.

    ```nn
    input x: float32[N, 8]
    output y = x.sqrt               # wrong
    output z = x -> sqrt
    ```
    """

    code: ClassVar[str] = "E312"
    message: ClassVar[str] = "{found} has no attribute `{name}`"
    label: ClassVar[str] = "unknown attribute"
    remedy: ClassVar[str] = "{advice_text}"

    found: str
    name: str
    layer: str = ""  #: the layer that is meant
    base: Span | None = None

    @property
    def advice_text(self) -> str:
        """What to write instead, or what there is."""
        if self.layer:
            return f"layers are applied by an arrow: `x -> {self.layer}`"
        return "tensors have `shape`, `rank`, `dtype` and `channels`"

    def fix(self) -> Fix | None:
        """The layer as a call."""
        if not self.layer or self.base is None or self.span is None:
            return None
        source = self.span.source
        opening = Edit(source.span(self.base.start, self.base.start), f"{self.layer}(")
        return Fix((opening, Edit(source.span(self.base.end, self.span.end), ")")), Safety.UNSAFE)


@record
class NoChannels(Diagnostic):
    """`channels` has no clear meaning for a tensor of this rank.

    It is axis 1 of a tensor of rank 2, and of rank 4 and up. On rank 3, `[N, T, C]` and `[N, C, L]` disagree.
    """

    code: ClassVar[str] = "E313"
    message: ClassVar[str] = "`channels` is not clear for {found}"
    label: ClassVar[str] = "rank {rank}"
    remedy: ClassVar[str] = "{hint}"

    found: str
    rank: int

    @property
    def hint(self) -> str:
        """What to write instead."""
        return "write `shape[1]` or `shape[2]`" if self.rank == 3 else "only tensors of rank 2 and more have channels"


@record
class WrongType(Diagnostic):
    """A value is not of the type that was written for it."""

    code: ClassVar[str] = "E314"
    message: ClassVar[str] = "`{name}` is declared {declared}, and the value is {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "change the declaration or the value"

    name: str
    declared: str
    found: str
    declared_at: Span | None = None
    why: str = ""  #: what does not fit, where that is not plain

    def advice(self) -> str:
        """What to change; the declarations of the library stay as they are."""
        is_fixed = self.declared_at is not None and self.declared_at.source.in_library
        return "change the value" if is_fixed else super().advice()

    def labels(self) -> tuple[Label, ...]:
        """The declaration."""
        return () if self.declared_at is None else (Label(self.declared_at, f"declared {self.declared}"),)

    def notes(self) -> tuple[str, ...]:
        """What does not fit."""
        return (self.why,) if self.why else ()


@record
class SizeUndecided(Diagnostic):
    """Whether a tensor fits the type of an argument depends on dimensions that are still symbolic.

    An axis such as `2 * H` in the type of an argument of a block takes sizes that certainly divide by 2, and `H` is
    then the half. Of a dimension that may be odd it is not known.

    ```nn
    block halves(x: float32[B, 2 * H]) {
        return x -> reshape([B, 2, H])
    }

    model net {
        input a: float32[N, T]              # wrong: is `T` even?
        input b: float32[N, 2 * T]          # the block's `H` is `T`
        output y = a -> halves
        output z = b -> halves
    }
    ```
    """

    code: ClassVar[str] = "E326"
    message: ClassVar[str] = "`{name}` is declared {declared}, and whether `{dim}` is of the form `{form}` is not known"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}"

    name: str
    declared: str
    found: str
    dim: str
    form: str
    hint: str
    declared_at: Span | None = None

    def labels(self) -> tuple[Label, ...]:
        """The declaration."""
        return () if self.declared_at is None else (Label(self.declared_at, f"declared {self.declared}"),)


@record
class BadType(Diagnostic):
    """A type is not one, or not one that can stand here.

    Values are `int float bool string list`; tensors are an element type and a shape: `float32[N, 3, H, W]`.
    """

    code: ClassVar[str] = "E315"
    message: ClassVar[str] = "{reason}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}"

    reason: str
    found: str
    hint: str = "write a tensor type such as `float32[N, 3, 224, 224]`, or one of `int float bool string list`"
    written: str = ""  #: the name of a type that there is none of
    near: str = ""  #: the one that may be meant

    def fix(self) -> Fix | None:
        """The type that may be meant."""
        if not self.near or self.span is None or not self.span.text.startswith(self.written):
            return None
        name = self.span.source.span(self.span.start, self.span.start + len(self.written))
        return replacing(name, self.near, Safety.SAFE if is_respelled(self.written, self.near) else Safety.UNSAFE)


@record
class BadDimension(Diagnostic):
    """A dimension is not a positive int, an upper-case name, or computed from such."""

    code: ClassVar[str] = "E316"
    message: ClassVar[str] = "a dimension must be a positive int or an upper-case name, not {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "write a number of at least 1, or a name such as `N`"

    found: str


@record
class NeverPositive(Diagnostic):
    """A dimension is below 1 for all sizes, so that the tensor could never hold anything.

    Every symbolic dimension is at least 1, and so is what is computed from them wherever it is the size of an axis. One
    that is at least 1 for some sizes only is fine: that becomes a demand, which `dotnn summary` shows and which is
    checked when the model is fed.

    ```nn
    input x: float32[N, 1]
    output y = x -> expand([N, 1 - N])      # wrong: 0 at most
    output z = x -> expand([N, N - 1])      # needs N >= 2
    ```
    """

    code: ClassVar[str] = "E325"
    message: ClassVar[str] = "{what} has the dimension `{dim}`, which is below 1 for all sizes"
    label: ClassVar[str] = "`{dim}` is never at least 1"
    remedy: ClassVar[str] = "write a dimension that is at least 1"

    what: str
    dim: str


@record
class BadLiteral(Diagnostic):
    """A list of numbers does not make a tensor.

    All rows must be equally long, all elements numbers, and the shape the one that is wanted.
    """

    code: ClassVar[str] = "E317"
    message: ClassVar[str] = "{reason}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}"

    reason: str
    found: str
    hint: str = "write nested lists of numbers with rows of equal length"


@record
class TooManyNames(Diagnostic):
    """More names are bound than there are results."""

    code: ClassVar[str] = "E318"
    message: ClassVar[str] = "{names} names are bound, and there {results}"
    label: ClassVar[str] = "{source}"
    remedy: ClassVar[str] = "bind fewer names"

    names: int
    count: int
    source: str

    @property
    def results(self) -> str:
        """How many results, as a phrase."""
        return "is one result" if self.count == 1 else f"are {self.count} results"


@record
class PartsNotTaken(Diagnostic):
    """Not all parts of a split are taken.

    The parts of `split` must all be named, so that none is lost by mistake; `_` skips one on purpose.
    """

    code: ClassVar[str] = "E319"
    message: ClassVar[str] = "`{source}` gives {count} parts, and {taken} taken"
    label: ClassVar[str] = "{count} parts"
    remedy: ClassVar[str] = "name all {count}, with `_` for those not wanted: `{example} = …`"

    source: str
    count: int
    names: int
    last: Span | None = None  #: the last name, where the parts are bound

    def fix(self) -> Fix | None:
        """A place for every part that is not taken."""
        if self.last is None:
            return None
        return inserting(self.last.source, self.last.end, ", _" * (self.count - self.names), Safety.UNSAFE)

    @property
    def example(self) -> str:
        """Names that take all parts, the last one skipped."""
        names = "abcd"[: min(self.count, 5) - 1]
        return ", ".join([*names, *(["…"] if self.count > 5 else []), "_"])

    @property
    def taken(self) -> str:
        """How many were taken, as a phrase."""
        return "1 is" if self.names == 1 else f"{self.names} are"


@record
class Misplaced(Diagnostic):
    """A statement or value stands where it has no meaning."""

    code: ClassVar[str] = "E320"
    message: ClassVar[str] = "{what} cannot stand {where}"
    label: ClassVar[str] = "not here"
    remedy: ClassVar[str] = "{hint}"

    what: str
    where: str
    hint: str


@record
class MissingStatement(Diagnostic):
    """A model without an output, or a block without a `return`."""

    code: ClassVar[str] = "E321"
    message: ClassVar[str] = "{owner} has no {what}"
    label: ClassVar[str] = "gives nothing"
    remedy: ClassVar[str] = "{hint}"

    owner: str
    what: str
    hint: str


@record
class BadInitializer(Diagnostic):
    """An initializer is given numbers that make no sense."""

    code: ClassVar[str] = "E322"
    message: ClassVar[str] = "`{name}`: {reason}"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "change the numbers of the initializer"

    name: str
    reason: str


@record
class NotUsedHere(Diagnostic):
    """A value is computed and thrown away."""

    code: ClassVar[str] = "W301"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "{what} is never reached"
    label: ClassVar[str] = "after `return`"
    remedy: ClassVar[str] = "remove it, or move it before the `return`"

    what: str = "this statement"

    def fix(self) -> Fix | None:
        """Without the statement; it may have to stand before the `return`."""
        return None if self.span is None else without_statement(self.span)


@record
class Unrepeatable(Diagnostic):
    """A loop runs over something that is no list, or counts by something that is no number."""

    code: ClassVar[str] = "E323"
    message: ClassVar[str] = "{what}, and this is {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}"

    what: str
    found: str
    hint: str
    is_count: bool = False  #: a number of rounds where a list is needed

    def fix(self) -> Fix | None:
        """The list of the numbers up to a count."""
        if not self.is_count or self.span is None:
            return None
        return enclosing(self.span, "range(", ")", Safety.UNSAFE)


@record
class TensorTooLarge(Diagnostic):
    """A tensor has more elements than any machine holds.

    Most often a number has a digit too many, or axes are in another order than meant.
    """

    code: ClassVar[str] = "E324"
    message: ClassVar[str] = "`{kind}` would make a tensor of {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "check the sizes: one of them is far too large"

    kind: str
    found: str
