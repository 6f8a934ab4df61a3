"""Operators that make positions, and waves of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .base import FLOATS, LONGEST_CONTENT, WORDS, Content, InvalidOperands, Known, Operand, Operator, Result, Shape
from .elementwise import Unary
from .shape_rules import content_of, counted, ints_of, known_ints, need_rank


@final
@record
class Range(Operator):
    """The ints from ``start`` up to, not including, ``limit``, one every ``delta``; with a negative one, downwards.

    Of ints alone: how many floats there are depends on how each of them is rounded.
    """

    kind: ClassVar[str] = "Range"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("start"), Operand("limit"), Operand("delta"))
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": WORDS}
    source: ClassVar[str] = "ONNX Range-11"

    def shapes(self, start: Known, limit: Known, delta: Known) -> tuple[Shape, ...]:
        """How many ints there are."""
        for name, known in (("start", start), ("limit", limit), ("delta", delta)):
            need_rank(known, name, 0, 0)
        (first,), (end,), (step,) = content_of(start, "start"), content_of(limit, "limit"), ints_of(delta, "delta")
        if step == 0:
            raise InvalidOperands("a delta of 0")
        return ((counted(end - first if step > 0 else first - end, abs(step)),),)

    def content(self, start: Known, limit: Known, delta: Known) -> Content | None:
        """The ints, where they are known and few."""
        first, end, step = known_ints(start), known_ints(limit), known_ints(delta)
        if first is None or end is None or step is None:
            return None
        found = range(first[0], end[0], step[0])
        return tuple(found) if len(found) <= LONGEST_CONTENT else None

    def compute(self, start: np.ndarray, limit: np.ndarray, delta: np.ndarray) -> tuple[Any, ...]:
        """The ints."""
        return (np.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype),)


@final
@record
class Sin(Unary):
    """The sine of an angle in radians."""

    kind: ClassVar[str] = "Sin"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"),)
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}
    source: ClassVar[str] = "ONNX Sin-22"

    def of(self, x: np.ndarray) -> np.ndarray:
        """``sin(x)``."""
        return np.sin(x)
