"""The layer table: every layer with its output, its parameters and multiply-accumulates, as text and as HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..byte_counts import decimal_bytes, exact_bytes
from ..dims import Dim, DimExpr, format_dim
from ..reprs import quantity, quoted, several, short_repr, shortened

if TYPE_CHECKING:
    from ..graph.types import TensorType
    from .costs import Count


@dataclass(frozen=True, slots=True)
class Row:
    """One node of the table.

    Attributes:
        path: its hierarchical name.
        outputs: types of its results.
        inputs: names of the nodes that it reads.
        count: its own weights; those that an earlier node shares with it are counted there.
        macs: multiply-accumulates for one example; like the bytes None where no expression can say it.
        params_formula: how the parameters come about, as numbers; empty without any.
        macs_formula: how the multiply-accumulates come about; empty without any.
        shared: its weights are an earlier node's.
        place: where the source has it; of a layer in a block of the library, where that is called.
    """

    path: str
    kind: str
    outputs: tuple[TensorType, ...]
    inputs: tuple[str, ...]
    count: Count
    macs: Dim | None
    params_formula: str
    macs_formula: str
    activation_bytes: Dim | None
    shared: bool
    place: str

    def __repr__(self) -> str:
        types = several(map(str, self.outputs))
        return short_repr(self, quoted(self.path), self.kind, *types, quantity(self.count.params, "parameter"))


@dataclass(frozen=True, slots=True)
class Summary:
    """The table of a model and its sums.

    Attributes:
        macs: for one example; None where no expression can say it.
        peak_activation_bytes: the most that is alive at once, for one example; None likewise.
        demands: what the layers demand of the symbolic dimensions, as text.
    """

    name: str
    doc: str
    rows: tuple[Row, ...]
    count: Count
    macs: Dim | None
    weights_bytes: int
    peak_activation_bytes: Dim | None
    longest_path: int
    receptive_fields: dict[str, Dim]
    demands: tuple[str, ...]

    def __str__(self) -> str:
        """The table as ``dotnn summary`` prints it, without colours."""
        return text(self)

    def __repr__(self) -> str:
        macs = "MACs: " + shortened(shown(self.macs))
        sums = (quantity(len(self.rows), "row"), quantity(self.count.params, "parameter"), macs)
        return short_repr(self, quoted(self.name), *sums)

    def _repr_html_(self) -> str:
        return html(self)


#: The columns that hold numbers, which are aligned to the right.
NUMBERS = ("parameters", "MACs")
COLUMNS = ("layer", "kind", "output", *NUMBERS)
#: Cells between two columns.
GAP = 2
#: What stands under the titles of the columns, again and again.
RULE = "─"
#: A cost that no expression can say.
OPEN = "depends on the dimensions"
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
        return OPEN
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


def shown_bytes(count: Dim | None) -> str:
    """A number of bytes for reading: in units, or as an expression."""
    if count is None or isinstance(count, DimExpr):
        return shown(count) if count is None else f"{format_dim(count)} bytes"
    return decimal_bytes(count)


def _bytes(count: Dim | None) -> str:
    if count is None or isinstance(count, DimExpr):
        return shown_bytes(count)
    return exact_bytes(count)


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

    sums = "\n".join(
        f'<tr><th scope="row"{_LEFT}>{escape(name)}</th><td{_LEFT}>{escape(value)}</td></tr>'
        for name, value in totals(found)
    )
    layers = html_table([cells(row) for row in found.rows], COLUMNS, NUMBERS, title(found))
    return f"{layers}\n<table>\n<tbody>\n{sums}\n</tbody>\n</table>"


def html_table(
    rows: Iterable[Sequence[str]], columns: Sequence[str], numbers: Collection[str], caption: str = ""
) -> str:
    """The table of some cells as HTML; the arguments are those of ``table_lines``."""
    from html import escape

    def line(tag: str, words: Sequence[str], scope: str = "") -> str:
        pairs = zip(columns, words, strict=True)
        return "".join(
            f"<{tag}{scope}{_RIGHT if column in numbers else _LEFT}>{escape(one)}</{tag}>" for column, one in pairs
        )

    body = "\n".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    above = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    heads = line("th", columns, ' scope="col"')
    return f"<table>\n{above}<thead>\n<tr>{heads}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


#: Notebooks align every cell to the right.
_LEFT = ' style="text-align: left"'
_RIGHT = ' style="text-align: right"'
