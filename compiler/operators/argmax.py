"""Operators that tell where elements stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .base import INT64, NUMBERS, Known, Operand, Operator, Result, Shape
from .shape_rules import reduced, resolve_axis


@final
@record
class ArgMax(Operator):
    """The index of the greatest element along an axis: of several the first, or the last."""

    kind: ClassVar[str] = "ArgMax"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"),)
    results: ClassVar[tuple[Result, ...]] = (Result("reduced", "I"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS, "I": INT64}
    source: ClassVar[str] = "ONNX ArgMax-13"

    axis: int = 0
    keepdims: int = 1
    select_last_index: int = 0

    def shapes(self, data: Known) -> tuple[Shape, ...]:
        """The dimensions without the axis, or with 1 in its place."""
        return (reduced(data.shape, (resolve_axis(self.axis, data.rank),), bool(self.keepdims)),)

    def compute(self, data: np.ndarray) -> tuple[Any, ...]:
        """The index, counted from the end of the reversed axis where it shall be the last."""
        axis = resolve_axis(self.axis, data.ndim)
        searched = np.flip(data, axis) if self.select_last_index else data
        index = np.argmax(searched, axis=axis, keepdims=bool(self.keepdims)).astype(np.int64)
        return (data.shape[axis] - 1 - index if self.select_last_index else index,)
