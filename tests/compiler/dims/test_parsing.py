"""Texts of dimensions: what they are, what they are refused for, and what our own are when they are read back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from dotnn.compiler.dims import ceil_div, dim_max, evaluate, format_dim, symbol
from dotnn.compiler.dims.parsing import Expression, ExpressionError
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("H", 10),
        ("ceil(H / 3)", 4),
        ("floor((H - 2) / 3) + 1", 3),
        ("-H + W - 1", 6),
        ("2*H*W**2 - 3", 5777),
        ("max(H, W, 4) - min(H, 4)", 13),
        ("H // 3 * 3 + H % 3", 10),
        ("(H + W)*(H - 1)", 243),
        ("-2**2", -4),
        ("ceil(-H / 3)", -3),
        ("floor(-H / 3)", -4),
        ("  H+  W ", 27),
    ],
)
def test_expressions_are_python_arithmetic(text, value):
    assert Expression(text).value({"H": 10, "W": 17}) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H +",
        "(H",
        "H)",
        "H W",
        "2 H",
        "ceil(H, 2)",
        "ceil()",
        "H.x",
        "__import__('os')",
        "H ** W",
        "H**99",
        "²",
        "é",
        "(" * 5000 + "H" + ")" * 5000,
        "1" * 101,
        "H + " * 20_000 + "1",
    ],
)
def test_texts_that_are_no_dimensions_are_refused(text):
    with pytest.raises(ExpressionError):
        Expression(text)


@pytest.mark.parametrize("text", ["H / 3", "H // 0", "H % (H - 10)", "((H**64)**64)**64"])
def test_values_that_are_no_dimensions_are_refused(text):
    with pytest.raises(ExpressionError):
        Expression(text).value({"H": 10})


def test_long_sums_and_signs_need_no_deep_calls():
    assert Expression(" + ".join(["H"] * 5000)).value({"H": 2}) == 10_000
    assert Expression("-" * 20_000 + "H").value({"H": 2}) == 2


#: What other makers write, with sizes, that is no dimension of the algebra or another one there.
FOREIGN = [
    ("max(N, 1)", {"N": 0}, 1),
    ("max(N, 1) - N", {"N": 0}, 1),
    ("(N + 1) // 2 - N // 2", {"N": 0}, 0),
    ("H // (W - 5)", {"H": 9, "W": 8}, 3),
    ("H % (5 - W)", {"H": 9, "W": 7}, -1),
    ("+".join(f"s{index}" for index in range(300)), {f"s{index}": index for index in range(300)}, 44850),
    ("max(" + ", ".join(f"{20 - index}*H - {index}*W" for index in range(20)) + ")", {"H": 1, "W": 1}, 20),
    ("H**40", {"H": 2}, 2**40),
    ("2**60 * 2**60 * 2**60 * 2**60 * 2**60 * H // 2**60", {"H": 1}, 2**240),
]


@pytest.mark.parametrize(("text", "sizes", "value"), FOREIGN, ids=lambda one: str(one)[:20])
def test_texts_of_other_makers_are_computed_as_they_stand(text, sizes, value):
    assert Expression(text).value(sizes) == value


@pytest.mark.parametrize(("text", "sizes", "value"), FOREIGN, ids=lambda one: str(one)[:20])
def test_texts_of_other_makers_are_more_than_the_algebra_has(text, sizes, value):
    """The reason why they have an evaluation of their own; where this fails, it may no longer be needed."""
    functions = {"max": dim_max, **{name: symbol(name) for name in sizes}}
    found = None
    with suppress(ValueError):
        # Texts of this file, which are Python's arithmetic, too.
        found = evaluate(eval(text, functions), sizes)
    assert found != value


H, W = symbol("H"), symbol("W")
DIMS = st.recursive(
    st.one_of(st.integers(-9, 9), st.sampled_from([H, W])),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, n: a // n, inner, st.integers(1, 7)),
        st.builds(lambda a, n: ceil_div(a, n), inner, st.integers(1, 7)),
        st.builds(lambda a, b: dim_max(a, b), inner, inner),
    ),
    max_leaves=8,
)


@given(DIMS, st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=200, deadline=None)
def test_every_printed_dimension_is_read_back(dim, height, width):
    sizes = {"H": height, "W": width}
    assert Expression(format_dim(dim)).value(sizes) == evaluate(dim, sizes)
