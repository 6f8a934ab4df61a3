"""Depthwise and separable convolutions: numbers, shapes, costs, weights, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.graph.tensors import Fan, Literal
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.base import Site

from tests.helpers.one_layer import C, H, L, N, T, W, floats, make, parameters
from tests.helpers.window_layers import agree, apply, refused, result_shape, small_weights

BOTH = ("depthwise_conv", "separable_conv")


def layer_of(family: str, rank: int, **written: Any) -> Any:
    """A layer of a family; a separable one has five filters."""
    filters = {"filters": 5} if family == "separable_conv" else {}
    return make(f"{family}{rank}d", **filters, **written)


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_copies_of_a_channel_stand_together() -> None:
    """Channel c, copy m is c*multiplier + m."""
    x, weight = np.array([[[1.0, 2], [10, 20]]]), np.array([[[1.0]], [[2]], [[3]], [[4]]])
    y = apply(make("depthwise_conv1d", kernel=1, multiplier=2, bias=False), x, weight=weight)
    assert y.tolist() == [[[1, 2], [2, 4], [30, 60], [40, 80]]]


@pytest.mark.parametrize("rank", [1, 2])
def test_a_depthwise_convolution_is_one_with_a_group_for_each_channel(rank: int) -> None:
    shape = (2, 3, 9, 8)[: rank + 2]
    window = {"kernel": 3, "stride": 2, "padding": "same", "dilation": 2}
    layer = make(f"depthwise_conv{rank}d", multiplier=4, **window)
    weights = small_weights(layer, *shape)
    x = np.random.default_rng(1).normal(size=shape)
    grouped = make(f"conv{rank}d", filters=12, groups=3, **window)
    np.testing.assert_allclose(apply(layer, x, **weights), apply(grouped, x, **weights))
    assert layer.macs([floats(*shape)], layer.infer([floats(*shape)], Site.nowhere())) == grouped.macs(
        [floats(*shape)], grouped.infer([floats(*shape)], Site.nowhere())
    )


def test_a_separable_convolution_is_two() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 6))
    window = {"kernel": [3, 2], "stride": [1, 2], "padding": [[1, 0], [0, 2]], "multiplier": 2}
    layer = make("separable_conv2d", filters=5, **window)
    weights = small_weights(layer, *x.shape)
    between = apply(make("depthwise_conv2d", bias=False, **window), x, weight=weights["depthwise.weight"])
    local = {name.partition(".")[2]: array for name, array in weights.items() if name.startswith("pointwise")}
    expected = apply(make("conv2d", filters=5, kernel=1), between, **local)
    np.testing.assert_allclose(apply(layer, x, **weights), expected)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("family", BOTH)
@pytest.mark.parametrize(
    "window",
    [
        {"kernel": 3},
        {"kernel": 2, "stride": 3, "padding": [[0, 2], [1, 0]], "bias": False},
        {"kernel": 4, "dilation": 2, "padding": "same", "multiplier": 3},
        {"kernel": 1, "multiplier": 2},
    ],
    ids=str,
)
def test_onnxruntime_agrees(rank: int, family: str, window: dict[str, Any]) -> None:
    if isinstance(window.get("padding"), list):
        window = {**window, "padding": window["padding"][:rank]}
    sizes = [{"N": 1, "H": 7, "W": 5}, {"N": 3, "H": 6, "W": 9}]
    agree(layer_of(family, rank, **window), (N, 3, *(H, W)[:rank]), sizes)


# --- shapes, costs, weights -------------------------------------------------------------------------------------------


def test_shapes() -> None:
    assert result_shape(make("depthwise_conv2d", kernel=3, multiplier=2), N, 8, H, W) == (N, 16, H - 2, W - 2)
    assert result_shape(make("separable_conv2d", filters=5, kernel=3, multiplier=2), N, 8, H, W) == (N, 5, H - 2, W - 2)
    assert result_shape(make("separable_conv1d", filters=5, kernel=3, stride=2, padding="same"), N, 8, 2 * L) == (
        N,
        5,
        L,
    )


def test_costs_and_counts_are_told() -> None:
    types = [floats(N, 32, 28, 28)]
    depthwise = make("depthwise_conv2d", kernel=3, multiplier=2)
    results = depthwise.infer(types, Site.nowhere())
    assert depthwise.explain_macs(types, results) == "3*3*64*26*26"
    assert depthwise.macs(types, results) == 9 * 64 * 26 * 26 * N
    separable = make("separable_conv2d", filters=10, kernel=3)
    results = separable.infer(types, Site.nowhere())
    assert separable.explain_macs(types, results) == "3*3*32*26*26 + 32*10*26*26"
    assert separable.macs(types, results) == (9 * 32 + 32 * 10) * 26 * 26 * N
    assert separable.explain_params(types) == "3*3*32 + (32+1)*10"
    assert parameters(separable, floats(N, 32, 28, 28)) == 9 * 32 + 33 * 10
    assert make("separable_conv2d", filters=10, kernel=3, bias=False).explain_params(types) == "3*3*32 + 32*10"


def test_initializers_count_by_the_shape_of_the_weight() -> None:
    """As ``torch.nn.init`` does: Keras counts the channels of a depthwise kernel among its inputs."""
    weight, _ = make("depthwise_conv2d", kernel=3, multiplier=2).weights([floats(N, 6, 5, 7)])
    assert (weight.shape, weight.fan) == ((12, 1, 3, 3), Fan(9, 12 * 9))


def test_a_depthwise_convolution_mixes_no_channels() -> None:
    """So that what lies along axis 1 keeps its field."""
    text = "model m {{ input x: float32[1, 2, 9, 8] output y = x -> transpose([0, 2, 1, 3]) -> {} }}"
    for call, field in (("depthwise_conv2d(kernel=[2, 3])", 1), ("separable_conv2d(2, kernel=[2, 3])", 3)):
        assert compile_source(text.format(call)).summary().receptive_fields == {"y": field}


# --- names with a dot -------------------------------------------------------------------------------------------------

SEPARABLE = "model m {{ input x: float32[N, 2, T] output y = x -> sep: separable_conv1d({}) {} }}"


def test_tensors_of_a_separable_convolution_have_names_of_two_parts() -> None:
    graph = compile_source(SEPARABLE.format("3, kernel=2", "freeze sep")).graph
    assert {one.name: (one.shape, one.frozen) for one in graph.weights()} == {
        "sep.depthwise.weight": ((2, 1, 2), True),
        "sep.pointwise.weight": ((3, 2, 1), True),
        "sep.pointwise.bias": ((3,), True),
    }


def test_numbers_are_written_under_names_without_dots() -> None:
    text = "1, kernel=1, depthwise_weight=[[[2]], [[3]]], pointwise_weight=[[[5], [7]]], bias=[0.5]"
    found = {one.name: one.initializer for one in compile_source(SEPARABLE.format(text, "")).graph.weights()}
    assert found == {
        "sep.depthwise.weight": Literal((2, 1, 1), (2, 3)),
        "sep.pointwise.weight": Literal((1, 2, 1), (5, 7)),
        "sep.pointwise.bias": Literal((1,), (0.5,)),
    }


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        ("1, kernel=1, weight=[[[2]]]", "E204", "did you mean `depthwise_weight` or `pointwise_weight`?"),
        ("1, kernel=1, depthwise_weight=[[[2]]]", "E317", "write nested lists of shape [2, 1, 1]"),
        ("1, kernel=1, bias=[1, 2]", "E317", "write nested lists of shape [1]"),
        ("1, kernel=1, bias=false, bias_init=ones", "E301", ""),
    ],
)
def test_wrong_numbers_are_refused(call: str, code: str, said: str) -> None:
    with pytest.raises(DotnnError) as caught:
        compile_source(SEPARABLE.format(call, ""))
    (fault,) = caught.value.diagnostics
    assert fault.code == code
    assert said in fault.advice()


def test_reuse_shares_all_of_them() -> None:
    model = compile_source(
        "model m { input x: float32[N, 3, T] output y = x -> s: separable_conv1d(3, kernel=1) -> reuse(s) }"
    )
    assert len(list(model.graph.weights())) == 3
    assert model.summary().count.params == 3 + 9 + 3


# --- what they refuse -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", BOTH)
@pytest.mark.parametrize(
    ("window", "shape", "code"),
    [
        ({"kernel": 5}, (N, 2, 4, 4), "E410"),
        ({"kernel": 3}, (N, C, H, W), "E403"),
        ({"kernel": 3}, (N, H, W, 3), "E416"),
        ({"kernel": 3}, (N, 3, L), "E401"),
        ({"kernel": 3, "stride": 2, "padding": "same"}, (N, 3, H, W), "E413"),
    ],
)
def test_what_they_share_with_the_convolution(
    family: str, window: dict[str, Any], shape: tuple[Any, ...], code: str
) -> None:
    assert refused(layer_of(family, 2, **window), *shape).code == code


def test_there_are_none_for_volumes() -> None:
    assert not {"depthwise_conv3d", "separable_conv3d"} & LAYERS.keys()


def test_a_symbolic_size_must_hold_the_window() -> None:
    site = Site.nowhere("separable_conv1d")
    make("separable_conv1d", filters=2, kernel=4, dilation=2).infer([floats(N, 3, T)], site)
    assert [(str(one.dim), one.minimum) for one in site.demands] == [("T", 7)]
