"""Graphs and layers that the tests of the export build, and their checked models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from dotnn.compiler import initializers
from dotnn.compiler import operators as ops
from dotnn.compiler.dims import Dim, evaluate, symbol
from dotnn.compiler.export import ModelMetadata, to_bytes, verify_model
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.operations import Input
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.base import Layer, Site
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.operators.graph_builder import Assembly, Builder, Tensor
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.records import positional_record
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import add_input, add_layer, float32

N, H, W = symbol("N"), symbol("H"), symbol("W")
VALUES = WeightValues(seed=7)
METADATA = ModelMetadata(source_digest="0" * 64)


class Unregistered:
    """Keeps the layers of this file out of the language."""

    kind = "test"


@positional_record
class Reshaped(Unregistered, Layer):
    shape: tuple[Dim, ...] = ()

    def types(self, site: Site, x: TensorType) -> TensorType:
        return x.with_shape(*self.shape)

    def bind(self, sizes: Mapping[str, int]) -> Layer:
        return Reshaped(shape=tuple(evaluate(dim, sizes) for dim in self.shape))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        return np.reshape(x, self.shape)  # pyright: ignore

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        return b.reshape(x, self.shape)


@positional_record
class Sizes(Unregistered, Layer):
    """The dimensions themselves, as the runtime computes them."""

    dims: tuple[Dim, ...] = ()

    def types(self, site: Site, x: TensorType) -> TensorType:
        return TensorType(DType.INT64, (len(self.dims),))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        return np.array(self.dims)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        return b.dims(self.dims)


@positional_record
class Halves(Unregistered, Layer):
    """Two results, the first of them the operand itself, the second computed in two steps."""

    result_names = ("y", "h")

    def types(self, site: Site, x: TensorType) -> tuple[TensorType, ...]:
        return x, x

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> tuple[np.ndarray, ...]:
        return x, x / 2 + x / 4

    def lower(self, b: Builder, x: Tensor) -> tuple[Tensor, ...]:
        half = b.constant(0.5, DType.FLOAT32)
        halves = b.op(ops.Mul(), x, half)
        quarters = b.op(ops.Mul(), halves, half)
        return x, b.op(ops.Add(), halves, quarters)


@positional_record
class Parts(Halves):
    take_all_results = True


def two_layers() -> Graph:
    """x -> fc -> relu, an output of each."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    fc = add_layer(graph, "block.fc", Dense(units=3), x)
    graph.outputs["y"] = add_layer(graph, "block.relu", Relu(), fc)
    return graph


def content_of(graph: Graph, values: WeightValues = VALUES) -> bytes:
    """The model of a graph of layers as it is written."""
    return to_bytes(complete(graph), values, metadata=METADATA)


def exported(graph: Graph, values: WeightValues = VALUES) -> onnx.ModelProto:
    """The model of a graph of layers after onnx's checker and strict inference."""
    return checked(content_of(graph, values))


def checked(content: bytes) -> onnx.ModelProto:
    verify_model(content)
    return onnx.load_from_string(content)


class Network:
    """A graph of operators made by hand, all of one layer, which is named `n`."""

    def __init__(self) -> None:
        self.graph = Graph("net")
        self.assembly = Assembly(self.graph)
        self.b = Builder(self.assembly, "n", {})

    def input(self, name: str, *shape: Dim, dtype: DType = DType.FLOAT32) -> Tensor:
        types = (TensorType(dtype, shape),)
        return self.assembly.tensor(self.graph.add(Input(), (), types, name=name, value_names=(name,)).value())

    def weight(self, name: str, *shape: int, dtype: DType = DType.FLOAT32, initializer: object = None) -> Tensor:
        chosen = drawn(dtype, shape) if initializer is None else initializer
        return self.assembly.parameter(Weight(name, shape, dtype, chosen, Fan(1, 1)))  # pyright: ignore

    def written(self, name: str, numbers: Sequence[float], dtype: DType = DType.FLOAT32) -> Tensor:
        """A weight of these numbers."""
        return self.weight(name, len(numbers), dtype=dtype, initializer=Literal((len(numbers),), tuple(numbers)))

    def op(self, operator: ops.Operator, *operands: Tensor | None, name: str = "") -> Tensor:
        return self.b.op(operator, *operands, name=name)

    def output(self, name: str, tensor: Tensor) -> None:
        """Make an output that is a node of its own, so that the value itself may be stored."""
        self.graph.outputs[name] = self.b.op(ops.Identity(), tensor, name=name).value

    def model(self, values: WeightValues = VALUES) -> onnx.ModelProto:
        return checked(to_bytes(self.graph, values, metadata=METADATA))


def drawn(dtype: DType, shape: tuple[int, ...]) -> object:
    """Numbers between -1 and 1; there is no drawing of bfloat16."""
    if dtype is not DType.BFLOAT16:
        return initializers.Uniform(-1.0, 1.0)
    return Literal(shape, tuple(np.random.default_rng(shape).uniform(-1, 1, shape).ravel().tolist()))


class Loaded:
    """A weight source that counts what is read."""

    def __init__(self, **arrays: np.ndarray) -> None:
        self.arrays = arrays
        self.reads: list[str] = []

    @property
    def names(self) -> Sequence[str]:
        return tuple(self.arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.arrays[name].shape

    def load(self, name: str) -> np.ndarray:
        self.reads.append(name)
        return self.arrays[name]


def properties(proto: onnx.ModelProto | onnx.NodeProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in proto.metadata_props}


def shape_of(info: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


def array(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)
