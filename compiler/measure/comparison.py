"""Several models side by side: what each costs, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..dims import Dim, DimExpr, symbols
from ..python_arguments import need_choice
from ..reprs import quantity, quoted, several, short_repr
from .summary import OPEN, RULE, html_table, shown, shown_bytes, table_lines


@dataclass(frozen=True, slots=True)
class ModelCosts:
    """What one model costs; the names are those of a ``Summary``.

    Attributes:
        file: what its text is called.
        macs: for one example; like the bytes None where no expression can say it.
        receptive_field: what one position sees where positions are collapsed: see ``seen_before_collapse``.
    """

    name: str
    file: str
    params: int
    macs: Dim | None
    weights_bytes: int
    peak_activation_bytes: Dim | None
    longest_path: int
    receptive_field: int | Literal["whole"] | None

    def __repr__(self) -> str:
        return short_repr(self, quoted(self.name), quoted(self.file), quantity(self.params, "parameter"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of models."""

    rows: tuple[ModelCosts, ...]

    def sorted_by(self, column: str) -> Comparison:
        """The same rows by name in alphabetical order, or by a number, the largest first.

        What is no number (a formula, no field or a whole one) comes last. Rows that are alike keep their order.

        Args:
            column: `name`, `params`, `macs`, `weights`, `activations`, `depth` or `field`.

        Raises:
            DotnnError: there is no such column.
        """
        need_choice(column, "column", tuple(SORTS))
        if column == "name":
            return Comparison(tuple(sorted(self.rows, key=lambda row: row.name)))

        def key(row: ModelCosts) -> tuple[bool, int]:
            found = getattr(row, SORTS[column])
            return (False, -found) if isinstance(found, int) else (True, 0)

        return Comparison(tuple(sorted(self.rows, key=key)))

    def __str__(self) -> str:
        """The table as ``dotnn summary`` prints it."""
        return text(self.rows)

    def __repr__(self) -> str:
        names = several(quoted(row.name) for row in self.rows)
        return short_repr(self, quantity(len(self.rows), "row"), *names)

    def _repr_html_(self) -> str:
        return html(self.rows)


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
