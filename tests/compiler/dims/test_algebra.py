"""Symbolic dimensions: windows, canonical forms, values, and limits."""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable

import pytest
from dotnn.compiler.dims import (
    Dim,
    DimExpr,
    DimTooComplex,
    ceil_div,
    decide_less,
    decide_less_equal,
    dim_max,
    dim_min,
    evaluate,
    exact_div,
    floor_div,
    is_known,
    substitute,
    symbol,
    symbols,
)
from dotnn.compiler.dims.algebra import MAX_DEPTH

H, W, N = symbol("H"), symbol("W"), symbol("N")


# Window arithmetic of convolution and pooling
def window(size: Dim, kernel: int, stride: int, padding: int) -> Dim:
    return (size + 2 * padding - kernel) // stride + 1


def test_stride_two_windows_are_one_expression() -> None:
    small, large = window(H, 3, 2, 1), window(H, 7, 2, 3)
    assert small == large == ceil_div(H, 2) == -(-H // 2)
    assert str(small) == "ceil(H / 2)"


def test_nested_windows_collapse() -> None:
    twice = window(window(H, 7, 2, 3), 3, 2, 1)
    assert twice == ceil_div(H, 4)
    assert str(window(window(window(twice, 3, 2, 1), 3, 2, 1), 3, 2, 1)) == "ceil(H / 32)"


def test_a_deep_network_of_windows_stays_small() -> None:
    size: Dim = H
    for index in range(1000):
        size = window(size, 3, 1 + (index % 100 == 0), index % 2)
    assert isinstance(size, DimExpr)
    assert size.size < 10
    expected = 10**9 + 7
    for index in range(1000):
        expected = window(expected, 3, 1 + (index % 100 == 0), index % 2)
    assert evaluate(size, {"H": 10**9 + 7}) == expected


def test_the_extra_window_of_ceil_pooling_is_resolved() -> None:
    """PyTorch drops a last window that would start outside: the least of two counts of windows."""
    kernel, stride, padding = 3, 2, 1
    rounded_up = ceil_div(H + 2 * padding - kernel, stride) + 1
    starting_inside = floor_div(H + padding - 1, stride) + 1
    assert str(dim_min(rounded_up, starting_inside)) == "floor(H / 2) + 1"


@pytest.mark.parametrize(
    ("dim", "expected"),
    [
        ((2 * H) // 2, H),
        ((4 * H + 3) // 2, 2 * H + 1),
        ((2 * H * W) // W, 2 * H),
        ((2 * H * W + W) // W, 2 * H + 1),
        (N * 512 * ceil_div(H, 2) // ceil_div(H, 2), 512 * N),
        ((H + 1) * (W + 3) // (H + 1), W + 3),
        (H // (H + 1), 0),
        (H // (H + W), 0),
        (H - H, 0),
        (H * 0, 0),
        (0 * H + 4, 4),
        (H % 1, 0),
        ((6 * H) % 3, 0),
        (dim_max(H, 1), H),
        (dim_min(H, 1), 1),
        (dim_max(H, H - 3), H),
        (dim_max(H, ceil_div(H, 2)), H),
        (dim_min(H // 2, (H + 1) // 2), H // 2),
        (dim_max(H + W, 2 * W + H), H + 2 * W),
        (dim_max(H, dim_max(W, N)), dim_max(dim_max(H, W), N)),
        (dim_max(H, W) // 2, dim_max(H // 2, W // 2)),
        (H**3, H * H * H),
        (H**0, 1),
        (10 // symbol("H") * H, H * (10 // H)),
        (10 % H, 10 - H * (10 // H)),
    ],
)
def test_equal_expressions_compare_equal(dim: Dim, expected: Dim) -> None:
    assert dim == expected
    assert hash(dim) == hash(expected)
    assert type(dim) is type(expected)


# Values, names and misuse
def test_known_dimensions_are_plain_integers() -> None:
    assert is_known(3)
    assert is_known(H - H + 3)
    assert not is_known(H)
    assert type(evaluate(H * 2, {"H": 4})) is int


def test_symbols_are_found_at_any_depth() -> None:
    assert symbols(dim_max(H // (N + 1), 3) * W) == {"H", "N", "W"}
    assert symbols(12) == frozenset()
    assert substitute(H * W, {"H": 1}) == W
    assert substitute(H * W, {"H": W, "W": H}) == H * W


def test_missing_and_impossible_values_are_refused() -> None:
    with pytest.raises(KeyError, match="W"):
        evaluate(H + W, {"H": 1})
    with pytest.raises(ValueError, match="at least 1"):
        evaluate(H, {"H": 0})
    with pytest.raises(ValueError, match="less than 1"):
        substitute(H, {"H": W - 1})
    with pytest.raises(ValueError, match="name"):
        symbol("H + 1")


@pytest.mark.parametrize("divisor", [0, -2, H - 1, H - W, -H])
def test_a_divisor_that_may_vanish_is_refused(divisor: Dim) -> None:
    with pytest.raises(ValueError, match="less than 1"):
        floor_div(H, divisor)
    with pytest.raises(ValueError, match="less than 1"):
        ceil_div(7, divisor)


@pytest.mark.parametrize("numerator", [W, 3 * W + 2, W**2 + H, W * N + 7])
@pytest.mark.parametrize("divisor", [dim_max(1, W - H), dim_max(1, W - H - 4), dim_max(1, W - H, H - N)])
def test_division_by_a_maximum_ends(numerator: Dim, divisor: Dim) -> None:
    """The maximum comes back in the remainder, where it must not be taken apart again and again."""
    quotient = numerator // divisor
    for h, w, n in itertools.product(range(1, 8), range(1, 12), (1, 3)):
        sizes = {"H": h, "W": w, "N": n}
        assert evaluate(quotient, sizes) == evaluate(numerator, sizes) // evaluate(divisor, sizes)


def test_exact_division_needs_no_certainty_about_the_divisor() -> None:
    assert exact_div(8 * N * (H - 2) * (W - 2), N * (W - 2)) == 8 * H - 16
    assert exact_div(H, 2) is None
    assert exact_div(H, 0) is None
    assert exact_div(12, 4) == 3


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError):
        H + "1"  # type: ignore[operator]
    with pytest.raises(TypeError):
        1.5 * H  # type: ignore[operator]
    assert H != "H"
    assert H != 1


def test_expressions_are_immutable() -> None:
    with pytest.raises(AttributeError):
        H.terms = ()  # type: ignore[misc]


# Limits
def growth_of_terms() -> Dim:
    total: Dim = 0
    for index in range(10_000):
        total = total + symbol(f"S{index}")
    return total


def growth_of_products() -> Dim:
    total: Dim = 1
    for index in range(40):
        total = total * (symbol(f"S{index}") + 1)
    return total


def growth_of_powers() -> Dim:
    total: Dim = H
    for _ in range(40):
        total = total * total
    return total


def growth_of_numbers() -> Dim:
    total: Dim = H
    for _ in range(40):
        total = total * 10**9
    return total


def growth_of_depth() -> Dim:
    total: Dim = H
    for _ in range(10_000):
        total = (total * W + 1) // 3
    return total


def growth_of_copies() -> Dim:
    total: Dim = H
    for _ in range(10_000):
        total = dim_max(total * W, 3 - (total + N) // 7)
    return total


def growth_of_members() -> Dim:
    return dim_max(*(symbol(f"S{index}") for index in range(1000)))


@pytest.mark.parametrize(
    "grow",
    [
        growth_of_terms,
        growth_of_products,
        growth_of_powers,
        growth_of_numbers,
        growth_of_depth,
        growth_of_copies,
        growth_of_members,
        lambda: H ** (10**9),
        lambda: floor_div(2**300, 3),
    ],
)
def test_growth_is_stopped(grow: Callable[[], Dim]) -> None:
    with pytest.raises(DimTooComplex):
        grow()


def test_the_deepest_expressions_leave_room_on_the_stack() -> None:
    total: Dim = H
    for _ in range(MAX_DEPTH - 1):
        total = (total * W + 1) // 3
    assert isinstance(total, DimExpr)
    assert total.depth == MAX_DEPTH
    limit = sys.getrecursionlimit()
    depth = len(inspect.stack(0))
    sys.setrecursionlimit(depth + 300)
    try:
        assert decide_less(substitute(total, {"H": N}), W * W) is None
        assert len(str(total)) > 100
    finally:
        sys.setrecursionlimit(limit)


def test_alternating_extrema_are_bounded_in_time() -> None:
    chains: list[Dim] = [symbol(f"C{chain}") for chain in range(3)]
    for step in range(6):
        chains = [3 * symbol(f"S{step}") - dim_max(chain, W + step) for chain in chains]
    total = sum(chains, 0 * H)
    assert decide_less_equal(total, W) in (None, False)
