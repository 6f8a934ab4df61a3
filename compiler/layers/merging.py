"""Layers that join, divide and reduce tensors: ``concat split maximum minimum mean``."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.operands import (
    CannotConcatenate,
    ConcatenationUndecided,
    RanksDiffer,
    SplitNotEven,
    SplitSizes,
    SplitUndecided,
)
from ..dims import Dim, DimExpr, decide_equal, exact_div, format_dim, symbols
from ..dims.formatting import format_forms
from ..dims.linear import dividing_forms
from ..graph.broadcasting import broadcasts
from ..graph.types import TensorType, format_shape
from ..lazy_imports import np
from ..records import record
from ..written import value_text
from .attributes import Integer, Parts, attribute
from .base import Operand, Read, Rearranging, Sample, Site
from .reach import Along, Reach, aligned
from .shape_rules import axis_or_channels, need_fit, need_same_elements
from .sizes import Asked, Size, sum_text
from .tensor_arithmetic import Arithmetic

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@final
@record
class Concat(Rearranging):
    """Lays two or more tensors one behind the other along an axis.

    Without `axis=` that is axis 1, the channels: `[N, 16, H, W]` and `[N, 32, H, W]` become `[N, 48, H, W]`.
    On rank 3 the axis must be written, since axis 1 may be time. All other axes must certainly be equal: where one
    was halved and doubled again, the input declares that it divides, `2 * H`. An axis of size 1 is not repeated by
    itself; `expand` repeats it.
    """

    kind: ClassVar[str] = "concat"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("parts", "two or more tensors of one rank", variadic=True),)
    formula: ClassVar[str] = "y = [a; b; ...] along the axis"
    foreign_names: ClassVar[tuple[str, ...]] = ("cat", "concatenate", "merge")
    source: ClassVar[str] = "numpy.concatenate; ONNX Concat"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("concat(a, b)", {"a": "float32[N, 2, H, W]", "b": "float32[N, 3, H, W]"}),
        Sample("concat(a, b, a, axis=-2)", {"a": "float32[N, T, 4]", "b": "float32[N, 2, 4]"}),
        Sample("concat(a, b, axis=0)", {"a": "int64[N, 2]", "b": "int64[T, 2]"}),
        Sample("concat(x, x)", {"x": "float32[N, 3]"}),
    )

    axis: int | None = attribute(
        Integer(), None, doc="The axis along which they are laid; it must be written on rank 3.", shown="1"
    )

    def types(self, site: Site, *parts: TensorType) -> TensorType:
        """The sum along the axis; all others as they are."""
        first = parts[0]
        for index, part in enumerate(parts):
            need_same_elements(site, index, first, part)
            if part.rank != first.rank:
                span = site.operand(index)
                raise DotnnError(RanksDiffer(span=span, kind=site.kind, left=str(first), right=str(part)))
        along = axis_or_channels(site, self.axis, first)
        for index, part in enumerate(parts):
            pairs = enumerate(zip(first.shape, part.shape, strict=True))
            axes = [(*pair, axis == along or decide_equal(*pair)) for axis, pair in pairs]
            facts = {"along": along, "left": str(first), "right": str(part)}
            facts["expanding"] = _expanding(along, first, part)
            need_fit(site, index, axes, CannotConcatenate, ConcatenationUndecided, **facts)
        return _resized(first, along, sum(part.shape[along] for part in parts))

    def positions(self, read: Read, *parts: TensorType) -> Reach:
        """Position by position; along the axis, a neighbour may be one of another part, so the most is assumed."""
        shape = read.operand.shape
        return aligned(shape, shape, whole=(_or_channels(self.axis) % len(shape),))

    def size_of(self, asked: Asked, *parts: TensorType) -> Size | None:
        """The sum along the axis."""
        along = _or_channels(self.axis) % asked.result.rank
        if asked.axis != along:
            return None
        axes = tuple((place, along) for place in range(len(parts)))
        return Size(sum_text(part.shape[along] for part in parts), axes)

    def compute(self, weights: Mapping[str, np.ndarray], *parts: np.ndarray) -> np.ndarray:
        """The joined array."""
        return np.concatenate(parts, axis=_or_channels(self.axis))

    def lower(self, b: Builder, *parts: Tensor) -> Tensor:
        """``Concat``."""
        return b.op(ops.Concat(axis=_or_channels(self.axis)), *parts)


@final
@record
class Split(Rearranging):
    """Divides a tensor along an axis into a count of equal parts, or into parts of given sizes.

    `a, b = x -> split(2)` halves axis 1, the channels; `a, b = x -> split([16, 48])` gives sizes. On rank 3
    the axis must be written, since axis 1 may be time. A count must certainly divide the dimension, and sizes
    must add up to it. All parts are taken; `_` skips one.
    """

    kind: ClassVar[str] = "split"
    result_names: ClassVar[tuple[str, ...]] = ("part",)
    take_all_results: ClassVar[bool] = True
    formula: ClassVar[str] = "concat(split(x)) = x"
    foreign_names: ClassVar[tuple[str, ...]] = ("chunk",)
    source: ClassVar[str] = "numpy.split; ONNX Split"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("split(2)", {"x": "float32[N, 6, H, W]"}),
        Sample("split([1, 3, 2])", {"x": "float32[N, 6, H, W]"}),
        Sample("split(parts=3, axis=-1)", {"x": "float32[N, T, 6]"}),
        Sample("split([2, 2], axis=0)", {"x": "int64[4]"}),
        Sample("split(1)", {"x": "float32[N, 3]"}),
    )

    parts: int | tuple[int, ...] = attribute(Parts(), doc="How many equal parts, or their sizes.", positional=True)
    axis: int | None = attribute(
        Integer(), None, doc="The axis that is divided; it must be written on rank 3.", shown="1"
    )

    def types(self, site: Site, x: TensorType) -> tuple[TensorType, ...]:
        """One type for every part."""
        axis = axis_or_channels(site, self.axis, x)
        return tuple(_resized(x, axis, size) for size in self._sizes(site, axis, x))

    def _sizes(self, site: Site, axis: int, x: TensorType) -> tuple[Dim, ...]:
        dim, forms = x.shape[axis], {}
        facts: dict[str, Any] = {"span": site.argument("parts"), "axis": axis, "found": str(x)}
        facts["faulty_axes"] = ((0, axis),)
        if isinstance(self.parts, int):
            size = exact_div(dim, self.parts)
            if size is not None:
                return (size,) * self.parts
            if not isinstance(dim, DimExpr):
                raise DotnnError(SplitNotEven(parts=self.parts, dim=dim, **facts))
            parts = f"{self.parts} parts"
            forms = dividing_forms(dim, self.parts)
        else:
            parts, total = value_text(self.parts), sum(self.parts)
            if total == dim:
                return self.parts
            if not isinstance(dim, DimExpr):
                raise DotnnError(SplitSizes(sizes=parts, total=total, dim=dim, **facts))
        facts |= {"symbol": min(symbols(dim)), "forms": format_forms(forms)}
        raise DotnnError(SplitUndecided(parts=parts, dim=format_dim(dim), **facts))

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Position by position; along the axis a part begins where those before it end."""
        along = _or_channels(self.axis) % x.rank
        sizes = (read.result.shape[along],) * self.parts if isinstance(self.parts, int) else self.parts
        start: Dim = sum(sizes[: read.number])
        shift = None if isinstance(start, DimExpr) else start
        return tuple(Along(axis, shift=shift if axis == along else 0) for axis in range(x.rank))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> tuple[np.ndarray, ...]:
        """The parts."""
        places = self.parts if isinstance(self.parts, int) else np.cumsum(self.parts)[:-1]
        return tuple(np.split(x, places, axis=_or_channels(self.axis)))

    def lower(self, b: Builder, x: Tensor) -> tuple[Tensor, ...]:
        """``Split``, by count or by sizes."""
        axis = _or_channels(self.axis)
        if isinstance(self.parts, int):
            return b.ops(ops.Split(axis=axis, num_outputs=self.parts), x)
        return b.ops(ops.Split(axis=axis), x, b.ints(*self.parts))


def _or_channels(axis: int | None) -> int:
    return 1 if axis is None else axis


def _expanding(along: int, first: TensorType, part: TensorType) -> tuple[tuple[str, str], ...]:
    """Those of two tensors, and their new shapes, that differ in axes of size 1 only; empty where in others too."""
    others = (_resized(one, along, 1).shape for one in (first, part))
    if not all(broadcasts(*pair) for pair in zip(*others, strict=True)):
        return ()
    common = [other if one == 1 else one for one, other in zip(first.shape, part.shape, strict=True)]
    wanted = [(one, one.with_shape(*common[:along], one.shape[along], *common[along + 1 :])) for one in (first, part)]
    return tuple((str(one), format_shape(to.shape)) for one, to in wanted if one != to)


def _resized(found: TensorType, axis: int, dim: Dim) -> TensorType:
    """The type with another dimension on one axis."""
    return found.with_shape(*found.shape[:axis], dim, *found.shape[axis + 1 :])


@record
class Extreme(Arithmetic, ABC):
    """Base of the greater and the lesser of two tensors, element by element."""

    callable: ClassVar[bool] = True
    keeps_values: ClassVar[bool] = True


def _of_two(call: str) -> tuple[Sample, ...]:
    """Samples of a function of two tensors."""
    return (
        Sample(f"{call}(a, b)", {"a": "float32[N, 3, H, W]", "b": "float32[N, 3, H, W]"}),
        Sample(f"{call}(a, b)", {"a": "float32[N, 1, W]", "b": "float32[H, 1]"}),
        Sample(f"{call}(a, b)", {"a": "int64[2, 3]", "b": "int64[3]"}),
    )


@final
@record
class Maximum(Extreme):
    """The greater of two tensors, element by element (maxout).

    Shapes broadcast as with the tensor operators.
    """

    kind: ClassVar[str] = "maximum"
    function: ClassVar[str] = "maximum"
    formula: ClassVar[str] = "y = max(a, b)"
    source: ClassVar[str] = "numpy.maximum; Keras Maximum; ONNX Max"
    samples: ClassVar[tuple[Sample, ...]] = _of_two("maximum")

    def lower(self, b: Builder, *operands: Tensor) -> Tensor:
        """``Max``."""
        return b.op(ops.Max(), *operands)


@final
@record
class Minimum(Extreme):
    """The lesser of two tensors, element by element.

    Shapes broadcast as with the tensor operators.
    """

    kind: ClassVar[str] = "minimum"
    function: ClassVar[str] = "minimum"
    formula: ClassVar[str] = "y = min(a, b)"
    source: ClassVar[str] = "numpy.minimum; Keras Minimum; ONNX Min"
    samples: ClassVar[tuple[Sample, ...]] = _of_two("minimum")

    def lower(self, b: Builder, *operands: Tensor) -> Tensor:
        """``Min``."""
        return b.op(ops.Min(), *operands)
