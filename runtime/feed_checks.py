"""Checking what a model is fed against what it reads, before onnxruntime sees it: all faults in one report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.diagnostics import Diagnostic, Report, Severity
from ..compiler.diagnostics.fed_arrays import (
    EmptyAxis,
    MissingInput,
    Refusal,
    UnexpectedInput,
    WrongFeedRank,
    WrongFeedSize,
    WrongFeedType,
)
from ..compiler.diagnostics.running import ElementTypeNotSupported
from ..compiler.diagnostics.suggest import near_names
from ..compiler.dims.linear import SymbolSource
from .fed_sizes import Sizes
from .feed_conversion import EXCHANGED, Converted, convert_array
from .tensor_info import FedDemand, Feeds, TensorInfo, format_sizes


def check_feeds(
    inputs: Sequence[TensorInfo],
    values: Mapping[str, object],
    demands: Sequence[FedDemand] = (),
    *,
    sources: Sequence[SymbolSource] = (),
    allow_empty: bool = False,
) -> Feeds:
    """The values in the element types of the inputs, or everything that is wrong with them.

    Args:
        inputs: what the model reads.
        values: arrays, or nested sequences of numbers, by input name.
        demands: what the layers of the model need of the symbolic dimensions.
        sources: what tells the symbolic dimensions; those that it leaves out are told by the declared shapes.
        allow_empty: whether axes may have size 0, as models of other makers allow.

    Raises:
        DotnnError: names that are missing or unknown, wrong ranks, sizes, element types, symbols with two sizes, and
            demands that are not met.
    """
    report = Report()
    notes: list[Diagnostic] = []
    report.extend(_wrong_names(inputs, values))
    arrays: dict[str, NDArray[Any]] = {}
    fitting: list[tuple[TensorInfo, tuple[int, ...]]] = []
    for tensor in inputs:
        if tensor.name not in values:
            continue
        array = _as_array(values[tensor.name])
        if array is None:
            report.add(_no_array(tensor, values[tensor.name]))
            continue
        faults = list(_wrong_shape(tensor, array.shape, allow_empty))
        report.extend(faults)
        if not faults:
            fitting.append((tensor, array.shape))
        converted = _converted(tensor, array)
        notes += [one for one in converted.said if one.severity is not Severity.ERROR]
        report.extend(one for one in converted.said if one.severity is Severity.ERROR)
        if converted.array is not None:
            arrays[tensor.name] = converted.array
    sizes = Sizes(fitting, sources)
    report.extend(sizes.faults)
    if not report.has_errors:
        report.extend(sizes.unmet(demands))
    report.raise_errors()
    return Feeds(arrays, sizes.sizes, tuple(notes))


def listed_inputs(inputs: Sequence[TensorInfo]) -> str:
    """``x: float32[N, 4], lengths: int64[N]``, quoted; the first of very many."""
    shown = [f"`{tensor.name}: {tensor}`" for tensor in inputs[:8]]
    more = [f"{len(inputs) - 8} more"] if len(inputs) > 8 else []
    return ", ".join(shown + more) or "none"


def _wrong_names(inputs: Sequence[TensorInfo], values: Mapping[str, object]) -> Iterator[Diagnostic]:
    names = [tensor.name for tensor in inputs]
    missing = [tensor for tensor in inputs if tensor.name not in values]
    for name in values:
        if name not in names:
            # A misspelt name is meant for an input that has no values yet, if for any.
            near = near_names(str(name), [tensor.name for tensor in missing] or names)
            yield UnexpectedInput(name=str(name), inputs=listed_inputs(inputs), near=near)
    for tensor in missing:
        yield MissingInput(name=tensor.name, expected=str(tensor))


def _as_array(value: object) -> NDArray[Any] | None:
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        return None


def _no_array(tensor: TensorInfo, value: object) -> Diagnostic:
    found = type(value).__name__
    return WrongFeedType(name=tensor.name, found=found, expected=tensor.dtype, reason=Refusal.NO_ARRAY)


def _converted(tensor: TensorInfo, array: NDArray[Any]) -> Converted:
    if tensor.dtype not in EXCHANGED:
        return Converted(None, (ElementTypeNotSupported(name=tensor.name, found=tensor.dtype),))
    return convert_array(tensor.name, array, tensor.dtype)


def _wrong_shape(tensor: TensorInfo, shape: tuple[int, ...], allow_empty: bool) -> Iterator[Diagnostic]:
    if tensor.shape is None:
        return
    found, expected = format_sizes(shape), format_sizes(tensor.shape)
    if len(shape) != len(tensor.shape):
        yield WrongFeedRank(
            name=tensor.name,
            found=found,
            expected=expected,
            found_rank=len(shape),
            expected_rank=len(tensor.shape),
        )
        return
    for axis, (size, declared) in enumerate(zip(shape, tensor.shape, strict=True)):
        if isinstance(declared, int) and size != declared:
            yield WrongFeedSize(
                name=tensor.name, found=found, expected=expected, axis=axis, size=size, declared=str(declared)
            )
        elif size == 0 and not allow_empty:
            yield EmptyAxis(name=tensor.name, found=found, expected=expected, axis=axis)
