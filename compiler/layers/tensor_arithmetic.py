"""What the language writes with symbols: arithmetic between tensors, and indexing."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar, TypeAlias, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.tensor_indices import EmptySlice, IndexOutOfRange, SliceOutOfRange, TooManyIndices
from ..dims import Dim, DimExpr, format_dim
from ..graph.types import TensorType
from ..lazy_imports import np
from ..records import record
from .base import Layer, Operand, Read, Rearranging, Sample, Site
from .reach import Along, Reach
from .shape_rules import broadcast, need_float, need_number
from .sizes import Asked, Size

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: An index of one axis: an int, or the bounds of a slice, None where they are left out.
IndexItem: TypeAlias = int | tuple[int | None, int | None]

#: The greatest int64: the end of a slice that reaches the last element.
_BEHIND_THE_LAST = 2**63 - 1


@record
class Arithmetic(Layer, ABC):
    """Base of the arithmetic between tensors, element by element.

    Shapes broadcast as in numpy: aligned at the last axis, dimensions equal or one of them 1. Both sides have
    one element type.

    Class attributes:
        function: the name of numpy's function.
    """

    callable: ClassVar[bool] = False
    operands: ClassVar[tuple[Operand, ...]] = tuple(Operand(name, "numbers of any shape") for name in "ab")
    source: ClassVar[str] = "numpy; ONNX"
    function: ClassVar[str]

    def types(self, site: Site, a: TensorType, b: TensorType | None = None) -> TensorType:
        """The broadcast shape."""
        need_number(site, 0, a)
        return a if b is None else broadcast(site, a, b)

    def compute(self, weights: Mapping[str, np.ndarray], *arrays: np.ndarray) -> np.ndarray:
        """The function of that name, in floating point: what is too large is infinite, 0 over 0 no number."""
        with np.errstate(all="ignore"):
            return np.asarray(getattr(np, self.function)(*arrays))


@final
@record
class Add(Arithmetic):
    """The sum of two tensors, element by element: `a + b`. Shapes broadcast."""

    kind: ClassVar[str] = "add"
    function: ClassVar[str] = "add"
    formula: ClassVar[str] = "y = a + b"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("a + b", {"a": "float32[N, 3, H, W]", "b": "float32[N, 3, H, W]"}),
        Sample("a + b", {"a": "float32[N, 1, W]", "b": "float32[H, 1]"}),
        Sample("a + a", {"a": "float32[N, 3]"}),
        Sample("a + b", {"a": "int64[2, 3]", "b": "int64[3]"}),
        Sample("2 + a", {"a": "int32[2, 3]"}),
    )


@final
@record
class Sub(Arithmetic):
    """The difference of two tensors, element by element: `a - b`. Shapes broadcast."""

    kind: ClassVar[str] = "sub"
    function: ClassVar[str] = "subtract"
    formula: ClassVar[str] = "y = a - b"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("a - b", {"a": "float32[N, 3, H, W]", "b": "float32[3, 1, 1]"}),
        Sample("1 - a", {"a": "float32[N, 3]"}),
        Sample("a - b", {"a": "int32[2, 3]", "b": "int32[2, 1]"}),
    )


@final
@record
class Mul(Arithmetic):
    """The product of two tensors, element by element: `a * b`. Shapes broadcast."""

    kind: ClassVar[str] = "mul"
    function: ClassVar[str] = "multiply"
    formula: ClassVar[str] = "y = a * b"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("a * b", {"a": "float32[N, 3, H, W]", "b": "float32[N, 3, 1, 1]"}),
        Sample("a * 0.5", {"a": "float32[N, 3]"}),
        Sample("a * b", {"a": "int64[2, 3]", "b": "int64[2, 3]"}),
    )


@final
@record
class Div(Arithmetic):
    """The quotient of two tensors, element by element: `a / b`. Shapes broadcast.

    Floating point only: integers would have to round, and frameworks round them differently.
    """

    kind: ClassVar[str] = "div"
    function: ClassVar[str] = "divide"
    formula: ClassVar[str] = "y = a / b"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("a / (b * b + 1)", {"a": "float32[N, 3, H, W]", "b": "float32[3, 1, 1]"}),
        Sample("a / 255", {"a": "float32[N, 3]"}),
    )

    def types(self, site: Site, a: TensorType, b: TensorType | None = None) -> TensorType:
        """The broadcast shape."""
        need_float(site, 0, a)
        return super().types(site, a, b)


@final
@record
class Pow(Arithmetic):
    """One tensor to the power of another, element by element: `a ** b`. Shapes broadcast.

    Either side may be a number: `x ** 2`, `2 ** x`. A negative number to a fractional power is no number. Floating
    point only: an integer to a negative power would have to round, and runtimes compute the powers of large ones
    inexactly. The power of integers is a product, `n * n`.
    """

    kind: ClassVar[str] = "pow"
    function: ClassVar[str] = "power"
    formula: ClassVar[str] = "y = a ** b"
    source: ClassVar[str] = "numpy.power; ONNX Pow"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("(a * a + 0.1) ** b", {"a": "float32[N, 3, H, W]", "b": "float32[3, 1, 1]"}),
        Sample("a ** 3", {"a": "float32[N, 3]"}),
        Sample("2 ** a", {"a": "float32[N, 3]"}),
    )

    def types(self, site: Site, a: TensorType, b: TensorType | None = None) -> TensorType:
        """The broadcast shape."""
        need_float(site, 0, a)
        return super().types(site, a, b)


@final
@record
class Neg(Arithmetic):
    """Every element with the other sign: `-x`. Shape as the input's."""

    kind: ClassVar[str] = "neg"
    function: ClassVar[str] = "negative"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "numbers of any shape"),)
    formula: ClassVar[str] = "y = -x"
    source: ClassVar[str] = "numpy; ONNX Neg"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("-x", {"x": "float32[N, 3]"}), Sample("-x", {"x": "int64[4]"}))


@final
@record
class Index(Rearranging):
    """Elements and slices of a tensor: `x[:, 0]`, `h[-1]`, `x[:, :, 0:27]`.

    An integer takes one element and removes its axis; a slice takes those from the first bound up to, not
    including, the second. Negative numbers count from the end, missing axes are whole, and there is no step.

    The bounds of a slice of a known dimension are clipped as in numpy; it must not be empty. A slice of a
    symbolic dimension demands that its bounds exist, so that its size is exact: `x[:, 0:27]` of `[N, T]`
    gives `[N, 27]` and demands `T >= 27` where numpy would give `min(T, 27)`.
    """

    kind: ClassVar[str] = "index"
    callable: ClassVar[bool] = False
    formula: ClassVar[str] = "y = x[items]"
    source: ClassVar[str] = "numpy indexing"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("x[:, 0]", {"x": "float32[N, T, 5]"}),
        Sample("x[-1]", {"x": "float32[4, N, 5]"}),
        Sample("x[:, -1, 1:-1]", {"x": "float32[N, 3, H]"}, {"H": (3, 4, 7)}),
        Sample("x[:, :, 0:3]", {"x": "float32[N, 3, H]"}, {"H": (3, 4, 7)}),
        Sample("x[:, 1:9, -2:]", {"x": "float32[N, 3, H]"}, {"H": (2, 4, 7)}),
        Sample("x[0, :, 1]", {"x": "int64[2, 3, 4]"}),
        Sample("x[:]", {"x": "float32[N]"}),
    )

    items: tuple[IndexItem, ...] = field(kw_only=True)

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The shape without the axes of integers, and with the sizes of the slices."""
        if len(self.items) > x.rank:
            span = site.argument("items")
            raise DotnnError(TooManyIndices(span=span, count=len(self.items), rank=x.rank, found=str(x)))
        shape: list[Dim] = []
        for axis, item in enumerate(self.items):
            if isinstance(item, int):
                _need_index(site, x, axis, item)
            else:
                shape.append(_slice_size(site, x, axis, item))
        return x.with_shape(*shape, *x.shape[len(self.items) :])

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The position that an integer takes, and those of slices from their first bounds on."""
        places = iter(range(x.rank))
        items = (*self.items, *((None, None),) * (x.rank - len(self.items)))
        return tuple(
            Along(None if isinstance(item, int) else next(places), shift=_first(item, dim))
            for item, dim in zip(items, x.shape, strict=True)
        )

    def size_of(self, asked: Asked, x: TensorType) -> Size | None:
        """From the first bound of a slice to the second one."""
        items = (*self.items, *((None, None),) * (x.rank - len(self.items)))
        axis = [axis for axis, item in enumerate(items) if not isinstance(item, int)][asked.axis]
        item, dim = items[axis], x.shape[axis]
        if isinstance(item, int) or asked.dim == dim:
            return None
        low, high = item
        end = high if isinstance(dim, DimExpr) or high is None or high < dim else dim
        return Size(f"{_bound(end, dim) or format_dim(dim)} - {_bound(low, dim) or '0'}", ((0, axis),))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The part of the array."""
        return np.asarray(x[tuple(item if isinstance(item, int) else slice(*item) for item in self.items)])

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """One ``Slice`` for everything that is not whole, then one ``Squeeze`` of the integers' axes."""
        bounds = {axis: _bounds(item) for axis, item in enumerate(self.items) if item != (None, None)}
        if not bounds:
            return b.op(ops.Identity(), x)
        starts, ends = (b.ints(*found) for found in zip(*bounds.values(), strict=True))
        single = [axis for axis, item in enumerate(self.items) if isinstance(item, int)]
        sizes = iter(self.types(Site.nowhere(), x.type).shape)
        sliced = x.type.with_shape(*(1 if axis in single else next(sizes) for axis in range(x.rank)))
        part = b.op(ops.Slice(), x, starts, ends, b.ints(*bounds), result=sliced)
        return b.op(ops.Squeeze(), part, b.ints(*single)) if single else part


def _first(item: IndexItem, dim: Dim) -> int | None:
    """The first position that an index reads; None where it is counted from an end that is not known."""
    low = item if isinstance(item, int) else item[0] or 0
    if isinstance(dim, DimExpr):
        return low if low >= 0 else None
    return low % dim if isinstance(item, int) else slice(low, None).indices(dim)[0]


def _bound(bound: int | None, dim: Dim) -> str:
    """The bound of a slice as text, from the end as a difference; empty where none is written."""
    if bound is None:
        return ""
    return f"({format_dim(dim)} - {-bound})" if bound < 0 else str(bound)


def _bounds(item: IndexItem) -> tuple[int, int]:
    """First element and end as ONNX's ``Slice`` takes them."""
    if isinstance(item, int):
        # The element behind the last one has no negative number.
        return _int64(item), _BEHIND_THE_LAST if item == -1 else _int64(item + 1)
    low, high = item
    return 0 if low is None else _int64(low), _BEHIND_THE_LAST if high is None else _int64(high)


def _int64(bound: int) -> int:
    """The bound, or the nearest one that the operator can hold; no axis is so long that it would matter."""
    return max(-_BEHIND_THE_LAST, min(bound, _BEHIND_THE_LAST))


def _need_index(site: Site, x: TensorType, axis: int, index: int) -> None:
    """Demand that an axis has the element."""
    dim = x.shape[axis]
    fault = IndexOutOfRange(span=site.argument("items"), index=index, axis=axis, found=str(x), dim=format_dim(dim))
    site.at_least(dim, -index if index < 0 else index + 1, fault)


def _slice_size(site: Site, x: TensorType, axis: int, item: tuple[int | None, int | None]) -> Dim:
    """How many elements a slice has: clipped on a known dimension, exact on a symbolic one, at least one."""
    dim = x.shape[axis]
    text = ":".join("" if bound is None else str(bound) for bound in item)
    facts = {"span": site.argument("items"), "slice": text, "axis": axis, "found": str(x), "dim": format_dim(dim)}
    empty = EmptySlice(**facts)
    if not isinstance(dim, DimExpr):
        start, stop, _ = slice(*item).indices(dim)
        if start >= stop:
            raise DotnnError(empty)
        return stop - start
    low, high = item
    if (low is None or low >= 0) and (high is None or high < 0):
        first, cut = low or 0, -(high or 0)
        site.at_least(dim, first + cut + 1, empty)
        return dim - first - cut
    for bound in item:
        site.at_least(dim, abs(bound or 0), SliceOutOfRange(**facts))
    start = low if low is None or low >= 0 else dim + low
    stop = high if high is None or high >= 0 else dim + high
    size = (dim if stop is None else stop) - (start or 0)
    site.at_least(size, 1, empty)
    return size
