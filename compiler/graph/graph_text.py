"""A graph as text, a line for every node: what tests compare, and what a look at a graph wants to see."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..dims import format_dim
from ..written import value_text
from .graph import Graph, Node, Value
from .operations import Constant, Operation, Parameter
from .tensors import Literal, Weight

#: A longer literal is shown by its shape alone.
_SHOWN_ELEMENTS = 8


def format_graph(graph: Graph) -> str:
    """The graph as text, nodes in order, outputs and demands at the end.

    ``relu = FusedConv(x, conv.weight, conv.bias, kernel_shape=[3, 3], activation=Relu):
    float32[N, 4, 6, 6] <- conv, relu``: the name, the operation with its operands and the attributes that are
    not the defaults, the weights, the types of the results, and the paths that the node comes from where that
    is more than its own name.
    """
    names = _names(graph)
    lines = [f"model {graph.name}"]
    lines += [_node_line(graph, node, names) for node in graph.nodes()]
    lines += [f"output {name} = {_result_text(graph, value, names)}" for name, value in graph.outputs.items()]
    lines += [f"demand {format_dim(demand.dim)} >= {demand.minimum}" for demand in graph.demands]
    return "\n".join(lines) + "\n"


def format_operation(op: Operation, operands: Iterable[str] = ()) -> str:
    """``conv2d(x, filters=4, kernel=[3, 3])``: attributes with other values than their defaults."""
    arguments = [*operands, *_attributes(op)]
    return f"{op.kind}({', '.join(arguments)})" if arguments else op.kind


def _names(graph: Graph) -> dict[int, str]:
    """Names of nodes; where two have one, as an input and a layer may, the number of the node is added."""
    nodes = graph.nodes()
    count = Counter(node.name for node in nodes)
    return {node.id: node.name if count[node.name] == 1 else f"{node.name}#{node.id}" for node in nodes}


def _node_line(graph: Graph, node: Node, names: Mapping[int, str]) -> str:
    operands = ["none" if value is None else _result_text(graph, value, names) for value in node.operands]
    results = ", ".join(map(str, node.results))
    return "".join(
        (
            f"{names[node.id]} = {format_operation(node.op, operands)}",
            _weights_text(node.weights),
            f": {results}",
            _origins_text(node),
        )
    )


def _result_text(graph: Graph, value: Value, names: Mapping[int, str]) -> str:
    name = names[value.node]
    return f"{name}[{value.index}]" if len(graph.node(value.node).results) > 1 else name


def _weights_text(weights: Mapping[str, Weight]) -> str:
    if not weights:
        return ""
    return " {" + ", ".join(f"{local}: {weight.name}" for local, weight in weights.items()) + "}"


def _origins_text(node: Node) -> str:
    paths = tuple(dict.fromkeys(origin.path for origin in node.origins))
    return f" <- {', '.join(paths)}" if paths and paths != (node.name,) else ""


def _attributes(op: Operation) -> Iterator[str]:
    if isinstance(op, Constant):
        yield _literal_text(op.value)
        return
    if isinstance(op, Parameter):
        yield op.weight.name
        return
    if not dataclasses.is_dataclass(op):
        return
    for field in dataclasses.fields(op):
        value = getattr(op, field.name)
        if value != field.default:
            yield f"{field.name}={_attribute_text(value)}"


def _attribute_text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_attribute_text, value))}]"
    if dataclasses.is_dataclass(value) and isinstance(value, Operation):
        return format_operation(value)
    return value_text(value)


def _literal_text(literal: Literal) -> str:
    if len(literal.elements) > _SHOWN_ELEMENTS:
        return str(literal)
    return _nested(list(literal.elements), literal.shape)


def _nested(elements: list[Any], shape: tuple[int, ...]) -> str:
    if not shape:
        return value_text(elements[0])
    if not elements:
        return "[]"
    size = len(elements) // shape[0]
    rows = (elements[start : start + size] for start in range(0, len(elements), size))
    return f"[{', '.join(_nested(row, shape[1:]) for row in rows)}]"
