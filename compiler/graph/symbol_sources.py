"""Which axis of which input tells the size that a symbolic dimension has when a model is fed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..records import positional_record
from .dims import symbol, symbols
from .graph import Graph


@positional_record
class SymbolSource:
    """An axis of an input that is the symbol alone."""

    input: str
    axis: int


def symbol_sources(graph: Graph) -> dict[str, SymbolSource]:
    """Where to read each symbol: the first axis that is the symbol alone. The language wants one for every symbol."""
    sources: dict[str, SymbolSource] = {}
    for node in graph.inputs:
        for axis, dim in enumerate(node.results[0].shape):
            for name in symbols(dim):
                if dim == symbol(name):
                    sources.setdefault(name, SymbolSource(node.name, axis))
    return sources


def read_symbols(graph: Graph, shapes: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The sizes of the symbols, for inputs of these shapes by input name."""
    return {name: shapes[source.input][source.axis] for name, source in symbol_sources(graph).items()}
