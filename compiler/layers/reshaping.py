"""Layers that change the axes of a tensor: ``flatten reshape transpose expand squeeze unsqueeze flip``."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.operands import (
    ElementCounts,
    ElementCountsUndecided,
    ExpandOfOtherSize,
    ExpandToFewerAxes,
    ExpandUndecided,
    FlattenRange,
    NotAPermutation,
    SqueezedAxis,
    SqueezeUndecided,
)
from ..diagnostics.shapes import TooManyAdded
from ..dims import Dim, DimExpr, decide_equal, evaluate, exact_div, format_dim, lower_bound
from ..dims.formatting import format_forms
from ..dims.linear import dividing_forms, equalizing_forms
from ..graph.broadcasting import misfit
from ..graph.types import DType, TensorType, format_shape
from ..lazy_imports import np
from ..records import record
from ..written import value_text
from .attributes import HIGHEST_RANK, DimensionList, Integer, IntegerList, attribute
from .base import COMPUTED_ON_CPU, Read, Rearranging, Sample, Site
from .reach import Along, Reach, kept, refolded
from .shape_rules import known, need_rank, resolve_axes, resolve_axis
from .sizes import Asked, Size, factor, product_text

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: The lowest int64: the end of a backward slice that reaches the first element.
_BEFORE_THE_FIRST = -(2**63)


@record
class Refolding(Rearranging, ABC):
    """Base of layers that keep the elements in their row-major order."""

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Axes at both ends that stay as they are; of the others, the most is assumed."""
        return refolded(x.shape, read.result.shape)


@record
class Shaped(Rearranging, ABC):
    """Base of layers that are given the shape of their result."""

    shape: tuple[Dim, ...] = attribute(DimensionList(), doc="The new shape.", positional=True)

    def bind(self, sizes: Mapping[str, int]) -> Self:
        """The shape in numbers."""
        return dataclasses.replace(self, shape=tuple(evaluate(dim, sizes) for dim in self.shape))


@record
class AlongAxes(Rearranging, ABC):
    """Base of layers that are given axes; a layer says what it does with them."""

    axis: tuple[int, ...]

    def from_zero(self, rank: int) -> set[int]:
        """The axes counted from 0."""
        return {axis % rank for axis in self.axis}

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The operator of the class's name."""
        return b.op(getattr(ops, type(self).__name__)(), x, b.ints(*self.axis))


@final
@record
class Flatten(Refolding):
    """Folds neighbouring axes into one: `[N, C, H, W]` becomes `[N, C*H*W]`.

    Without arguments all axes but the first, the batch, are folded, in row-major order: for an image that is
    C-H-W, as in PyTorch; Keras, whose images are channels last, has H-W-C. Negative axes count from the end.
    """

    kind: ClassVar[str] = "flatten"
    formula: ClassVar[str] = "y[n, (c * H + h) * W + w] = x[n, c, h, w]"
    source: ClassVar[str] = "PyTorch Flatten"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("flatten", {"x": "float32[N, 3, H, W]"}),
        Sample("flatten(start=2)", {"x": "float32[N, 3, H, W]"}),
        Sample("flatten(start=0, end=1)", {"x": "float32[N, 3, H, W]"}),
        Sample("flatten(start=0)", {"x": "float32[2, 3, 4]"}),
        Sample("flatten(start=1, end=-2)", {"x": "int64[2, 3, 4, 5]"}),
        Sample("flatten", {"x": "float32[N, 8]"}),
    )

    start: int = attribute(Integer(), 1, doc="The first axis to fold.")
    end: int = attribute(Integer(), -1, doc="The last axis to fold.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The axes from ``start`` to ``end`` become their product."""
        start = resolve_axis(site, self.start, x, "start")
        end = resolve_axis(site, self.end, x, "end")
        if start > end:
            raise DotnnError(FlattenRange(span=site.argument("start"), start=start, end=end, found=str(x)))
        return x.with_shape(*self._folded(x.shape))

    def _folded(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        start, end = self.start % len(shape), self.end % len(shape)
        return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])

    def size_of(self, asked: Asked, x: TensorType) -> Size | None:
        """The product of the axes that are folded."""
        start, end = self.start % x.rank, self.end % x.rank
        if asked.axis != start or start == end:
            return None
        # Channels mostly come from the layer before, so that the positions have more to tell.
        axes = tuple((0, axis) for axis in (*range(start + 1, end + 1), start))
        return Size(product_text(x.shape[start : end + 1]), axes)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The same elements in the same order."""
        return x.reshape(self._folded(x.shape))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Flatten`` where all axes but the first are folded, else ``Reshape``."""
        if self.start % x.rank == 1 and self.end % x.rank == x.rank - 1:
            return b.op(ops.Flatten(axis=1), x)
        return b.reshape(x, self._folded(x.shape))


@final
@record
class Reshape(Shaped, Refolding):
    """Gives the same elements, in the same row-major order, other axes.

    The shape names every axis, the batch too: `reshape([N, 1, 28, 28])`. Its element count must certainly be
    the operand's. One entry may be -1: it takes what the others leave. A symbolic dimension that is to divide is
    declared as a multiple in the type of the input: `12 * T`.
    """

    kind: ClassVar[str] = "reshape"
    formula: ClassVar[str] = "y.ravel() = x.ravel()"
    foreign_names: ClassVar[tuple[str, ...]] = ("view",)
    source: ClassVar[str] = "numpy.reshape; ONNX Reshape"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("reshape([N, 1, 4, 6])", {"x": "float32[N, 24]"}),
        Sample("reshape([N, H*W, 3])", {"x": "float32[N, 3, H, W]"}),
        Sample("reshape([N, -1, W])", {"x": "float32[N, 3, H, W]"}),
        Sample("reshape(shape=[3, 8])", {"x": "float32[2, 3, 4]"}),
        Sample("reshape([-1])", {"x": "int32[N, 4]"}),
        Sample("reshape([2*N, T, 2, 3])", {"x": "float32[N, T, 12]"}),
        Sample("reshape([])", {"x": "float32[1, 1]"}),
    )

    shape: tuple[Dim, ...] = attribute(DimensionList(rest=True), doc="The new shape.", positional=True)

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The new shape, of as many elements."""
        total = x.elements
        given = x.with_shape(*(dim for dim in self.shape if dim != -1)).elements
        rest = exact_div(total, given) if -1 in self.shape else 1
        equal = rest is not None and decide_equal(total, given * rest)
        if rest is not None and equal:
            return x.with_shape(*(rest if dim == -1 else dim for dim in self.shape))
        facts = {
            "span": site.argument("shape"),
            "found": str(x),
            "count": format_dim(total),
            "shape": format_shape(self.shape),
            "given": format_dim(given),
            "is_multiple": -1 in self.shape,
            # Images are square mostly, and what a layer makes of features has one axis of them.
            "faulty_axes": ((0, -1),) if x.rank else (),
        }
        # A division of symbols that is not exact may be so for some of their values.
        if equal is None or (rest is None and any(isinstance(count, DimExpr) for count in (total, given))):
            forms = format_forms(self._fitting(total, given))
            raise DotnnError(ElementCountsUndecided(**facts, forms=forms))
        raise DotnnError(ElementCounts(**facts))

    def size_of(self, asked: Asked, x: TensorType) -> Size | None:
        """What is left for the entry -1; of what is written, the entry itself is found."""
        given = [dim for dim in self.shape if dim != -1]
        if self.shape[asked.axis] != -1:
            return None
        if not given:
            return Size(product_text(x.shape), tuple((0, axis) for axis in reversed(range(x.rank))))
        read = self.reach((x,), (asked.result,))
        axes = tuple((0, axis) for axis, one in enumerate(read) if one.whole)
        if not axes:
            return None
        below = product_text(given) if len(given) == 1 else f"({product_text(given)})"
        return Size(f"{factor(x.elements)}/{below}", axes[::-1])

    def _fitting(self, total: Dim, given: Dim) -> dict[str, Dim]:
        """What to write for symbols so that the shape fits."""
        if -1 not in self.shape:
            return equalizing_forms([(total, given)])
        return dividing_forms(total, given) if (lower_bound(given) or 0) >= 1 else {}

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The same elements in the same order; one symbolic dimension is what is left."""
        shape = tuple(-1 if isinstance(dim, DimExpr) else dim for dim in self.shape)
        return np.reshape(x, shape)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Reshape``."""
        return b.reshape(x, self.types(Site.nowhere(self.kind), x.type).shape)


@final
@record
class Transpose(Rearranging):
    """Puts the axes into another order: axis `i` of the result is axis `order[i]` of the operand.

    `transpose([0, 2, 1])` joins layers that read `[N, T, C]`, such as recurrent ones, with those that read
    `[N, C, L]`, such as `conv1d`.
    """

    kind: ClassVar[str] = "transpose"
    formula: ClassVar[str] = "y.shape[i] = x.shape[order[i]]"
    foreign_names: ClassVar[tuple[str, ...]] = ("permute",)
    source: ClassVar[str] = "numpy.transpose; ONNX Transpose"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("transpose([0, 2, 1])", {"x": "float32[N, T, 5]"}),
        Sample("transpose(order=[0, -1, 1, 2])", {"x": "float32[N, 3, H, W]"}),
        Sample("transpose([1, 0])", {"x": "int64[2, 3]"}),
    )

    order: tuple[int, ...] = attribute(
        IntegerList(), doc="The axes of the operand in their new order.", positional=True
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The dimensions in their new order."""
        in_range = all(-x.rank <= axis < x.rank for axis in self.order)
        if len(self.order) != x.rank or not in_range or len(set(self._order)) != x.rank:
            span, axes = site.argument("order"), ", ".join(map(str, range(x.rank)))
            order = value_text(self.order)
            raise DotnnError(NotAPermutation(span=span, order=order, found=str(x), last=x.rank - 1, axes=axes))
        return x.with_shape(*(x.shape[axis] for axis in self._order))

    @property
    def _order(self) -> tuple[int, ...]:
        """The axes counted from 0; there are as many as the operand has."""
        return tuple(axis % len(self.order) for axis in self.order)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Position by position, each axis at its new place."""
        return tuple(Along(self._order.index(axis)) for axis in range(len(self._order)))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The axes in their new order."""
        return np.transpose(x, self.order)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Transpose``."""
        return b.op(ops.Transpose(perm=self._order), x)


@final
@record
class Expand(Shaped):
    """Repeats a tensor along its axes of size 1 until it has the given shape.

    Shapes are aligned at their last axes, as in numpy: `[N, 1, 64]` grows to `[N, 10, 64]`, and `[64]` too.
    Operators broadcast by themselves; this is for layers that do not, such as `concat`. `expand([N, T - 3])`
    needs `T >= 4`: every dimension is at least 1.
    """

    kind: ClassVar[str] = "expand"
    cpu_floats: ClassVar[frozenset[DType]] = COMPUTED_ON_CPU
    formula: ClassVar[str] = "y[i, j] = x[i, 0] where axis 1 has size 1"
    foreign_names: ClassVar[tuple[str, ...]] = ("broadcastto",)
    source: ClassVar[str] = "numpy.broadcast_to; ONNX Expand"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("expand([N, 4, 3])", {"x": "float32[N, 1, 3]"}),
        Sample("expand(shape=[N, 2, H, W])", {"x": "float32[N, 2, 1, 1]", "like": "float32[N, 2, H, W]"}),
        Sample("expand([2, 3])", {"x": "float32[]"}),
        Sample("expand([2, 3, 4])", {"x": "int64[4]"}),
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The new shape, to which the operand's broadcasts."""
        facts: dict[str, Any] = {"span": site.operand(0), "found": str(x), "shape": format_shape(self.shape)}
        if x.rank > len(self.shape):
            raise DotnnError(ExpandToFewerAxes(**facts, rank=x.rank, wanted_rank=len(self.shape)))
        pairs = list(zip(x.shape, self.shape[len(self.shape) - x.rank :], strict=True))
        wrong = misfit([_grows(*pair) for pair in pairs])
        if wrong is not None:
            axis, certain = wrong
            dim, wanted = map(format_dim, pairs[axis])
            facts |= {"dim": dim, "wanted": wanted}
            if certain:
                raise DotnnError(ExpandOfOtherSize(**facts, axis=axis))
            forms = format_forms(equalizing_forms([pair for pair in pairs if pair[0] != 1]))
            raise DotnnError(ExpandUndecided(**facts, forms=forms))
        return x.with_shape(*self.shape)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The repeated array; a ``ValueError`` where a dimension of the shape is symbolic, which ``bind`` mends."""
        return np.broadcast_to(x, tuple(map(known, self.shape)))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Expand``."""
        return b.op(ops.Expand(), x, b.dims(self.shape))


def _grows(dim: Dim, wanted: Dim) -> bool | None:
    """Whether a dimension is 1 or the wanted one."""
    if dim == 1:
        return True
    equal = decide_equal(dim, wanted)
    return None if equal is False and decide_equal(dim, 1) is None else equal


@final
@record
class Squeeze(AlongAxes):
    """Removes axes of size 1: `[N, C, 1, 1]` becomes `[N, C]` with `axis=[2, 3]`.

    The size must certainly be 1. Negative axes count from the end.
    """

    kind: ClassVar[str] = "squeeze"
    formula: ClassVar[str] = "y[n, c] = x[n, c, 0, 0]"
    source: ClassVar[str] = "numpy.squeeze; ONNX Squeeze"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("squeeze(axis=[2, 3])", {"x": "float32[N, 3, 1, 1]"}),
        Sample("squeeze(axis=-2)", {"x": "float32[N, 1, H]"}),
        Sample("squeeze(axis=0)", {"x": "int64[1]"}),
    )

    axis: tuple[int, ...] = attribute(IntegerList(single=True), doc="The axis, or a list of axes, to remove.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The shape without these axes."""
        axes = resolve_axes(site, self.axis, x)
        for axis in axes:
            is_one = decide_equal(x.shape[axis], 1)
            if not is_one:
                fault = SqueezeUndecided if is_one is None else SqueezedAxis
                facts = {"span": site.argument("axis"), "axis": axis, "found": str(x)}
                raise DotnnError(fault(**facts, dim=format_dim(x.shape[axis]), faulty_axes=((0, axis),)))
        return x.with_shape(*(dim for axis, dim in enumerate(x.shape) if axis not in axes))

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The other axes move up."""
        return kept(x.rank, self.from_zero(x.rank), reduced=False)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The array without these axes."""
        return np.squeeze(x, self.axis)


@final
@record
class Unsqueeze(AlongAxes):
    """Adds axes of size 1: `[N, C]` becomes `[N, C, 1, 1]` with `axis=[2, 3]`.

    Axes are those of the result, as in numpy's `expand_dims`; negative ones count from its end.
    """

    kind: ClassVar[str] = "unsqueeze"
    formula: ClassVar[str] = "y[n, c, 0, 0] = x[n, c]"
    foreign_names: ClassVar[tuple[str, ...]] = ("expanddims",)
    source: ClassVar[str] = "numpy.expand_dims; ONNX Unsqueeze"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("unsqueeze(axis=[2, 3])", {"x": "float32[N, 3]"}),
        Sample("unsqueeze(axis=-2)", {"x": "float32[N, H]"}),
        Sample("unsqueeze(axis=[-1, 0])", {"x": "int64[3]"}),
    )

    axis: tuple[int, ...] = attribute(
        IntegerList(single=True), doc="The axis, or a list of axes, of the result to add."
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The shape with 1 at these axes."""
        longer = x.with_shape(*x.shape, *(1,) * len(self.axis))
        need_rank(site, 0, longer, 0, HIGHEST_RANK, fault=partial(TooManyAdded, most=HIGHEST_RANK))
        axes = resolve_axes(site, self.axis, longer)
        shape = list(x.shape)
        for axis in axes:
            shape.insert(axis, 1)
        return x.with_shape(*shape)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The axes behind move down."""
        added = self.from_zero(read.result.rank)
        return tuple(Along(axis) for axis in range(read.result.rank) if axis not in added)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The array with these axes."""
        return np.expand_dims(x, self.axis)


@final
@record
class Flip(AlongAxes):
    """Reverses the order of the elements along axes: `flip(axis=1)` reads `[N, T, C]` backwards.

    Shape as the input's.
    """

    kind: ClassVar[str] = "flip"
    formula: ClassVar[str] = "y[n, t] = x[n, T - 1 - t]"
    foreign_names: ClassVar[tuple[str, ...]] = ("reverse",)
    source: ClassVar[str] = "numpy.flip; PyTorch flip"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("flip(axis=1)", {"x": "float32[N, T, 5]"}),
        Sample("flip(axis=[-1, 2])", {"x": "float32[N, 2, H, W]"}),
        Sample("flip(axis=0)", {"x": "int64[5]"}),
    )

    axis: tuple[int, ...] = attribute(IntegerList(single=True), doc="The axis, or a list of axes, to reverse.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        resolve_axes(site, self.axis, x)
        return x

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Position by position; a reversed axis is read from its end."""
        backwards = self.from_zero(x.rank)
        return tuple(Along(axis, stride=-1, shift=None) if axis in backwards else Along(axis) for axis in range(x.rank))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The reversed array."""
        return np.flip(x, self.axis)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Slice`` with steps of -1, from the last element to the first."""
        count = len(self.axis)
        backwards, before = b.ints(*(-1,) * count), b.ints(*(_BEFORE_THE_FIRST,) * count)
        return b.op(ops.Slice(), x, backwards, before, b.ints(*self.axis), backwards)
