"""Symbolic dimensions, judged by plain Python integers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from dotnn.compiler.dims import (
    Dim,
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
    lower_bound,
    solve_at_least,
    substitute,
    symbol,
    upper_bound,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

H, W, N = symbol("H"), symbol("W"), symbol("N")
NAMES = ("H", "W", "N")
SMALL = [dict(zip(NAMES, point, strict=True)) for point in itertools.product(range(1, 8), range(1, 8), (1, 2, 5))]

# Formulas: each is built twice, as a Dim and as a plain function of integers


@dataclass(frozen=True)
class Formula:
    dim: Dim
    oracle: Callable[[dict[str, int]], int]


def constant(value: int) -> Formula:
    return Formula(value, lambda _: value)


def variable(name: str) -> Formula:
    return Formula(symbol(name), lambda values: values[name])


def combined(operator: str, left: Formula, right: Formula) -> Formula:
    a, b = left.oracle, right.oracle
    if operator == "+":
        return Formula(left.dim + right.dim, lambda v: a(v) + b(v))
    if operator == "-":
        return Formula(left.dim - right.dim, lambda v: a(v) - b(v))
    if operator == "*":
        return Formula(left.dim * right.dim, lambda v: a(v) * b(v))
    if operator == "min":
        return Formula(dim_min(left.dim, right.dim), lambda v: min(a(v), b(v)))
    return Formula(dim_max(left.dim, right.dim), lambda v: max(a(v), b(v)))


def divided(operator: str, left: Formula, divisor: int) -> Formula:
    a = left.oracle
    if operator == "//":
        return Formula(left.dim // divisor, lambda v: a(v) // divisor)
    if operator == "%":
        return Formula(left.dim % divisor, lambda v: a(v) % divisor)
    if operator == "-ceil":
        return Formula(-(left.dim // divisor), lambda v: -(a(v) // divisor))
    return Formula(ceil_div(left.dim, divisor), lambda v: math.ceil(Fraction(a(v), divisor)))


def divided_by_product(left: Formula, factor: int, first: str, second: str) -> Formula:
    divisor = factor * symbol(first) * symbol(second)
    a = left.oracle
    return Formula(floor_div(left.dim, divisor), lambda v: a(v) // (factor * v[first] * v[second]))


leaves = st.one_of(st.integers(-6, 6).map(constant), st.sampled_from(NAMES).map(variable))


def grown(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    names = st.sampled_from(NAMES)
    return st.one_of(
        st.builds(combined, st.sampled_from(["+", "-", "+", "-", "*", "min", "max"]), inner, inner),
        st.builds(divided, st.sampled_from(["//", "ceil", "%", "-ceil"]), inner, st.integers(1, 5)),
        st.builds(divided_by_product, inner, st.integers(1, 2), names, names),
    )


formulas = st.recursive(leaves, grown, max_leaves=9)
points = st.fixed_dictionaries({name: st.integers(1, 60) for name in NAMES})
relaxed = settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(formulas, points)
def test_canonical_expressions_keep_their_value(formula: Formula, values: dict[str, int]) -> None:
    assert evaluate(formula.dim, values) == formula.oracle(values)


@relaxed
@given(formulas, points)
def test_printed_text_is_python_of_the_same_value(formula: Formula, values: dict[str, int]) -> None:
    names: dict[str, object] = {name: Fraction(value) for name, value in values.items()}
    scope = {"__builtins__": {}, "ceil": math.ceil, "floor": math.floor, "min": min, "max": max, **names}
    assert eval(format_dim(formula.dim), scope) == formula.oracle(values)


@relaxed
@given(formulas)
def test_bounds_are_never_passed(formula: Formula) -> None:
    low, high = lower_bound(formula.dim), upper_bound(formula.dim)
    for values in SMALL:
        value = formula.oracle(values)
        assert low is None or low <= value
        assert high is None or value <= high


@relaxed
@given(formulas, formulas)
def test_decisions_never_contradict_small_values(left: Formula, right: Formula) -> None:
    equal = decide_equal(left.dim, right.dim)
    less_equal = decide_less_equal(left.dim, right.dim)
    less = decide_less(left.dim, right.dim)
    for values in SMALL:
        a, b = left.oracle(values), right.oracle(values)
        assert equal in (None, a == b)
        assert less_equal in (None, a <= b)
        assert less in (None, a < b)


@relaxed
@given(formulas, st.integers(-2, 2), st.sampled_from(["+", "//"]))
def test_decisions_between_relatives_never_contradict(formula: Formula, offset: int, operator: str) -> None:
    """Unrelated formulas are seldom decided; a formula and its near relatives often are."""
    relative = combined("+", formula, constant(offset))
    if operator == "//":
        relative = combined("-", combined("+", formula, variable("H")), divided("//", variable("H"), 2))
    test_decisions_never_contradict_small_values.hypothesis.inner_test(formula, relative)


@relaxed
@given(formulas, formulas, formulas)
def test_ring_laws_hold_in_the_canonical_form(a: Formula, b: Formula, c: Formula) -> None:
    x, y, z = a.dim, b.dim, c.dim
    for left, right in [
        (x + y, y + x),
        (x * y, y * x),
        ((x + y) + z, x + (y + z)),
        ((x * y) * z, x * (y * z)),
        (x * (y + z), x * y + x * z),
        (x - y, -(y - x)),
        (x - x, 0),
    ]:
        assert left == right
        assert hash(left) == hash(right)
        assert str(left) == str(right)


@relaxed
@given(formulas, formulas)
def test_extrema_do_not_depend_on_order(a: Formula, b: Formula) -> None:
    x, y = a.dim, b.dim
    assert dim_max(x, y) == dim_max(y, x)
    assert dim_min(x, y) == dim_min(y, x, y)
    assert dim_max(x, x) == x
    assert decide_less_equal(dim_min(x, y), dim_max(x, y)) is not False


@relaxed
@given(st.integers(0, 5), st.integers(0, 5), st.integers(-9, 9), st.integers(1, 6), st.integers(1, 6))
def test_division_laws_hold_in_the_canonical_form(p: int, q: int, c: int, a: int, b: int) -> None:
    x = p * H + q * W + H + c
    assert floor_div(x + b * N, b) == floor_div(x, b) + N
    assert floor_div(x * a, b * a) == floor_div(x, b)
    assert floor_div(floor_div(x, a), b) == floor_div(x, a * b)
    assert floor_div(floor_div(x, a) + c, b) == floor_div(x + a * c, a * b)
    assert ceil_div(ceil_div(x, a), b) == ceil_div(x, a * b)
    assert floor_div(x * N, b * N) == floor_div(x, b)
    assert ceil_div(x, b) == -(-x // b)
    assert x % b + b * (x // b) == x


@relaxed
@given(formulas, formulas, points)
def test_substitution_is_evaluation_in_steps(formula: Formula, other: Formula, values: dict[str, int]) -> None:
    replacement = dim_max(other.dim, 1)
    # What is not certain to be at least 1 is refused; the canonical form may hide it.
    assume((lower_bound(replacement) or 0) >= 1)
    replaced = substitute(formula.dim, {"H": replacement})
    inner = max(other.oracle(values), 1)
    assert evaluate(replaced, values) == formula.oracle({**values, "H": inner})


@relaxed
@given(formulas, points)
def test_substituting_every_symbol_gives_the_integer(formula: Formula, values: dict[str, int]) -> None:
    assert substitute(formula.dim, dict(values)) == formula.oracle(values)


@relaxed
@given(formulas, formulas)
def test_exact_division_undoes_multiplication(formula: Formula, other: Formula) -> None:
    assume(other.dim != 0)
    assert exact_div(formula.dim * other.dim, other.dim) == formula.dim


@relaxed
@given(formulas, st.integers(-10, 40))
def test_solutions_are_the_least(formula: Formula, minimum: int) -> None:
    dim = substitute(formula.dim, {"W": 3, "N": 2})
    solution = solve_at_least(dim, minimum)
    if solution is None:
        return
    name, least = solution
    assert name == "H"
    for value in [*range(1, 60), least, least + 1]:
        assert (formula.oracle({"H": value, "W": 3, "N": 2}) >= minimum) == (value >= least)
