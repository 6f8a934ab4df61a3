"""Where the keys and values of a TOML text stand, which Python's reader does not tell.

The text is one that ``tomllib`` has read, so that it is valid and only its places are asked for.
"""

from __future__ import annotations

import re
import tomllib
from typing import Final, NamedTuple, TypeAlias

from ..source import Source, Span

#: The keys on the way to a value; those of lists are numbers.
Keys: TypeAlias = tuple[str | int, ...]

_GAP: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_PLAIN: Final = re.compile(r"[^,\]}#\r\n]*")


class Place(NamedTuple):
    """Where a key stands, and its value; of a table with a heading both are its name in that."""

    key: Span
    value: Span


def places(source: Source) -> dict[Keys, Place]:
    """The places of all keys and of all elements of lists in a valid text of TOML."""
    found = _Scanner(source)
    found.document()
    return found.places


class _Name(NamedTuple):
    """A part of a dotted key."""

    name: str
    span: Span


class _Scanner:
    """A walk through the text; every method begins where the one before has ended."""

    def __init__(self, source: Source) -> None:
        self.places: dict[Keys, Place] = {}
        self._source = source
        self._text = source.text
        self._at = 0
        #: How many tables a list of tables has so far, by its keys.
        self._listed: dict[Keys, int] = {}

    def document(self) -> None:
        """Headings, and keys with their values."""
        table: Keys = ()
        self._pass(_BLANK)
        while self._at < len(self._text):
            if self._next("["):
                table = self._heading()
            else:
                self._pair(table)
            self._pass(_BLANK)

    def _heading(self) -> Keys:
        is_list = self._text.startswith("[[", self._at)
        self._at += 2 if is_list else 1
        names = self._names()
        self._at += 2 if is_list else 1
        keys: Keys = ()
        for number, one in enumerate(names, 1):
            keys = (*keys, one.name)
            self.places.setdefault(keys, Place(one.span, one.span))
            if is_list and number == len(names):
                self._listed[keys] = self._listed.get(keys, 0) + 1
            if keys in self._listed:
                keys = (*keys, self._listed[keys] - 1)
                self.places.setdefault(keys, Place(one.span, one.span))
        return keys

    def _pair(self, table: Keys) -> None:
        names = self._names()
        self._at += 1
        keys = table
        for one in names:
            keys = (*keys, one.name)
            self.places.setdefault(keys, Place(one.span, one.span))
        self._pass(_GAP)
        self.places[keys] = Place(names[-1].span, self._value(keys))

    def _names(self) -> list[_Name]:
        """The parts of a key, up to the sign behind it."""
        names: list[_Name] = []
        while True:
            self._pass(_GAP)
            start = self._at
            quoted = self._text[start] in "\"'"
            self._pass(_STRING if quoted else _BARE_KEY)
            span = self._source.span(start, self._at)
            names.append(_Name(tomllib.loads(f"k = {span.text}")["k"] if quoted else span.text, span))
            self._pass(_GAP)
            if not self._next("."):
                return names
            self._at += 1

    def _value(self, keys: Keys) -> Span:
        start = self._at
        if self._next("["):
            self._list(keys)
        elif self._next("{"):
            self._inline_table(keys)
        elif self._next('"') or self._next("'"):
            self._pass(_STRING)
        else:
            self._pass(_PLAIN)
            return self._source.span(start, start + len(self._text[start : self._at].rstrip()))
        return self._source.span(start, self._at)

    def _list(self, keys: Keys) -> None:
        self._at += 1
        self._pass(_BLANK)
        number = 0
        while not self._next("]"):
            place = self._value((*keys, number))
            self.places[(*keys, number)] = Place(place, place)
            number += 1
            self._pass_comma()
        self._at += 1

    def _inline_table(self, keys: Keys) -> None:
        self._at += 1
        self._pass(_BLANK)
        while not self._next("}"):
            self._pair(keys)
            self._pass_comma()
        self._at += 1

    def _pass_comma(self) -> None:
        self._pass(_BLANK)
        self._at += self._next(",")
        self._pass(_BLANK)

    def _pass(self, what: re.Pattern[str]) -> None:
        found = what.match(self._text, self._at)
        self._at = found.end() if found is not None else self._at

    def _next(self, sign: str) -> bool:
        return self._text.startswith(sign, self._at)
