"""Nested lists of numbers as tensors."""

from __future__ import annotations

import math
import re

from ..diagnostics import DotnnError
from ..diagnostics.written_tensors import ElementNotANumber, ElementOutOfType, EmptyList, UnevenRows
from ..graph.tensors import Literal
from ..graph.types import DType
from ..source import Span
from .compile_values import KnownValue, TensorConstant, describe, show


def literal(value: KnownValue, dtype: DType, span: Span) -> Literal:
    """A number, or nested lists of numbers with rows of equal length, as a literal; raises ``DotnnError``."""
    numbers = value.literal if isinstance(value, TensorConstant) else _of_lists(value, span)
    for element in numbers.elements:
        if not dtype.holds(element):
            raise DotnnError(ElementOutOfType(span=span, number=show(element), dtype=dtype))
    return numbers


def _of_lists(value: KnownValue, span: Span) -> Literal:
    shape: list[int] = []
    level: list[KnownValue] = [value]
    while level and isinstance(level[0], tuple):
        length = len(level[0])
        if length == 0:
            raise DotnnError(EmptyList(span=span))
        shape.append(length)
        level = _flatten(level, length, len(shape) - 1, span)
    # Bools are among them.
    numbers = tuple(element for element in level if isinstance(element, int | float))
    if len(numbers) < len(level):
        found = next(describe(element) for element in level if not isinstance(element, int | float))
        raise DotnnError(ElementNotANumber(span=span, found=found))
    return Literal(tuple(shape), numbers)


def _flatten(rows: list[KnownValue], length: int, axis: int, span: Span) -> list[KnownValue]:
    flat: list[KnownValue] = []
    for number, row in enumerate(rows):
        if not isinstance(row, tuple) or len(row) != length:
            other = len(row) if isinstance(row, tuple) else describe(row)
            at = _row_written(span, axis + 1, number) if isinstance(row, tuple) else span
            raise DotnnError(UnevenRows(span=at, axis=axis, length=length, other_row=other))
        flat.extend(row)
    return flat


def _row_written(span: Span, depth: int, number: int) -> Span:
    """Where a row is written in nested lists of numbers: of those so deep, the one of this number.

    Where the text is anything else, such as a name, the whole place.
    """
    code = re.sub(r"#[^\n]*", lambda comment: " " * len(comment.group()), span.text)
    if re.fullmatch(r"[\[\]\s\d.,_eE+-]*", code) is None:
        return span
    start, opened, passed = -1, 0, -1
    for bracket in re.finditer(r"[\[\]]", code):
        is_opening = bracket.group() == "["
        opened += 1 if is_opening else -1
        passed += is_opening and opened == depth
        if passed != number:
            continue
        if is_opening and opened == depth:
            start = bracket.start()
        elif opened == depth - 1:
            return span.source.span(span.start + start, span.start + bracket.end())
    return span


def expand(scalar: Literal, shape: tuple[int, ...]) -> Literal:
    """A single number filling a shape."""
    return Literal(shape, scalar.elements * math.prod(shape))
