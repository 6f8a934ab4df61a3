"""The whole graph by the numpy references of its layers, or of its operators: the oracle that every other form of a
model is held against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal

from .dims import evaluate as evaluate_dim
from .graph.graph import Graph, Node, Value
from .graph.operations import Constant, Input, Parameter
from .graph.symbol_sources import read_symbols
from .graph.tensors import numpy_name
from .graph.types import TensorType
from .graph.value_names import value_names
from .layers.base import Layer
from .operators.base import Operator
from .weights.weight_values import WeightValues

if TYPE_CHECKING:
    import numpy as np

Precision = Literal["float64", "float32"]


def evaluate(
    graph: Graph,
    feeds: Mapping[str, np.ndarray],
    values: WeightValues,
    precision: Precision = "float64",
    keep: Collection[Value] | None = None,
) -> dict[Value, np.ndarray]:
    """Compute every value of a graph.

    All floating point numbers, whatever their declared type, are computed in ``precision``; other element
    types are as declared. Weights are held for one node at a time.

    Args:
        graph: the network.
        feeds: an array for every input, by name.
        values: where the values of weights come from.
        precision: the element type of floating point numbers.
        keep: the values wanted beside the outputs; all if None. Others are dropped when nothing reads them
            any more.

    Returns:
        The values of the graph, inputs included.

    Raises:
        KeyError: an input has no feed.
        ValueError: an array has another shape than the type of its value says.
    """
    sizes = read_symbols(graph, {node.name: feeds[node.name].shape for node in graph.inputs})
    wanted = set(graph.outputs.values()).union(keep or ())
    reads = Counter(value for node in graph.nodes() for value in node.operands if value is not None)
    found: dict[Value, np.ndarray] = {}
    for node in graph.nodes():
        results = _results(node, found, feeds, values, sizes, precision)
        for index, (array, declared) in enumerate(zip(results, node.results, strict=True)):
            _check_shape(node, array, declared, sizes)
            found[node.value(index)] = _in_precision(array, precision)
        reads.subtract(value for value in node.operands if value is not None)
        if keep is not None:
            _drop_unread(found, node, reads, wanted)
    return found


def named_results(graph: Graph, results: Mapping[Value, np.ndarray]) -> dict[str, np.ndarray]:
    """The results under the names that the values have in the ONNX model; outputs under all of theirs."""
    named = {name: results[value] for value, name in value_names(graph).items() if value in results}
    return named | {name: results[value] for name, value in graph.outputs.items() if value in results}


def _results(
    node: Node,
    found: Mapping[Value, np.ndarray],
    feeds: Mapping[str, np.ndarray],
    values: WeightValues,
    sizes: Mapping[str, int],
    precision: Precision,
) -> tuple[np.ndarray, ...]:
    match node.op:
        case Input():
            return (feeds[node.name].astype(numpy_name(node.results[0].dtype), copy=False),)
        case Constant(value):
            return (_in_precision(value.array(node.results[0].dtype), precision),)
        case Parameter(weight):
            return (_in_precision(values.values(weight), precision),)
        case Layer() as layer:
            operands = [None if value is None else found[value] for value in node.operands]
            weights = {name: _in_precision(values.values(weight), precision) for name, weight in node.weights.items()}
            return layer.bind(sizes).reference(operands, weights)
        case Operator() as operator:
            operands = [None if value is None else found[value] for value in node.operands]
            return operator.bind(sizes).reference(*operands)
        case other:
            raise TypeError(f"{node.name}: {type(other).__name__} has no reference")


def _in_precision(array: np.ndarray, precision: Precision) -> np.ndarray:
    """The array, floating point numbers converted; bfloat16 is no floating point type of numpy's own."""
    is_float = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    return array.astype(precision, copy=False) if is_float else array


def _check_shape(node: Node, array: np.ndarray, declared: TensorType, sizes: Mapping[str, int]) -> None:
    shape = tuple(evaluate_dim(dim, sizes) for dim in declared.shape)
    if array.shape != shape:
        raise ValueError(f"{node.name}: an array of shape {list(array.shape)} for {declared}, that is {list(shape)}")


def _drop_unread(
    found: dict[Value, np.ndarray], node: Node, reads: Mapping[Value, int], wanted: Collection[Value]
) -> None:
    results = (node.value(index) for index in range(len(node.results)))
    for value in {*results, *(value for value in node.operands if value is not None)}:
        if value in found and value not in wanted and not reads[value]:
            del found[value]
