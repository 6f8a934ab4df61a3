"""Phrases: parts of the sentences of diagnostics, with facts of their own.

A reader of files knows that a header is cut off, and not how the file is called nor what it was to be read for. So it
gives a phrase, and whoever knows the rest puts that into the diagnostic. The sentences stand in tables, one for each
format or topic; the sites that give phrases hold no prose either.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from enum import Enum
from typing import Any

from ..records import positional_record


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


class Phrases(Enum):
    """Base of the tables of phrases: templates, each a clause that follows a colon unless the table says otherwise.

    A member is called with its facts, ``FileDamage.HOLDS_TWICE(name="w")``. It may have a second template: what to do
    about it, where that is something else than what the diagnostic advises.
    """

    def __init__(self, says: str, remedy: str = "") -> None:
        self.says = says
        self.remedy = remedy

    def __call__(self, **facts: Hashable) -> Phrase:
        """The phrase with these facts, which are those that the templates name."""
        return Phrase(self, tuple(facts.items()))


@positional_record
class Phrase:
    """A phrase with its facts."""

    kind: Phrases
    facts: tuple[tuple[str, Hashable], ...]

    def __str__(self) -> str:
        return self.kind.says.format_map(dict(self.facts))

    def advice(self) -> str:
        """What to do about it; empty where the diagnostic knows."""
        return self.kind.remedy.format_map(dict(self.facts))
