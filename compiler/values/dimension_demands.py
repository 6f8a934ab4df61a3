"""What must hold of the symbolic dimensions of a model: demands of its layers, and that every size is at least 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import final

from ..diagnostics import DotnnError
from ..diagnostics.values import NeverPositive
from ..dims import Dim, DimTooComplex, decide_less_equal, format_dim, solve_at_least, spare, substitute, symbol
from ..graph.graph import Demand
from ..source import Span

#: Of so many demands on several symbols it is looked at whether one implies another; more say the same twice at most.
MOST_COMPARED = 32


@final
class Demands:
    """The demands on the symbolic dimensions, each once, and the sizes that are known to be at least 1.

    Every dimension of every tensor goes through `need_size`, once: whatever makes a type need not think of it.
    """

    def __init__(self) -> None:
        self._demands: dict[Demand, None] = {}
        self._unread: list[Demand] = []
        self._least: dict[str, int] = {}
        self._compared: list[Dim] = []
        self._held: set[Dim] = set()

    def __iter__(self) -> Iterator[Demand]:
        return iter(self._demands)

    def extend(self, demands: Iterable[Demand]) -> None:
        """Take demands of a layer."""
        for demand in demands:
            if demand not in self._demands:
                self._demands[demand] = None
                self._unread.append(demand)

    def unheld(self, dims: Iterable[Dim]) -> Iterator[Dim]:
        """Those of some dimensions that nothing has shown yet to be at least 1."""
        return (dim for dim in dims if not (dim >= 1 if isinstance(dim, int) else dim in self._held))

    def need_size(self, dim: Dim, span: Span | None, fault: Callable[..., NeverPositive]) -> None:
        """Demand that a dimension is at least 1, unless that is certain or follows from what is demanded already.

        Args:
            dim: the dimension.
            span: where it comes from.
            fault: makes the diagnostic of one that never is; it takes ``span`` and ``dim``, and knows what has it.

        Raises:
            DotnnError: ``NeverPositive``, if it is below 1 for all sizes.
        """
        holds = decide_less_equal(1, dim)
        if holds is False:
            raise DotnnError(fault(span=span, dim=format_dim(dim)))
        if holds is None and not self._follows(dim):
            self.extend((Demand(dim, 1, span, fault(span=span, dim=format_dim(dim)).demand),))
        self._held.add(dim)

    def _follows(self, dim: Dim) -> bool:
        """Whether the demands so far imply that a dimension is at least 1."""
        try:
            self._read()
            if decide_less_equal(1, substitute(dim, self._raised())):
                return True
            wanted = spare(dim, 1)
            return any(decide_less_equal(known, wanted) for known in self._compared)
        except DimTooComplex:
            return False

    def _raised(self) -> dict[str, Dim]:
        """For each symbol with a least size an expression that is never below it."""
        return {name: symbol(name) + (least - 1) for name, least in self._least.items()}

    def _read(self) -> None:
        """Take in what the demands since the last time say: the least size of a symbol, or what is never negative."""
        while self._unread:
            demand = self._unread.pop()
            solved = solve_at_least(demand.dim, demand.minimum)
            if solved is not None:
                name, least = solved
                self._least[name] = max(least, self._least.get(name, 1))
            elif len(self._compared) < MOST_COMPARED:
                self._compared.append(spare(demand.dim, demand.minimum))
