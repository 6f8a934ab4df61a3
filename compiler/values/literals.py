"""Nested lists of numbers as tensors."""

from __future__ import annotations

from ..diagnostics import DotnnError
from ..diagnostics.values import BadLiteral
from ..graph.tensors import Literal
from ..graph.types import DType
from ..source import Span
from .kinds import CompileValue, TensorConstant, describe, show


def literal(value: CompileValue, dtype: DType, span: Span) -> Literal:
    """A number, or nested lists of numbers with rows of equal length, as a literal; raises ``DotnnError``."""
    numbers = value.literal if isinstance(value, TensorConstant) else _of_lists(value, span)
    for element in numbers.elements:
        if not dtype.holds(element):
            reason = f"{show(element)} is no {dtype}"
            hint = "write numbers that the element type holds"
            raise DotnnError(BadLiteral(span=span, reason=reason, found=show(element), hint=hint))
    return numbers


def _of_lists(value: CompileValue, span: Span) -> Literal:
    shape: list[int] = []
    level: list[CompileValue] = [value]
    while level and isinstance(level[0], tuple):
        length = len(level[0])
        if length == 0:
            raise DotnnError(BadLiteral(span=span, reason="an empty list is no tensor", found="an empty list"))
        shape.append(length)
        level = _flatten(level, length, len(shape) - 1, span)
    for element in level:
        if not isinstance(element, int | float):
            reason = f"a tensor is made of numbers, and this holds {describe(element)}"
            raise DotnnError(BadLiteral(span=span, reason=reason, found=describe(element)))
    return Literal(tuple(shape), tuple(level))


def _flatten(rows: list[CompileValue], length: int, axis: int, span: Span) -> list[CompileValue]:
    flat: list[CompileValue] = []
    for row in rows:
        if not isinstance(row, tuple) or len(row) != length:
            found = _elements(len(row)) if isinstance(row, tuple) else describe(row)
            reason = f"the rows of axis {axis} are not alike: {_elements(length)} in the first, {found} in another"
            raise DotnnError(BadLiteral(span=span, reason=reason, found="uneven rows"))
        flat.extend(row)
    return flat


def _elements(count: int) -> str:
    return "1 element" if count == 1 else f"{count} elements"


def expand(scalar: Literal, shape: tuple[int, ...]) -> Literal:
    """A single number filling a shape."""
    count = 1
    for dim in shape:
        count *= dim
    return Literal(shape, scalar.elements * count)
