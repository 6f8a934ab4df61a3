"""What is printed of a value reads back as the same value."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import dotnn.compiler.driver  # noqa: F401  it brings the evaluators
import pytest
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.dims import ceil_div, dim_max, dim_min, symbol
from dotnn.compiler.elaborate.scope import Scope
from dotnn.compiler.elaborate.state import Elaboration, Frame, evaluate
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.initializers import (
    Constant,
    HeNormal,
    HeUniform,
    LecunNormal,
    Normal,
    Ones,
    Orthogonal,
    TruncatedNormal,
    Uniform,
    XavierNormal,
    XavierUniform,
    Zeros,
)
from dotnn.compiler.limits import Limits
from dotnn.compiler.names.project import Project
from dotnn.compiler.names.resolve import resolve_value
from dotnn.compiler.source import Source
from dotnn.compiler.syntax.parse import parse_value
from dotnn.compiler.values.budget import Budget
from dotnn.compiler.values.compile_values import show
from dotnn.compiler.written import number_text, value_text
from hypothesis import given, settings
from hypothesis import strategies as st

SYMBOLS = {name: symbol(name) for name in ("N", "H", "W")}


def read(text: str) -> Any:
    """The value of a text where the names of `SYMBOLS` are dimensions."""
    limits, report = Limits(), Report()
    expression = parse_value(Source("<value>", text), limits, report)
    module = Project(limits, report, None).add(Source("<file>", ""))
    assert expression is not None, str(report)
    assert module is not None
    resolve_value(expression, module, report)
    elaboration = Elaboration(Budget(limits, report))
    elaboration.symbols.update(SYMBOLS)
    return evaluate(expression, Frame(elaboration, module, Scope(), "value"))


def kinds(value: Any) -> Any:
    """The types in a value, and the signs of zeros, which are equal."""
    if isinstance(value, tuple):
        return tuple(map(kinds, value))
    return (type(value), math.copysign(1, value)) if isinstance(value, float) else type(value)


INTS = st.integers(-(2**200), 2**200)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DIMS = st.recursive(
    st.one_of(st.sampled_from(list(SYMBOLS.values())), st.integers(-6, 6)),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a // b, inner, st.integers(1, 5)),
        st.builds(ceil_div, inner, st.integers(1, 5)),
        st.builds(dim_max, inner, inner),
        st.builds(dim_min, inner, inner),
    ),
    max_leaves=6,
)
SIZES = st.one_of(st.integers(1, 1000), st.sampled_from(list(SYMBOLS.values())))
ELEMENTS = st.sampled_from(list(DType))
TYPES = st.builds(TensorType, ELEMENTS, st.lists(SIZES, min_size=1, max_size=4).map(tuple))
NUMBERS = st.one_of(st.integers(-1000, 1000), st.floats(-1000, 1000))
SPREADS = st.one_of(st.integers(0, 1000), st.floats(0, 1000))
INITIALIZERS = st.one_of(
    *(st.just(kind()) for kind in (Zeros, Ones, HeNormal, HeUniform, LecunNormal)),
    st.builds(Constant, NUMBERS),
    *(st.builds(kind, mean=NUMBERS, std=SPREADS) for kind in (Normal, TruncatedNormal)),
    st.builds(lambda ends: Uniform(low=min(ends), high=max(ends)), st.tuples(NUMBERS, NUMBERS)),
    *(st.builds(kind, gain=SPREADS) for kind in (XavierNormal, XavierUniform, Orthogonal)),
)
PLAIN = st.one_of(st.booleans(), INTS, FLOATS, TEXTS)
VALUES = st.recursive(
    st.one_of(PLAIN, DIMS, ELEMENTS, TYPES, INITIALIZERS), lambda inner: st.lists(inner, max_size=4).map(tuple)
)


@settings(deadline=None, max_examples=400)
@given(VALUES)
def test_a_printed_value_reads_back(value: Any) -> None:
    found = read(value_text(value))
    assert found == value
    assert kinds(found) == kinds(value)


@settings(deadline=None)
@given(NUMBERS)
def test_a_number_reads_back_as_an_equal_one(number: float) -> None:
    assert read(number_text(number)) == number


@settings(deadline=None)
@given(st.one_of(st.booleans(), FLOATS, TEXTS, DIMS, ELEMENTS, TYPES, INITIALIZERS))
def test_messages_show_values_as_they_are_printed(value: Any) -> None:
    text = value_text(value)
    assert show(value) == (text if len(text) <= 60 else show(value))
    assert len(show(value)) <= 60


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (61482, "61482"),
        (1e-5, "1e-5"),
        (-1.5e-7, "-1.5e-7"),
        (1e22, "1e22"),
        (0.1, "0.1"),
        (2.0, "2.0"),
        ("same", '"same"'),
        ('a "b" \\ \n\t\x00\u00a0é', '"a \\"b\\" \\\\ \\n\\t\\u{0}\\u{A0}é"'),
        ((1, (2.5, "x")), '[1, [2.5, "x"]]'),
        ((), "[]"),
        (DType.FLOAT32, "float32"),
        (TensorType(DType.INT64, (SYMBOLS["N"], 3)), "int64[N, 3]"),
        (SYMBOLS["H"] // 2, "floor(H / 2)"),
        (Normal(std=1e-5), "normal(std=1e-5)"),
        (Constant(2), "constant(2.0)"),
    ],
)
def test_text(value: object, text: str) -> None:
    assert value_text(value) == text


def test_every_initializer_is_printed() -> None:
    from dotnn.compiler.initializers import INITIALIZERS as KNOWN

    drawn = {Zeros, Ones, HeNormal, HeUniform, LecunNormal, Constant, Normal, TruncatedNormal, Uniform}
    assert drawn | {XavierNormal, XavierUniform, Orthogonal} == set(KNOWN.values())
    assert all(dataclasses.is_dataclass(kind) for kind in KNOWN.values())
