"""A small model in files, written again and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from dotnn.compiler.dims import symbol
from dotnn.compiler.export import ModelMetadata, WrittenModel, to_bytes, write_model
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import add_input, add_layer, float32, run

METADATA = ModelMetadata(source_digest="0" * 64)
FEEDS = {"x": np.linspace(-1, 1, 120, dtype=np.float32).reshape(4, 30)}


def network() -> Graph:
    """The operators of two weights of 2,400 and 1,200 bytes and two small biases."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(symbol("N"), 30))
    hidden = add_layer(graph, "relu", Relu(), add_layer(graph, "a", Dense(units=20), x))
    graph.outputs["y"] = add_layer(graph, "b", Dense(units=15), hidden)
    return complete(graph)


def write(path: Path, seed: int = 1, threshold: int | None = 0) -> WrittenModel:
    return write_model(network(), path, WeightValues(seed), metadata=METADATA, external_threshold=threshold)


def expected(seed: int = 1) -> np.ndarray:
    return run(to_bytes(network(), WeightValues(seed), metadata=METADATA), FEEDS)["y"]


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def referenced(path: Path) -> set[str]:
    model = onnx.load(path, load_external_data=False)
    return {tensor.external_data[0].value for tensor in model.graph.initializer if tensor.external_data}
