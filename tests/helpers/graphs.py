"""Graphs made by hand, and ONNX models run with all their values to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.graph import Graph, Origin, Value
from dotnn.compiler.graph.operations import Input
from dotnn.compiler.graph.tensors import Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Layer, Site


def float32(*shape: Dim) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


def add_input(graph: Graph, name: str, found: TensorType, doc: str = "") -> Value:
    return graph.add(Input(), (), (found,), name=name, doc=doc).value()


def add_layer(
    graph: Graph,
    name: str,
    layer: Layer,
    *operands: Value | None,
    weights: Mapping[str, Weight] | None = None,
    origins: tuple[Origin, ...] | None = None,
    doc: str = "",
    element: DType = DType.FLOAT32,
) -> Value:
    """Add a layer with inferred types and its own weights, of an element type, or the given ones; returns the first
    result.
    """
    types = [None if value is None else graph.type_of(value) for value in operands]
    results = layer.infer(types, Site.nowhere(layer.kind))
    if weights is None:
        weights = {
            spec.name: Weight(f"{name}.{spec.name}", spec.shape, element, spec.initializer, spec.fan, spec.role)
            for spec in layer.weights(types)
        }
    origins = (Origin(name, None),) if origins is None else origins
    return graph.add(layer, operands, results, name=name, weights=weights, origins=origins, doc=doc).value()


def session(model: bytes | Path) -> onnxruntime.InferenceSession:
    """The model without optimization, so that every operator runs as it was written."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    content = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run(model: bytes | Path, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a model by name, computed by onnxruntime as the model says, not optimized further."""
    loaded = session(model)
    names = [output.name for output in loaded.get_outputs()]
    return dict(zip(names, loaded.run(names, dict(feeds)), strict=True))


def with_all_values(model: bytes) -> bytes:
    """The model with every computed value among its outputs."""
    proto = onnx.load_from_string(model)
    proto.graph.output.extend(proto.graph.value_info)
    return proto.SerializeToString()
