"""Phrases: parts of the sentences of diagnostics, with facts of their own.

A reader of files knows that a header is cut off, and not how the file is called nor what it was to be read for. So it
gives a phrase, and whoever knows the rest puts that into the diagnostic. Phrases are frozen records with a template, as
diagnostics are; the sites that make them hold no prose either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..records import record


class _Facts(Mapping[str, Any]):
    """The attributes of an object as a mapping, for templates."""

    def __init__(self, one: object) -> None:
        self._one = one

    def __getitem__(self, name: str) -> Any:
        return getattr(self._one, name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def filled(template: str, one: object) -> str:
    """A template in the form of ``str.format``, with the attributes of an object for its names."""
    return template.format_map(_Facts(one))


@record
class Phrase:
    """Base of all phrases: a clause of its own that follows a colon, unless its family says otherwise."""

    says: ClassVar[str] = ""
    #: What to do about it, where it is something else than what the diagnostic advises.
    remedy: ClassVar[str] = ""

    def __str__(self) -> str:
        return filled(self.says, self)

    def advice(self) -> str:
        """What to do about it; empty where the diagnostic knows."""
        return filled(self.remedy, self)
