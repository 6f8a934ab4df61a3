"""What the values of a graph are called, in files and wherever else a value is asked for by name.

A name means the same tensor in every build of a source, optimized or not: it depends only on the node's own
name and on the names of inputs, outputs and weights, which passes keep. So the layers of two builds can be
compared by name.
"""

from __future__ import annotations

from collections.abc import Iterator

from .graph import Graph, Node, Value
from .operations import Constant, Input, Parameter


def value_names(graph: Graph) -> dict[Value, str]:
    """A unique name for every value of the graph.

    Inputs have their own names and parameters those of their tensors. A computed value that is an output of
    the model has the output's (first) name. Any other first result has its node's name, further ones that
    name and the result's: ``lstm.h``; the results of a node whose results must all be taken are numbered:
    ``split.0``. Where a name is taken, ``:1``, ``:2`` and so on are appended, which no label contains. Values of
    operators have names of their own.
    """
    nodes = graph.nodes()
    if any(node.value_names for node in nodes):
        return {node.value(index): name for node in nodes for index, name in enumerate(node.value_names)}
    names = {node.value(): node.name for node in nodes if isinstance(node.op, Input)}
    names |= {node.value(): node.op.weight.name for node in nodes if isinstance(node.op, Parameter)}
    taken = {*names.values(), *graph.outputs, *(weight.name for weight in graph.weights())}
    for name, value in graph.outputs.items():
        if not is_stored(graph.producer(value)):
            names.setdefault(value, name)
    for value, wished in sorted(wished_names(nodes), key=lambda wish: wish[0].index > 0):
        if value not in names:
            names[value] = unique_name(wished, taken)
            taken.add(names[value])
    return names


def is_stored(node: Node) -> bool:
    """Whether a node's value is fed or stored, not computed when the model runs."""
    return isinstance(node.op, (Input, Constant, Parameter))


def unique_name(wished: str, taken: set[str]) -> str:
    """The name itself, or with the first of ``:1``, ``:2`` ... appended that is free."""
    name, count = wished, 0
    while name in taken:
        count += 1
        name = f"{wished}:{count}"
    return name


def wished_names(nodes: tuple[Node, ...]) -> Iterator[tuple[Value, str]]:
    """The name that each value has if no other thing is called so: its node's, or that and the result's."""
    for node in nodes:
        result_names: tuple[str, ...] = getattr(node.op, "result_names", ())
        numbered = getattr(node.op, "take_all_results", False) or len(result_names) < len(node.results)
        for index in range(len(node.results)):
            if numbered and len(node.results) > 1:
                yield node.value(index), f"{node.name}.{index}"
            elif index:
                yield node.value(index), f"{node.name}.{result_names[index]}"
            else:
                yield node.value(), node.name
