"""Which axis of which input tells the size that a symbolic dimension has when a model is fed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .dims_expr import Dim, Symbol, constant_of, terms_of
from .graph import Graph


@dataclass(frozen=True, slots=True)
class SymbolSource:
    """The size of a symbol is ``(size of the axis - offset) / factor``, without remainder for a fitting
    input.
    """

    input: str
    axis: int
    factor: int = 1
    offset: int = 0

    def solve(self, size: int) -> int:
        """The symbol's size, for an axis of this size; rounded down for an input that does not fit."""
        return (size - self.offset) // self.factor


def symbol_sources(graph: Graph) -> dict[str, SymbolSource]:
    """Where to read each symbol: the first axis that is the symbol alone, else the first one linear in it
    alone.

    A symbol without an entry cannot be read from any input.
    """
    found = list(_sources(graph))
    alone = [(name, source) for name, source in found if (source.factor, source.offset) == (1, 0)]
    sources: dict[str, SymbolSource] = {}
    for name, source in (*alone, *found):
        sources.setdefault(name, source)
    return sources


def read_symbols(graph: Graph, shapes: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The sizes of the symbols, for inputs of these shapes by input name."""
    return {name: source.solve(shapes[source.input][source.axis]) for name, source in symbol_sources(graph).items()}


def _sources(graph: Graph) -> Iterator[tuple[str, SymbolSource]]:
    for node in graph.inputs:
        for axis, dim in enumerate(node.results[0].shape):
            linear = _linear(dim)
            if linear is not None:
                name, factor = linear
                yield name, SymbolSource(node.name, axis, factor, constant_of(dim))


def _linear(dim: Dim) -> tuple[str, int] | None:
    """Symbol and factor of ``factor * symbol + constant``; None for any other form."""
    variable = [term for term in terms_of(dim) if term[0]]
    if len(variable) != 1:
        return None
    monomial, factor = variable[0]
    atom, exponent = monomial[0]
    if len(monomial) != 1 or exponent != 1 or not isinstance(atom, Symbol):
        return None
    return atom.name, factor
