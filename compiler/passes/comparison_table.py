"""How a comparison of models reads: its cells as words, and the whole as plain text or as HTML.

The command ``dotnn summary`` of several files, ``str(comparison)`` and the table in a notebook are all made of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..graph.dims import Dim, DimExpr, symbols
from .summary_table import OPEN, RULE, html_table, shown, shown_bytes, table_lines

if TYPE_CHECKING:
    from .comparison import ModelCosts

#: What rows are sorted by, and the attribute that holds it.
SORTS: Mapping[str, str] = {
    "name": "name",
    "params": "params",
    "macs": "macs",
    "weights": "weights_bytes",
    "activations": "peak_activation_bytes",
    "depth": "longest_path",
    "field": "receptive_field",
}

#: The columns that hold numbers, which are aligned to the right.
NUMBERS = ("parameters", "MACs", "weights", "activations", "depth", "field")
COLUMNS = ("model", *NUMBERS)
#: Characters of the longest formula that stands in a table of other models, where one of five hundred would part them.
_LONGEST_FORMULA = 25


def cells(rows: Sequence[ModelCosts]) -> list[tuple[str, ...]]:
    """What stands in each column; models of one name are told apart by their files."""
    count = Counter(row.name for row in rows)
    return [_cells(row, row.name if count[row.name] == 1 else f"{row.name} ({row.file})") for row in rows]


def text(rows: Sequence[ModelCosts]) -> str:
    """The table without colours, in lines as long as they need to be."""
    return "\n".join(table_lines(cells(rows), RULE, COLUMNS, NUMBERS))


def html(rows: Sequence[ModelCosts]) -> str:
    """The table for a notebook."""
    return html_table(cells(rows), COLUMNS, NUMBERS)


def _cells(row: ModelCosts, name: str) -> tuple[str, ...]:
    field = row.receptive_field
    return (
        name,
        f"{row.params:,}",
        _in_short(row.macs, shown(row.macs)),
        shown_bytes(row.weights_bytes),
        _in_short(row.peak_activation_bytes, shown_bytes(row.peak_activation_bytes)),
        f"{row.longest_path:,}",
        "-" if field is None else field if isinstance(field, str) else f"{field:,}",
    )


def _in_short(cost: Dim | None, text: str) -> str:
    """A number or a formula as it is, unless the formula is long: then only what it depends on."""
    if not isinstance(cost, DimExpr) or len(text) <= _LONGEST_FORMULA:
        return text
    named = f"depends on {', '.join(sorted(symbols(cost)))}"
    return named if len(named) <= _LONGEST_FORMULA else OPEN
