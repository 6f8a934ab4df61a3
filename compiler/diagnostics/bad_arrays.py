"""Why what a caller in Python gives as a weight is no array of numbers."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase


@record
class NameIsNoStr(Phrase):
    says: ClassVar[str] = "the name is {a_type}, and must be a str"

    a_type: str


@record
class IsMasked(Phrase):
    says: ClassVar[str] = "it is a masked array, and weights have no gaps: give `array.filled(…)`"


@record
class IsNoArray(Phrase):
    says: ClassVar[str] = "it is {a_type}, and no array of numbers"

    a_type: str


@record
class IsMapping(Phrase):
    says: ClassVar[str] = "it is a mapping itself; if it holds the weights, give `{weights}[{name!r}]`"

    weights: str
    name: str


@record
class CannotBeArray(Phrase):
    says: ClassVar[str] = "it cannot be read as an array: {reason}"

    reason: str


@record
class HasChanged(Phrase):
    says: ClassVar[str] = "it has changed while it was read"
