"""Sampling as operators: ``Resize``, or the positions themselves, computed from the sizes in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING

from .. import operators as ops
from ..dims import Dim
from ..graph.types import DType
from .shape_rules import moved

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


def resized(b: Builder, x: Tensor, sizes: Sequence[Dim], operator: ops.Resize) -> Tensor:
    """The spatial axes with these sizes, by ``Resize``."""
    return b.op(operator, x, None, None, b.dims((*x.shape[:2], *sizes)))


def chosen(b: Builder, x: Tensor, sizes: Sequence[Dim]) -> Tensor:
    """Of every axis the positions ``floor(i * old / new)``."""
    for axis, new in enumerate(sizes, start=2):
        old = x.shape[axis]
        if old != new:
            x = taken(b, x, axis, _nearest(b, old, new))
    return x


def taken(b: Builder, x: Tensor, axis: int, places: Tensor) -> Tensor:
    """``Gather`` along a spatial axis; along the last one with the channels behind it.

    onnxruntime copies what lies behind the axis as one piece, so that along the last axis it would copy single numbers,
    which takes ten times as long as to transpose the tensor forth and back.
    """
    last = x.rank - 1
    if axis != last:
        return b.op(ops.Gather(axis=axis), x, places)
    ahead = b.op(ops.Transpose(perm=moved(x.rank, 1, last)), x)
    found = b.op(ops.Gather(axis=last - 1), ahead, places)
    return b.op(ops.Transpose(perm=moved(found.rank, found.rank - 1, 1)), found)


def _nearest(b: Builder, old: Dim, new: Dim) -> Tensor:
    scaled = b.op(ops.Mul(), column(b, new), b.dims((old,)))
    return _row(b, b.op(ops.Div(), scaled, b.dims((new,))))


def blended(b: Builder, x: Tensor, sizes: Sequence[Dim], a: float | None, aligned: bool) -> Tensor:
    """Of every axis the weighted neighbours of each place: two, or with ``a``, of the cubic kind, four."""
    for axis, new in enumerate(sizes, start=2):
        if x.shape[axis] != new:
            x = _blended_along(b, x, axis, new, a, aligned)
    return x


def _blended_along(b: Builder, x: Tensor, axis: int, new: Dim, a: float | None, aligned: bool) -> Tensor:
    old = x.shape[axis]
    zero, last = b.ints(0), b.op(ops.Sub(), b.dims((old,)), b.ints(1))
    first, behind = _places(b, x.dtype, old, new, aligned, linear=a is None)
    parts = []
    for offset, weight in _weights(b, behind, a):
        place = b.op(ops.Min(), b.op(ops.Max(), b.op(ops.Add(), first, b.ints(offset)), zero), last)
        neighbours = taken(b, x, axis, _row(b, place))
        parts.append(b.op(ops.Mul(), neighbours, b.reshape(weight, (new, *(1,) * (x.rank - axis - 1)))))
    return reduce(partial(b.op, ops.Add()), parts)


def _places(b: Builder, dtype: DType, old: Dim, new: Dim, aligned: bool, linear: bool) -> tuple[Tensor, Tensor]:
    """The position at or before each place, and by how much the place lies behind it; ``[new, 1]``.

    A place is a fraction of whole numbers, so that nothing is rounded before the end.
    """
    numbers = column(b, new)
    if aligned:
        numerator = b.op(ops.Mul(), numbers, b.op(ops.Sub(), b.dims((old,)), b.ints(1)))
        divisor = b.op(ops.Max(), b.op(ops.Sub(), b.dims((new,)), b.ints(1)), b.ints(1))
    else:
        odd = b.op(ops.Add(), b.op(ops.Mul(), numbers, b.ints(2)), b.ints(1))
        numerator = b.op(ops.Sub(), b.op(ops.Mul(), odd, b.dims((old,))), b.dims((new,)))
        divisor = b.op(ops.Mul(), b.dims((new,)), b.ints(2))
    if linear:
        numerator = b.op(ops.Max(), numerator, b.ints(0))
    # Division of ints rounds towards zero, and no place lies before -1.
    above = b.op(ops.Add(), numerator, divisor)
    quotient = b.op(ops.Div(), above, divisor)
    rest = b.op(ops.Sub(), above, b.op(ops.Mul(), quotient, divisor))
    to_float = ops.Cast(to=dtype)
    behind = b.op(ops.Div(), b.op(to_float, rest), b.op(to_float, divisor))
    return b.op(ops.Sub(), quotient, b.ints(1)), behind


def _weights(b: Builder, t: Tensor, a: float | None) -> tuple[tuple[int, Tensor], ...]:
    """How much each neighbour counts at a place that lies by ``t`` behind the first one."""
    before = b.op(ops.Sub(), b.constant(1.0, t.dtype), t)
    if a is None:
        return (0, before), (1, t)
    # At the distances 1 + t, t, 1 - t and 2 - t, with the powers of t multiplied out.
    far, near = (a, -2 * a, a, 0.0), (a + 2, -(a + 3), 0.0, 1.0)
    return (
        (-1, _polynomial(b, t, far)),
        (0, _polynomial(b, t, near)),
        (1, _polynomial(b, before, near)),
        (2, _polynomial(b, before, far)),
    )


def _polynomial(b: Builder, t: Tensor, coefficients: Sequence[float]) -> Tensor:
    """By Horner's scheme, the highest power first."""
    value = b.constant(coefficients[0], t.dtype)
    for coefficient in coefficients[1:]:
        value = b.op(ops.Add(), b.op(ops.Mul(), value, t), b.constant(coefficient, t.dtype))
    return value


def column(b: Builder, count: Dim) -> Tensor:
    """The numbers from 0 as a column, ``[count, 1]``.

    They are not written down, so that a large size makes no large model, and of columns no contents are kept, which
    would be as many expressions; where they are few, the passes fold what is computed of them.
    """
    return b.op(ops.Unsqueeze(), b.positions(count), b.ints(1))


def _row(b: Builder, column: Tensor) -> Tensor:
    """A column as indices of an axis."""
    return b.op(ops.Squeeze(), column, b.ints(1))
