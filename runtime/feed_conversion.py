"""Bringing values to the element type that a model reads, where nothing can be lost by it.

Arrays have a type that somebody chose, so they are converted only where the values certainly stay the same, or where
the type is numpy's default and says nothing. Numbers of text have no type yet; any type that holds them will do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.diagnostics import Diagnostic
from ..compiler.diagnostics.fed_arrays import FeedConverted, FeedNotFinite, Refusal, WrongFeedType

_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
#: Element types that numpy has and onnxruntime exchanges.
EXCHANGED = frozenset(["float16", "float32", "float64", *_INTEGERS, "bool", "complex64", "complex128", "string"])


@dataclass(frozen=True, slots=True)
class Converted:
    """An array of the type wanted, and what is to be said about it; or no array, and the fault."""

    array: NDArray[Any] | None
    said: tuple[Diagnostic, ...] = ()


def convert_array(name: str, array: NDArray[Any], dtype: str) -> Converted:
    """An array in the element type of the input ``name``, in native byte order and C order."""
    if dtype == "string":
        return _convert_strings(name, array)
    found = _type_name(array)
    if found == dtype:
        # The type of the machine, in whatever byte order the file had.
        native = np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)
        return Converted(native, not_finite(name, native))
    reason = _refusal(array, dtype)
    if reason is not None:
        return Converted(None, (WrongFeedType(name=name, found=found, expected=dtype, reason=reason),))
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)
    if _overflowed(array, converted):
        return Converted(None, (WrongFeedType(name=name, found=found, expected=dtype, reason=Refusal.TOO_LARGE),))
    said = FeedConverted(name=name, found=found, expected=dtype)
    return Converted(converted, (said, *not_finite(name, converted)))


def not_finite(name: str, array: NDArray[Any]) -> tuple[Diagnostic, ...]:
    """A warning if an array of floats holds NaN or infinities."""
    if array.dtype.kind != "f":
        return ()
    count = array.size - int(np.count_nonzero(np.isfinite(array)))
    return (FeedNotFinite(name=name, count=count, total=array.size),) if count else ()


def _type_name(array: NDArray[Any]) -> str:
    return {"U": "text", "S": "text", "O": "object"}.get(array.dtype.kind, array.dtype.name)


def _refusal(array: NDArray[Any], dtype: str) -> Refusal | None:
    """Why a type is not converted to another; None if it is."""
    target = np.dtype(dtype)
    kinds = (array.dtype.kind, target.kind)
    if array.dtype.kind not in "fiub":
        return Refusal.NO_NUMBERS
    if kinds == ("f", "f"):
        default = array.dtype == np.float64
        return None if default or np.can_cast(array.dtype, target) else Refusal.ROUNDED
    if array.dtype.kind in "iu" and target.kind in "iu" and np.can_cast(array.dtype, target):
        return None
    if array.dtype == np.int64 and target.kind in "iufb":
        return None if _holds_exactly(array, target) else Refusal.INEXACT
    if kinds[0] in "iu" and target.kind == "f":
        return Refusal.NO_SCALE
    return Refusal.CHANGED if target.kind in "iu" else Refusal.OTHER_THINGS


def _holds_exactly(array: NDArray[Any], target: np.dtype[Any]) -> bool:
    if array.size == 0:
        return True
    low, high = int(array.min()), int(array.max())
    if target.kind == "b":
        return low >= 0 and high <= 1
    if target.kind in "iu":
        return np.iinfo(target).min <= low and high <= np.iinfo(target).max
    # Every integer up to 2 ** (mantissa + 1) is a floating point number.
    exact = 2 ** (np.finfo(target).nmant + 1)
    return -exact <= low and high <= exact


def _overflowed(before: NDArray[Any], after: NDArray[Any]) -> bool:
    if before.dtype.kind != "f" or after.dtype.kind != "f":
        return False
    return bool(np.any(np.isinf(after) & np.isfinite(before)))


def _convert_strings(name: str, array: NDArray[Any]) -> Converted:
    texts = array.dtype.kind == "U" or (array.dtype.kind == "O" and all(isinstance(item, str) for item in array.flat))
    if not texts:
        found = _type_name(array)
        return Converted(None, (WrongFeedType(name=name, found=found, expected="string", reason=Refusal.NO_TEXTS),))
    return Converted(array.astype(object))


# Numbers without a type ---------------------------------------------------------------------------------------------


def first_unfit(values: Sequence[object], dtype: str) -> int | None:
    """Index of the first number or truth value that an element type cannot hold; None if it holds them all."""
    if dtype == "bool":
        return _first(values, lambda value: value not in (0, 1))
    if dtype.startswith("float"):
        greatest = float(np.finfo(dtype).max)
        return _first(values, lambda value: isinstance(value, bool) or _too_large(value, greatest))
    bounds = np.iinfo(dtype)
    low, high = int(bounds.min), int(bounds.max)
    return _first(values, lambda value: not _is_integer(value) or not low <= value <= high)


def typed(values: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Numbers that were checked by `first_unfit`, as an array of this type and shape."""
    if np.dtype(dtype).kind in "iu":
        return np.array([int(value) for value in values], dtype=dtype).reshape(shape)
    return np.array(values, dtype=dtype).reshape(shape)


def _first(values: Sequence[Any], unfit: Any) -> int | None:
    return next((index for index, value in enumerate(values) if unfit(value)), None)


def _is_integer(value: Any) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int) or (math.isfinite(value) and value == int(value)))


def _too_large(value: Any, greatest: float) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return not -greatest <= value <= greatest
