"""Convolutions and poolings as onnxruntime runs their lowering, against their references."""

from __future__ import annotations

import itertools
from typing import Any

import onnx
import pytest
from dotnn.compiler.dims import Dim, symbol
from dotnn.compiler.layers.base import Site

from tests.helpers.one_layer import H, L, N, W, build, floats, make
from tests.helpers.window_layers import agree, refused, small_weights

LENGTHS = tuple({"N": 1 + size % 2, "L": size} for size in (5, 6, 7, 8, 12))
IMAGES = ({"N": 1, "H": 7, "W": 8}, {"N": 2, "H": 8, "W": 7}, {"N": 1, "H": 11, "W": 6})
VOLUMES = ({"N": 1, "D": 3, "H": 5, "W": 6}, {"N": 2, "D": 4, "H": 6, "W": 7}, {"N": 1, "D": 5, "H": 7, "W": 5})
D = symbol("D")


@pytest.mark.parametrize(
    "written",
    [
        {"kernel": 3},
        {"kernel": 4, "stride": 3, "padding": 2},
        {"kernel": 2, "padding": [[3, 0]], "bias": False},
        {"kernel": 3, "dilation": 2, "padding": "same", "groups": 2},
        {"kernel": 1, "stride": 2, "groups": 4},
        {"kernel": 2, "padding": 7, "stride": 5},
    ],
    ids=str,
)
def test_conv1d_on_onnxruntime(written: dict[str, Any]) -> None:
    agree(make("conv1d", filters=8, **written), (N, 4, L), LENGTHS)


@pytest.mark.parametrize(
    ("written", "shape", "sizes"),
    [
        ({"kernel": 3}, (N, 4, H, W), IMAGES),
        ({"kernel": [3, 2], "stride": [2, 3], "padding": [[0, 1], [2, 0]]}, (N, 4, H, W), IMAGES),
        ({"kernel": [2, 5], "padding": "same", "dilation": [3, 1], "groups": 4}, (N, 4, H, W), IMAGES),
        ({"kernel": [2, 5], "padding": "same", "stride": [2, 3], "bias": False}, (N, 4, 9, 11), ({"N": 2},)),
        ({"kernel": 2, "padding": "same", "stride": 3}, (N, 4, 2 * H, 6), ()),
    ],
    ids=str,
)
def test_conv2d_on_onnxruntime(written: dict[str, Any], shape: tuple[Dim, ...], sizes: Any) -> None:
    layer = make("conv2d", filters=8, **written)
    if not sizes:
        assert refused(layer, *shape).code == "E413"
        return
    agree(layer, shape, sizes)


@pytest.mark.parametrize(
    "written",
    [
        {"kernel": 2},
        {"kernel": [3, 1, 2], "stride": [1, 2, 2], "padding": [[1, 0], 0, [0, 1]], "groups": 2, "bias": False},
        {"kernel": [2, 3, 3], "dilation": [1, 2, 1], "padding": "same"},
    ],
    ids=str,
)
def test_conv3d_on_onnxruntime(written: dict[str, Any]) -> None:
    agree(make("conv3d", filters=4, **written), (N, 2, D, H, W), VOLUMES)


def pool_cases() -> list[tuple[int, int, tuple[int, int], bool]]:
    """Every kernel, stride and padding of a small range, with and without ``ceil``."""
    found = []
    for kernel, stride, ceil in itertools.product(range(1, 5), range(1, 5), (False, True)):
        half = range(kernel // 2 + 1)
        found += [(kernel, stride, pad, ceil) for pad in itertools.product(half, half)]
    return found


@pytest.mark.parametrize("kind", ["max_pool1d", "avg_pool1d", "avg_pool1d with padding", "sum_pool1d"])
def test_1d_pooling_on_onnxruntime_for_every_small_window(kind: str) -> None:
    """Asymmetric padding, overhang and divisors, over six sizes each in one model with a symbolic length."""
    kind, _, included = kind.partition(" ")
    options = {"count_include_pad": True} if included else {}
    for kernel, stride, pad, ceil in pool_cases():
        layer = make(kind, kernel=kernel, stride=stride, padding=[list(pad)], ceil=ceil, **options)
        site = Site.nowhere(kind)
        layer.infer([floats(1, 2, L)], site)
        least = max((demand.minimum for demand in site.demands), default=1)
        agree(layer, (1, 2, L), [{"L": size} for size in range(least, least + 6)])


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("max_pool2d", {"kernel": [3, 2], "stride": [2, 3], "padding": [[0, 1], [1, 0]], "ceil": True}),
        ("max_pool2d", {"kernel": [2, 3], "stride": 1, "padding": [0, 1], "dilation": [3, 2]}),
        ("max_pool2d", {"kernel": 3, "stride": 1, "padding": "same", "dilation": [1, 5]}),
        ("avg_pool2d", {"kernel": [3, 4], "stride": [2, 3], "padding": [[1, 0], [2, 1]], "ceil": True}),
        ("avg_pool2d", {"kernel": 3, "stride": 2, "padding": [[0, 1], 1], "ceil": True, "count_include_pad": True}),
        ("avg_pool2d", {"kernel": [2, 3], "stride": 1, "padding": "same", "ceil": True}),
        ("sum_pool2d", {"kernel": [3, 4], "stride": [2, 3], "padding": [[1, 0], [2, 1]], "ceil": True}),
        ("sum_pool2d", {"kernel": [2, 3], "stride": 1, "padding": "same"}),
        ("global_max_pool2d", {}),
        ("global_avg_pool2d", {}),
    ],
    ids=str,
)
def test_2d_pooling_on_onnxruntime(kind: str, written: dict[str, Any]) -> None:
    agree(make(kind, **written), (N, 2, H, W), IMAGES)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("max_pool3d", {"kernel": 2, "stride": [1, 2, 3], "padding": [[1, 0], 0, 1], "ceil": True}),
        ("max_pool3d", {"kernel": [2, 3, 2], "stride": 1, "padding": [0, 1, 0], "dilation": [2, 1, 3]}),
        ("avg_pool3d", {"kernel": [2, 3, 2], "stride": 2, "padding": [[1, 0], 1, 0], "ceil": True}),
        (
            "avg_pool3d",
            {"kernel": [2, 3, 2], "stride": 2, "padding": [[1, 0], 1, 0], "ceil": True, "count_include_pad": True},
        ),
        ("sum_pool3d", {"kernel": [2, 3, 2], "stride": 2, "padding": [[1, 0], 1, 0], "ceil": True}),
        ("global_max_pool3d", {}),
        ("global_avg_pool3d", {}),
    ],
    ids=str,
)
def test_3d_pooling_on_onnxruntime(kind: str, written: dict[str, Any]) -> None:
    agree(make(kind, **written), (N, 2, D, H, W), VOLUMES)


@pytest.mark.parametrize("kind", ["global_max_pool1d", "global_avg_pool1d"])
def test_1d_global_pooling_on_onnxruntime(kind: str) -> None:
    agree(make(kind), (N, 3, L), LENGTHS)


def test_pads_are_always_explicit() -> None:
    for layer in (
        make("conv2d", filters=2, kernel=3, padding="same"),
        make("max_pool2d", kernel=2),
        make("avg_pool2d", kernel=3, stride=1, padding="same"),
    ):
        model = onnx.ModelProto.FromString(build(layer, [floats(1, 2, 8, 8)], small_weights(layer, 1, 2, 8, 8)))
        names = {one.name for node in model.graph.node for one in node.attribute}
        assert "pads" in names
        assert "auto_pad" not in names
