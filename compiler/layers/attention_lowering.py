"""Attention as operators: products of matrices, softmax, and what a mask adds to the scores.

Numbers of 16 bits are computed in float32. Scores leave the range of float16 easily, onnxruntime's CPU provider
computes its products in float32 anyway, and what its optimizer makes of a ``Transpose`` before a product of float16
crashes (``dense.linear``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import operators as ops
from ..dims import Dim, DimExpr
from ..graph.types import DType
from ..records import positional_record

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@positional_record
class Masking:
    """What is masked.

    Attributes:
        mask: true where a query may attend to a key, or what is added to the scores; None for no mask.
        causal: whether a query attends to the keys up to its own position only.
    """

    mask: Tensor | None
    causal: bool


def attended(b: Builder, query: Tensor, keys: Tensor, value: Tensor, scale: float | None, masking: Masking) -> Tensor:
    """``softmax(scale * query keys + mask) value``, in the element type of the operands.

    Args:
        b: what it builds with.
        query: ``[..., T, D]``.
        keys: the transposed keys, ``[..., D, S]``.
        value: ``[..., S, E]``.
        scale: of the scores; ``1/sqrt(D)`` if None.
        masking: what is masked; the mask broadcasts to ``[..., T, S]``.
    """
    dtype = query.dtype
    query, keys, value = (_computed(b, one) for one in (query, keys, value))
    scores = _product(b, _scaled(b, query, scale), keys)
    added, reached = _of_scores(b, masking, query.dtype, query.shape[-2], keys.shape[-1])
    if added is not None:
        scores = b.op(ops.Add(), scores, added)
    found = _product(b, b.op(ops.Softmax(axis=-1), scores), value)
    if reached is not None:
        found = b.op(ops.Where(), reached, found, b.constant(0, found.dtype))
    return found if dtype is found.dtype else b.op(ops.Cast(to=dtype), found)


def _computed(b: Builder, x: Tensor) -> Tensor:
    """In the element type that is computed in."""
    return b.op(ops.Cast(to=DType.FLOAT32), x) if x.dtype.size == 2 else x


def _scaled(b: Builder, query: Tensor, scale: float | None) -> Tensor:
    """The query times the scale: it is smaller than the scores, and they do not overflow before they are scaled."""
    channels = query.shape[-1]
    if scale is None and isinstance(channels, DimExpr):
        root = b.op(ops.Sqrt(), b.op(ops.Cast(to=query.dtype), b.dims((channels,))))
        return b.op(ops.Div(), query, root)
    factor = 1 / math.sqrt(channels) if scale is None else scale  # pyright: ignore[reportArgumentType]
    return b.op(ops.Mul(), query, b.constant(factor, query.dtype))


def _product(b: Builder, left: Tensor, right: Tensor) -> Tensor:
    """``MatMul``; of float64 with a further axis, which keeps a ``Transpose`` away from it (``dense.linear``)."""
    if right.dtype is not DType.FLOAT64:
        return b.op(ops.MatMul(), left, right)
    ahead = b.ints(-3)
    product = b.op(ops.MatMul(), *(b.op(ops.Unsqueeze(), one, ahead) for one in (left, right)))
    return b.op(ops.Squeeze(), product, ahead)


def _of_scores(
    b: Builder, masking: Masking, dtype: DType, queries: Dim, keys: Dim
) -> tuple[Tensor | None, Tensor | None]:
    """What is added to the scores, and which queries attend to any key; None for nothing, and for all.

    Where a mask leaves no key to a query, the softmax has no meaning. What is masked by truth values has the least
    number, so that no infinities are subtracted there; beside a mask of numbers, which may hold infinities, it has
    these, too.
    """
    mask, triangle = masking.mask, _triangle(b, queries, keys) if masking.causal else None
    zero, least = b.constant(0, dtype), b.constant(-dtype.largest, dtype)
    if mask is None:
        return (None if triangle is None else b.op(ops.Where(), triangle, zero, least)), None
    if mask.dtype is DType.BOOL:
        allowed = mask if triangle is None else b.op(ops.And(), mask, triangle)
        added = b.op(ops.Where(), allowed, zero, least)
    else:
        least, added = b.constant(-math.inf, dtype), _computed(b, mask)
        added = added if triangle is None else b.op(ops.Where(), triangle, added, least)
    return added, b.op(ops.Greater(), b.op(ops.ReduceMax(keepdims=1), added, b.ints(-1)), least)


def _triangle(b: Builder, queries: Dim, keys: Dim) -> Tensor:
    """Whether a key stands at most where the query stands, ``[T, S]``."""
    rows = b.op(ops.Unsqueeze(), b.positions(queries), b.ints(1))
    return b.op(ops.GreaterOrEqual(), rows, b.positions(keys))
