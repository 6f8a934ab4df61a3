"""Bounds of dimensions."""

from __future__ import annotations

import pytest
from dotnn.compiler.dims import (
    Dim,
    ceil_div,
    decide_less_equal,
    dim_max,
    dim_min,
    lower_bound,
    symbol,
    upper_bound,
)

H, W, N = symbol("H"), symbol("W"), symbol("N")


@pytest.mark.parametrize("stride", [2, 3, 7, 32, 1024])
def test_rounding_up_never_passes_the_whole(stride: int) -> None:
    assert decide_less_equal(ceil_div(H, stride), H) is True
    assert decide_less_equal(H, stride * ceil_div(H, stride)) is True


@pytest.mark.parametrize(
    ("dim", "low", "high"),
    [
        (5, 5, 5),
        (H, 1, None),
        (H - 2, -1, None),
        (3 - H, None, 2),
        (H * W - H, 0, None),
        (ceil_div(H, 2), 1, None),
        (H // 2, 0, None),
        (H % 5, 0, 4),
        (dim_min(H, 4) * 3, 3, 12),
        (dim_max(H - 2, 1), 1, None),
        (H - W, None, None),
        ((H - W) // 2, None, None),
        (ceil_div(H, 2) - H, None, 0),
        (W // (W + H), 0, 0),
    ],
)
def test_bounds(dim: Dim, low: int | None, high: int | None) -> None:
    assert (lower_bound(dim), upper_bound(dim)) == (low, high)
