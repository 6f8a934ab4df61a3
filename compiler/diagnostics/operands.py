"""What can be wrong where tensors are joined, broadcast, reshaped and divided."""

from __future__ import annotations

import re
from typing import ClassVar

from ..records import record
from ..source import Span
from .base import Diagnostic
from .fixes import Fix, Safety, piping, replacing
from .forms import Forms, declare_otherwise, declare_otherwise_or

ONE_NAME = "give both dimensions the same name or number in the types of the inputs"


@record
class UndecidedFit(Diagnostic):
    """Base of pairs of dimensions that may or may not fit.

    Attributes:
        forms: forms of symbols with which all pairs would.
        never_equal: the two are equal for no size.
    """

    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    left: str
    right: str
    left_dim: str
    right_dim: str
    axis: int
    forms: Forms = ()
    never_equal: bool = False

    @property
    def mend(self) -> str:
        """Other dimensions with which it would be certain, or what helps always."""
        if self.forms:
            return declare_otherwise(self.forms)
        if self.never_equal:
            pair = f"`{self.left_dim}` and `{self.right_dim}`"
            return f"{pair} are equal for no size: let the layers before keep it, as by `padding`"
        return ONE_NAME


def _expand(tensors: tuple[tuple[str, str], ...]) -> str:
    """How tensors become joinable; empty for none."""
    return " and ".join(f"repeat {tensor} by `-> expand({shape})`" for tensor, shape in tensors)


def _axes_behind(shorter: str, behind: str) -> str:
    """Where the axes of one tensor fit elsewhere in the other; empty where they do not."""
    if not behind:
        return ""
    return f"shapes are aligned at their last axes; put axes behind {shorter}: `-> unsqueeze(axis={behind})`"


@record
class CannotBroadcast(Diagnostic):
    """Two tensors do not fit together element by element.

    Shapes are aligned at their last axes, as in numpy. Two dimensions fit if they are equal or if one of them
    is 1, and a missing axis counts as 1.

    ```nn
    input x: float32[N, 16, 8, 8]
    input gate: float32[N, 16]
    output y = x * gate                              # wrong: 16 against the width 8
    output z = x * (gate -> unsqueeze(axis=[2, 3]))  # [N, 16, 8, 8] and [N, 16, 1, 1]
    ```
    """

    code: ClassVar[str] = "E430"
    message: ClassVar[str] = "`{kind}` cannot combine {left} and {right}: {left_dim} and {right_dim} on axis {axis}"
    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    left: str
    right: str
    left_dim: str
    right_dim: str
    axis: int
    shorter: str = ""  #: the tensor whose axes fit elsewhere in the other
    behind: str = ""  #: the axes that it lacks for that
    low: Span | None = None  #: where it stands

    def fix(self) -> Fix | None:
        """The axes behind those of the one tensor."""
        return piping(self.low, f"unsqueeze(axis={self.behind})") if self.behind else None

    @property
    def mend(self) -> str:
        """Where the axes of one fit elsewhere in the other, or what helps always."""
        always = "make the dimensions equal, or one of them 1 (`unsqueeze`, `transpose`, `reshape`)"
        return _axes_behind(self.shorter, self.behind) or always


@record
class BroadcastUndecided(UndecidedFit):
    """Whether two tensors fit together depends on dimensions that are still symbolic.

    Two dimensions fit if they are equal or if one of them is 1. Where they are different symbols, neither is
    certain, and it is not guessed.

    ```nn
    input a: float32[N, T]
    input b: float32[N, S]
    output y = a + b            # wrong: is T equal to S?
    ```

    Give both axes one name, `float32[N, T]`, or numbers. Where they come from one size and would be equal if it
    divided, say that it does: `2 * T` in the type of the input takes even sizes only.
    """

    code: ClassVar[str] = "E431"
    message: ClassVar[str] = (
        "`{kind}` of {left} and {right} would have to know whether `{left_dim}` and `{right_dim}` "
        "on axis {axis} are equal"
    )

    shorter: str = ""  #: the tensor whose axes fit elsewhere in the other
    behind: str = ""  #: the axes that it lacks for that
    low: Span | None = None  #: where it stands

    def fix(self) -> Fix | None:
        """The axes behind those of the one tensor."""
        return piping(self.low, f"unsqueeze(axis={self.behind})") if self.behind else None

    @property
    def mend(self) -> str:
        """Where the axes of one fit elsewhere in the other, or what makes it certain."""
        return _axes_behind(self.shorter, self.behind) or super().mend


@record
class ElementTypesDiffer(Diagnostic):
    """Tensors that are combined have elements of different types.

    Nothing is converted silently: both sides need the same element type. A number written in the source takes
    the type of the tensor beside it.
    """

    code: ClassVar[str] = "E432"
    message: ClassVar[str] = "`{kind}` needs one element type, not {left} and {right}"
    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "declare both inputs with the same element type, or convert one with `cast`"

    kind: str
    left: str
    right: str


@record
class RanksDiffer(Diagnostic):
    """Tensors to be joined have different numbers of axes.

    `concat` lays tensors one behind the other along an axis that they all have.
    """

    code: ClassVar[str] = "E433"
    message: ClassVar[str] = "`{kind}` needs tensors of one rank, not {left} and {right}"
    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "bring both to one rank with `flatten` or `unsqueeze`"

    kind: str
    left: str
    right: str


@record
class CannotConcatenate(Diagnostic):
    """Tensors to be joined differ on another axis than the one they are joined along.

    ```nn
    input a: float32[N, 16, 8, 8]
    input b: float32[N, 16, 4, 4]
    output y = concat(a, b)                      # wrong: 8 and 4 on axis 2
    output z = concat(a -> max_pool2d(2), b)     # [N, 32, 4, 4]
    ```

    An axis of size 1 is not repeated by itself, as it is by the tensor operators: what is joined is laid side by side
    as it is. `expand` repeats it.

    ```nn
    input x: float32[N, 16, 8, 8]
    pooled = x -> global_avg_pool2d                             # [N, 16, 1, 1]
    output y = concat(x, pooled)                                # wrong
    output z = concat(x, pooled -> expand([N, 16, 8, 8]))       # [N, 32, 8, 8]
    ```
    """

    code: ClassVar[str] = "E434"
    message: ClassVar[str] = (
        "`{kind}` along axis {along} cannot join {left} and {right}: {left_dim} and {right_dim} on axis {axis}"
    )
    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    along: int
    left: str
    right: str
    left_dim: str
    right_dim: str
    axis: int
    expanding: tuple[tuple[str, str], ...] = ()  #: tensors that differ in axes of size 1 only, and their new shapes

    @property
    def mend(self) -> str:
        """How axes of size 1 are repeated, where there are only such, or what must be."""
        return _expand(self.expanding) or f"all axes but axis {self.along} must be equal"


@record
class ConcatenationUndecided(UndecidedFit):
    """Whether tensors can be joined depends on dimensions that are still symbolic.

    All axes but the one they are joined along must be equal, for all values of the symbols.

    ```nn
    input x: float32[N, 3, 8, T]
    halves = x -> max_pool2d(2)                                     # 4 and floor(T / 2)
    twice = concat(halves, halves, axis=2)
    twice_wide = concat(twice, twice, axis=3)
    output y = concat(x, twice_wide)                                # wrong: 2*floor(T / 2) is T for even sizes only
    ```

    Write `2 * T` for `T` in the type of the input, `float32[N, 3, 8, 2 * T]`: it then takes even sizes only.
    """

    code: ClassVar[str] = "E435"
    message: ClassVar[str] = (
        "`{kind}` of {left} and {right} along axis {along} would have to know whether "
        "`{left_dim}` and `{right_dim}` on axis {axis} are equal"
    )

    along: int
    expanding: tuple[tuple[str, str], ...] = ()  #: tensors that differ in axes of size 1 only, and their new shapes

    @property
    def mend(self) -> str:
        """How axes of size 1 are repeated, or what makes it certain."""
        return _expand(self.expanding) or super().mend


@record
class SplitSizes(Diagnostic):
    """The sizes given to `split` do not add up to the dimension that is divided.

    ```nn
    input x: float32[N, 64]
    a, b = x -> split([16, 32])      # wrong: 48 of 64
    c, d = x -> split([16, 48])
    output y = concat(c, d)
    ```
    """

    code: ClassVar[str] = "E436"
    message: ClassVar[str] = "the parts {sizes} add up to {total}, and axis {axis} of {found} has {dim}"
    label: ClassVar[str] = "{total}, not {dim}"
    remedy: ClassVar[str] = "write sizes that add up to {dim}"

    sizes: str
    total: int
    axis: int
    found: str
    dim: int


@record
class SplitNotEven(Diagnostic):
    """A dimension cannot be divided into that many equal parts.

    Unequal parts are written as a list of sizes: `split([3, 3, 4])`.
    """

    code: ClassVar[str] = "E437"
    message: ClassVar[str] = "axis {axis} of {found} has {dim}, which {parts} does not divide"
    label: ClassVar[str] = "{dim} is no multiple of {parts}"
    remedy: ClassVar[str] = "write a divisor of {dim}, or the sizes of the parts as a list"

    parts: int
    axis: int
    found: str
    dim: int


@record
class SplitUndecided(Diagnostic):
    """How a symbolic dimension divides is not certain.

    A list of sizes needs a dimension that is a number; a count needs one that it certainly divides, such as
    `2*T`.
    """

    code: ClassVar[str] = "E438"
    message: ClassVar[str] = "`split` into {parts} would have to know `{dim}`, axis {axis} of {found}"
    label: ClassVar[str] = "{dim} is symbolic"
    remedy: ClassVar[str] = (
        "{otherwise}give `{symbol}` a number in the type of the input, or take parts by index: `x[:, 0:8]`"
    )

    parts: str
    axis: int
    found: str
    dim: str
    symbol: str
    forms: Forms = ()  #: forms of symbols with which it would be known

    @property
    def otherwise(self) -> str:
        """The forms, as a remedy before another one."""
        return declare_otherwise_or(self.forms)


@record
class _Counts(Diagnostic):
    """Base of reshapes that do not keep the number of elements, or may not."""

    found: str
    count: str
    shape: str
    given: str  #: elements of the shape, without an entry -1
    is_multiple: bool  #: whether there is such an entry

    @property
    def wanted(self) -> str:
        """How many elements would fit."""
        return f"a multiple of {self.given}" if self.is_multiple else self.given


@record
class ElementCounts(_Counts):
    """A reshape would change the number of elements.

    A reshape keeps all elements in their order; only the axes are new.

    ```nn
    input x: float32[N, 784]
    output y = x -> reshape([N, 1, 28, 27])      # wrong: 756*N of 784*N elements
    output z = x -> reshape([N, 1, 28, 28])
    ```
    """

    code: ClassVar[str] = "E439"
    message: ClassVar[str] = "{found} has {count} elements, and {shape} {wanted}"
    label: ClassVar[str] = "{wanted} elements, not {count}"
    remedy: ClassVar[str] = "write a shape with {count} elements; one entry may be -1 and takes what is left"


@record
class ElementCountsUndecided(_Counts):
    """Whether a reshape keeps the number of elements depends on dimensions that are still symbolic.

    ```nn
    input x: float32[N, T]
    output y = x -> reshape([N, 12, 64])         # wrong: only if T is 768
    ```
    """

    code: ClassVar[str] = "E440"
    message: ClassVar[str] = "reshaping {found} to {shape} would have to know whether {count} is {wanted}"
    label: ClassVar[str] = "{wanted} elements, perhaps not {count}"
    remedy: ClassVar[str] = (
        "{otherwise}give the symbolic dimensions numbers in the types of the inputs, or use the same ones in the shape"
    )

    forms: Forms = ()  #: forms of symbols with which it would be certain

    @property
    def otherwise(self) -> str:
        """The forms, as a remedy before another one."""
        return declare_otherwise_or(self.forms)


@record
class FlattenRange(Diagnostic):
    """The first axis to flatten lies behind the last one."""

    code: ClassVar[str] = "E441"
    message: ClassVar[str] = "`flatten` from axis {start} to axis {end} of {found} is empty"
    label: ClassVar[str] = "axis {start} comes after axis {end}"
    remedy: ClassVar[str] = "write a `start` that is not behind `end`"

    start: int
    end: int
    found: str


@record
class NotAPermutation(Diagnostic):
    """The order given to `transpose` does not name every axis once.

    ```nn
    input x: float32[N, T, 64]
    output y = x -> transpose([0, 2])            # wrong: where does axis 1 go?
    output z = x -> transpose([0, 2, 1])         # [N, 64, T]
    ```
    """

    code: ClassVar[str] = "E442"
    message: ClassVar[str] = "`transpose` to {order} does not name every axis of {found} once"
    label: ClassVar[str] = "axes are 0 to {last}"
    remedy: ClassVar[str] = "{advice_text}"

    order: str
    found: str
    last: int
    axes: str

    @property
    def advice_text(self) -> str:
        """What to do: two axes alone are those to swap, as in PyTorch."""
        swapped = self._swapped
        return f"to swap the two, write `{swapped}`" if swapped else f"write each of the axes {self.axes} once"

    @property
    def _swapped(self) -> str:
        """The order in which the two axes that are named are swapped; empty where there are more, or fewer."""
        pair = [int(axis) % (self.last + 1) for axis in re.findall(r"-?\d+", self.order)]
        if len(set(pair)) != 2 or len(pair) != 2 or self.last < 2:
            return ""
        swap = dict(zip(pair, reversed(pair), strict=True))
        return str([swap.get(axis, axis) for axis in range(self.last + 1)])

    def fix(self) -> Fix | None:
        """The order in which two axes are swapped."""
        is_list = self.span is not None and self.span.text.startswith("[")
        return replacing(self.span, self._swapped, Safety.UNSAFE) if self._swapped and is_list else None


@record
class SqueezedAxis(Diagnostic):
    """An axis to be removed has not the size 1.

    `squeeze` removes axes that hold nothing but themselves; one with more elements needs an index (`x[:,
    0]`), a `mean` or a `reshape`.
    """

    code: ClassVar[str] = "E443"
    message: ClassVar[str] = "`squeeze` cannot remove axis {axis} of {found}: it has {dim}, not 1"
    label: ClassVar[str] = "axis {axis} has {dim}"
    remedy: ClassVar[str] = "remove an axis of size 1, or take one element of it by index"

    axis: int
    found: str
    dim: str


@record
class SqueezeUndecided(Diagnostic):
    """Whether an axis to be removed has the size 1 depends on a dimension that is still symbolic."""

    code: ClassVar[str] = "E444"
    message: ClassVar[str] = "`squeeze` would have to know whether axis {axis} of {found}, `{dim}`, is 1"
    label: ClassVar[str] = "{dim} is symbolic"
    remedy: ClassVar[str] = "write 1 in the type of the input, or take the one element by index"

    axis: int
    found: str
    dim: str


@record
class RepeatedAxis(Diagnostic):
    """A list of axes names one axis twice.

    Negative axes count from the end: on a tensor of rank 4, -1 and 3 are the same.
    """

    code: ClassVar[str] = "E445"
    message: ClassVar[str] = "`{kind}` names axis {axis} of {found} twice in {axes}"
    label: ClassVar[str] = "axis {axis} twice"
    remedy: ClassVar[str] = "name every axis once"

    kind: str
    axis: int
    found: str
    axes: str


@record
class NoAxis(Diagnostic):
    """A list of axes is empty, so the layer would do nothing.

    Frameworks disagree on what an empty list means: nothing to numpy, every axis to ONNX.
    """

    code: ClassVar[str] = "E446"
    message: ClassVar[str] = "`{kind}` of {found} names no axis"
    label: ClassVar[str] = "an empty list"
    remedy: ClassVar[str] = "write an axis or a list of axes, or leave the layer out"

    kind: str
    found: str


@record
class CannotExpand(Diagnostic):
    """A tensor cannot be repeated to that shape.

    Shapes are aligned at their last axes, as in numpy. Only axes of size 1 grow, and new axes are added in
    front.

    ```nn
    input x: float32[8, 64]
    output y = x -> expand([8, 10, 64])                          # wrong: 8 against 10
    output z = x -> unsqueeze(axis=1) -> expand([8, 10, 64])
    ```
    """

    code: ClassVar[str] = "E447"
    label: ClassVar[str] = "this is {found}"
    remedy: ClassVar[str] = "only axes of size 1 grow; add them with `unsqueeze`"

    found: str
    shape: str


@record
class ExpandToFewerAxes(CannotExpand):
    """A shape with fewer axes than the tensor has."""

    message: ClassVar[str] = "`expand` cannot grow {found} to {shape}: it has {rank} axes, and the shape {wanted_rank}"

    rank: int
    wanted_rank: int


@record
class ExpandOfOtherSize(CannotExpand):
    """An axis that is neither of size 1 nor of the wanted one."""

    message: ClassVar[str] = (
        "`expand` cannot grow {found} to {shape}: axis {axis} has {dim}, which is neither 1 nor {wanted}"
    )

    axis: int
    dim: str
    wanted: str


@record
class ExpandUndecided(Diagnostic):
    """Whether a tensor can be repeated to a shape depends on dimensions that are still symbolic."""

    code: ClassVar[str] = "E448"
    message: ClassVar[str] = "`expand` of {found} to {shape} would have to know whether `{dim}` is 1 or {wanted}"
    label: ClassVar[str] = "{dim} is not certain to be {wanted}"
    remedy: ClassVar[str] = "{otherwise}use the same dimension in the shape, or write 1 in the type of the input"

    found: str
    shape: str
    dim: str
    wanted: str
    forms: Forms = ()  #: forms of symbols with which it would be certain

    @property
    def otherwise(self) -> str:
        """The forms, as a remedy before another one."""
        return declare_otherwise_or(self.forms)
