"""What the equality tests share: weights and inputs that show mistakes, and comparison of whole networks by name.

The oracle is the numpy reference of the graph as written, in float64. A build of that graph is run on onnxruntime with
every value among its outputs, and each is held against the reference's value of the same name and against the type that
the build declares for it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
from dotnn.compiler.dims import evaluate as evaluate_dim
from dotnn.compiler.export import verify_model
from dotnn.compiler.export.stored_values import Stored
from dotnn.compiler.graph.graph import Graph, Node
from dotnn.compiler.graph.operations import Parameter
from dotnn.compiler.graph.tensors import Literal, Role, Weight
from dotnn.compiler.graph.value_names import is_stored, value_names
from dotnn.compiler.layers.base import Layer
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightSource, WeightValues

from tests.helpers.graphs import session, with_all_values

TARGETS: tuple[Target, ...] = ("onnx", "onnxruntime", "onnxruntime-cpu")
#: The error that a build may have, relative to the largest number of a value.
TOLERANCE = 1e-4

# --- weights ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class NontrivialWeights:
    """Values for every weight that the source text does not write as numbers; the same for the same seed and name.

    Kernels and matrices are ``he_normal``, so that numbers neither vanish nor explode on their way through ReLUs.
    Biases are normal with a deviation of 0.5. Normalization has means and variances that are not 0 and 1, and scales
    from 0.5 to 1: larger ones would let the numbers of a deep residual network grow so far that its last biases could
    be wrong unseen. Where a deep network has no residuals, larger ones keep what it read from being lost among biases.
    """

    weights: Mapping[str, Weight]
    local_names: Mapping[str, str]
    seed: int
    scales: tuple[float, float]
    _drawn: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.weights)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.weights[name].shape

    def load(self, name: str) -> np.ndarray:
        """The values, which are kept: many builds of one example share them."""
        if name not in self._drawn:
            weight = self.weights[name]
            generator = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
            self._drawn[name] = self._draw(weight, generator).astype(weight.dtype.value, copy=False)
        return self._drawn[name]

    def _draw(self, weight: Weight, generator: np.random.Generator) -> np.ndarray:
        local_name = self.local_names[weight.name]
        if weight.role is Role.STATISTIC and "var" in local_name:
            return generator.uniform(0.5, 2, weight.shape)
        if weight.role is Role.PARAMETER and len(weight.shape) > 1:
            return _normal(weight.shape, math.sqrt(2 / weight.fan.inputs), generator)
        if weight.role is Role.PARAMETER and local_name == "weight":
            return generator.uniform(*self.scales, weight.shape)
        return _normal(weight.shape, 0.5, generator)


def _normal(shape: tuple[int, ...], deviation: float, generator: np.random.Generator) -> np.ndarray:
    values = generator.standard_normal(shape, dtype=np.float32)
    values *= np.float32(deviation)
    return values


def he_normal_source(graph: Graph, seed: int = 0, scales: tuple[float, float] = (0.5, 1)) -> NontrivialWeights:
    """``he_normal`` weights and statistics that are not trivial for a graph; numbers written in its text are kept.

    Args:
        scales: between which those of normalizations lie.
    """
    found = list(_owned_weights(graph))
    weights = {weight.name: weight for _, weight in found if not isinstance(weight.initializer, Literal)}
    return NontrivialWeights(weights, {weight.name: local_name for local_name, weight in found}, seed, scales)


def _owned_weights(graph: Graph) -> Iterator[tuple[str, Weight]]:
    for node in graph.nodes():
        yield from node.weights.items()
        if isinstance(node.op, Parameter):
            yield "", node.op.weight


@dataclass(frozen=True, eq=False)
class FlippedKernel:
    """A source of weights, but for one weight, whose last axis it reverses: the kernel looks into a mirror."""

    source: WeightSource
    weight: Weight

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.source.names, self.weight.name)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.weight.shape if name == self.weight.name else self.source.shape(name)

    def load(self, name: str) -> np.ndarray:
        if name != self.weight.name:
            return self.source.load(name)
        return np.flip(WeightValues(0, self.source).values(self.weight), -1)


def first_kernel(graph: Graph, source: WeightSource) -> Weight:
    """The first kernel or matrix of a graph that is not its own mirror image."""
    values = WeightValues(0, source)
    for weight in graph.weights():
        if len(weight.shape) > 1 and not np.array_equal(values.values(weight), np.flip(values.values(weight), -1)):
            return weight
    raise AssertionError(f"{graph.name} has no kernel to flip")


# --- inputs -----------------------------------------------------------------------------------------------------------


def random_feeds(graph: Graph, sizes: Mapping[str, int], seed: int = 0) -> dict[str, np.ndarray]:
    """An array for every input: floats standard normal, ints what the layers that read them can use.

    Args:
        sizes: of the symbolic dimensions.
    """
    generator = np.random.default_rng(seed)
    feeds = {}
    for node in graph.inputs:
        (found,) = node.results
        shape = tuple(evaluate_dim(dim, sizes) for dim in found.shape)
        if found.dtype.is_float:
            values = generator.normal(0, 1, shape)
        else:
            values = generator.integers(*_range(graph, node, sizes), shape)
        feeds[node.name] = values.astype(found.dtype.value)
    return feeds


def _range(graph: Graph, node: Node, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Ids of the vocabulary, lengths up to the number of steps, or any numbers, from low up to, not including, high."""
    for reader in graph.readers(node.value()):
        if reader.kind == "embedding":
            return 0, reader.op.vocabulary  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(reader.op, Layer) and "lengths" in [one.name for one in reader.op.operands]:
            sequence = graph.operand_types(reader)[0]
            assert sequence is not None
            return 0, evaluate_dim(sequence.shape[1], sizes) + 1
    return -5, 6


# --- running and comparing --------------------------------------------------------------------------------------------


class AllValues:
    """A checked model on onnxruntime, as it was written, with every computed value among its outputs.

    Attributes:
        types: the types that the model declares, by value name.
        operators: domain and kind of every operator.
    """

    def __init__(self, model: bytes) -> None:
        exposed = with_all_values(model)
        self._session = session(exposed)
        proto = onnx.load_from_string(exposed)
        self.types = {info.name: info.type.tensor_type for info in proto.graph.output}
        self.operators = [(node.domain, node.op_type) for node in proto.graph.node]

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self.types, self._session.run(list(self.types), dict(feeds)), strict=True))


def computed_names(graph: Graph, as_written: bool = False) -> set[str]:
    """The names of the values that are neither fed nor stored, nor computed while a file is written."""
    evaluated = Stored(graph, WeightValues(), as_written=as_written).evaluated
    computed = (value for value in value_names(graph) if not is_stored(graph.producer(value)))
    names = value_names(graph)
    return {names[value] for value in computed if value.node not in evaluated}


def layer_names(layers: Graph, operators: Graph) -> set[str]:
    """The names of the values of layers that a model of these operators computes."""
    return computed_names(layers) & computed_names(operators)


def by_operators(graph: Graph, feeds: Mapping[str, np.ndarray], source: WeightSource | None) -> dict[str, np.ndarray]:
    """Every value of an operator graph by the references of the operators."""
    return named_results(graph, evaluate(graph, feeds, WeightValues(0, source)))


def run_optimized(model: bytes, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs as users get them: onnxruntime optimizes the model as much as it can."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    runner = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in runner.get_outputs()]
    return dict(zip(names, runner.run(names, dict(feeds)), strict=True))


def fed_as_float32(model: bytes) -> bytes:
    """The model with bfloat16 inputs and outputs cast from and to float32, which numpy has."""
    proto = onnx.load_from_string(model)
    graph = proto.graph
    before: list[onnx.NodeProto] = []
    for info in [one for one in graph.input if one.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16]:
        info.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        for node in graph.node:
            node.input[:] = [f"{name}:cast" if name == info.name else name for name in node.input]
        cast = onnx.helper.make_node("Cast", [info.name], [f"{info.name}:cast"], to=onnx.TensorProto.BFLOAT16)
        before.append(cast)
    after: list[onnx.NodeProto] = []
    for info in [one for one in graph.output if one.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16]:
        info.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        for node in graph.node:
            node.output[:] = [f"{name}:cast" if name == info.name else name for name in node.output]
            node.input[:] = [f"{name}:cast" if name == info.name else name for name in node.input]
        after.append(onnx.helper.make_node("Cast", [f"{info.name}:cast"], [info.name], to=onnx.TensorProto.FLOAT))
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    return proto.SerializeToString()


def checked(model: bytes) -> bytes:
    """The model, which ONNX's full check and strict shape inference accept."""
    verify_model(model)
    return model


def error(found: np.ndarray, expected: np.ndarray, least: float = 0.0) -> float:
    """The largest difference, relative to the largest expected number; integers and truth values count as they are.

    It is relative to ``least`` where the largest number is smaller. Infinite for arrays of other shapes, and where one
    has an infinity or no number and the other has not the same.
    """
    if found.shape != expected.shape:
        return math.inf
    if found.size == 0:
        return 0.0
    if found.dtype.kind != "f":
        return float(np.max(np.abs(found.astype(np.float64) - expected.astype(np.float64))))
    finite = np.isfinite(expected)
    if not np.array_equal(finite, np.isfinite(found)):
        return math.inf
    if not np.array_equal(found[~finite], expected[~finite].astype(found.dtype), equal_nan=True):
        return math.inf
    difference = np.max(np.abs(found[finite] - expected[finite]), initial=0.0)
    if difference == 0:
        return 0.0
    scale = max(np.max(np.abs(expected[finite])), least)
    return float(difference / scale) if scale else math.inf


def mismatches(
    found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], tolerance: float = TOLERANCE
) -> dict[str, float]:
    """The errors beyond the tolerance, by value name, of the values that both sides have."""
    errors = {name: error(found[name], expected[name]) for name in found if name in expected}
    return {name: one for name, one in errors.items() if one > tolerance}


def wrong_shapes(
    found: Mapping[str, np.ndarray], types: Mapping[str, onnx.TypeProto.Tensor], sizes: Mapping[str, int]
) -> list[str]:
    """Where an array has not the shape and element type that the model declares, symbolic dimensions evaluated."""
    return [text for name, array in found.items() for text in _faults(name, array, types[name], sizes)]


def _faults(name: str, array: np.ndarray, declared: onnx.TypeProto.Tensor, sizes: Mapping[str, int]) -> Iterator[str]:
    dims = list(declared.shape.dim)
    if onnx.helper.tensor_dtype_to_np_dtype(declared.elem_type) != array.dtype:
        yield f"{name}: elements of {array.dtype} where {declared.elem_type} is declared"
    if not declared.HasField("shape") or len(dims) != array.ndim:
        yield f"{name}: a shape of {list(array.shape)} where {len(dims)} axes are declared"
        return
    for axis, dim in enumerate(dims):
        if dim.WhichOneof("value") is None:
            continue
        wanted = dim.dim_value if dim.HasField("dim_value") else dim_size(dim.dim_param, sizes)
        if wanted != array.shape[axis]:
            yield f"{name}: axis {axis} is {array.shape[axis]}, not {dim.dim_param or dim.dim_value} = {wanted}"


def dim_size(text: str, sizes: Mapping[str, int]) -> int:
    """The value of a ``dim_param``, read as plain arithmetic with exact fractions, not by the compiler's own algebra.

    Raises:
        AssertionError: the value is no integer.
    """
    symbols = {name: Fraction(size) for name, size in sizes.items()}
    functions = {"ceil": math.ceil, "floor": math.floor, "min": min, "max": max, "__builtins__": {}}
    value = Fraction(eval(text, functions, symbols))
    assert value.denominator == 1, f"{text} is {value} for {dict(sizes)}"
    return int(value)
