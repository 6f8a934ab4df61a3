"""Between element types and float64, in which arithmetic is done."""

from __future__ import annotations

import numpy as np

from ..graph.tensors import numpy_name
from ..graph.types import DType


def widened(array: np.ndarray) -> np.ndarray:
    """The numbers exactly, floating point ones as float64."""
    # Of what is no number there are kinds that numpy warns of.
    with np.errstate(invalid="ignore"):
        return as_float64(array)


def as_float64(array: np.ndarray) -> np.ndarray:
    """The same, where numpy's warnings are silenced already."""
    # bfloat16 is no floating point type of numpy's own.
    is_float = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    return array.astype(np.float64, copy=False) if is_float else array


def rounded(array: np.ndarray, dtype: DType) -> np.ndarray:
    """The numbers in an element type, each rounded once: to the nearest, of two such to the even one."""
    wanted = np.dtype(numpy_name(dtype))
    # What is too large becomes an infinity, as in any arithmetic.
    with np.errstate(all="ignore"):
        if dtype is DType.BFLOAT16 and array.dtype == np.float64:
            array = _sticky_float32(array)
        return array.astype(wanted, copy=False)


def round_into(result: np.ndarray, array: np.ndarray, dtype: DType) -> None:
    """Put the numbers, rounded once, into an array of the element type, where numpy's warnings are silenced already."""
    np.copyto(result, array if dtype is not DType.BFLOAT16 else rounded(array, dtype), casting="unsafe")


def _sticky_float32(array: np.ndarray) -> np.ndarray:
    """The float64 numbers as float32, those that it does not have as the odd one of their two neighbours there.

    So they can be rounded further: ml_dtypes makes bfloat16 of the nearest float32, which may be a tie that the number
    itself is none of. Source: Boldo and Melquiond, When double rounding is odd (2005).
    """
    nearest = array.astype(np.float32)
    is_even = nearest.view(np.uint32) % 2 == 0
    towards = np.where(array > nearest, np.float32(np.inf), np.float32(-np.inf))
    return np.where((nearest != array) & is_even, np.nextafter(nearest, towards), nearest)
