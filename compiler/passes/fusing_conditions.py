"""When an operator may vanish into the one that reads it; shared by everything that folds and fuses.

An author knows layers, so that all is said in terms of these: a layer reads what any of its operators does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..graph.graph import Graph, Node, Value, walk_back
from ..graph.operations import Constant, Parameter
from ..operators.base import Numbers
from ..operators.graph_builder import INSIDE, layer_name
from .contract import PassContext

#: How many other readers a reason names.
_NAMED_READERS = 3


def finished_layer(node: Node, context: PassContext) -> Node | None:
    """The layer whose result an operator gives; None for an operator inside a layer, and for what is stored."""
    inside = INSIDE in node.value_names[0] and all(INSIDE in name for name in node.value_names)
    return None if inside else context.layer(node)


def constants_among(graph: Graph, operands: Sequence[Value | None]) -> Numbers:
    """For each operand the numbers that it is known to hold: those of a constant, or None."""
    ops = [None if value is None else graph.producer(value).op for value in operands]
    return [op.value if isinstance(op, Constant) else None for op in ops]


class Absorption:
    """Which layers read each value, from one walk over a graph of operators.

    It stays true while operators are absorbed into their readers: the values in between vanish, and all others are
    read as often as before.
    """

    def __init__(self, graph: Graph, context: PassContext) -> None:
        self._graph = graph
        self._readers = _readers(graph, context)

    def refusal(self, node: Node, reader: Node) -> str | None:
        """Why an operator cannot vanish into the one reader of its result, as a clause; None if it can."""
        name, reading = layer_name(node), layer_name(reader)
        outputs = self._graph.output_names(node.value())
        if outputs:
            return f"the result of `{name}` is the output `{outputs[0]}`"
        readers = self._readers[node.value()]
        if len(readers) == 1:
            return None
        # Any number of layers may read a value, and each of them may ask: no walk over all of them.
        shown = (one for one in readers[: _NAMED_READERS + 1] if one != reading)
        others = tuple(dict.fromkeys(shown))[:_NAMED_READERS]
        if not others:
            return f"`{reading}` reads the result of `{name}` more than once"
        rest = " and others" if len(readers) > _NAMED_READERS + 1 else ""
        return f"the result of `{name}` is also read by {', '.join(f'`{one}`' for one in others)}{rest}"

    def sharing(self, values: Iterable[Value]) -> str | None:
        """Which weight that values are made of another layer has too, as a clause; None if none."""
        for value in values:
            for node in walk_back(self._graph, [value]):
                if isinstance(node.op, Parameter) and self._is_shared(node.value()):
                    return f"`reuse` shares the weight `{node.op.weight.name}` with another layer"
        return None

    def _is_shared(self, value: Value) -> bool:
        readers = self._readers.get(value, [])
        return any(name != readers[0] for name in readers)


def _readers(graph: Graph, context: PassContext) -> dict[Value, list[str]]:
    """The names of the layers that read each value, in their order, as often as they do.

    What an operator inside a layer reads, or one that computes what is stored, is read by the layer whose result comes
    of it. These may be several: what two layers have in common is computed once.
    """
    found: dict[Value, dict[tuple[int, str], int]] = {}
    for place, node in reversed(tuple(enumerate(graph.nodes()))):
        if not node.operands:
            continue
        if finished_layer(node, context) is not None:
            _add_reader(found, node, (place, layer_name(node)))
        else:
            _pass_readers_on(found, node)
    return {value: _names(reads) for value, reads in found.items()}


def _add_reader(found: dict[Value, dict[tuple[int, str], int]], node: Node, reader: tuple[int, str]) -> None:
    for value in node.operands:
        if value is not None:
            reads = found.setdefault(value, {})
            reads[reader] = reads.get(reader, 0) + 1


def _pass_readers_on(found: dict[Value, dict[tuple[int, str], int]], node: Node) -> None:
    """Those who read a result inside of a layer read what it is made of."""
    readers = {reader for index in range(len(node.results)) for reader in found.get(node.value(index), ())}
    for value in set(node.operands):
        if value is not None:
            reads = found.setdefault(value, {})
            reads.update((reader, max(1, reads.get(reader, 0))) for reader in readers)


def _names(reads: dict[tuple[int, str], int]) -> list[str]:
    if len(reads) == 1:
        (((_, name), count),) = reads.items()
        return [name] * count
    return [name for (_, name), count in sorted(reads.items()) for _ in range(count)]
