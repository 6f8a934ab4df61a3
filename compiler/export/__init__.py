"""The operator graph as an ONNX model, in memory or in files. The only package that imports onnx."""

from .metadata import ModelMetadata
from .model_files import EXTERNAL_THRESHOLD, WrittenModel, write_model
from .onnx_checker import verify_model
from .onnx_model import BuiltModel, build_model, to_bytes

__all__ = [
    "EXTERNAL_THRESHOLD",
    "BuiltModel",
    "ModelMetadata",
    "WrittenModel",
    "build_model",
    "to_bytes",
    "verify_model",
    "write_model",
]
