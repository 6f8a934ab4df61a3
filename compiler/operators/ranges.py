"""Operators that make tensors out of bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from ..graph.dims import dim_max
from ..graph.types import DType
from ..lazy import np
from ..records import record
from .base import LONGEST_CONTENT, WORDS, Content, InvalidOperands, Known, Operand, Operator, Result, Shape
from .rules import content_of, ints_of, known_ints, need_rank


@final
@record
class Range(Operator):
    """The numbers from ``start`` up to, not including, ``limit``, by steps of ``delta``; all three are scalars.

    Of ints alone: how many floats that are depends on rounding.
    """

    kind: ClassVar[str] = "Range"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("start"), Operand("limit"), Operand("delta"))
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": WORDS}
    source: ClassVar[str] = "ONNX Range-11"

    def shapes(self, start: Known, limit: Known, delta: Known) -> tuple[Shape, ...]:
        """How many numbers that are."""
        for known, name in ((start, "start"), (limit, "limit"), (delta, "delta")):
            need_rank(known, name, 0, 0)
        (first,), (end,), (step,) = content_of(start, "start"), content_of(limit, "limit"), ints_of(delta, "delta")
        if step == 0:
            raise InvalidOperands("a step of 0")
        span = end - first if step > 0 else first - end
        return ((dim_max((span + (abs(step) - 1)) // abs(step), 0),),)

    def content(self, start: Known, limit: Known, delta: Known) -> Content | None:
        """The numbers, where all bounds are known."""
        bounds = [known_ints(one) for one in (start, limit, delta)]
        if any(one is None for one in bounds):
            return None
        numbers = range(*(one[0] for one in bounds if one))
        return tuple(numbers) if len(numbers) <= LONGEST_CONTENT else None

    def compute(self, start: np.ndarray, limit: np.ndarray, delta: np.ndarray) -> tuple[Any, ...]:
        """The numbers."""
        return (np.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype),)
