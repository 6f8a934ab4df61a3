"""When a node may vanish into the one that reads it; shared by everything that folds and fuses."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph.graph import Graph, Node, Value

#: How many other readers a reason names.
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
        readers = self._readers[node.value()]
        if len(readers) == 1:
            return None
        # Any number of nodes may read a value, and each of them may ask: no walk over all of them.
        shown = (one.name for one in readers[: _NAMED_READERS + 1] if one.id != reader.id)
        others = tuple(dict.fromkeys(shown))[:_NAMED_READERS]
        if not others:
            return f"`{reader.name}` reads the result of `{node.name}` more than once"
        rest = " and others" if len(readers) > _NAMED_READERS + 1 else ""
        return f"the result of `{node.name}` is also read by {', '.join(f'`{name}`' for name in others)}{rest}"

    def sharing(self, nodes: Iterable[Node]) -> str | None:
        """Which weight of the nodes another node has too, as a clause; None if none."""
        for node in nodes:
            for tensor in node.weights.values():
                shared = [weight.name for weight in tensor.sources if self._owners[weight.name] > 1]
                if shared:
                    return f"`reuse` shares the weight `{shared[0]}` with another layer"
        return None
