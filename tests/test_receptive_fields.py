"""Receptive fields, judged by published ones and by what a change of one input position really reaches."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.expectations import NoReceptiveField
from harness import he_normal_source
from one_layer import session

#: Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks (2019), table 1.
PUBLISHED = {
    "alexnet_v2": (
        195,
        """x -> conv2d(64, kernel=11, stride=4) -> max_pool2d(3, stride=2)
        -> conv2d(192, kernel=5, padding=2) -> max_pool2d(3, stride=2)
        -> repeat(3) { conv2d(256, kernel=3, padding=1) } -> max_pool2d(3, stride=2)""",
    ),
    "vgg_16": (
        212,
        """x -> for count in [2, 2, 3, 3, 3] {
            repeat(count) { conv2d(8, kernel=3, padding=1) -> relu } -> max_pool2d(2)
        }""",
    ),
}


def fields(text: str) -> dict[str, object]:
    return dict(compile_source(text).summary().receptive_fields)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_fields(name: str) -> None:
    size, layers = PUBLISHED[name]
    assert fields(f"model m {{ input x: float32[N, 3, 300, 300] output y = {layers} }}") == {"y": size}


@pytest.mark.parametrize(
    "layers",
    [
        "x -> conv1d(2, kernel=3) -> conv1d(2, kernel=2, stride=3) -> conv1d(2, kernel=3)",
        "x -> conv1d(2, kernel=3, dilation=4) -> avg_pool1d(2) -> conv1d(2, kernel=2, dilation=2)",
        "(x -> conv1d(2, kernel=5, padding=2)) + x -> conv1d(2, kernel=2)",
        "concat(x -> conv1d(1, kernel=3, padding=1), x -> conv1d(1, kernel=7, padding=3), axis=1)",
        "x -> dense(2, axis=1) -> batch_norm -> leaky_relu -> softmax(axis=1)",
    ],
)
def test_a_field_is_what_a_position_depends_on(layers: str) -> None:
    """Of a position in the middle, whose field no end cuts off."""
    length = 41
    model = compile_source(f"model m {{ input x: float32[1, 2, {length}] output y = {layers} }}")
    (size,) = model.summary().receptive_fields.values()
    runner = session(model.to_bytes(weights=he_normal_source(model.graph)))
    x = np.random.default_rng(0).normal(size=(1, 2, length)).astype(np.float32)
    (before,) = runner.run(None, {"x": x})
    middle = before.shape[2] // 2
    reached = []
    for position in range(length):
        changed = x.copy()
        changed[:, :, position] += 10
        (after,) = runner.run(None, {"x": changed})
        if not np.array_equal(after[:, :, middle], before[:, :, middle]):
            reached.append(position)
    assert reached[-1] - reached[0] + 1 == size


def test_what_sees_everything_has_the_size_of_the_inputs_that_it_depends_on() -> None:
    text = """model m {
        input small: float32[N, 3, 4, 5]
        input large: float32[N, 3, 9, H]
        output y = large[:, :, :, 0:8] -> flatten
        output z = concat(small -> flatten, large -> global_avg_pool2d -> flatten)
        output w = small -> global_max_pool2d
    }"""
    assert {name: str(size) for name, size in fields(text).items()} == {"y": "min(H, 9)", "z": "min(H, 4)", "w": "4"}


def test_without_spatial_axes_there_is_none() -> None:
    assert fields("model m { input x: float32[N, 3] output y = x -> dense(2) }") == {}


def test_a_field_of_too_many_sizes_is_refused_where_it_is_asked_for() -> None:
    names = [f"x{number}" for number in range(20)]
    inputs = "\n".join(f"input {name}: float32[N, 1, {name.upper()}]" for name in names)
    pooled = ", ".join(f"{name} -> global_max_pool1d" for name in names)
    text = f"{inputs} output y = concat({pooled}, axis=1) output one = x0 -> global_max_pool1d"
    assert {name: str(size) for name, size in fields(f"model m {{ {text} }}").items()} == {"one": "X0"}
    with pytest.raises(DotnnError) as caught:
        compile_source(f"model m {{ {text} expect receptive_field(y) >= 1 }}")
    assert [type(one) for one in caught.value.diagnostics] == [NoReceptiveField]
