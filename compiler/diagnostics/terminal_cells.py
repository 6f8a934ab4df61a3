"""Text laid out in the cells of a terminal: escapes, tabs, wide characters, and windows of long lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from ..visible_text import visible

#: Tabs in source lines reach to the next multiple of this many cells.
TAB_STOP = 4
#: A sentence may quote the user's text, which may be anything; it is cut to this many characters.
LONGEST_SENTENCE = 600
#: What stands for the part of a text that is left out.
ELLIPSIS = "..."


def clip(text: str, longest: int) -> str:
    """The text, without its middle where it has more than ``longest`` characters."""
    if len(text) <= longest:
        return text
    tail = longest // 4
    return text[: longest - tail - len(ELLIPSIS)] + ELLIPSIS + text[len(text) - tail :]


def cell_width(text: str) -> int:
    """Cells that visible text takes."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _glyphs(text: str) -> Iterator[tuple[str, int]]:
    """What to print for each character of a source line that starts at cell 0, and the cells it takes."""
    cell = 0
    for char in text:
        glyph = " " * (TAB_STOP - cell % TAB_STOP) if char == "\t" else visible(char)
        taken = cell_width(glyph)
        cell += taken
        yield glyph, taken


def _cost(char: str) -> int:
    """Cells to plan for a character: at least one, so that a window also bounds the number of characters."""
    return TAB_STOP if char == "\t" else max(1, cell_width(visible(char)))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A source line, or a window of it, as it is printed.

    Attributes:
        text: the visible text, with ``...`` where the line goes on.
        first: index in the line of the first character shown.
        cells: cell of each character shown, and of the end of the last one.
    """

    text: str
    first: int
    cells: tuple[int, ...]

    def spread(self, start: int, end: int) -> tuple[int, int]:
        """First and last-plus-one cell of characters ``start`` to ``end`` of the line, at least one cell.

        Characters left out stand where the dots are.
        """
        start, end, shown = start - self.first, end - self.first, len(self.cells) - 1
        left = 0 if start < 0 else self.cells[min(start, shown)]
        right = cell_width(self.text) if end > shown else self.cells[max(end, 0)]
        return left, max(left + 1, right)


def excerpt(line: str, start: int, end: int, budget: int) -> Excerpt:
    """Lay out a line in at most ``budget`` cells around characters ``start`` to ``end``."""
    first, last = _window(line, min(start, len(line)), min(end, len(line)), budget)
    head = ELLIPSIS if first > 0 else ""
    cells = [len(head)]
    parts = [head]
    for glyph, taken in _glyphs(line[first:last]):
        parts.append(glyph)
        cells.append(cells[-1] + taken)
    parts.append(ELLIPSIS if last < len(line) else "")
    return Excerpt("".join(parts), first, tuple(cells))


def _window(line: str, start: int, end: int, budget: int) -> tuple[int, int]:
    if len(line) <= budget and sum(map(_cost, line)) <= budget:
        return 0, len(line)
    room = budget - 2 * len(ELLIPSIS)
    wanted = sum(map(_cost, line[start : min(end, start + room)]))
    lead = max(0, min(room // 3, room - wanted))
    first = _grow_left(line, start, lead)
    last = _grow_right(line, first, room)
    if last == len(line):
        first = _grow_left(line, last, room)
    return first, last


def _grow_left(line: str, edge: int, room: int) -> int:
    """The smallest index from which the characters before ``edge`` fit into ``room`` cells."""
    while edge > 0 and (room := room - _cost(line[edge - 1])) >= 0:
        edge -= 1
    return edge


def _grow_right(line: str, edge: int, room: int) -> int:
    """The largest index up to which the characters from ``edge`` on fit into ``room`` cells."""
    while edge < len(line) and (room := room - _cost(line[edge])) >= 0:
        edge += 1
    return edge
