"""Models and their arguments."""

from __future__ import annotations

from typing import Any

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError

from tests.helpers.language import (
    faults,
    faults_of,
    layer_names,
    model,
    type_of,
)

MODEL = """
model net(classes: int = 10, rate: float = 0.5, widths: list = [4, 4], deep: bool = false, act: string = "relu") {
    input x: float32[N, 8]
    h = x -> for w in widths { dense(w) } -> dropout(rate)
    a = if act == "relu" { h -> relu } else { h -> tanh }
    output y = (if deep { a -> dense(64) } else { a }) -> dense(classes)
}
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["dense", "dense_1", "dropout", "relu", "dense_2"]),
        ({"classes": 3}, ["dense", "dense_1", "dropout", "relu", "dense_2"]),
        ({"widths": [2]}, ["dense", "dropout", "relu", "dense_1"]),
        ({"widths": ()}, ["dropout", "relu", "dense"]),
        ({"deep": True, "act": "tanh"}, ["dense", "dense_1", "dropout", "tanh", "dense_2", "dense_3"]),
        ({"rate": 0}, ["dense", "dense_1", "dropout", "relu", "dense_2"]),
    ],
)
def test_model_arguments(given: dict[str, Any], expected: list[str]) -> None:
    found = compile_source(MODEL, arguments=given)
    assert layer_names(found) == expected
    assert type_of(found) == f"float32[N, {given.get('classes', 10)}]"


@pytest.mark.parametrize(
    "given",
    [
        {"classes": 1.5},
        {"classes": "a"},
        {"classes": True},
        {"deep": 1},
        {"widths": 3},
        {"act": ["relu"]},
        {"clases": 3},
    ],
)
def test_wrong_model_arguments(given: dict[str, Any]) -> None:
    (found,) = faults_of(MODEL, arguments=given)
    assert found.code == "E606"
    assert next(iter(given)) in found.headline()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("k", [("E606", "k")]),
        ("k = 3", [("E606", "k = 3")]),
        ("k: float32[3]", [("E606", "k: float32[3]")]),
        ("k: int", [("E606", "k: int")]),
        ("k: int = 1.5", [("E314", "1.5")]),
        ("k: int = j", [("E201", "j")]),
        ("a: int = b, b: int = 3", [("E201", "b")]),
    ],
)
def test_wrong_heads_of_models(arguments: str, expected: list[tuple[str, str]]) -> None:
    assert faults("output y = x -> relu", arguments=arguments) == expected


def test_defaults_of_models_may_use_the_arguments_before_them() -> None:
    text = model("output y = x -> dense(b)", arguments="a: int = 2, b: int = 3 * a")
    assert type_of(compile_source(text)) == "float32[N, 6]"
    assert type_of(compile_source(text, arguments={"a": 5})) == "float32[N, 15]"


def test_arguments_stand_in_the_types_of_inputs() -> None:
    text = "model net(size: int = 4, N: int = 2) { input x: float32[N, 2 * size] output y = x -> relu }"
    assert type_of(compile_source(text)) == "float32[2, 8]"
    assert type_of(compile_source(text, arguments={"size": 1, "N": 7})) == "float32[7, 2]"


def test_several_models() -> None:
    text = "model a { input x: float32[N] output y = x -> relu } model b() { input x: float32[N] output y = x -> step }"
    assert layer_names(compile_source(text, model="b")) == ["step"]
    with pytest.raises(DotnnError) as caught:
        compile_source(text)
    assert [one.code for one in caught.value.diagnostics] == ["E605"]
    with pytest.raises(DotnnError) as caught:
        compile_source(text, model="c")
    assert "`a`, `b`" in str(caught.value)
