"""Reductions over axes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .base import BOOL, BYTES, FLOATS, INT64, WORDS, Known, Operand, Operator, Result, Shape
from .shape_rules import ints_of, numbers, reduced, resolve_axes

_EXTREMES: Mapping[str, frozenset[DType]] = {"T": FLOATS | WORDS | BYTES | BOOL, "I": INT64}


@record
class Reduction(Operator, ABC):
    """Base of the reductions: over these axes, or over all where there are none, unless that shall do nothing."""

    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"), Operand("axes", "I", optional=True))
    results: ClassVar[tuple[Result, ...]] = (Result("reduced"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS | WORDS, "I": INT64}

    keepdims: int = 1
    noop_with_empty_axes: int = 0

    def shapes(self, data: Known, axes: Known | None) -> tuple[Shape, ...]:
        """The dimensions without the axes, or with 1 in their places."""
        over = self._over(None if axes is None else ints_of(axes, "axes"), data.rank)
        return (reduced(data.shape, over, bool(self.keepdims)),)

    def compute(self, data: np.ndarray, axes: np.ndarray | None) -> tuple[Any, ...]:
        """The reduction, with the axes that it runs over put together at the end."""
        over = self._over(None if axes is None else axes.tolist(), data.ndim)
        if not over:
            return (data,)
        others = [axis for axis in range(data.ndim) if axis not in over]
        moved = np.transpose(data, (*others, *over))
        length = int(np.prod([data.shape[axis] for axis in over]))
        result = self.of(moved.reshape(*moved.shape[: len(others)], length))
        return (result.reshape(numbers(reduced(data.shape, over, bool(self.keepdims)), "an array")),)

    @abstractmethod
    def of(self, x: np.ndarray) -> np.ndarray:
        """The reduction of the last axis."""

    def _over(self, axes: Sequence[int] | None, rank: int) -> tuple[int, ...]:
        if axes:
            return resolve_axes(axes, rank)
        return () if self.noop_with_empty_axes else tuple(range(rank))


@final
@record
class ReduceSum(Reduction):
    """The sum; of nothing it is 0."""

    kind: ClassVar[str] = "ReduceSum"
    source: ClassVar[str] = "ONNX ReduceSum-13"

    def of(self, x: np.ndarray) -> np.ndarray:
        """The sum."""
        return np.sum(x, axis=-1, dtype=x.dtype)


@final
@record
class ReduceMean(Reduction):
    """The mean; that of ints is rounded towards zero."""

    kind: ClassVar[str] = "ReduceMean"
    source: ClassVar[str] = "ONNX ReduceMean-18"

    def of(self, x: np.ndarray) -> np.ndarray:
        """The sum over the count."""
        total = np.sum(x, axis=-1, dtype=x.dtype)
        return total / x.shape[-1] if x.dtype.kind == "f" else np.sign(total) * (np.abs(total) // x.shape[-1])


@final
@record
class ReduceMax(Reduction):
    """The greatest element; of nothing it is the least number of the type."""

    kind: ClassVar[str] = "ReduceMax"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _EXTREMES
    source: ClassVar[str] = "ONNX ReduceMax-20"

    def of(self, x: np.ndarray) -> np.ndarray:
        """The greatest element."""
        return np.maximum.reduce(x, axis=-1, initial=_bounds(x.dtype)[0])


@final
@record
class ReduceMin(Reduction):
    """The least element; of nothing it is the greatest number of the type."""

    kind: ClassVar[str] = "ReduceMin"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _EXTREMES
    source: ClassVar[str] = "ONNX ReduceMin-20"

    def of(self, x: np.ndarray) -> np.ndarray:
        """The least element."""
        return np.minimum.reduce(x, axis=-1, initial=_bounds(x.dtype)[1])


def _bounds(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """The least and the greatest element of a type."""
    if dtype.kind == "f":
        return -np.inf, np.inf
    if dtype.kind == "b":
        return False, True
    return np.iinfo(dtype).min, np.iinfo(dtype).max
