"""Where the size of an axis of a result comes from: what a layer says of it, or what can be found by trying.

A layer says it by ``size_of`` where its sizes follow a formula. For all others it is found: an axis along which the
result moves as it does (``reach``), the attribute that changes the size if it is another one, the axis of an operand
that does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from ..diagnostics import DotnnError
from ..dims import Dim, DimExpr, DimTooComplex, exact_div, format_dim
from ..graph.types import TensorType
from .attributes import IntegerList
from .base import Layer, Site
from .sizes import Asked, Size, factor

_Operands: TypeAlias = Sequence[TensorType | None]


def size_origin(layer: Layer, operands: _Operands, results: Sequence[TensorType], axis: int, result: int = 0) -> Size:
    """How the size of an axis of a result comes about.

    Args:
        layer: the layer.
        operands: the types that ``infer`` has accepted.
        results: what it made of them.
        axis: of the result, counted from 0.
        result: the index of the result.
    """
    asked = Asked(axis, result, results[result])
    return layer.size_of(asked, *operands) or _found(layer, operands, results, asked)


def _found(layer: Layer, operands: _Operands, results: Sequence[TensorType], asked: Asked) -> Size:
    moving: tuple[tuple[int, int], ...] = ()
    for place, found in enumerate(operands):
        if found is None:
            continue
        reach = layer.reach(operands, results, place, asked.number)
        along = tuple((place, axis) for axis, one in enumerate(reach) if one.axis == asked.axis and not one.whole)
        for one in along:
            if found.shape[one[1]] == asked.dim:
                return Size(axes=(one,))
        moving += along
    written = _written(layer, operands, asked)
    if written or not moving:
        return Size(written, moving) if written else _unmoved(layer, operands, asked)
    place, axis = moving[0]
    return Size(_scaled(_shape(operands[place])[axis], asked.dim), moving)


def _shape(found: TensorType | None) -> tuple[Dim, ...]:
    return () if found is None else found.shape


def _scaled(before: Dim, after: Dim) -> str:
    """The new size as a multiple or a part of the old one; empty where it is none."""
    larger, smaller = exact_div(after, before), exact_div(before, after)
    if isinstance(larger, int):
        return f"{factor(before)}*{larger}"
    return f"{factor(before)}/{smaller}" if isinstance(smaller, int) else ""


def _written(layer: Layer, operands: _Operands, asked: Asked) -> str:
    """The attribute that the size is written in, or a multiple of it; empty where there is none."""
    for name, value in _attributes(layer):
        if isinstance(value, tuple) and asked.dim in value:
            return f"{name}=[{', '.join(map(_entry, value))}]"
        if isinstance(value, DimExpr) and value == asked.dim:
            return f"{name}={format_dim(value)}"
        multiple = exact_div(asked.dim, value) if isinstance(value, int) else None
        if isinstance(value, int) and multiple is not None and _is_made_of(layer, operands, asked, name, value):
            return f"{name}={value}" if multiple == 1 else f"{factor(multiple)}*{value}"
    return ""


def _entry(value: object) -> str:
    return format_dim(value) if isinstance(value, int | DimExpr) else str(value)


def _attributes(layer: Layer) -> Iterator[tuple[str, Any]]:
    """The attributes that may hold sizes, which axes and lists of them do not; those that must be written first."""
    fields = sorted(layer.attributes(), key=lambda one: one.default is not dataclasses.MISSING)
    for one in fields:
        value = getattr(layer, one.name)
        is_axis = one.name == "axis" or isinstance(one.metadata["kind"], IntegerList)
        if not isinstance(value, bool) and value != 0 and not is_axis:
            yield one.name, value


def _is_made_of(layer: Layer, operands: _Operands, asked: Asked, name: str, value: int) -> bool:
    """Whether the size grows with an attribute; so it is if no other value fits the operands."""
    others = [other for other in (2 * value, 1) if other != value]
    sizes = [_size_of(dataclasses.replace(layer, **{name: other}), operands, asked) for other in others]
    fitting = [(other, size) for other, size in zip(others, sizes, strict=True) if size is not None]
    if not fitting:
        return value == asked.dim
    return any(size != asked.dim and size * value == asked.dim * other for other, size in fitting)


def _changes(layer: Layer, operands: _Operands, asked: Asked) -> bool:
    """Whether the size is another one for such a layer and such operands, which fit each other."""
    size = _size_of(layer, operands, asked)
    return size is not None and size != asked.dim


def _size_of(layer: Layer, operands: _Operands, asked: Asked) -> Dim | None:
    """The size for such a layer and such operands; None where these do not fit, or make no such result."""
    try:
        results = layer.infer(operands, Site.nowhere(layer.kind))
    except (DotnnError, DimTooComplex):
        return None
    if asked.number >= len(results) or results[asked.number].rank != asked.result.rank:
        return None
    return results[asked.number].shape[asked.axis]


def _unmoved(layer: Layer, operands: _Operands, asked: Asked) -> Size:
    """Of an axis that is read as a whole: that of the same size which it changes with, or the one that became 1."""
    equal = [(place, axis) for place, found in enumerate(operands) for axis in _axes_of_size(found, asked.dim)]
    # An axis mostly keeps its place.
    equal.sort(key=lambda one: one[1] != asked.axis)
    for one in equal:
        if _changes(layer, _with_size(operands, [one], 2 * asked.dim), asked):
            return Size(axes=(one,))
    if equal and _changes(layer, _with_size(operands, equal, 2 * asked.dim), asked):
        return Size(axes=(equal[0],))
    if asked.dim == 1 and len(_shape(operands[0])) == asked.result.rank:
        return Size("1", ((0, asked.axis),))
    return Size()


def _axes_of_size(found: TensorType | None, dim: Dim) -> Iterator[int]:
    return (axis for axis, one in enumerate(_shape(found)) if one == dim)


def _with_size(operands: _Operands, places: Sequence[tuple[int, int]], dim: Dim) -> _Operands:
    """The operands with another size of some axes."""
    return [
        None
        if found is None
        else found.with_shape(*(dim if (place, axis) in places else one for axis, one in enumerate(found.shape)))
        for place, found in enumerate(operands)
    ]
