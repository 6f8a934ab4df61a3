"""The order of features that weights are indexed by, where Keras has the channels of images last."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from dotnn import compile_source
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.weights import feature_kinds
from dotnn.compiler.weights.feature_order import FeatureOrders, _Walk, feature_orders


def orders(text: str, inputs: str = "x: float32[N, 3, 4, 5]") -> FeatureOrders:
    declared = "\n".join(f"input {one}" for one in inputs.split("; "))
    return feature_orders(compile_source(f"model m {{\n{declared}\n{text}\n}}").graph)


def of(stages: str, inputs: str = "x: float32[N, 3, 4, 5]") -> FeatureOrders:
    return orders(f"output y = x -> {stages}", inputs)


def folded(channels: int, *positions: int) -> np.ndarray:
    """Where feature ``c, h, w`` stands in Keras, which has ``h, w, c``; facts/conventions.md, section 8."""
    image = np.arange(math.prod(positions) * channels).reshape(*positions, channels)
    return np.moveaxis(image, -1, 0).ravel()


def test_the_published_order() -> None:
    """H2 W2 C3, values 0 to 11: PyTorch has 0,3,6,9,1,4,7,10,2,5,8,11."""
    found = of("a: conv2d(3, kernel=1) -> flatten -> b: dense(2)", "x: float32[N, 1, 2, 2]")
    assert list(found.orders) == ["b.weight"]
    np.testing.assert_array_equal(found.of("b.weight")[1], [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
    assert found.unknown == {}


#: Stages behind an image of 2 channels and 4 x 5 positions, and which axes of which weights stand in its order.
FOLLOWED: dict[str, dict[str, Sequence[int]]] = {
    "flatten -> b: dense(3) -> c: dense(2)": {"b.weight": [1]},
    "reshape([N, 40]) -> b: dense(3)": {"b.weight": [1]},
    "flatten -> bn: batch_norm -> b: dense(3)": {
        "bn.weight": [0],
        "bn.bias": [0],
        "bn.running_mean": [0],
        "bn.running_var": [0],
        "b.weight": [1],
    },
    "relu -> flatten -> dropout(0.5) -> softmax -> b: dense(3)": {"b.weight": [1]},
    "flatten -> ln: layer_norm -> b: dense(3)": {"ln.weight": [0], "ln.bias": [0], "b.weight": [1]},
    "flatten -> unsqueeze(axis=1) -> b: lstm(3, bidirectional=true)": {
        "b.weight_ih_l0": [1],
        "b.weight_ih_l0_reverse": [1],
    },
    "flatten -> reshape([N, 40, 1, 1]) -> b: conv2d(3, kernel=1)": {"b.weight": [1]},
    "flatten -> unsqueeze(axis=1) -> b: multi_head_attention(2)": {"b.in_proj_weight": [1]},
    "transpose([0, 2, 3, 1]) -> flatten -> b: dense(3)": {},
    "global_max_pool2d -> flatten -> b: dense(3)": {},
    "flatten(start=2) -> transpose([0, 2, 1]) -> b: dense(3)": {},
    "flatten(start=2) -> transpose([0, 2, 1]) -> b: lstm(3)": {},
    "mean(axis=[2, 3]) -> b: dense(3)": {},
    "reshape([N, 2, 2, 2, 5]) -> reshape([N, 2, 4, 5]) -> b: conv2d(1, kernel=2)": {},
}


@pytest.mark.parametrize("stages", FOLLOWED)
def test_features_are_followed(stages: str) -> None:
    found = of(f"a: conv2d(2, kernel=1) -> {stages}")
    assert found.unknown == {}
    assert {name: list(axes) for name, axes in found.orders.items()} == FOLLOWED[stages]
    for axes in found.orders.values():
        for order in axes.values():
            np.testing.assert_array_equal(order, folded(2, 4, 5))


def test_sequences_of_convolutions() -> None:
    found = of("transpose([0, 2, 1]) -> conv1d(4, kernel=2) -> flatten -> b: dense(3)", "x: float32[N, 7, 5]")
    np.testing.assert_array_equal(found.of("b.weight")[1], folded(4, 6))
    found = of("transpose([0, 2, 1]) -> conv1d(4, kernel=2) -> transpose([0, 2, 1]) -> lstm(3)", "x: float32[N, 7, 5]")
    assert (found.orders, found.unknown) == ({}, {})


def test_volumes() -> None:
    found = of("conv3d(2, kernel=1) -> flatten -> b: dense(3)", "x: float32[N, 1, 2, 3, 4]")
    np.testing.assert_array_equal(found.of("b.weight")[1], folded(2, 2, 3, 4))


def test_features_that_become_an_image() -> None:
    """The rows of the weight leave them as Keras has them, through whatever stands between."""
    found = of(
        "b: dense(24) -> bn: batch_norm -> relu -> reshape([N, 4, 3, 2]) -> conv2d(1, kernel=2)", "x: float32[N, 6]"
    )
    assert found.unknown == {}
    assert {name: list(axes) for name, axes in found.orders.items()} == {
        "b.weight": [0],
        "b.bias": [0],
        **{f"bn.{name}": [0] for name in ("weight", "bias", "running_mean", "running_var")},
    }
    np.testing.assert_array_equal(found.of("b.bias")[0], folded(4, 3, 2))


def test_several_images_of_features_behind_each_other() -> None:
    stages = "b{0}: dense(24) -> reshape([N, 4, 3, 2]) -> c{0}: conv2d(2, kernel=1) -> flatten"
    found = of(" -> ".join(stages.format(number) for number in range(4)), "x: float32[N, 6]")
    assert found.unknown == {}
    for number in range(4):
        np.testing.assert_array_equal(found.of(f"b{number}.weight")[0], folded(4, 3, 2))
        if number:
            np.testing.assert_array_equal(found.of(f"b{number}.weight")[1], folded(2, 3, 2))


def test_parts_behind_each_other_and_sums() -> None:
    text = """
    a = x -> conv2d(2, kernel=1) -> flatten
    b = x -> max_pool2d(2) -> flatten
    both = concat(a, z, b)
    output y = both + (both -> bn: batch_norm) * 2 -> c: dense(3)
    """
    found = orders(text, "x: float32[N, 3, 4, 5]; z: float32[N, 7]")
    expected = np.concatenate([folded(2, 4, 5), 40 + np.arange(7), 47 + folded(3, 2, 2)])
    assert found.unknown == {}
    np.testing.assert_array_equal(found.of("c.weight")[1], expected)
    np.testing.assert_array_equal(found.of("bn.running_var")[0], expected)


def test_parameters_beside_features() -> None:
    text = """
    parameter shift: float32[60] = zeros
    output y = (x -> conv2d(3, kernel=1) -> flatten) + shift -> dense(2)
    """
    np.testing.assert_array_equal(orders(text).of("shift")[0], folded(3, 4, 5))


def test_layers_that_are_reused_need_one_order() -> None:
    text = """
    a = x -> conv2d(3, kernel=1) -> flatten
    one = a -> b: dense(60)
    output y = one -> reuse(b)
    """
    found = orders(text)
    assert list(found.unknown) == ["b.weight"]
    assert "b.weight" not in found.orders
    text = text.replace("one -> reuse", "a -> reuse")
    found = orders(text)
    assert list(found.orders) == ["b.weight"]


#: Stages behind an image, where it cannot be told in which order the weights named have their features.
UNKNOWN: dict[str, list[str]] = {
    # Channels and some of the positions in one axis.
    "reshape([N, 8, 5]) -> flatten -> b: dense(3)": ["b.weight"],
    "reshape([N, 2, 20]) -> reshape([N, 8, 5]) -> b: conv1d(3, kernel=1)": ["b.weight", "b.bias"],
    # Rows of an image as features of a sequence.
    "transpose([0, 3, 1, 2]) -> reshape([N, 5, 8]) -> b: lstm(3)": ["b.weight_ih_l0"],
    # Features of different orders in one sum.
    "flatten -> index_sum": ["b.weight"],
    # Parts of features that stand in another order.
    "flatten -> part": ["b.weight"],
}


@pytest.mark.parametrize("stages", UNKNOWN)
def test_what_cannot_be_told(stages: str) -> None:
    endings = {
        "flatten -> index_sum": "output y = (a -> flatten) + z -> b: dense(3)",
        "flatten -> part": "f = a -> flatten\noutput y = f[:, 0:7] -> b: dense(3)",
    }
    text = endings.get(stages, f"output y = a -> {stages}")
    found = orders(f"a = x -> conv2d(2, kernel=1)\n{text}", "x: float32[N, 3, 4, 5]; z: float32[N, 40]")
    assert list(found.unknown) == UNKNOWN[stages]
    assert not set(found.orders) & set(found.unknown)
    assert all(span is not None for span in found.unknown.values())


def test_images_that_no_layer_reads() -> None:
    """What is flattened as it is fed: matrices and one channel are the same in Keras; else it cannot be told."""
    for shape in ("[N, 28, 28]", "[N, 1, 28, 28]", "[N, 7]", "[N, 4, 1, 1]"):
        found = of("flatten -> b: dense(3)", f"x: float32{shape}")
        assert (found.orders, found.unknown) == ({}, {})
    assert list(of("flatten -> b: dense(3)").unknown) == ["b.weight"]
    text = "output y = x -> flatten -> b: dense(3)\noutput z = x -> conv2d(2, kernel=1)"
    np.testing.assert_array_equal(orders(text).of("b.weight")[1], folded(3, 4, 5))


def test_transformers_by_hand_are_as_in_keras() -> None:
    text = """
    heads = x -> q: dense(12) -> reshape([N, T, 3, 4]) -> transpose([0, 2, 1, 3])
    output y = heads -> transpose([0, 2, 1, 3]) -> reshape([N, T, 12]) -> b: dense(3)
    """
    found = orders(text, "x: float32[N, T, 6]")
    assert (found.orders, found.unknown) == ({}, {})


def test_gates_of_channels_do_not_hide_what_an_image_is() -> None:
    text = """
    a = x -> conv2d(4, kernel=1)
    gate = a -> global_avg_pool2d -> flatten -> s: dense(4) -> sigmoid
    output y = a * (gate -> reshape([N, 4, 1, 1])) -> flatten -> b: dense(3)
    """
    found = orders(text)
    assert found.unknown == {}
    assert list(found.orders) == ["b.weight"]


#: Layers that `feature_order` knows nothing of, and why they may stay so: weights behind them are refused.
OPAQUE: dict[str, str] = {}


def test_every_kind_of_layer_is_spoken_of() -> None:
    """A layer of a new kind is one of which nothing is known: whoever adds it says what it does, or that it is so."""
    groups = [value for name, value in vars(feature_kinds).items() if name.isupper()]
    known = {kind for group in groups for kind in group}
    # Private: which kinds have a method of the walk is told nowhere else.
    handled = {name.removeprefix("_on_") for name in vars(_Walk) if name.startswith("_on_")}
    unspoken = [kind for kind in LAYERS if kind not in known | handled | OPAQUE.keys()]
    assert unspoken == []
