"""Values of Python as the language has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..diagnostics import DotnnError, Report
from ..diagnostics.imports import (
    NotFinite,
    NotOfLanguage,
    TooDeepLists,
    TooManyBits,
    TooManyCharacters,
    TooManyItems,
    TooMuchInArgument,
)
from ..graph.types import DType
from ..limits import Limits
from ..python_arguments import a_type, need
from .compile_values import UNKNOWN, CompileValue, KnownValue, SimpleValue


def python_values(arguments: Mapping[str, object] | None, limits: Limits, report: Report) -> dict[str, CompileValue]:
    """Values from Python as the language has them: lists are tuples, numbers of numpy are Python's.

    Args:
        arguments: by the names of a model's arguments.
        limits: bounds of lists, strings and integers.
        report: takes what is no value of the language; its value is unknown.

    Raises:
        TypeError: no mapping, or a name that is no string.
    """
    values: dict[str, CompileValue] = {}
    for name, value in ({} if arguments is None else need_mapping(arguments)).items():
        values[name] = _value(name, value, limits, report)
    return values


def need_mapping(arguments: object) -> Mapping[str, object]:
    """Arguments by name; raises TypeError for anything else."""
    what = "arguments must be a mapping from names to values"
    found: Mapping[str, object] = need(arguments, Mapping, what, 'give one such as {"classes": 10}')
    for name in found:
        need(name, str, "the names in arguments must be str")
    return found


def _value(name: str, value: object, limits: Limits, report: Report) -> CompileValue:
    try:
        return _Conversion(name, limits).value(value, limits.nesting)
    except DotnnError as error:
        report.extend(error.diagnostics)
        return UNKNOWN


class _Conversion:
    """One argument as a value of the language; raises ``DotnnError`` for what is none, or too large."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        #: The items of all lists so far.
        self._count = 0

    def value(self, value: object, depth: int) -> KnownValue:
        """A value of the language, of lists at most so deep."""
        if isinstance(value, int) and not isinstance(value, bool):
            self._bound(value.bit_length(), self._limits.integer_bits, TooManyBits)
            return int(value)
        if isinstance(value, float):
            return self._finite(float(value))
        if isinstance(value, str) and not isinstance(value, DType):
            self._bound(len(value), self._limits.list_length, TooManyCharacters)
            return str.__str__(value)
        if isinstance(value, list | tuple):
            return self._items(value, depth)
        if isinstance(value, SimpleValue):
            return value
        # Numbers and arrays of numpy, and tensors, give their values as Python has them.
        found = _listed(value)
        if found is None:
            raise DotnnError(NotOfLanguage(name=self._name, found=a_type(value)))
        return self.value(found, depth)

    def _items(self, value: list[object] | tuple[object, ...], depth: int) -> KnownValue:
        self._count += len(value)
        self._bound(self._count, self._limits.list_length, TooManyItems)
        if depth == 0:
            nesting = self._limits.nesting
            raise DotnnError(TooDeepLists(name=self._name, most=nesting))
        return tuple(self.value(item, depth - 1) for item in value)

    def _bound(self, size: int, most: int, fault: type[TooMuchInArgument]) -> None:
        if size > most:
            raise DotnnError(fault(name=self._name, size=size, most=most))

    def _finite(self, value: float) -> float:
        if not math.isfinite(value):
            raise DotnnError(NotFinite(name=self._name, found=str(value)))
        return value


def _listed(value: object) -> bool | int | float | str | list[object] | None:
    """The value of an array, or of one of its elements; None if it is neither."""
    convert: Callable[[], object] | None = getattr(value, "tolist", None)
    if not callable(convert):
        return None
    try:
        found = convert()
    except (TypeError, ValueError, RuntimeError):
        # The class of an array, a tensor without values, a view of memory of another kind.
        return None
    return found if isinstance(found, bool | int | float | str | list) else None
