"""Symbolic dimensions: windows, canonical forms, decisions, values, limits and determinism."""

from __future__ import annotations

import inspect
import itertools
import subprocess
import sys
from collections.abc import Callable

import pytest
from dotnn.compiler.dims import (
    Dim,
    DimExpr,
    DimTooComplex,
    ceil_div,
    decide_equal,
    decide_less,
    decide_less_equal,
    dim_max,
    dim_min,
    evaluate,
    exact_div,
    floor_div,
    format_dim,
    is_known,
    lower_bound,
    solve_at_least,
    substitute,
    symbol,
    symbols,
    upper_bound,
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
    ("dim", "text"),
    [
        (2 * H * W + 3, "2*H*W + 3"),
        ((H + 1) * (W + 2), "H*W + 2*H + W + 2"),
        ((H - 2) // 3 + 1, "floor((H - 2) / 3) + 1"),
        ((H - 2) // 3, "floor((H - 2) / 3)"),
        (dim_max(H - 2, 1), "max(H - 2, 1)"),
        (dim_max(H + 1, W + 1), "max(H, W) + 1"),
        (dim_min(H, W, 7), "min(H, W, 7)"),
        (dim_max(-H, -W), "-min(H, W)"),
        (dim_max(2 * H, 2 * W), "2*max(H, W)"),
        (dim_max(dim_max(N, H), W), "max(H, N, W)"),
        (5 - H, "5 - H"),
        (-H - 5, "-H - 5"),
        (H * H * W, "H**2*W"),
        (W + N * 3, "3*N + W"),
        (H % 2, "H - 2*floor(H / 2)"),
        (H // W, "floor(H / W)"),
        (ceil_div(H, W), "ceil(H / W)"),
        (ceil_div(H + W, 2), "ceil((H + W) / 2)"),
        ((H + 1) // (2 * W), "floor((H + 1) / (2*W))"),
        (-H // 3, "-ceil(H / 3)"),
        (2 * H // 3, "floor(2*H / 3)"),
        (64 * ceil_div(H, 2) * ceil_div(W, 2), "64*ceil(H / 2)*ceil(W / 2)"),
        (((H + 1) // 3) * W, "W*floor((H + 1) / 3)"),
        (dim_max((H - 2) // 2, (W - 2) // 2), "max(floor(H / 2), floor(W / 2)) - 1"),
        (7, "7"),
    ],
)
def test_printed_forms(dim: Dim, text: str) -> None:
    assert format_dim(dim) == text
    assert str(dim) == text


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


# Determinism


def test_text_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "from dotnn.compiler.dims import *\n"
        "a, b, c = (symbol(n) for n in ('H', 'W', 'N'))\n"
        "print(dim_max(c, b, a // 2, a - 7) * (b + c // b) + dim_min(b, a, 5) // c + (a * b + c) // 6)"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1
