"""Which integers the inputs of a model may hold, as far as its layers say: for whoever makes up values for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..dims import Dim, dim_max, dim_min
from ..graph.graph import Graph, Node, Value
from ..graph.types import DType
from ..layers.base import Layer

#: What an input of a wide type is given where no layer bounds it: as good as any other numbers.
_ANY = (0, 99)
#: What is computed from the values of an input may be whatever they make of it; every layer takes these.
_COMPUTED = (0, 1)


@dataclass(frozen=True, slots=True)
class InputRange:
    """The integers of an input, both bounds inclusive; the greatest may depend on the symbolic dimensions."""

    input: str
    low: int
    high: Dim


def input_ranges(graph: Graph) -> tuple[InputRange, ...]:
    """The ranges of all inputs of int32 and int64; those of narrower types hold every value of their type."""
    wide = (node for node in graph.inputs if node.results[0].dtype in (DType.INT32, DType.INT64))
    return tuple(_range(graph, node) for node in wide)


def _range(graph: Graph, node: Node) -> InputRange:
    found = list(dict.fromkeys(_demanded(graph, node.value())))
    if not found:
        return InputRange(node.name, *_ANY)
    low = max(bounds[0] for bounds in found)
    high = dim_min(*(bounds[1] for bounds in found))
    return InputRange(node.name, low, dim_max(low, high))


def _demanded(graph: Graph, start: Value) -> Iterator[tuple[int, Dim]]:
    """What the layers that the values of an input come to say of them, moved there or made into others."""
    pending, seen = [(start, False)], {(start, False)}
    while pending:
        value, is_computed = pending.pop()
        for reader in graph.readers(value):
            layer = reader.op
            if not isinstance(layer, Layer):
                continue
            types = graph.operand_types(reader)
            places = [place for place, operand in enumerate(reader.operands) if operand == value]
            bounds = [found for place in places if (found := layer.operand_range(place, types)) is not None]
            yield from (_COMPUTED if is_computed else one for one in bounds)
            if bounds:
                continue
            onward = {
                (reader.value(index), is_computed or not layer.keeps_values) for index in range(len(reader.results))
            }
            pending += onward - seen
            seen |= onward
