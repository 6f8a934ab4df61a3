"""Types as they are written: elements, dimensions, and what is held against them."""

from __future__ import annotations

import pytest
from dotnn.compiler import compile_source

from tests.helpers.language import (
    compiled,
    faults_of,
    model,
    places,
    shape,
    type_of,
)

IMAGE = "float32[N, 3, H, W]"


@pytest.mark.parametrize(
    "written",
    ["float32", "float16", "bfloat16", "float64", "int64", "int32", "int8", "uint8", "bool"],
)
def test_element_types(written: str) -> None:
    found = compile_source(f"model t {{ input x: {written}[N, 3] output y = x }}")
    assert type_of(found) == f"{written}[N, 3]"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("float32[]", "float32[]"),
        ("float32[3]", "float32[3]"),
        ("float32[N, 2 * 3]", "float32[N, 6]"),
        ("float32[N, K]", "float32[N, 7]"),
        ("float32[N, 2 * N]", "float32[N, 2*N]"),
        ("float32[N, N]", "float32[N, N]"),
        ("float32[N, ceil(N / 2)]", "float32[N, ceil(N / 2)]"),
        ("float32[1K]", "float32[1000]"),
        ("float32[BATCH, H1]", "float32[BATCH, H1]"),
        ("float32[N, len([1, 2])]", "float32[N, 2]"),
    ],
)
def test_types_of_inputs(written: str, expected: str) -> None:
    assert type_of(compile_source(f"const K = 7\nmodel t {{ input x: {written} output y = x }}")) == expected


@pytest.mark.parametrize(
    ("written", "code", "place"),
    [
        ("float33[N]", "E315", "float33[N]"),
        ("float32", "E315", "float32"),
        ("int", "E315", "int"),
        ("float32[n]", "E201", "n"),
        ("float32[Q * Q]", "E217", "Q"),
        ("float32[0]", "E316", "0"),
        ("float32[-1]", "E316", "-1"),
        ("float32[1.5]", "E316", "1.5"),
        ("float32[true]", "E316", "true"),
        ('float32["N"]', "E316", '"N"'),
        ("float32[[1]]", "E316", "[1]"),
        ("float32[2 ** 50]", "E316", "2 ** 50"),
    ],
)
def test_types_that_are_none(written: str, code: str, place: str) -> None:
    found = faults_of(f"model t {{ input x: {written} output y = x -> dense(3) -> relu }}")
    assert places(found) == [(code, place)]


def test_one_dimension_in_several_inputs() -> None:
    body = "input z: float32[N, 2]\n input w: float32[M, 8]\n output y = concat(x, z)\n output v = w"
    assert shape(body) == "[N, 10]"
    assert shape(body, "v") == "[M, 8]"


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("conv2d(8, kernel=3, stride=2, padding=1)", "[N, 8, ceil(H / 2), ceil(W / 2)]"),
        ("conv2d(8, kernel=3)", "[N, 8, H - 2, W - 2]"),
        ("max_pool2d(2)", "[N, 3, floor(H / 2), floor(W / 2)]"),
        ("conv2d(8, kernel=1, stride=2) -> max_pool2d(2)", "[N, 8, floor((H - 3) / 4) + 1, floor((W - 3) / 4) + 1]"),
        ("flatten", "[N, 3*H*W]"),
        ("transpose([0, 2, 3, 1])", "[N, H, W, 3]"),
        ("concat(x, axis=2)", "[N, 3, 2*H, W]"),
        ("reshape([N, 3 * H, W])", "[N, 3*H, W]"),
    ],
)
def test_shapes_are_exact_in_the_dimensions(stages: str, expected: str) -> None:
    assert shape(f"output y = x -> {stages}", image=IMAGE) == expected


def test_what_is_demanded_of_dimensions_is_kept() -> None:
    found = compiled("output y = x -> conv2d(8, kernel=3)", image=IMAGE)
    assert found.summary().demands == ("H >= 3", "W >= 3")


def test_dimensions_that_cannot_be_decided() -> None:
    body = 'output y = x -> conv2d(8, kernel=3, stride=2, padding="same")'
    found = faults_of(model(body, image=IMAGE))
    assert found[0].code == "E413"
    assert "`H`" in found[0].headline() + found[0].advice()
