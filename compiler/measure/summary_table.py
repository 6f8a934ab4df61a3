"""How the layer table reads: its cells and sums as words, and the whole as plain text or as HTML.

The command ``dotnn summary``, ``str(summary)`` and the table in a notebook are all made of these.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from ..dims import Dim, DimExpr, format_dim
from ..graph.types import TensorType
from ..reprs import quantity

if TYPE_CHECKING:
    from .summary import Row, Summary

#: The columns that hold numbers, which are aligned to the right.
NUMBERS = ("parameters", "MACs")
COLUMNS = ("layer", "kind", "output", *NUMBERS)
#: Cells between two columns.
GAP = 2
#: What stands under the titles of the columns, again and again.
RULE = "─"
#: A cost that no expression can say.
_OPEN = "depends on the dimensions"
#: Where the sums begin, behind their names.
VALUES = 22

# Words --------------------------------------------------------------------------------------------------------------


def cells(row: Row, explain: bool = False, equals: str = " = ", comma: str = ", ") -> tuple[str, ...]:
    """What stands in each column for a row.

    Args:
        row: a node.
        explain: whether to show how each count comes about.
        equals: what stands between a formula and its value.
        comma: what stands between the types of several results.
    """
    types = comma.join(map(_type, row.outputs))
    return row.path, row.kind, types, _params(row, explain, equals), _macs(row, explain, equals)


def totals(found: Summary) -> list[tuple[str, str]]:
    """The sums below the table, each with its name."""
    lines = [("receptive field", f"{shown(size)} ({name})") for name, size in found.receptive_fields.items()]
    lines += [("needs", text) for text in found.demands]
    lines += [("longest path", quantity(found.longest_path, "layer")), ("MACs", shown(found.macs))]
    lines.append(("peak activations", _bytes(found.peak_activation_bytes)))
    lines.append(("weights", _bytes(found.weights_bytes)))
    if found.count.statistics:
        lines.append(("running statistics", f"{found.count.statistics:,}"))
    if found.count.frozen:
        lines.append(("trainable", f"{found.count.trainable:,}"))
        lines.append(("frozen", f"{found.count.frozen:,}"))
    return [*lines, ("parameters", f"{found.count.params:,}")]


def title(found: Summary) -> str:
    """What stands above the table."""
    return f"model {found.name}"


def shown(dim: Dim | None) -> str:
    """A count for reading: with thousands separated, or as an expression."""
    if dim is None:
        return _OPEN
    return format_dim(dim) if isinstance(dim, DimExpr) else f"{dim:,}"


def _type(kind: TensorType) -> str:
    text = str(kind)
    # Nearly every tensor is float32; what is not says so.
    return text.removeprefix("float32")


def _params(row: Row, explain: bool, equals: str) -> str:
    if row.shared:
        return "shared"
    total = row.count.params
    if explain and row.params_formula and total:
        return f"{row.params_formula}{equals}{total:,}"
    return f"{total:,}" if total else ""


def _macs(row: Row, explain: bool, equals: str) -> str:
    if row.macs == 0:
        return ""
    if explain and row.macs_formula:
        return f"{row.macs_formula}{equals}{shown(row.macs)}"
    return shown(row.macs)


def _bytes(count: Dim | None) -> str:
    if count is None:
        return _OPEN
    if isinstance(count, DimExpr):
        return f"{format_dim(count)} bytes"
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count:,} bytes ({count / size:.1f} {unit})"
    return f"{count:,} bytes"


# Text ---------------------------------------------------------------------------------------------------------------


def text(found: Summary) -> str:
    """The table and the sums, without colours, in lines as long as they need to be."""
    lines = [title(found), "", *table_lines([cells(row) for row in found.rows]), "", *total_lines(found)]
    return "\n".join(lines)


def table_lines(
    rows: Sequence[Sequence[str]],
    rule: str = RULE,
    columns: Sequence[str] = COLUMNS,
    numbers: Collection[str] = NUMBERS,
) -> list[str]:
    """The table of some cells, each of one line.

    Args:
        rows: the cells.
        rule: the sign of the line below the titles.
        columns: the titles.
        numbers: those of columns that are aligned to the right.
    """
    widths = column_widths(rows, columns)
    lines = [_line(row, widths, columns, numbers) for row in (columns, *rows)]
    return [lines[0], rule * (sum(widths) + GAP * (len(columns) - 1)), *lines[1:]]


def total_lines(found: Summary) -> list[str]:
    """The sums, one on a line."""
    return [f"{name + ':':<{VALUES}}{value}" for name, value in totals(found)]


def column_widths(rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS) -> list[int]:
    """How many characters each column needs; a cell may have several lines."""
    cells_below = zip(columns, *rows, strict=True)
    return [max(len(line) for cell in one for line in cell.split("\n")) for one in cells_below]


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[str], numbers: Collection[str]) -> str:
    aligned = (
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, cell, width in zip(columns, row, widths, strict=True)
    )
    return (" " * GAP).join(aligned).rstrip()


# HTML ---------------------------------------------------------------------------------------------------------------


def html(found: Summary) -> str:
    """The table and the sums as two HTML tables, for a notebook."""
    from html import escape

    heads = "".join(_cell("th", column, column, escape, ' scope="col"') for column in COLUMNS)
    body = "\n".join(_html_row(cells(row), escape) for row in found.rows)
    sums = "\n".join(
        f'<tr><th scope="row"{_LEFT}>{escape(name)}</th><td{_LEFT}>{escape(value)}</td></tr>'
        for name, value in totals(found)
    )
    return (
        f"<table>\n<caption>{escape(title(found))}</caption>\n<thead>\n<tr>{heads}</tr>\n</thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n<table>\n<tbody>\n{sums}\n</tbody>\n</table>"
    )


#: Notebooks align every cell to the right.
_LEFT = ' style="text-align: left"'
_RIGHT = ' style="text-align: right"'


def _html_row(row: Sequence[str], escape: Callable[[str], str]) -> str:
    return f"<tr>{''.join(_cell('td', column, cell, escape) for column, cell in zip(COLUMNS, row, strict=True))}</tr>"


def _cell(tag: str, column: str, words: str, escape: Callable[[str], str], scope: str = "") -> str:
    return f"<{tag}{scope}{_RIGHT if column in NUMBERS else _LEFT}>{escape(words)}</{tag}>"
