"""Element types and arrays as ONNX stores them."""

from __future__ import annotations

import sys

import numpy as np
from onnx import TensorProto

from ..graph.tensors import numpy_name
from ..graph.types import DType

ELEM_TYPES: dict[DType, int] = {
    DType.FLOAT32: TensorProto.FLOAT,
    DType.FLOAT16: TensorProto.FLOAT16,
    DType.BFLOAT16: TensorProto.BFLOAT16,
    DType.FLOAT64: TensorProto.DOUBLE,
    DType.INT64: TensorProto.INT64,
    DType.INT32: TensorProto.INT32,
    DType.INT8: TensorProto.INT8,
    DType.UINT8: TensorProto.UINT8,
    DType.BOOL: TensorProto.BOOL,
}


def raw_bytes(values: np.ndarray) -> memoryview:
    """The elements in row-major order, least significant byte first; not copied where they lie so already."""
    values = np.ascontiguousarray(values)
    if sys.byteorder == "big":
        values = values.byteswap()
    return values.reshape(-1).view(np.uint8).data


def array_of(values: object, dtype: DType) -> np.ndarray:
    """A number or nested sequences of numbers as an array."""
    return np.asarray(values, dtype=numpy_name(dtype))
