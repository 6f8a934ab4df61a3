"""Nested lists of numbers as tensors."""

from __future__ import annotations

import math

from ..diagnostics import DotnnError
from ..diagnostics.values import BadLiteral
from ..graph.tensors import Literal
from ..graph.types import DType
from ..source import Span
from .kinds import KnownValue, TensorConstant, describe, show


def literal(value: KnownValue, dtype: DType, span: Span) -> Literal:
    """A number, or nested lists of numbers with rows of equal length, as a literal; raises ``DotnnError``."""
    numbers = value.literal if isinstance(value, TensorConstant) else _of_lists(value, span)
    for element in numbers.elements:
        if not dtype.holds(element):
            reason = f"{show(element)} is no {dtype}"
            hint = "write numbers that the element type holds"
            raise DotnnError(BadLiteral(span=span, reason=reason, found=show(element), hint=hint))
    return numbers


def _of_lists(value: KnownValue, span: Span) -> Literal:
    shape: list[int] = []
    level: list[KnownValue] = [value]
    while level and isinstance(level[0], tuple):
        length = len(level[0])
        if length == 0:
            raise DotnnError(BadLiteral(span=span, reason="an empty list is no tensor", found="an empty list"))
        shape.append(length)
        level = _flatten(level, length, len(shape) - 1, span)
    # Bools are among them.
    numbers = tuple(element for element in level if isinstance(element, int | float))
    if len(numbers) < len(level):
        found = next(describe(element) for element in level if not isinstance(element, int | float))
        reason = f"a tensor is made of numbers, and this holds {found}"
        raise DotnnError(BadLiteral(span=span, reason=reason, found=found))
    return Literal(tuple(shape), numbers)


def _flatten(rows: list[KnownValue], length: int, axis: int, span: Span) -> list[KnownValue]:
    flat: list[KnownValue] = []
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
    return Literal(shape, scalar.elements * math.prod(shape))
