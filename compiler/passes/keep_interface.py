"""The interface of a model that is built of another element type stays as it is written."""

from __future__ import annotations

from ..graph.graph import Graph, Node, Value
from ..graph.types import DType, TensorType
from ..layers.type_conversion import Cast


def keep_interface(graph: Graph, written: Graph) -> None:
    """Give inputs and outputs the element types that they have in another graph, by a cast behind and before each.

    Names of inputs and outputs stay. A cast is no call of the text: its name has a colon, and it comes from where the
    input or the output does.

    Args:
        graph: the layer graph of the other element type, which is changed.
        written: the layer graph as the text has it.
    """
    types = {node.name: node.results[0].dtype for node in written.inputs}
    for node in graph.inputs:
        dtype = types.get(node.name, node.results[0].dtype)
        if dtype is not node.results[0].dtype:
            _cast_input(graph, node, dtype)
    casts: dict[Value, Value] = {}
    for name, value in tuple(graph.outputs.items()):
        if name not in written.outputs:
            continue
        dtype = written.type_of(written.outputs[name]).dtype
        if dtype is graph.type_of(value).dtype:
            continue
        if value not in casts:
            casts[value] = _cast(graph, value, dtype, f"{name}:{dtype}").value()
        graph.outputs[name] = casts[value]


def _cast_input(graph: Graph, node: Node, dtype: DType) -> None:
    """An input of another type, and what it was made of it for its readers."""
    found = node.results[0].dtype
    cast = _cast(graph, node.value(), found, f"{node.name}:{found}")
    graph.redirect(node.value(), cast.value())
    # It has been led to itself with the other readers.
    graph.update(cast.id, operands=(node.value(),))
    graph.update(node.id, results=(TensorType(dtype, node.results[0].shape),))


def _cast(graph: Graph, value: Value, dtype: DType, name: str) -> Node:
    source = graph.producer(value)
    result = TensorType(dtype, graph.type_of(value).shape)
    return graph.add(Cast(type=dtype), (value,), (result,), name=name, origins=source.origins, order=source.order)
