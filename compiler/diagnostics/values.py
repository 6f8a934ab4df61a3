"""Values of the wrong kind, wrong calls, wrong statements (E3xx)."""

from __future__ import annotations

import re
from typing import ClassVar

from ..records import record
from ..source import Span
from .base import Diagnostic, Label
from .demanded import SizeTooSmall
from .fixes import Edit, Fix, Safety, enclosing, inserting, removing, replacing
from .forms import Forms, declare_otherwise
from .phrases import filled
from .suggest import is_respelled
from .syntax_wording import axis_name


@record
class NotATensor(Diagnostic):
    """A tensor is needed, and this is a compile-time value.

    ```nn
    output y = 3 -> relu              # wrong: 3 is a number of the compiler
    ```

    An argument of a block is a tensor unless it has the type of a value, as in `width: int`.
    """

    code: ClassVar[str] = "E306"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "use an input, a binding, or a `const` with a tensor type"

    found: str


@record
class OperandNotATensor(NotATensor):
    """An operand of a layer."""

    message: ClassVar[str] = "`{name}` of `{kind}` must be a tensor, and this is {found}"

    kind: str
    name: str


@record
class SideNotATensor(NotATensor):
    """One side of an operator whose other side is a tensor."""

    message: ClassVar[str] = "an operand of `{operator}` must be a tensor, and this is {found}"

    operator: str


@record
class OutputNotATensor(NotATensor):
    """An output, or the type that is written for it."""

    message: ClassVar[str] = "the output `{name}` must be a tensor, and this is {found}"

    name: str


@record
class NotAValue(Diagnostic):
    """A compile-time value is needed, and this is something else.

    The numbers inside of a tensor are not known while compiling; its shape is (`x.shape`, `x.channels`, `x.rank`).
    """

    code: ClassVar[str] = "E307"
    label: ClassVar[str] = "{found}"

    found: str


@record
class ValueForTensor(NotAValue):
    """A value for an argument of a block that has no type of values, so that it is a tensor."""

    message: ClassVar[str] = "`{name}` of `{block}` must be a tensor, and this is {found}"
    remedy: ClassVar[str] = "declare the argument as a value, as in `{name}: int`, if that is meant"

    block: str
    name: str


@record
class TensorAsConst(NotAValue):
    """A `const` that is computed from an input."""

    message: ClassVar[str] = "a const must be a value, and this is {found}"
    remedy: ClassVar[str] = "write a value"


@record
class NoFirstValue(NotAValue):
    """What is written for the first value of a parameter, and gives none."""

    message: ClassVar[str] = (
        "the first value of a parameter must be an initializer, such as `zeros` or `normal(std=0.02)`, and this is "
        "{found}"
    )
    remedy: ClassVar[str] = "write an initializer, such as `zeros` or `normal(std=0.02)`"


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
    remedy: ClassVar[str] = "{instead}"

    found: str
    name: str
    layer: str = ""  #: the layer that may be meant
    base: Span | None = None

    @property
    def instead(self) -> str:
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

    def advice(self) -> str:
        """What to change; the declarations of the library stay as they are."""
        is_fixed = self.declared_at is not None and self.declared_at.source.in_library
        return "change the value" if is_fixed else super().advice()

    def labels(self) -> tuple[Label, ...]:
        """The declaration."""
        return () if self.declared_at is None else (Label(self.declared_at, f"declared {self.declared}"),)


@record
class SizeOfNoForm(WrongType):
    """A tensor whose size is not of the form that the type has for it."""

    size: str
    form: str

    def notes(self) -> tuple[str, ...]:
        """What does not fit."""
        return (f"`{self.size}` is `{self.form}` for no size of at least 1",)


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
    forms: Forms = ()  #: forms of symbols with which it would be known
    declared_at: Span | None = None

    @property
    def hint(self) -> str:
        """Other dimensions with which it would be known, or what helps always."""
        return declare_otherwise(self.forms) or "give the dimensions numbers in the types of the inputs"

    def labels(self) -> tuple[Label, ...]:
        """The declaration."""
        return () if self.declared_at is None else (Label(self.declared_at, f"declared {self.declared}"),)


@record
class BadType(Diagnostic):
    """A type is not one, or not one that can stand here.

    Values are `int float bool string list`; tensors are an element type and a shape: `float32[N, 3, H, W]`.
    """

    code: ClassVar[str] = "E315"


@record
class UnknownType(BadType):
    """A type that there is not."""

    message: ClassVar[str] = "there is no type `{name}`"
    label: ClassVar[str] = "unknown type"
    remedy: ClassVar[str] = "{instead}"

    name: str
    near: str  #: the one that may be meant; empty where none is near
    element_types: tuple[str, ...]
    value_types: tuple[str, ...]

    @property
    def instead(self) -> str:
        """What to write, or what there is."""
        if self.name.lower() in ("tensor", "array"):
            return (
                "an argument without a type is a tensor; else write an element type and a shape, as in `float32[N, 3]`"
            )
        if self.near:
            return f"write `{self.near}`"
        return f"tensors have `{' '.join(self.element_types)}`; values `{' '.join(self.value_types)}`"

    def fix(self) -> Fix | None:
        """The type that may be meant; none for an argument that is a tensor of any."""
        if self.name.lower() in ("tensor", "array") and self.span is not None:
            written = re.search(r"[ \t]*:[ \t]*\Z", self.span.source.text[: self.span.start])
            return None if written is None else removing(self.span.source.span(written.start(), self.span.end))
        if not self.near or self.span is None or not self.span.text.startswith(self.name):
            return None
        name = self.span.source.span(self.span.start, self.span.start + len(self.name))
        return replacing(name, self.near, Safety.SAFE if is_respelled(self.name, self.near) else Safety.UNSAFE)


@record
class ElementTypeWithoutShape(BadType):
    """An element type in the place of the type of a tensor."""

    message: ClassVar[str] = "`{name}` is an element type; a tensor has a shape too"
    label: ClassVar[str] = "no shape"
    remedy: ClassVar[str] = "write `{name}[…]`, such as `{name}[N, 3]`, or `{name}[]` for a single number"

    name: str


@record
class NotLearned(BadType):
    """A parameter of ints or bools."""

    message: ClassVar[str] = "a parameter is learned, and {dtype} cannot be"
    label: ClassVar[str] = "{dtype}"
    remedy: ClassVar[str] = "write `float32{shape}`; a tensor that is not learned is a `const`"

    dtype: str
    shape: str


@record
class BadDimension(Diagnostic):
    """A dimension is not a positive int, an upper-case name, or computed from such."""

    code: ClassVar[str] = "E316"
    message: ClassVar[str] = "a dimension must be a positive int or an upper-case name, not {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{advice_text}"

    found: str

    @property
    def advice_text(self) -> str:
        """What to write; other languages write -1 for a size that is open."""
        name = self._axis
        if name:
            return f"a size that is open has a name in capitals: write `{name}`"
        return "write a number of at least 1, or a name such as `N`"

    @property
    def _axis(self) -> str:
        return axis_name(self.span) if self.span is not None and self.span.text == "-1" else ""

    def fix(self) -> Fix | None:
        """A name for the axis of open size."""
        return replacing(self.span, self._axis, Safety.UNSAFE) if self._axis else None


@record
class NeverPositive(SizeTooSmall):
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
    demanded_for: ClassVar[str] = "{what} has a dimension of that size"
    holder: ClassVar[str] = ""  #: the template of what has it

    dim: str

    @property
    def what(self) -> str:
        """What has the dimension."""
        return filled(self.holder, self)


@record
class TypeNeverPositive(NeverPositive):
    """A dimension in a type."""

    holder: ClassVar[str] = "the type"


@record
class ResultNeverPositive(NeverPositive):
    """A dimension of what a layer gives."""

    holder: ClassVar[str] = "what `{kind}` gives"

    kind: str


@record
class SolvedNeverPositive(NeverPositive):
    """A dimension of a block, found from the size of an argument."""

    holder: ClassVar[str] = "`{name}` of `{form}`"

    name: str
    form: str


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
class Unrepeatable(Diagnostic):
    """A loop runs over something that is no list, or counts by something that is no number."""

    code: ClassVar[str] = "E323"
    label: ClassVar[str] = "{found}"

    found: str


@record
class RepeatedByOther(Unrepeatable):
    """A `repeat` that counts by something else than an int of at least 0."""

    message: ClassVar[str] = "`repeat` counts by an int of at least 0, and this is {found}"
    remedy: ClassVar[str] = "write how often, as in `repeat(3)`"


@record
class LoopOverOther(Unrepeatable):
    """A `for` that runs over something else than a list."""

    message: ClassVar[str] = "`for` runs over a list, and this is {found}"
    remedy: ClassVar[str] = "write a list, as in `for c in [64, 128] {{ … }}`, or `range(n)`"

    is_count: bool = False  #: a number of rounds where a list is needed

    def fix(self) -> Fix | None:
        """The list of the numbers up to a count."""
        if not self.is_count or self.span is None:
            return None
        return enclosing(self.span, "range(", ")", Safety.UNSAFE)


@record
class RoundNotTakenApart(Unrepeatable):
    """A `for` of several names over something that does not have as many elements."""

    message: ClassVar[str] = "each element must be a list of {count} to be taken apart, and this is {given}"
    label: ClassVar[str] = "{given}"
    remedy: ClassVar[str] = "write rows as long as there are names, as in `for t, c in [[1, 16], [6, 24]] {{ … }}`"

    count: int
    length: int | None = None  #: of a list

    @property
    def given(self) -> str:
        """What one of them is."""
        return self.found if self.length is None else f"{self.found} of {self.length}"


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
    bits: int  #: it has more numbers than 2 to this power

    @property
    def found(self) -> str:
        """How many numbers it has."""
        return f"more than 2**{self.bits} numbers"
