"""Source texts and the places in them.

Inside the compiler a place is a pair of character offsets; lines and columns exist only where a place is printed.
The offsets count from a section of the text, such as a block, so that a section which an edit has only moved is moved
by one number, with all the places in it.
"""

from __future__ import annotations

import bisect
import codecs
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .reprs import quantity, quoted, short_repr


@dataclass(frozen=True, eq=False)
class Source:
    """One source text.

    Attributes:
        name: what to call it in messages: the path as the user gave it, or ``<stdin>``.
        text: the text, with its byte order mark removed. Line ends are kept as they are.
        path: the resolved file, or None for a text that is in no file.
        in_library: it is a file of the library of blocks, which its users have not written.
        marked: whether a byte order mark stands before it.
    """

    name: str
    text: str
    path: Path | None = None
    in_library: bool = False
    marked: bool = False

    def __repr__(self) -> str:
        return short_repr(self, quoted(self.name), quantity(len(self.text), "character"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text in UTF-8, as hexadecimal digits."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def encoded(self, text: str) -> bytes:
        """Another text as the bytes of this file: in UTF-8, behind a byte order mark if this one has it."""
        return (codecs.BOM_UTF8 if self.marked else b"") + text.encode("utf-8", "surrogatepass")

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        position = self.text.find("\n")
        while position != -1:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1, columns in code points."""
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line end."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] if number < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    @cached_property
    def _whole(self) -> Section:
        return Section(self, 0)

    def span(self, start: int, end: int) -> Span:
        """The place from character ``start`` up to, not including, ``end``."""
        return Span(self._whole, start, end)


class Section:
    """A part of a text that keeps what is in it together when the text is edited.

    Attributes:
        source: the text.
        start: the offset from which the places in it count.
    """

    __slots__ = ("source", "start")

    def __init__(self, source: Source, start: int) -> None:
        self.source = source
        self.start = start

    def span(self, start: int, end: int) -> Span:
        """The place from character ``start`` of the text up to, not including, ``end``."""
        return Span(self, start - self.start, end - self.start)

    def move(self, source: Source, distance: int) -> None:
        """The section now stands in another text, and some characters further on: all places in it do."""
        self.source = source
        self.start += distance


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A place in a source text: characters ``start`` up to, not including, ``end``.

    Attributes:
        section: the part of the text that it belongs to.
        behind: how far behind the section's start it begins; below 0 for what lies before.
        until: how far behind the section's start it ends.
    """

    section: Section
    behind: int
    until: int

    @property
    def source(self) -> Source:
        """The text."""
        return self.section.source

    @property
    def start(self) -> int:
        """The offset of its first character."""
        return self.section.start + self.behind

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        return self.section.start + self.until

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return self.source is other.source and self.start == other.start and self.end == other.end

    def __hash__(self) -> int:
        return hash((id(self.source), self.start, self.end))

    @property
    def text(self) -> str:
        """The characters of the place."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1, in code points."""
        return self.source.position(self.start)[1]

    def to(self, other: Span) -> Span:
        """The place from the start of this one to the end of ``other``."""
        return self.section.span(min(self.start, other.start), max(self.end, other.end))

    def __repr__(self) -> str:
        return short_repr(self, quoted(str(self)), quoted(self.text))

    def __str__(self) -> str:
        """``file:line:column``."""
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"
