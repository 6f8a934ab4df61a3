"""Weights that a caller in Python holds as arrays: numpy's, or tensors of any library that can become such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from ..archives.zips import ARCHIVE_ERRORS
from ..diagnostics import DotnnError
from ..diagnostics.phrases import Phrase
from ..diagnostics.weights import ArrayFault, NotArrays
from ..python_arguments import a_type, type_name
from .weight_file import WeightFile

#: What numpy, its archives and the libraries of tensors raise for what they cannot make an array of.
_ERRORS = (*ARCHIVE_ERRORS, TypeError, BufferError, OverflowError, AttributeError, KeyError, OSError)


class NotAnArray(Exception):
    """A value is no array of numbers."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


@final
class GivenArrays(WeightFile):
    """A mapping from names to arrays, such as PyTorch's ``state_dict``, as if it were a weight file.

    Every value is looked at once, for its shape and element type, and read again when it is asked for: whatever has
    to be fetched or converted is in memory one tensor at a time.
    """

    holder = "mapping"

    def __init__(self, arrays: Mapping[Any, Any]) -> None:
        self.path = "weights"
        self._arrays = arrays
        self._facts: dict[str, tuple[tuple[int, ...], str]] = {}
        faults = {name if isinstance(name, str) else repr(name): self._add(name) for name in arrays}
        self.unusable = {name: fault for name, fault in faults.items() if fault is not None}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arrays, in the order of the mapping."""
        return tuple(self._facts)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._facts[name][0]

    def element_type(self, name: str) -> str:
        """The name in numpy of an array's element type."""
        return self._facts[name][1]

    def load(self, name: str) -> np.ndarray:
        """An array; it may be the caller's own.

        Raises:
            DotnnError: it cannot be read any more, or has become another one.
        """
        try:
            array = self._array(name)
            if array.shape != self.shape(name):
                raise NotAnArray(ArrayFault.HAS_CHANGED())
        except NotAnArray as fault:
            raise DotnnError(NotArrays(path=self.path, faults=((name, fault.reason),))) from fault
        return array

    def close(self) -> None:
        """Nothing is held."""

    def _add(self, name: object) -> Phrase | None:
        """Look at an entry; why it cannot be a weight."""
        if not isinstance(name, str):
            return ArrayFault.NAME_IS_NO_STR(a_type=a_type(name))
        try:
            array = self._array(name)
        except NotAnArray as fault:
            self._facts[name] = ((), "")
            return fault.reason
        self._facts[name] = (array.shape, array.dtype.newbyteorder("=").name)
        return None

    def _array(self, name: str) -> np.ndarray:
        try:
            value = self._arrays[name]
            if isinstance(value, Mapping):
                raise NotAnArray(ArrayFault.IS_MAPPING(weights=self.path, name=name))
            return as_array(value)
        except _ERRORS as error:
            reason = " ".join(str(error).split()) or type_name(error)
            raise NotAnArray(ArrayFault.CANNOT_BE_ARRAY(reason=reason)) from error


def as_array(value: Any) -> np.ndarray:
    """An array of the numbers of a value: of an array or a nested list, or of a tensor wherever it lies.

    Raises:
        NotAnArray: it is none.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise NotAnArray(ArrayFault.IS_MASKED())
    array = _numpy_array(_plain_tensor(value))
    if array.dtype.hasobject or array.dtype.kind in "US":
        raise NotAnArray(ArrayFault.IS_NO_ARRAY(a_type=a_type(value)))
    return array


def _plain_tensor(value: Any) -> Any:
    """A tensor of PyTorch without its gradient, in the memory of the CPU; anything else as it is."""
    return value.detach().cpu() if callable(getattr(value, "detach", None)) else value


def _numpy_array(value: Any) -> np.ndarray:
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return np.from_dlpack(value)
    try:
        return np.asarray(value)
    except TypeError:
        widened = getattr(value, "float", None)
        if "float" not in str(getattr(value, "dtype", "")) or not callable(widened):
            raise
    # PyTorch hands numpy no bfloat16 and no float8, of which every number is one of float32.
    return np.asarray(widened())
