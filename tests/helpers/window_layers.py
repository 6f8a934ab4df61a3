"""Convolutions and poolings by themselves: inferred, built into a model, run on onnxruntime, referenced."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.base import Diagnostic
from dotnn.compiler.dims import Dim, evaluate, symbol
from dotnn.compiler.export.check import verify_model
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.model import to_bytes
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.operations import Input
from dotnn.compiler.graph.tensors import Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.base import Layer, Site
from dotnn.compiler.passes.pipeline import complete
from dotnn.compiler.weights.values import WeightValues

FACTS = Path(__file__).parents[1] / "facts"
CONVENTIONS = json.loads((FACTS / "conventions.json").read_text())
KERAS = {case["desc"]: case for case in json.loads((FACTS / "layers_keras.json").read_text())}
TORCH = {case["desc"]: case for case in CONVENTIONS["torch_single_layer_facts"]}
N, C, H, W, L, T = map(symbol, "NCHWLT")


def make(kind: str, **written: Any) -> Layer:
    """A layer from attributes as they are written, lists for lists."""
    cls = LAYERS[kind]
    kinds = {one.name: one.metadata["kind"] for one in cls.attributes()}
    return cls(**{name: kinds[name].convert(tupled(value), cls) for name, value in written.items()})


def tupled(value: Any) -> Any:
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def floats(*shape: Dim) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


def infer(layer: Layer, *shape: Dim) -> tuple[Dim, ...]:
    (result,) = layer.infer([floats(*shape)], Site.nowhere(layer.kind))
    assert result.dtype is DType.FLOAT32
    return result.shape


def parameters(layer: Layer, *shape: Dim) -> int:
    return sum(spec.elements for spec in layer.weights([floats(*shape)]))


def refused(layer: Layer, *shape: Dim, dtype: DType = DType.FLOAT32) -> Diagnostic:
    with pytest.raises(DotnnError) as caught:
        layer.infer([TensorType(dtype, shape)], Site.nowhere(layer.kind))
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def apply(layer: Layer, x: np.ndarray, **weights: np.ndarray) -> np.ndarray:
    (y,) = layer.reference([x], weights)
    assert y.dtype == x.dtype
    return y


def pooled(kind: str, row: Sequence[float], **written: Any) -> list[float]:
    """A pooling of one row of numbers."""
    return apply(make(kind, **written), np.array(row, float)[None, None]).ravel().tolist()


def convolved(row: Sequence[float], kernel: Sequence[float], **written: Any) -> list[float]:
    """A convolution of one row of numbers with one kernel."""
    layer = make("conv1d", filters=1, kernel=len(kernel), bias=False, **written)
    weight = np.array(kernel, float)[None, None]
    return apply(layer, np.array(row, float)[None, None], weight=weight).ravel().tolist()


def image(text: str) -> np.ndarray:
    rows = [[float(digit) for digit in row] for row in text.split()]
    return np.array(rows, np.float32)[None, None]


def random_weights(layer: Layer, *shape: Dim, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    specs = layer.weights([floats(*shape)])
    return {spec.name: generator.normal(0, 0.6, spec.shape).astype(np.float32) for spec in specs}


def build(layer: Layer, x: TensorType, arrays: Mapping[str, np.ndarray]) -> bytes:
    """A model of one layer."""
    graph = Graph("net")
    operand = graph.add(Input(), (), (x,), name="x").value()
    weights = {
        name: Weight(name, array.shape, DType.FLOAT32, literal(array), layer.weights([x])[0].fan)
        for name, array in arrays.items()
    }
    results = layer.infer([x], Site.nowhere(layer.kind))
    node = graph.add(layer, (operand,), results, name="layer", weights=weights)
    graph.outputs["y"] = node.value()
    return to_bytes(complete(graph, verify=True), WeightValues(), metadata=ModelMetadata())


def literal(array: np.ndarray) -> Literal:
    return Literal(array.shape, tuple(array.ravel().tolist()))


def run(model: bytes, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def agree(layer: Layer, shape: tuple[Dim, ...], sizes: Sequence[Mapping[str, int]] = ({},)) -> None:
    """One model, fed at several sizes: onnxruntime against the reference, and shapes against the inferred ones."""
    weights = random_weights(layer, *shape)
    model = build(layer, floats(*shape), weights)
    verify_model(model)
    inferred = infer(layer, *shape)
    for number, chosen in enumerate(sizes):
        generator = np.random.default_rng(number)
        found = [evaluate(dim, chosen) for dim in shape]
        x = generator.normal(0, 1, found).astype(np.float32)
        expected = apply(layer, x.astype(np.float64), **weights)
        got = run(model, x)
        assert got.shape == expected.shape == tuple(evaluate(dim, chosen) for dim in inferred), chosen
        np.testing.assert_allclose(got, expected, atol=1e-5, rtol=1e-5, err_msg=str(chosen))
