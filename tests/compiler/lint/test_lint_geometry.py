"""Rules about windows, receptive fields and what they cost: what they leave alone, and that their remedies hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotnn import compile_source
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic

IMAGE = "float32[N, 3, 29, 30]"


def net(stages: str, kind: str = IMAGE) -> str:
    """A model of some stages."""
    return f"model net {{\n    input x: {kind}\n    output y = x -> {stages}\n}}\n"


def found(text: str, *select: str) -> list[Diagnostic]:
    """What the rules say of a text."""
    return list(check(Path("net.nn").resolve(), text=text, select=select).diagnostics)


def codes(text: str, *select: str) -> list[str]:
    """The codes of it."""
    return [one.code for one in found(text, *select)]


def output(text: str) -> str:
    """The type of the output of a model."""
    graph = compile_source(text).graph
    return str(graph.type_of(graph.outputs["y"]))


#: Layers with a finding, and what becomes of them when its remedy is taken.
MENDED = [
    ("L201", "max_pool2d(2)", "max_pool2d(2, ceil=true)", "float32[N, 3, 15, 15]"),
    ("L201", "max_pool2d(3, stride=2)", "max_pool2d(3, stride=2, ceil=true)", "float32[N, 3, 14, 15]"),
    (
        "L201",
        "conv2d(8, kernel=3, stride=2)",
        "conv2d(8, kernel=3, stride=2, padding=[[0, 0], [0, 1]])",
        "float32[N, 8, 14, 15]",
    ),
    (
        "L201",
        "conv2d(8, kernel=[5, 3], stride=[3, 2], padding=[1, 0])",
        "conv2d(8, kernel=[5, 3], stride=[3, 2], padding=[[1, 2], [0, 1]])",
        "float32[N, 8, 10, 15]",
    ),
    ("L206", "conv2d(8, kernel=3, padding=2)", "conv2d(8, kernel=3, padding=1)", "float32[N, 8, 29, 30]"),
    (
        "L206",
        "conv2d(8, kernel=[5, 3], padding=2)",
        "conv2d(8, kernel=[5, 3], padding=[2, 1])",
        "float32[N, 8, 29, 30]",
    ),
    (
        "L206",
        "conv2d(8, kernel=3, padding=3, dilation=2, weight=WEIGHT)",
        "conv2d(8, kernel=3, padding=2, dilation=2, weight=WEIGHT)",
        "float32[N, 8, 29, 30]",
    ),
    (
        "L210",
        "conv_transpose2d(8, kernel=3, stride=2, padding=1, output_padding=1)",
        "conv_transpose2d(8, kernel=4, stride=2, padding=1)",
        "float32[N, 8, 58, 60]",
    ),
    (
        "L210",
        "conv_transpose2d(8, kernel=3, stride=2)",
        "conv_transpose2d(8, kernel=4, stride=2)",
        "float32[N, 8, 60, 62]",
    ),
]
#: Numbers for a kernel, since dilated layers with weights that are written out are nobody's mistake.
WEIGHT = f"const WEIGHT = {[[[[1.0] * 3] * 3] * 3] * 8}\n"


@pytest.mark.parametrize(("code", "stages", "mended", "kind"), MENDED)
def test_a_remedy_gives_the_type_that_it_says(code: str, stages: str, mended: str, kind: str) -> None:
    (one,) = found(net(stages) + WEIGHT * ("WEIGHT" in stages), code)
    assert one.code == code
    written = re.findall(r"`([^`]+)`", one.advice())[0]
    assert written in mended
    assert one.advice().endswith(f" gives {kind}")
    text = net(mended) + WEIGHT * ("WEIGHT" in stages)
    assert output(text) == kind
    assert not found(text, code)


def test_dropped_positions_that_no_single_argument_mends_are_told_without_one() -> None:
    (one,) = found(net("lp_pool2d([2, 29], stride=[2, 29])"), "L201")
    assert one.advice() == "choose kernel, stride and size so that the windows come out even"


@pytest.mark.parametrize(
    "stages",
    [
        "conv_transpose2d(8, kernel=2, stride=2)",
        "conv_transpose2d(8, kernel=4, stride=2, padding=1)",
        "conv_transpose2d(8, kernel=6, stride=3, padding=2)",
        'conv_transpose2d(8, kernel=4, padding="same")',
        'conv2d(8, kernel=2, stride=2, padding="same")',
        'conv2d(8, kernel=5, padding="same")',
        "conv2d(8, kernel=4, padding=[[1, 2], [1, 2]])",
        "conv2d(8, kernel=11, stride=4, padding=2)",
        "conv2d(8, kernel=3, padding=[[2, 0], [2, 0]])",
        "conv2d(8, kernel=4, padding=2)",
        "conv2d(8, kernel=7, stride=2, padding=3)",
        "conv2d(64, kernel=7, padding=3)",
        "depthwise_conv2d(kernel=7, padding=3)",
        "conv2d(8, kernel=3, padding=1) -> relu -> conv2d(8, kernel=3, padding=2, dilation=2)",
        "avg_pool2d(3, stride=1, padding=1)",
        "max_pool2d(2, stride=2)",
    ],
)
def test_windows_that_are_used_so_are_left_alone(stages: str) -> None:
    assert not codes(net(stages))


def test_a_transposed_convolution_has_rules_of_its_own() -> None:
    (one,) = found(net("conv_transpose2d(8, kernel=2, stride=3)"))
    assert one.code == "L210"
    assert "adds up 0 products at some positions and 1 at others" in one.headline()


def test_an_even_window_says_where_its_zeros_go() -> None:
    (one,) = found(net('conv2d(8, kernel=[4, 3], padding="same")'))
    assert one.advice() == (
        "write `kernel=3` or `kernel=[5, 3]`, or say where the zeros go: `padding=[[1, 2], [1, 1]]`"
    )
    assert output(net("conv2d(8, kernel=[4, 3], padding=[[1, 2], [1, 1]])")) == "float32[N, 8, 29, 30]"
    (pool,) = found(net('max_pool2d(2, stride=1, padding="same")'))
    assert pool.advice().startswith("write `kernel=3`, or say")


def test_pooling_a_single_position_does_nothing_be_it_padded() -> None:
    single = "float32[N, 3, 1, 1]"
    assert codes(net('max_pool2d(3, padding="same")', single)) == ["L205"]
    assert codes(net("avg_pool2d(3, padding=1)", single)) == ["L205"]
    assert not codes(net("avg_pool2d(3, padding=1, count_include_pad=true)", single))
    assert not codes(net("max_pool2d(1, stride=2)"), "L205")


@pytest.mark.parametrize(
    ("stages", "padding"),
    [
        ("conv2d(64, kernel=7, padding=3) -> relu", ", padding=1"),
        ('conv2d(64, kernel=7, padding="same", bias=false) -> batch_norm -> relu', ', padding="same"'),
        ("conv2d(64, kernel=9, groups=4) -> relu", ""),
    ],
)
def test_a_stack_has_as_many_weights_as_is_said(stages: str, padding: str) -> None:
    kind = "float32[N, 64, 29, 30]"
    (one,) = found(net(stages, kind))
    assert one.code == "L208"
    stack = re.findall(r"`(repeat[^`]+)`", one.advice())[0]
    assert padding in stack
    small, large = compile_source(net(stack, kind)), compile_source(net(stages, kind))
    assert output(net(stack, kind)) == output(net(stages, kind))
    counts = [sum(weight.elements for weight in each.weights if len(weight.shape) > 1) for each in (large, small)]
    assert all(f"{count:,}" in one.headline() for count in counts)
    assert not codes(net(stack, kind))


@pytest.mark.parametrize("stages", ["conv2d(64, kernel=9, padding=4)", "conv2d(3, kernel=9, padding=4) -> tanh"])
def test_a_last_layer_that_draws_may_have_a_large_window(stages: str) -> None:
    assert not codes(net(stages, "float32[N, 64, 29, 30]"))


BRANCHES = """model net {{
    input x: float32[N, 3, 64, 64]
    stem = x -> conv2d(16, kernel=4, stride=4) -> relu
    near = stem -> conv2d(16, kernel={near}) -> relu
    far = stem -> conv2d(16, kernel=3, dilation=4, padding=4, bias=false) -> batch_norm -> relu
    output y = {merged} -> conv2d(8, kernel=1)
}}
"""


@pytest.mark.parametrize("merged", ["concat(near, far)", "near + far", "concat(near, far, near + far)"])
def test_a_dilated_branch_beside_one_that_sees_all_is_left_alone(merged: str) -> None:
    near = "1" if "concat" in merged else "3, padding=1"
    expected = ["L209"] if merged.count("near") > 1 else []
    assert codes(BRANCHES.format(near=near, merged=merged)) == expected
    assert codes(BRANCHES.format(near="3, dilation=2, padding=2", merged=merged)) == ["L209"] * 2


def test_a_projection_is_told_of_where_nothing_else_reads_the_same() -> None:
    alone = "conv2d(8, kernel=3, padding=1) -> relu -> conv2d(8, kernel=1, stride=2) -> relu"
    (one,) = found(net(alone))
    assert (one.code, str(one.severity)) == ("L203", "hint")
    assert "leaves out 1 position" in one.headline()
    assert "avg_pool2d(2)" in one.advice()
    beside = """model net {
    input x: float32[N, 8, 32, 32]
    a = x -> conv2d(8, kernel=3, padding=1) -> relu
    output y = (a -> conv2d(8, kernel=1, stride=2)) + (a -> conv2d(8, kernel=3, stride=2, padding=1) -> relu)
}
"""
    assert not codes(beside)


def test_a_stack_is_advised_only_where_it_gives_the_same_size() -> None:
    assert not codes(net("conv2d(64, kernel=7, padding=2)", "float32[N, 64, 29, 30]"))
    assert not codes(net("conv2d(64, kernel=[7, 9])", "float32[N, 64, 29, 30]"))
    assert not codes(net("conv1d(64, kernel=7)", "float32[N, 64, 290]"))


def test_dilations_leave_no_hole_where_that_is_advised() -> None:
    layers = "conv2d(8, kernel=3, padding=1) -> relu -> conv2d(8, kernel=3, dilation={}, padding={})"
    (one,) = found(net(layers.format(4, 4)))
    assert one.code == "L209"
    assert "at most 3 " in one.advice()
    assert one.caret() == "misses 1 of each 4 positions"
    assert not codes(net(layers.format(3, 3)))


def test_dilations_of_a_causal_stack_leave_no_holes() -> None:
    stages = " -> ".join(f"conv1d(8, kernel=2, dilation={2**n}, padding=[[{2**n}, 0]]) -> relu" for n in range(6))
    assert not codes(net(stages, "float32[N, 3, 200]"))


SMALL = "repeat(4) { conv2d(8, kernel=3, padding=1) -> relu }"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("flatten -> dense(10)", "float32[N, 3, 64, 64]"),
        ("global_avg_pool2d -> flatten -> dense(10)", "float32[N, 3, H, W]"),
        ("global_avg_pool2d -> flatten -> dense(10)", "float32[N, 3, 18, 18]"),
        ("conv2d(2, kernel=1)", "float32[N, 3, 64, 64]"),
        ("reshape([N, 8, 4096]) -> transpose([0, 2, 1]) -> mean(axis=1)", "float32[N, 3, 64, 64]"),
    ],
)
def test_networks_that_may_see_little_are_left_alone(head: str, kind: str) -> None:
    assert "L207" not in codes(net(f"{SMALL} -> {head}", kind))


def test_features_that_are_pooled_as_they_come_are_left_alone() -> None:
    assert not codes(net("global_avg_pool2d -> flatten -> dense(10)", "float32[N, 64, 32, 32]"))


@pytest.mark.parametrize(
    "head", ["global_avg_pool2d -> flatten", "adaptive_avg_pool2d(1) -> flatten", "mean(axis=[2, 3])", "avg_pool2d(64)"]
)
def test_networks_that_see_little_before_they_gather_are_told_of(head: str) -> None:
    (one,) = found(net(f"{SMALL} -> {head}", "float32[N, 3, 64, 64]"))
    assert one.code == "L207"
    assert "sees 9 of the 64 positions" in one.headline()
    assert "max_pool2d(2)" in one.advice()


def test_the_way_that_sees_most_counts() -> None:
    text = """model net {
    input x: float32[N, 3, 16, 16]
    near = x -> conv2d(4, kernel=3) -> relu -> global_avg_pool2d -> flatten
    far = x -> repeat(4) { conv2d(4, kernel=3) -> relu } -> global_avg_pool2d -> flatten
    output y = concat(near, far) -> dense(2)
}
"""
    assert not codes(text)
    assert codes(text.replace("repeat(4)", "repeat(3)")) == ["L207"]


def test_a_gate_of_pooled_channels_is_no_end() -> None:
    text = """model net {
    input x: float32[N, 3, 64, 64]
    features = x -> conv2d(8, kernel=3, padding=1) -> relu
    gate = features -> global_avg_pool2d -> conv2d(8, kernel=1) -> sigmoid
    output y = features * gate
}
"""
    assert not codes(text)


def test_a_dense_layer_has_with_pooling_as_many_parameters_as_is_said() -> None:
    kind = "float32[N, 64, 32, 32]"
    (one,) = found(net("flatten -> dense(128) -> relu -> dense(10)", kind))
    assert one.code == "L302"
    pooled = net("global_avg_pool2d -> flatten -> dense(128) -> relu -> dense(10)", kind)
    count = sum(weight.elements for weight in compile_source(pooled).weights)
    assert f"the model {count:,}" in one.advice()
    assert not codes(pooled)
    assert not codes(net("flatten -> dense(8) -> relu -> dense(10)", kind))
    assert not codes(net("flatten -> dense(128) -> relu -> dense(20_000_000)", kind))


def test_long_chains_are_walked_in_linear_time_and_without_deep_calls() -> None:
    stages = (
        "repeat(1_250) { conv2d(6, kernel=3, padding=1) -> relu -> dropout(0.1) -> max_pool2d(3, stride=1, padding=1) }"
    )
    text = net(f"{stages} -> global_avg_pool2d -> flatten -> dense(2)")
    path = Path("net.nn").resolve()
    assert not check(path, text=text, select=["L2", "L3"], ignore=["L1"]).diagnostics
    found_ = check(path, text=text, select=["L2", "L3"], provider="cuda").diagnostics
    assert [one.code for one in found_].count("L303") == 1


@pytest.mark.parametrize(
    ("kind", "stages", "wanted"),
    [
        ("float32[N, 224, 224, 3]", "conv2d(8, kernel=3)", "float32[N, 3, 224, 224]"),
        ("float32[N, 480, 640, 4]", "batch_norm -> relu -> max_pool2d(2)", "float32[N, 4, 480, 640]"),
        ("float32[N, 28, 28, 1]", "conv2d(8, kernel=3, padding=1)", "float32[N, 1, 28, 28]"),
        ("float32[N, 16, 112, 112, 3]", "conv3d(8, kernel=3)", "float32[N, 3, 16, 112, 112]"),
        ("float32[N, 500, 4]", "conv1d(8, kernel=1)", "float32[N, 4, 500]"),
    ],
)
def test_channels_that_stand_last_are_found_and_both_remedies_help(kind: str, stages: str, wanted: str) -> None:
    (last,) = [one for one in found(net(stages, kind)) if one.code == "L129"]
    assert last.span is not None
    assert last.span.text == kind
    assert f"write `{wanted}`" in last.advice()
    assert "L129" not in codes(net(stages, wanted))
    order = re.search(r"transpose\([^)]*\)", last.advice())
    assert order is not None
    assert "L129" not in codes(net(f"{order[0]} -> {stages}", kind))


@pytest.mark.parametrize(
    ("kind", "stages"),
    [
        ("float32[N, 3, 224, 224]", "conv2d(8, kernel=3)"),
        ("float32[N, 512, 4, 4]", "conv2d(8, kernel=3)"),
        ("float32[N, 22, 64, 1]", "conv2d(8, kernel=[5, 1])"),
        ("float32[N, 512, 16, 3]", "conv2d(8, kernel=3)"),
        ("float32[N, 64, 1]", "conv1d(8, kernel=1)"),
        ("float32[N, 8, 4]", "conv1d(8, kernel=3)"),
        ("float32[N, 256, 4]", "conv_transpose1d(8, kernel=3)"),
        ("float32[N, 28, 28, 1]", "flatten -> dense(8)"),
    ],
)
def test_maps_of_few_columns_are_no_images_with_their_channels_last(kind: str, stages: str) -> None:
    assert "L129" not in codes(net(stages, kind))
