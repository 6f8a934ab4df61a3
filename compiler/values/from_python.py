"""Values of Python as the language has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from ..arguments import a_type, need
from ..diagnostics import Report
from ..diagnostics.imports import ModelArgument
from ..graph.types import DType
from ..limits import Limits
from .kinds import UNKNOWN, CompileValue, KnownValue, SimpleValue

T = TypeVar("T")


class _NoValue(Exception):
    """What is wrong with a value, as the end of a sentence."""

    hint = "give an int, a float, a bool, a string, or a list of these"


class _TooLarge(_NoValue):
    hint = "give less, or raise the limit in `dotnn.Limits`"


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
        return _converted(value, limits, limits.nesting, [0])
    except _NoValue as fault:
        report.add(ModelArgument(reason=f"the model argument `{name}` is given {fault}", hint=fault.hint))
        return UNKNOWN


def _converted(value: object, limits: Limits, depth: int, count: list[int]) -> KnownValue:
    """A value of the language; ``count`` holds the items of all lists so far."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _bounded(int(value), value.bit_length(), limits.integer_bits, "an int of {:,} bits")
    if isinstance(value, float):
        return _finite(float(value))
    if isinstance(value, str) and not isinstance(value, DType):
        return _bounded(str.__str__(value), len(value), limits.list_length, "a string of {:,} characters")
    if isinstance(value, list | tuple):
        return _items(value, limits, depth, count)
    if isinstance(value, SimpleValue):
        return value
    # Numbers and arrays of numpy, and tensors, give their values as Python has them.
    found = _listed(value)
    if found is None:
        raise _NoValue(f"{a_type(value)}, which is no value of the language")
    return _converted(found, limits, depth, count)


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


def _items(value: list[object] | tuple[object, ...], limits: Limits, depth: int, count: list[int]) -> KnownValue:
    count[0] += len(value)
    _bounded(value, count[0], limits.list_length, "{:,} items in lists")
    if depth == 0:
        raise _TooLarge(f"lists inside each other, more than {limits.nesting:,} levels deep")
    return tuple(_converted(item, limits, depth - 1, count) for item in value)


def _bounded(value: T, size: int, most: int, what: str) -> T:
    if size > most:
        raise _TooLarge(f"{what.format(size)}, and at most {most:,} are taken")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise _NoValue(f"{value}, which is no number of the language")
    return value
