"""Norms over windows: published numbers, powers, padding, what a float of 16 bits would lose."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from dotnn.compiler.graph.types import DType, TensorType

from tests.helpers.layer_facts import TORCH
from tests.helpers.one_layer import H, L, N, T, W, build, make
from tests.helpers.one_layer import run as run_all
from tests.helpers.window_layers import agree, pooled, refused, result_shape

ROW = (3, -4, 1, 2, -2, 0)


def test_norms_of_windows() -> None:
    assert pooled("lp_pool1d", ROW, kernel=2) == pytest.approx([5, 5**0.5, 2])
    assert pooled("lp_pool1d", ROW, kernel=2, p=1) == pytest.approx([7, 3, 2])
    assert pooled("lp_pool1d", ROW, kernel=2, p=3) == pytest.approx([91 ** (1 / 3), 9 ** (1 / 3), 2])
    assert pooled("lp_pool1d", ROW, kernel=3, stride=2, padding=1) == pytest.approx([5, 21**0.5, 8**0.5])


def test_a_large_power_is_nearly_the_greatest_number() -> None:
    assert pooled("lp_pool1d", ROW, kernel=3, stride=3, p=32) == pytest.approx([4, 2 * 2 ** (1 / 32)], rel=1e-3)


def test_shape_of_pytorch() -> None:
    case = TORCH["LPPool2d(2,3)"]
    assert result_shape(make("lp_pool2d", kernel=3), *case["input"]) == tuple(case["output"])
    assert result_shape(make("lp_pool1d", kernel=3, padding="same", stride=1), N, 2, L) == (N, 2, L)
    assert result_shape(make("lp_pool2d", kernel=[1, 2]), N, 2, H, 2 * W) == (N, 2, H, W)


def test_the_stride_is_the_kernel_and_overhang_there_is_none() -> None:
    assert result_shape(make("lp_pool1d", kernel=3), N, 2, 8) == (N, 2, 2)
    assert "ceil" not in {one.name for one in type(make("lp_pool1d", kernel=3)).attributes()}


def test_what_is_refused() -> None:
    assert refused(make("lp_pool1d", kernel=3, padding=2), N, 2, 8).code == "E414"
    assert refused(make("lp_pool1d", kernel=3), N, 2, 2).code == "E410"
    assert refused(make("lp_pool1d", kernel=3), N, 2, 8, dtype=DType.INT64).code == "E402"
    assert refused(make("lp_pool2d", kernel=3), N, 2, 8).code == "E401"


@pytest.mark.parametrize("p", [1, 2, 3, 4, 7])
def test_on_onnxruntime_for_every_small_window(p: int) -> None:
    sizes = [{"L": size} for size in range(4, 9)]
    for kernel, stride in itertools.product(range(1, 5), range(1, 4)):
        for padding in {0, kernel // 2}:
            agree(make("lp_pool1d", kernel=kernel, stride=stride, padding=padding, p=p), (1, 2, L), sizes)


def test_more_axes_on_onnxruntime() -> None:
    pads = [[0, 1], [1, 0]]
    agree(make("lp_pool2d", kernel=[3, 2], stride=[2, 3], padding=pads, p=3), (N, 2, H, W), ({"N": 2, "H": 7, "W": 5},))
    agree(make("lp_pool3d", kernel=2, padding="same", stride=1), (N, 2, T, H, W), ({"N": 1, "T": 2, "H": 3, "W": 4},))


def test_squares_of_short_floats_do_not_overflow() -> None:
    layer = make("lp_pool1d", kernel=2)
    x = np.array([[[300, 400, 12000, -16000]]], np.float16)
    model = build(layer, [TensorType(DType.FLOAT16, (1, 1, 4))], {})
    assert run_all(model, [x])[0].ravel().tolist() == [500, 20000]
