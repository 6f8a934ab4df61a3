"""What is decided of dimensions for all values."""

from __future__ import annotations

import pytest
from dotnn.compiler.dims import (
    Dim,
    ceil_div,
    decide_equal,
    decide_less,
    decide_less_equal,
    dim_max,
    dim_min,
    solve_at_least,
    symbol,
)

H, W, N = symbol("H"), symbol("W"), symbol("N")


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (H, H, True),
        (H, W, None),
        (H, 7, None),
        (H, H + 1, False),
        (2 * H, 7, False),
        (6 * H + 4 * W, 2 * N + 1, False),
        (H, 0, False),
        (H // 2 + ceil_div(H, 2), H, True),
        (dim_min(H, W) + dim_max(H, W), H + W, True),
        (sum(((H + i) // 5 for i in range(1, 5)), H // 5), H, True),
        ((H * H + H) // 2 * 2, H * H + H, True),
        (H * H % 4, 2, False),
        (2 * ceil_div(H, 2), H, None),
        (ceil_div(H, 32), ceil_div(W, 32), None),
    ],
)
def test_equality_is_decided(left: Dim, right: Dim, answer: bool | None) -> None:
    assert decide_equal(left, right) is answer
    assert decide_equal(right, left) is answer


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (1, H + 1, True),
        (H, H * 2, True),
        (H, W, None),
        (H + 1, H, False),
        (3, H, None),
        (0, H, True),
        (H * W, 0, False),
        (ceil_div(H, 2), H + 1, True),
        (H // 3, H, True),
        (H // 64, H // 3 + 1, True),
        (H * W, (H + 1) * (W + 1), True),
        (0, ceil_div(H, 16) * ceil_div(W, 16), True),
        (dim_min(H, W) - 1, dim_max(H, W), True),
        (-1, (H - 1) % 7, True),
        (H % 7, 7, True),
        (H % W, W, True),
        (-1, H % W, True),
        (H % (2 * W), N * W, None),
        (5, 6, True),
    ],
)
def test_strict_order_is_decided(left: Dim, right: Dim, answer: bool | None) -> None:
    assert decide_less(left, right) is answer
    assert decide_less_equal(right, left) is (None if answer is None else not answer)


@pytest.mark.parametrize(
    ("dim", "minimum", "solution"),
    [
        (H - 2, 1, ("H", 3)),
        ((H - 4) // 2 + 1, 1, ("H", 4)),
        (ceil_div(H, 32), 7, ("H", 193)),
        (H, 1, ("H", 1)),
        (H * H, 10, ("H", 4)),
        (H - ceil_div(H, 2), 4, ("H", 8)),
        (dim_min(H - 2, 5), 3, ("H", 5)),
        (dim_min(H, 3), 4, None),
        (5 - H, 1, None),
        (H % 3, 1, None),
        (H - W, 1, None),
        (4, 1, None),
    ],
)
def test_demands_are_solved(dim: Dim, minimum: int, solution: tuple[str, int] | None) -> None:
    assert solve_at_least(dim, minimum) == solution
