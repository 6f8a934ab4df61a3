"""Graphs and layers that the tests of the export build, and their checked models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from dotnn.compiler.export import ModelMetadata, to_bytes, verify_model
from dotnn.compiler.graph.dims import Dim, symbol
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.base import Emitter, Layer, Site
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.records import positional_record
from dotnn.compiler.weights.values import WeightValues
from graphs import add_input, add_layer, float32

N, H, W = symbol("N"), symbol("H"), symbol("W")
VALUES = WeightValues(seed=7)
METADATA = ModelMetadata(source_digest="0" * 64)


class Unregistered:
    """Keeps the layers of this file out of the language."""

    kind = "test"


@positional_record
class Reshaped(Unregistered, Layer):
    shape: tuple[Dim, ...] = ()

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        assert operands[0] is not None
        return (operands[0].with_shape(*self.shape),)

    def bind(self, sizes: Mapping[str, int]) -> Layer:
        from dotnn.compiler.graph.dims import evaluate

        return Reshaped(shape=tuple(evaluate(dim, sizes) for dim in self.shape))

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        return (np.reshape(np.asarray(operands[0]), self.shape),)  # pyright: ignore

    def lower(self, e: Emitter) -> tuple[str, ...]:
        assert e.operands[0] is not None
        return (e.reshape(e.operands[0], self.shape),)


@positional_record
class Sizes(Unregistered, Layer):
    """The dimensions themselves, as the runtime computes them."""

    dims: tuple[Dim, ...] = ()

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        return (TensorType(DType.INT64, (len(self.dims),)),)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        return (np.array(self.dims),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        return (e.dims(self.dims),)


@positional_record
class Halves(Unregistered, Layer):
    """Two results, the first of them the operand itself, the second computed in two steps."""

    result_names = ("y", "h")

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        assert operands[0] is not None
        return operands[0], operands[0]

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        x = np.asarray(operands[0])
        return x, x / 2 + x / 4

    def lower(self, e: Emitter) -> tuple[str, ...]:
        x = e.operands[0]
        halves = e.op("Mul", x, e.constant(0.5, DType.FLOAT32))
        quarters = e.op("Mul", halves, e.constant(0.5, DType.FLOAT32))
        assert x is not None
        return x, e.op("Add", halves, quarters)


@positional_record
class Parts(Halves):
    take_all_results = True


@dataclass(frozen=True)
class Doubled:
    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        return 2 * arrays[0]


def two_layers() -> Graph:
    """x -> fc -> relu, an output of each."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    fc = add_layer(graph, "block.fc", Dense(units=3), x)
    graph.outputs["y"] = add_layer(graph, "block.relu", Relu(), fc)
    return graph


def exported(graph: Graph, values: WeightValues = VALUES) -> onnx.ModelProto:
    """The model after onnx's checker and strict inference."""
    content = to_bytes(graph, values, metadata=METADATA)
    verify_model(content)
    return onnx.load_from_string(content)


def properties(proto: onnx.ModelProto | onnx.NodeProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in proto.metadata_props}


def shape_of(info: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


def array(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)
