"""Nested lists of numbers as tensors."""

from __future__ import annotations

from ..diagnostics import DotnnError
from ..diagnostics.written_tensors import ElementNotANumber, ElementOutOfType, EmptyList, UnevenRows
from ..graph.tensors import Literal
from ..graph.types import DType
from ..source import Span
from .kinds import CompileValue, TensorConstant, describe, show


def literal(value: CompileValue, dtype: DType, span: Span) -> Literal:
    """A number, or nested lists of numbers with rows of equal length, as a literal; raises ``DotnnError``."""
    numbers = value.literal if isinstance(value, TensorConstant) else _of_lists(value, span)
    for element in numbers.elements:
        if not dtype.holds(element):
            raise DotnnError(ElementOutOfType(span=span, number=show(element), dtype=dtype))
    return numbers


def _of_lists(value: CompileValue, span: Span) -> Literal:
    shape: list[int] = []
    level: list[CompileValue] = [value]
    while level and isinstance(level[0], tuple):
        length = len(level[0])
        if length == 0:
            raise DotnnError(EmptyList(span=span))
        shape.append(length)
        level = _flatten(level, length, len(shape) - 1, span)
    for element in level:
        if not isinstance(element, int | float):
            raise DotnnError(ElementNotANumber(span=span, found=describe(element)))
    return Literal(tuple(shape), tuple(level))


def _flatten(rows: list[CompileValue], length: int, axis: int, span: Span) -> list[CompileValue]:
    flat: list[CompileValue] = []
    for row in rows:
        if not isinstance(row, tuple) or len(row) != length:
            other = len(row) if isinstance(row, tuple) else describe(row)
            raise DotnnError(UnevenRows(span=span, axis=axis, length=length, other_row=other))
        flat.extend(row)
    return flat


def expand(scalar: Literal, shape: tuple[int, ...]) -> Literal:
    """A single number filling a shape."""
    count = 1
    for dim in shape:
        count *= dim
    return Literal(shape, scalar.elements * count)
