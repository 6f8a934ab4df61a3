"""What convolutions and poolings refuse, and how they say it."""

from __future__ import annotations

import re

import pytest
from dotnn.compiler.diagnostics import CATALOGUE, DotnnError
from dotnn.compiler.dims import format_dim
from dotnn.compiler.graph.graph import WrittenArgument, WrittenCall
from dotnn.compiler.graph.types import DType
from dotnn.compiler.layers.base import Site
from dotnn.compiler.source import Source

from tests.helpers.one_layer import C, H, L, N, T, W, floats, make, refuses
from tests.helpers.window_layers import refused, result_shape


def test_window_larger_than_the_input() -> None:
    found = refused(make("conv2d", filters=8, kernel=5, dilation=2, padding=[[1, 0], [4, 4]]), N, 3, 4, 4)
    assert found.code == "E410"
    assert found.headline() == (
        "the window of `conv2d` spans 2*(5 - 1) + 1 = 9 positions along axis 2, "
        "where float32[N, 3, 4, 4] has 1 + 4 + 0 = 5 with padding"
    )
    assert "`dilation`" in found.advice()
    assert "transpose" not in found.advice()


def test_window_larger_than_what_looks_like_channels() -> None:
    found = refused(make("conv2d", filters=8, kernel=3), N, 28, 28, 1)
    assert found.code == "E410"
    assert "transpose([0, 3, 1, 2])" in found.advice()
    found = refused(make("conv1d", filters=8, kernel=5), N, 100, 4)
    assert "transpose([0, 2, 1])" in found.advice()


def test_a_window_may_overhang_by_less_than_its_stride() -> None:
    layer = make("avg_pool1d", kernel=4, stride=2, ceil=True)
    assert result_shape(layer, N, 1, 3)[2] == 1
    found = refused(layer, N, 1, 2)
    assert found.code == "E410"
    assert found.notes() == ("with `ceil=true` the last window may overhang by stride - 1 = 1",)


def test_groups_that_do_not_divide() -> None:
    filters = refused(make("conv2d", filters=18, kernel=3, groups=4), N, 8, H, W)
    assert filters.code == "E411"
    assert filters.headline() == "`conv2d` cannot share 18 filters among 4 groups: 18 = 4*4 + 2"
    assert filters.advice() == "use 16 or 20 filters, or another `groups`"
    few = refused(make("conv2d", filters=2, kernel=3, groups=4), N, 8, H, W)
    assert few.advice() == "use 4 filters, or another `groups`"
    channels = refused(make("conv2d", filters=16, kernel=3, groups=4), N, 10, H, W)
    assert channels.code == "E412"
    assert channels.headline() == (
        "`conv2d` cannot share the 10 channels of float32[N, 10, H, W] among 4 groups: 10 = 2*4 + 2"
    )
    assert channels.advice() == "use a `groups` that divides 10: 1, 2, 5, 10"
    last = refused(make("conv2d", filters=16, kernel=3, groups=4), N, 30, 30, 8)
    assert "transpose([0, 3, 1, 2])" in last.advice()


def test_same_with_a_stride_on_an_undecided_dimension() -> None:
    found = refused(make("conv2d", filters=8, kernel=3, stride=[1, 2], padding="same"), N, 3, H, W)
    assert found.code == "E413"
    assert "axis 3 of float32[N, 3, H, W]" in found.headline()
    assert "`W`" in found.headline()
    assert found.advice() == (
        "write `2*W` for `W` in the types of the inputs and elsewhere in the model, or "
        "give `W` a number in the type of the input, or write the padding out: `padding=[1, 1]`"
    )
    assert result_shape(make("conv2d", filters=8, kernel=3, stride=[1, 2], padding=[1, 1]), N, 3, H, 8)[2:] == (H, 4)


@pytest.mark.parametrize("family", ["max", "avg", "sum"])
def test_pool_padding_beyond_half_of_the_kernel(family: str) -> None:
    found = refused(make(f"{family}_pool2d", kernel=3, stride=2, padding=[[0, 1], [1, 2]]), N, 3, H, W)
    assert found.code == "E414"
    assert found.headline() == (f"`{family}_pool2d` pads axis 3 by 2, more than half of its kernel: 3 // 2 = 1")


def test_a_window_that_steps_over_the_input() -> None:
    layer = make("max_pool1d", kernel=2, stride=1, padding=1, dilation=3)
    found = refused(layer, N, 1, 2)
    assert found.code == "E415"
    assert "positions 3 apart, and float32[N, 1, 2] has only 2" in found.headline()
    site = Site.nowhere("max_pool1d")
    layer.infer([floats(N, 1, L)], site)
    assert ("L", 3) in [(format_dim(one.dim), one.minimum) for one in site.demands]


def test_channels_that_stand_last() -> None:
    for kind, written in (
        ("conv1d", {"filters": 8, "kernel": 3}),
        ("global_max_pool1d", {}),
        ("max_pool1d", {"kernel": 2}),
        ("batch_norm", {}),
        ("group_norm", {"groups": 4}),
        ("instance_norm", {"scale": False, "bias": False}),
        ("local_response_norm", {"size": 5}),
        ("prelu", {"per_channel": True}),
        ("spatial_dropout", {"rate": 0.5}),
    ):
        found = refused(make(kind, **written), N, T, 64)
        assert found.code == "E416"
        assert found.headline() == (
            f"`{kind}` reads [N, C, L], and float32[N, T, 64] looks like [N, T, C]: "
            "axis 1 is symbolic, the last axis is 64"
        )
        assert "transpose([0, 2, 1])" in found.advice()
    found = refused(make("conv2d", filters=8, kernel=3), N, H, W, 3)
    assert (found.code, "transpose([0, 3, 1, 2])" in found.advice()) == ("E416", True)
    assert result_shape(make("max_pool2d", kernel=2), N, C, H, W)[1] == C
    assert result_shape(make("prelu"), N, T, 64) == (N, T, 64)
    assert result_shape(make("batch_norm"), N, 64) == (N, 64)


def test_a_last_axis_that_divides_as_channels_would() -> None:
    conv = make("conv2d", filters=8, kernel=3, groups=8)
    assert "transpose([0, 3, 1, 2])" in refused(conv, N, 12, 12, 16).advice()
    # The last two axes of an image are mostly equal, and then they are no channels.
    assert "transpose" not in refused(conv, N, 12, 16, 16).advice()
    assert "transpose" not in refused(conv, N, 12, 16, 17).advice()


def test_operands_of_another_form() -> None:
    conv = make("conv2d", filters=8, kernel=3)
    flat = refused(conv, N, 28, 28)
    assert (flat.code, flat.advice()) == (
        "E401",
        "a missing channel axis is added by `unsqueeze(axis=1)`; `conv1d` reads [N, C, L]",
    )
    assert refused(make("sum_pool1d", kernel=2), N, 3, 28, 28).advice() == "`sum_pool2d` reads [N, C, H, W]"
    # There is none for volumes.
    assert "3d" not in refused(make("depthwise_conv2d", kernel=2), N, 3, 4, 28, 28).advice()
    assert refused(conv, N, 784).code == "E401"
    assert refused(conv, N, C, H, W).code == "E403"
    assert refused(conv, N, 3, H, W, dtype=DType.UINT8).code == "E402"
    assert refused(make("max_pool2d", kernel=2), N, 3, H, W, dtype=DType.INT64).code == "E402"


def test_errors_point_at_the_argument_and_the_operand() -> None:
    source = Source("net.nn", "x -> conv2d(8, kernel=5)")
    operand, kernel = source.span(0, 1), source.span(22, 23)
    arguments = {"x": WrittenArgument(None, operand), "kernel": WrittenArgument(source.span(15, 21), kernel)}
    site = Site("conv2d", WrittenCall(source.span(5, 24), arguments=arguments))
    with pytest.raises(DotnnError) as caught:
        make("conv2d", filters=8, kernel=5).infer([floats(N, 3, 4, 4)], site)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span == kernel
    assert [(label.span, label.text) for label in diagnostic.labels()] == [(operand, "this is float32[N, 3, 4, 4]")]


def test_every_window_diagnostic_has_a_page_with_a_sample() -> None:
    codes = [code for code in CATALOGUE if re.fullmatch(r"E41\d", code)]
    assert sorted(codes) == [f"E41{number}" for number in range(7)]
    for code in codes:
        assert "```nn" in (CATALOGUE[code].__doc__ or ""), code


def test_a_word_of_keras_for_no_padding() -> None:
    for kind, written in (("conv2d", {"filters": 8}), ("max_pool2d", {}), ("conv_transpose1d", {"filters": 8})):
        assert refuses(kind, kernel=3, padding="valid", **written) == "0 where nothing is padded"
