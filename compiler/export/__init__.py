"""The layer graph as an ONNX model, in memory or in files. The only package that imports onnx."""

from .check import verify_model
from .external import EXTERNAL_THRESHOLD, WrittenModel, write_model
from .metadata import ModelMetadata
from .model import BuiltModel, build_model, to_bytes

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
