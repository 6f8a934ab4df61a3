"""Recurrent layers and models of them, for the tests of their meaning and of their lowering."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.onnx_model import to_bytes
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.tensors import Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Layer, Site
from dotnn.compiler.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import add_input, add_layer, run

CHANNELS, UNITS = 3, 4


CLASSES: dict[str, type[Recurrent]] = {"rnn": Rnn, "lstm": Lstm, "gru": Gru}


def operand_types(layer: Layer, given: Mapping[str, TensorType]) -> list[TensorType | None]:
    assert {operand.name for operand in layer.operands} >= set(given)
    return [given.get(operand.name) for operand in layer.operands]


def infer(layer: Layer, **given: TensorType) -> tuple[TensorType, ...]:
    return layer.infer(operand_types(layer, given), Site.nowhere(layer.kind))


def random_weights(layer: Layer, x: TensorType, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights large enough that a wrong gate, bias or direction shows."""
    generator = np.random.default_rng(seed)
    specs = layer.weights(operand_types(layer, {"x": x}))
    return {spec.name: generator.normal(0, 0.6, spec.shape).astype(np.float32) for spec in specs}


def build(layers: Sequence[tuple[Layer, Mapping[str, np.ndarray]]], inputs: Mapping[str, TensorType]) -> bytes:
    """A model of layers in a row; the first one reads all inputs, the last one gives all outputs."""
    graph = Graph("net")
    values = {name: add_input(graph, name, found) for name, found in inputs.items()}
    operands = [values.get(operand.name) for operand in layers[0][0].operands]
    for number, (layer, arrays) in enumerate(layers):
        name = f"{layer.kind}{number}"
        types = [None if operand is None else graph.type_of(operand) for operand in operands]
        weights = {
            spec.name: Weight(
                f"{name}.{spec.name}",
                spec.shape,
                DType.FLOAT32,
                Literal(spec.shape, tuple(arrays[spec.name].ravel().tolist())),
                spec.fan,
            )
            for spec in layer.weights(types)
        }
        operands = [add_layer(graph, name, layer, *operands, weights=weights)]
    for index, name in enumerate(layers[-1][0].result_names):
        graph.outputs[name] = dataclasses.replace(operands[0], index=index)
    return to_bytes(complete(graph, verify=True), WeightValues(), metadata=ModelMetadata())


def run_in_order(model: bytes, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return list(run(model, feeds).values())


def sequences(seed: int = 1, batch: int = 3, steps: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (batch, steps, CHANNELS)).astype(np.float32)


def reference(layer: Recurrent, weights: Mapping[str, np.ndarray], **given: np.ndarray) -> tuple[np.ndarray, ...]:
    def widen(array: np.ndarray) -> np.ndarray:
        return array.astype(np.float64) if array.dtype == np.float32 else array

    operands = [widen(given[one.name]) if one.name in given else None for one in layer.operands]
    return layer.reference(operands, {name: widen(array) for name, array in weights.items()})
