"""ONNX's own opinion of a model: its checker and its strict shape inference."""

from __future__ import annotations

from pathlib import Path

import onnx

from ..diagnostics import DotnnError
from ..diagnostics.writing import InvalidModel


def verify_model(model: onnx.ModelProto | bytes | Path) -> None:
    """Run the full check and strict shape inference with data propagation.

    Args:
        model: a model, its bytes, or its file; a model with external data must be given as a file.

    Raises:
        DotnnError: InvalidModel, with what ONNX says.
    """
    proto = _without_data(model)
    try:
        onnx.checker.check_model(str(model) if isinstance(model, Path) else proto, full_check=True)
        onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise DotnnError(InvalidModel(name=proto.graph.name, reason=str(error))) from error


def _without_data(model: onnx.ModelProto | bytes | Path) -> onnx.ModelProto:
    if isinstance(model, onnx.ModelProto):
        return model
    if isinstance(model, bytes):
        return onnx.ModelProto.FromString(model)
    return onnx.load(model, load_external_data=False)
