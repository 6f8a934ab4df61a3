"""What holds of every graph, whatever its operations: checked between passes in tests, never for users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from .graph import Graph, Value
from .operations import Input
from .tensors import Weight


class InvalidGraph(ValueError):
    """A graph that breaks a rule of its own; always a mistake of whoever made or changed it.

    Attributes:
        faults: a sentence for each.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


def verify_graph(graph: Graph) -> None:
    """Check the structure of a graph.

    Every operand and output is a result of a node of the graph; edges follow operands; nothing depends on
    itself; names of inputs are unique, and so are those of all other nodes, and of the values of operators; the name
    of a weight means one weight, and weights have positive dimensions.

    Raises:
        InvalidGraph: with every fault.
    """
    # The later checks walk along operands, which the first one must have found to exist.
    for check in (_operands, _edges, _circles, _names, _weights):
        faults = tuple(check(graph))
        if faults:
            raise InvalidGraph(faults)


def _exists(graph: Graph, value: Value) -> bool:
    return value.node in graph and 0 <= value.index < len(graph.node(value.node).results)


def _operands(graph: Graph) -> Iterator[str]:
    for node in graph.unordered():
        for place, value in enumerate(node.operands):
            if value is not None and not _exists(graph, value):
                yield f"operand {place} of `{node.name}` is {value}, which does not exist"
    for name, value in graph.outputs.items():
        if not _exists(graph, value):
            yield f"the output `{name}` is {value}, which does not exist"


def _edges(graph: Graph) -> Iterator[str]:
    wanted = {(value.node, node.id) for node in graph.unordered() for value in node.operands if value is not None}
    for source, reader in wanted.symmetric_difference(graph.edges()):
        yield f"the edge from `{graph.node(source).name}` to `{graph.node(reader).name}` does not follow the operands"


def _circles(graph: Graph) -> Iterator[str]:
    """Kahn's algorithm: what is never free of unread operands lies on a circle or behind one."""
    sources = {node.id: {value.node for value in node.operands if value is not None} for node in graph.unordered()}
    waiting = {node_id: len(before) for node_id, before in sources.items()}
    readers: dict[int, list[int]] = {node_id: [] for node_id in sources}
    for reader, before in sources.items():
        for source in before:
            readers[source].append(reader)
    free = [node_id for node_id, count in waiting.items() if not count]
    done = 0
    while free:
        done += 1
        for reader in readers[free.pop()]:
            waiting[reader] -= 1
            if not waiting[reader]:
                free.append(reader)
    if done < len(sources):
        stuck = min(graph.node(node_id).name for node_id, count in waiting.items() if count)
        yield f"operands go in a circle at or before `{stuck}`"


def _names(graph: Graph) -> Iterator[str]:
    inputs = Counter(node.name for node in graph.unordered() if isinstance(node.op, Input))
    others = Counter(node.name for node in graph.unordered() if not isinstance(node.op, Input))
    for name, count in (*inputs.items(), *others.items()):
        if count > 1:
            yield f"{count} nodes are named `{name}`"
    values = Counter(name for node in graph.unordered() for name in node.value_names)
    yield from (f"{count} values are named `{name}`" for name, count in values.items() if count > 1)


def _weights(graph: Graph) -> Iterator[str]:
    known: dict[str, Weight] = {}
    for node in graph.nodes():
        for weight in node.owned:
            if any(dim < 1 for dim in weight.shape):
                yield f"`{weight.name}` has the shape {list(weight.shape)}"
            if known.setdefault(weight.name, weight) != weight:
                yield f"two unequal weights are named `{weight.name}`"
