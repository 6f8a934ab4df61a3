"""What the numbers of a tensor are like: mean, spread, extremes, zeros, and how many are not finite."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..records import positional_record

#: Elements that are looked at at a time, so that their doubles take little memory.
_PIECE = 1 << 20


@positional_record
class TensorStatistics:
    """The numbers of a tensor; those that are not finite are only counted.

    Attributes:
        mean: of the finite numbers; None where there are none.
        deviation: the standard deviation of all of them, divided by their number.
        least: the smallest.
        greatest: the largest.
        zeros: how many are 0.
        not_finite: how many are NaN or infinite.
    """

    mean: float | None
    deviation: float | None
    least: float | None
    greatest: float | None
    zeros: int
    not_finite: int


def statistics_of(array: np.ndarray) -> TensorStatistics | None:
    """The statistics of a tensor, computed in float64; None where it has no real numbers, as a complex one.

    The sums are those of numbers divided by the largest, so that no square overflows.
    """
    if array.dtype.kind in "cSUOMm":
        return None
    count, zeros, least, greatest = 0, 0, math.inf, -math.inf
    for piece in _finite(array):
        count += piece.size
        zeros += piece.size - int(np.count_nonzero(piece))
        least, greatest = min(least, float(piece.min())), max(greatest, float(piece.max()))
    if not count:
        return TensorStatistics(None, None, None, None, zeros, array.size)
    scale = max(abs(least), abs(greatest)) or 1.0
    mean = sum(float((piece / scale).sum()) for piece in _finite(array)) / count
    spread = sum(float(np.square(piece / scale - mean).sum()) for piece in _finite(array)) / count
    # Rounding must not lead beyond the numbers themselves.
    bounded = min(max(mean * scale, least), greatest)
    return TensorStatistics(bounded, math.sqrt(spread) * scale, least, greatest, zeros, array.size - count)


def _finite(array: np.ndarray) -> Iterator[np.ndarray]:
    """The finite numbers as float64, piece by piece; pieces without any are left out."""
    flat = array.ravel(order="K")
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE].astype(np.float64)
        finite = np.isfinite(piece)
        if not finite.all():
            piece = piece[finite]
        if piece.size:
            yield piece
