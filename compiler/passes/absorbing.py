"""When a node may vanish into the one that reads it; shared by everything that folds and fuses."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph.graph import Graph, Node, Value

#: More readers than these are counted, not named.
_NAMED_READERS = 3


class Absorption:
    """Who reads each value and who owns each weight, from one walk over a graph.

    It stays true while nodes are absorbed into their readers: the values in between vanish, and all others are read as
    often as before.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._owners = graph.weight_users()
        self._readers: dict[Value, list[Node]] = {}
        for node in graph.nodes():
            for value in node.operands:
                if value is not None:
                    self._readers.setdefault(value, []).append(node)

    def refusal(self, node: Node, reader: Node) -> str | None:
        """Why a node cannot vanish into the one reader of its result, as a clause; None if it can."""
        outputs = self._graph.output_names(node.value())
        if outputs:
            return f"the result of `{node.name}` is the output `{outputs[0]}`"
        others = [one for one in self._readers[node.value()] if one.id != reader.id]
        if others:
            return f"the result of `{node.name}` is also read by {_listed(others)}"
        if len(self._readers[node.value()]) > 1:
            return f"`{reader.name}` reads the result of `{node.name}` more than once"
        return None

    def sharing(self, nodes: Iterable[Node]) -> str | None:
        """Which weight of the nodes another node has too, as a clause; None if none."""
        for node in nodes:
            for tensor in node.weights.values():
                shared = [weight.name for weight in tensor.sources if self._owners[weight.name] > 1]
                if shared:
                    return f"`reuse` shares the weight `{shared[0]}` with another layer"
        return None


def _listed(nodes: list[Node]) -> str:
    names = list(dict.fromkeys(f"`{node.name}`" for node in nodes[:_NAMED_READERS]))
    rest = len(nodes) - _NAMED_READERS
    return ", ".join(names) + (f" and {rest} more" if rest > 0 else "")
