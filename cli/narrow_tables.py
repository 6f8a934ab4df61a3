"""A table in the lines of a terminal that is narrower than the table: no word and no number is broken.

Names are broken behind dots, shapes behind commas, formulas behind operators and before what they come to. Where even
that leaves no room for columns, every row has lines of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..compiler.measure.summary import COLUMNS, GAP, NUMBERS, column_widths

#: What stays together on a line, in a path and in everything else.
_PATH_PIECE = re.compile(r"[^.]+\.*|\.+")
_PIECE = re.compile(r"= \S+\s?|[^\s*+]+[*+]*\s?|[*+]+\s?|\s+")
_INDENT = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table.

    Attributes:
        columns: their titles; the first one holds names.
        numbers: those that are aligned to the right.
        narrowed: the places of those that are narrowed, one after the other, as far as needed.
    """

    columns: Sequence[str]
    numbers: Sequence[str]
    narrowed: Sequence[int]


#: Names are narrowed first, numbers last.
LAYERS = Layout(COLUMNS, NUMBERS, (0, 2, 4, 3))


def folded_lines(rows: Sequence[Sequence[str]], width: int, rule: str, layout: Layout = LAYERS) -> list[str]:
    """The table in lines of a width.

    Args:
        rows: the cells, in which a newline is a place that is broken first.
        width: of the terminal.
        rule: the sign of the line below the titles.
        layout: the columns.
    """
    widths = _narrowed(rows, width, layout)
    if widths is None:
        return [line for row in rows for line in _stacked(row, width, layout)]
    lines = _row(layout.columns, widths, layout)
    lines.append(rule * (sum(widths) + GAP * (len(widths) - 1)))
    return lines + [line for row in rows for line in _row(row, widths, layout)]


def _narrowed(rows: Sequence[Sequence[str]], width: int, layout: Layout) -> list[int] | None:
    """The widths of the columns; None if they cannot all stand side by side."""
    widths = column_widths(rows, layout.columns)
    excess = sum(widths) + GAP * (len(widths) - 1) - width
    for column in layout.narrowed:
        cells = [layout.columns[column], *(row[column] for row in rows)]
        least = max(len(piece.rstrip()) for cell in cells for piece in _pieces(cell, column))
        cut = max(min(excess, widths[column] - least), 0)
        widths[column] -= cut
        excess -= cut
    return widths if excess <= 0 else None


def _pieces(cell: str, column: int) -> list[str]:
    """What of a cell stays together; an empty cell is one piece."""
    return (_PATH_PIECE if column == 0 else _PIECE).findall(cell) or [""]


def _wrapped(cell: str, column: int, width: int) -> list[str]:
    """A cell in lines of a width, as far as its pieces allow."""
    lines = []
    for part in cell.split("\n"):
        line = ""
        for piece in _pieces(part, column):
            if line and len(line) + len(piece.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return lines


def _row(cells: Sequence[str], widths: Sequence[int], layout: Layout) -> list[str]:
    """A row of the table, which has as many lines as its highest cell."""
    columns = [_wrapped(cell, index, width) for index, (cell, width) in enumerate(zip(cells, widths, strict=True))]
    height = max(map(len, columns))
    padded = [[*lines, *[""] * (height - len(lines))] for lines in columns]
    return [_line(parts, widths, layout) for parts in zip(*padded, strict=True)]


def _line(parts: Sequence[str], widths: Sequence[int], layout: Layout) -> str:
    aligned = (
        part.rjust(width) if column in layout.numbers else part.ljust(width)
        for column, part, width in zip(layout.columns, parts, widths, strict=True)
    )
    return (" " * GAP).join(aligned).rstrip()


def _stacked(cells: Sequence[str], width: int, layout: Layout) -> list[str]:
    """A row as lines of its own: the name, then what it has, each indented."""
    (_, name), *rest = zip(layout.columns, (cell.replace("\n", " ") for cell in cells), strict=True)
    lines = _wrapped(name, 0, width)
    words = "  ".join(cell for column, cell in rest if column not in layout.numbers)
    said = [words, *(f"{column} {cell}" for column, cell in rest if column in layout.numbers and cell)]
    for text in filter(None, said):
        first, *more = _wrapped(text, 1, width - 2 * _INDENT)
        lines.append(" " * _INDENT + first)
        lines += [" " * 2 * _INDENT + line for line in more]
    return lines
