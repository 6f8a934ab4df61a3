"""ONNX models read as operators: their types inferred, and their numbers computed, one node after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from dotnn.compiler.export.onnx_dtypes import ELEM_TYPES
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import OPERATORS, Known, Operator
from dotnn.compiler.operators.base import WORDS

_DTYPES = {number: dtype for dtype, number in ELEM_TYPES.items()}


def operator_of(node: onnx.NodeProto) -> Operator:
    """The operator that a node is, with all its attributes.

    Raises:
        KeyError: there is no such operator.
        TypeError: it has no such attribute.
    """
    cls = OPERATORS[node.domain, node.op_type]
    return cls(**{one.name: _attribute(cls, one) for one in node.attribute})


def _attribute(cls: type[Operator], proto: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, list):
        return tuple(one.decode() if isinstance(one, bytes) else one for one in value)
    if any(one.name == proto.name and one.type == "DType" for one in dataclasses.fields(cls)):
        return _DTYPES[value]
    return value.decode() if isinstance(value, bytes) else value


def inferred_types(model: onnx.ModelProto, inputs: Mapping[str, TensorType]) -> dict[str, Known]:
    """What is known of every value, from the types of the inputs."""
    known = {name: Known(one) for name, one in inputs.items()}
    known.update((one.name, _known_tensor(one)) for one in model.graph.initializer)
    for node in model.graph.node:
        results = operator_of(node).infer(*(known[name] if name else None for name in node.input))
        known.update((name, one) for name, one in zip(node.output, results, strict=False) if name)
    return known


def _known_tensor(proto: onnx.TensorProto) -> Known:
    found = TensorType(_DTYPES[proto.data_type], tuple(proto.dims))
    # Initializers whose values are not computed yet are no lists of ints.
    if found.dtype not in WORDS or found.rank > 1 or (found.elements and not proto.raw_data):
        return Known(found)
    return Known(found, tuple(onnx.numpy_helper.to_array(proto).reshape(-1).tolist()))


def computed(model: onnx.ModelProto, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value by the operators' references, floats in float64."""
    arrays = {name: _precise(array) for name, array in feeds.items()}
    arrays.update((one.name, _precise(onnx.numpy_helper.to_array(one))) for one in model.graph.initializer)
    for node in model.graph.node:
        results = operator_of(node).reference(*(arrays[name] if name else None for name in node.input))
        arrays.update((name, _precise(one)) for name, one in zip(node.output, results, strict=False) if name)
    return arrays


def _precise(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if DType(array.dtype.name).is_float else array
