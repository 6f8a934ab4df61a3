"""Conditions: which branch is taken, and what becomes of the other one."""

from __future__ import annotations

import pytest
from dotnn.compiler import compile_source

from tests.helpers.language import (
    faults,
    faults_of,
    layer_names,
    model,
    names,
    shape,
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("true", "relu"),
        ("false", "tanh"),
        ("x.rank == 2", "relu"),
        ("x.channels != 8", "tanh"),
        ("x.channels > 4 and x.channels <= 8", "relu"),
        ("not x.channels == 8 or x.rank == 3", "tanh"),
        ("x.shape == [N, 8]", "relu"),
        ("x.shape[0] == N", "relu"),
        ("N >= 1", "relu"),
        ("N + 1 > N", "relu"),
        ("N == N + 1", "tanh"),
        ("x.dtype == float32", "relu"),
        ("false and 1 // 0 == 1", "tanh"),
        ("true or x.shape[9] == 1", "relu"),
    ],
)
def test_conditions(condition: str, expected: str) -> None:
    body = f"output y = if {condition} {{ x -> relu }} else {{ x -> tanh }}"
    assert names(body) == [expected]


@pytest.mark.parametrize("condition", ["N > 3", "N == 4", "x.shape == [4, 8]", "N % 2 == 0", "N == M"])
def test_conditions_on_open_dimensions(condition: str) -> None:
    body = f"input z: float32[M]\n output w = z\n output y = if {condition} {{ x -> relu }} else {{ x }}"
    (found,) = faults_of(model(body))
    assert (found.code, found.span and found.span.text) == ("E310", condition)
    assert "`N`" in found.advice()


@pytest.mark.parametrize("condition", ["1", "x", '"a"', "x.shape", "N", "[true]"])
def test_a_condition_is_a_bool(condition: str) -> None:
    assert faults(f"output y = if {condition} {{ x }} else {{ x }}") == [("E308", condition)]


def test_else_if() -> None:
    text = model(
        "output y = if k == 1 { x -> relu } else if k == 2 { x -> tanh } else if k == 3 { x -> step } else { x }",
        arguments="k: int = 1",
    )
    found = [layer_names(compile_source(text, arguments={"k": k})) for k in (1, 2, 3, 4)]
    assert found == [["relu"], ["tanh"], ["step"], []]


def test_a_branch_that_is_not_taken_makes_nothing() -> None:
    """It may even have shapes that do not fit, and labels that are taken."""
    body = """
        a = x -> l: dense(8)
        output y = if x.rank == 4 { a -> l: conv2d(8, kernel=3) -> reshape([1, 2, 3]) } else { a -> m: relu }
    """
    assert names(body) == ["l", "m"]


def test_an_if_is_a_value_too() -> None:
    assert shape("k = if x.rank == 2 { 3 } else { 4 }\n output y = x -> dense(k)") == "[N, 3]"
    assert shape("output y = x -> dense((if x.rank == 2 { 3 } else { 4 }) + 1)") == "[N, 4]"
