"""Models side by side: what each of them costs, in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..arguments import need_choice
from ..graph.dims import Dim
from ..graph.graph import Graph
from ..metrics import costs as metrics
from ..metrics.receptive_fields import seen_before_collapse
from ..reprs import quantity, quoted, several, short_repr
from . import comparison_table
from .comparison_table import SORTS
from .summary import unless_too_complex


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
        return comparison_table.text(self.rows)

    def __repr__(self) -> str:
        names = several(quoted(row.name) for row in self.rows)
        return short_repr(self, quantity(len(self.rows), "row"), *names)

    def _repr_html_(self) -> str:
        return comparison_table.html(self.rows)


def measured(graph: Graph, file: str) -> ModelCosts:
    """The costs of a layer graph."""
    return ModelCosts(
        name=graph.name,
        file=file,
        params=metrics.params(graph),
        macs=unless_too_complex(lambda: metrics.macs(graph)),
        weights_bytes=metrics.weights_bytes(graph),
        peak_activation_bytes=unless_too_complex(lambda: metrics.peak_activation_bytes(graph)),
        longest_path=metrics.longest_path(graph),
        receptive_field=seen_before_collapse(graph),
    )
