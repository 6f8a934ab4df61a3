"""Tensors written as nested lists of numbers (E317)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic


@record
class BadLiteral(Diagnostic):
    """A list of numbers does not make a tensor.

    All rows must be equally long, all elements numbers, and the shape the one that is wanted.
    """

    code: ClassVar[str] = "E317"
    remedy: ClassVar[str] = "write nested lists of numbers with rows of equal length"


@record
class EmptyList(BadLiteral):
    """An empty list."""

    message: ClassVar[str] = "an empty list is no tensor"
    label: ClassVar[str] = "an empty list"


@record
class ElementNotANumber(BadLiteral):
    """A list of something other than numbers."""

    message: ClassVar[str] = "a tensor is made of numbers, and this holds {found}"
    label: ClassVar[str] = "{found}"

    found: str


@record
class ElementOutOfType(BadLiteral):
    """A number that the element type does not hold."""

    message: ClassVar[str] = "{number} is no {dtype}"
    label: ClassVar[str] = "{number}"
    remedy: ClassVar[str] = "write numbers that the element type holds"

    number: str
    dtype: str


@record
class UnevenRows(BadLiteral):
    """Rows of different lengths."""

    message: ClassVar[str] = "the rows of axis {axis} are not alike: {first} in the first, {other} in another"
    label: ClassVar[str] = "uneven rows"

    axis: int
    length: int
    other_row: int | str  #: the length of another one, or what it is if it is no row

    @property
    def first(self) -> str:
        """How long the first one is."""
        return _elements(self.length)

    @property
    def other(self) -> str:
        """How long another one is, or what."""
        return self.other_row if isinstance(self.other_row, str) else _elements(self.other_row)


@record
class WeightOfOtherShape(BadLiteral):
    """Numbers for a weight of another shape."""

    message: ClassVar[str] = "`{name}` of this `{kind}` has shape {shape}, and the numbers have {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "write nested lists of shape {shape}"

    name: str
    kind: str
    shape: str
    found: str


@record
class ParameterOfOtherShape(BadLiteral):
    """Numbers for a parameter of another shape."""

    message: ClassVar[str] = "the parameter has shape {shape}, and the numbers have {found}"
    label: ClassVar[str] = "{found}"

    shape: str
    found: str


def _elements(count: int) -> str:
    return "1 element" if count == 1 else f"{count} elements"
