"""The layer that joins tensors along a new axis: ``stack``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.operands import RanksDiffer
from ..diagnostics.products import CannotStack, StackUndecided
from ..diagnostics.shapes import TooManyToStack
from ..dims import decide_equal
from ..graph.types import TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import HIGHEST_RANK, Integer, attribute
from .base import Operand, Read, Rearranging, Sample, Site
from .reach import Along, Reach
from .shape_rules import need_fit, need_rank, need_same_elements, resolve_axis

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@final
@record
class Stack(Rearranging):
    """Joins two or more tensors of one shape along a new axis: two of `[N, C]` become `[N, 2, C]` with `axis=1`.

    The axis is one of the result; negative ones count from its end. `concat` joins along an axis that is there already.
    """

    kind: ClassVar[str] = "stack"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("parts", "two or more tensors of one shape", variadic=True),)
    formula: ClassVar[str] = "y[i] = the i-th part, for axis=0"
    foreign_names: ClassVar[tuple[str, ...]] = ("pack",)
    source: ClassVar[str] = "numpy.stack; PyTorch stack"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("stack(a, b, axis=1)", {"a": "float32[N, C, H]", "b": "float32[N, C, H]"}),
        Sample("stack(a, b, a, axis=-1)", {"a": "float32[N, 3]", "b": "float32[N, 3]"}),
        Sample("stack(a, b, axis=0)", {"a": "int64[]", "b": "int64[]"}),
        Sample("stack(a, a, axis=-2)", {"a": "bool[N, T]"}),
    )

    axis: int = attribute(Integer(), doc="The axis of the result along which they are laid.")

    def types(self, site: Site, *parts: TensorType) -> TensorType:
        """The shape of the parts, with their number at the axis."""
        first = parts[0]
        for index, part in enumerate(parts):
            need_same_elements(site, index, first, part)
            if part.rank != first.rank:
                span = site.operand(index)
                raise DotnnError(RanksDiffer(span=span, kind=site.kind, left=str(first), right=str(part)))
            pairs = zip(first.shape, part.shape, strict=True)
            axes = [(*pair, decide_equal(*pair)) for pair in pairs]
            need_fit(site, index, axes, CannotStack, StackUndecided, left=str(first), right=str(part))
        longer = first.with_shape(*first.shape, len(parts))
        need_rank(site, 0, longer, 1, HIGHEST_RANK, fault=partial(TooManyToStack, most=HIGHEST_RANK - 1))
        axis = resolve_axis(site, self.axis, longer)
        return first.with_shape(*first.shape[:axis], len(parts), *first.shape[axis:])

    def positions(self, read: Read, *parts: TensorType) -> Reach:
        """Position by position; the axes from the new one on move down."""
        axis = self.axis % read.result.rank
        return tuple(Along(place if place < axis else place + 1) for place in range(read.operand.rank))

    def compute(self, weights: Mapping[str, np.ndarray], *parts: np.ndarray) -> np.ndarray:
        """The joined array."""
        return np.stack(parts, axis=self.axis)

    def lower(self, b: Builder, *parts: Tensor) -> Tensor:
        """``Unsqueeze`` of every part, then ``Concat``."""
        return b.op(ops.Concat(axis=self.axis), *(b.op(ops.Unsqueeze(), part, b.ints(self.axis)) for part in parts))
