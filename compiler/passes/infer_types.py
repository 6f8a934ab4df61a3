"""Types inferred anew: what every node's operation makes of the types of its operands."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import DotnnError
from ..graph.graph import Graph, Node
from ..graph.operations import Constant, Input, Parameter
from ..graph.types import TensorType, format_shape
from ..graph.verify import InvalidGraph
from ..layers.base import Layer, Site


def infer_types(graph: Graph) -> None:
    """Hold the recorded type of every value, and the shape of every weight, against what the operations infer.

    Raises:
        InvalidGraph: with everything that differs.
    """
    faults = tuple(fault for node in graph.nodes() for fault in _faults(graph, node))
    if faults:
        raise InvalidGraph(faults)


def _faults(graph: Graph, node: Node) -> Iterator[str]:
    match node.op:
        case Input():
            if node.operands or node.weights or len(node.results) != 1:
                yield f"`{node.name}` is an input of another form"
        case Constant(value):
            if node.operands or [one.shape for one in node.results] != [value.shape]:
                yield f"`{node.name}` is {_types(node.results)} and holds {value}"
        case Parameter():
            shapes = [weight.shape for weight in node.weights.values()]
            if node.operands or tuple(node.weights) != ("",) or [one.shape for one in node.results] != shapes:
                yield f"`{node.name}` is {_types(node.results)} and holds tensors of {shapes}"
        case Layer() as layer:
            yield from _layer_faults(graph, node, layer)
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


def _types(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))


def _shapes(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {format_shape(shape)}" for name, shape in shapes.items()) or "none"
