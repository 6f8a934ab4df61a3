"""Types inferred anew: what every node's operation makes of the types of its operands."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import DotnnError
from ..dims import decide_equal
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant, Input, Parameter
from ..graph.types import TensorType, format_shape
from ..graph.verify import InvalidGraph
from ..layers.base import Layer, Site
from ..operators.base import Content, Known, Operator


def infer_types(graph: Graph) -> None:
    """Hold the recorded type of every value, and the shape of every weight, against what the operations infer.

    Raises:
        InvalidGraph: with everything that differs.
    """
    contents: dict[Value, Content | None] = {}
    faults = tuple(fault for node in graph.nodes() for fault in _faults(graph, node, contents))
    if faults:
        raise InvalidGraph(faults)


def _faults(graph: Graph, node: Node, contents: dict[Value, Content | None]) -> Iterator[str]:
    match node.op:
        case Input():
            if node.operands or node.weights or len(node.results) != 1:
                yield f"`{node.name}` is an input of another form"
        case Constant(value):
            if node.operands or [one.shape for one in node.results] != [value.shape]:
                yield f"`{node.name}` is {_types(node.results)} and holds {value}"
            contents[node.value()] = Known.of_literal(value, node.results[0].dtype).content
        case Parameter(weight):
            if node.operands or node.weights or node.results != (TensorType(weight.dtype, weight.shape),):
                yield f"`{node.name}` is {_types(node.results)} and holds {weight}"
        case Layer() as layer:
            yield from _layer_faults(graph, node, layer)
        case Operator() as operator:
            yield from _operator_faults(graph, node, operator, contents)
        case other:
            yield f"`{node.name}` has the unknown operation {type(other).__name__}"


def _layer_faults(graph: Graph, node: Node, layer: Layer) -> Iterator[str]:
    operands = graph.operand_types(node)
    try:
        results = layer.infer(operands, Site.nowhere(layer.kind))
    except (DotnnError, ValueError) as error:
        yield f"`{node.name}` does not take its operands: {error}"
        return
    if results != node.results:
        yield f"`{node.name}` is {_types(node.results)}, and its operands make it {_types(results)}"
    found = {name: tensor.shape for name, tensor in node.weights.items()}
    wanted = {spec.name: spec.shape for spec in layer.weights(operands)}
    if found != wanted:
        yield f"`{node.name}` has weights {_shapes(found)}, and its operands make them {_shapes(wanted)}"


def _operator_faults(
    graph: Graph, node: Node, operator: Operator, contents: dict[Value, Content | None]
) -> Iterator[str]:
    """What a layer gives may be known better than its operators tell, since it knows what is demanded of dimensions."""
    operands = [None if one is None else Known(graph.type_of(one), contents.get(one)) for one in node.operands]
    try:
        found = operator.infer(*operands)
    except ValueError as error:
        yield f"`{node.name}` does not take its operands: {error}"
        return
    contents.update((node.value(index), one.content) for index, one in enumerate(found))
    types = tuple(one.type for one in found)
    if len(types) != len(node.results) or not all(map(_may_be, types, node.results)):
        yield f"`{node.name}` is {_types(node.results)}, and its operands make it {_types(types)}"


def _may_be(one: TensorType, other: TensorType) -> bool:
    if one.dtype is not other.dtype or one.rank != other.rank:
        return False
    return all(decide_equal(*dims) is not False for dims in zip(one.shape, other.shape, strict=True))


def _types(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))


def _shapes(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {format_shape(shape)}" for name, shape in shapes.items()) or "none"
