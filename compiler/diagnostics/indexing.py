"""Indices of lists, strings and types (E311)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic


@record
class BadIndex(Diagnostic):
    """An index is outside of a list, or no index at all."""

    code: ClassVar[str] = "E311"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "indices count from 0; negative ones from the end"


@record
class NothingToIndex(BadIndex):
    """An index of something that has no elements."""

    message: ClassVar[str] = "{found} has no elements to index"
    remedy: ClassVar[str] = "index a list or a tensor"

    found: str


@record
class SeveralIndicesOfList(BadIndex):
    """More than one index of a list."""

    message: ClassVar[str] = "a list has one axis"


@record
class SliceInType(BadIndex):
    """A slice among the dimensions of a type."""

    message: ClassVar[str] = "a type has no slices"


@record
class IndexNotAnInt(BadIndex):
    """An index that is no int."""

    message: ClassVar[str] = "an index must be an int, not {found}"
    remedy: ClassVar[str] = "write an int"

    found: str


@record
class IndexUndecided(IndexNotAnInt):
    """An index that is a symbolic dimension."""

    remedy: ClassVar[str] = "give the dimension a number in the type of the input"


@record
class NoSuchElement(BadIndex):
    """An index outside of a list or a string."""

    message: ClassVar[str] = "there is no element {index} in a {kind} of {length}"

    index: int
    kind: str  #: `list` or `string`
    length: int
