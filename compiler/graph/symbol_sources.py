"""Which axis of which input tells the size that a symbolic dimension has when a model is fed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..dims.linear import LinearForm, SymbolSource, linear_form
from .graph import Graph


def symbol_sources(graph: Graph) -> dict[str, SymbolSource]:
    """Where to read each symbol: the first axis that is the symbol alone, else the first that is a multiple of it, with
    or without an offset. The language wants one for every symbol.
    """
    sources: dict[str, SymbolSource] = {}
    for node in graph.inputs:
        for axis, dim in enumerate(node.results[0].shape):
            form = linear_form(dim)
            if form is None:
                continue
            known = sources.setdefault(form.name, SymbolSource(node.name, axis, form))
            if _is_bare(form) and not _is_bare(known.form):
                sources[form.name] = SymbolSource(node.name, axis, form)
    return sources


def _is_bare(form: LinearForm) -> bool:
    return form.factor == 1 and form.offset == 0


def read_symbols(graph: Graph, shapes: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The sizes of the symbols, for inputs of these shapes by input name.

    Raises:
        ValueError: the size of an axis is none of those that its form gives.
    """
    return {name: _read(source, shapes) for name, source in symbol_sources(graph).items()}


def _read(source: SymbolSource, shapes: Mapping[str, Sequence[int]]) -> int:
    size = shapes[source.input][source.axis]
    value = source.form.value(size)
    if value is None:
        raise ValueError(f"axis {source.axis} of {source.input} has size {size}, which no {source.form.name} gives")
    return value
