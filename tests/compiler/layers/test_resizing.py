"""Resampling and shuffling: measured numbers, exact positions, symbolic sizes, fields, and what is refused."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Site
from dotnn.compiler.layers.reach import WHOLE, Along

from tests.helpers.language import faults_of, model
from tests.helpers.layer_facts import CONVENTIONS, TORCH
from tests.helpers.one_layer import C, H, L, N, T, W, build, check_at_all_sizes, demands, floats, ints, make, run
from tests.helpers.window_layers import agree, apply, refused, result_shape

RESIZE = CONVENTIONS["resize"]
ROW = (1.0, 2.0, 3.0, 4.0)
DOUBLE = 1e-12


def resized(row: Any, size: int, **written: Any) -> list[float]:
    """A row of numbers as an image of one row, or for the mode `linear` as a sequence."""
    x = np.array(row, float)
    x = x[None, None] if written.get("mode") == "linear" else x[None, None, None]
    wanted = size if written.get("mode") == "linear" else [1, size]
    return apply(make("resize", size=wanted, **written), x).ravel().tolist()


# Numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 6, 8])
def test_numbers_measured_of_pytorch(size: int) -> None:
    assert resized(ROW, size) == RESIZE[f"nearest ->{size}"]["torch_nearest"]
    for mode in ("linear", "bilinear"):
        expected = RESIZE[f"linear ->{size}"]
        assert resized(ROW, size, mode=mode) == pytest.approx(expected["torch_align_False"], abs=1e-6)
        aligned = resized(ROW, size, mode=mode, align_corners=True)
        assert aligned == pytest.approx(expected["torch_align_True"], abs=1e-6)
    cubic = RESIZE[f"cubic ->{size}"]["torch_bicubic"]
    assert resized(ROW, size, mode="bicubic") == pytest.approx(cubic, abs=1e-6)


def test_one_position_is_the_middle_or_the_first() -> None:
    assert resized(ROW, 1, mode="linear") == RESIZE["linear ->1"]["torch"] == [2.5]
    assert resized(ROW, 1, mode="linear", align_corners=True) == [1]
    assert resized((5.0,), 3, mode="bicubic") == pytest.approx([5, 5, 5])


def test_what_keeps_its_size_stays_as_it_is() -> None:
    row = (1.0, math.nan, math.inf, 4.0)
    for written in ({}, {"mode": "linear"}, {"mode": "bicubic"}, {"mode": "linear", "align_corners": True}):
        np.testing.assert_array_equal(resized(row, 4, **written), row)


def test_upsampling_is_resizing_to_multiples() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    for mode in ("nearest", "bilinear", "bicubic"):
        large = apply(make("resize", size=[8, 15], mode=mode), x)
        np.testing.assert_allclose(apply(make("upsample", factor=[2, 3], mode=mode), x), large, rtol=DOUBLE)
    repeated = x.repeat(2, axis=2).repeat(3, axis=3)
    np.testing.assert_array_equal(apply(make("upsample", factor=[2, 3]), x), repeated)


def test_block_of_a_pixel_shuffle() -> None:
    facts = CONVENTIONS["pixel_shuffle"]
    x = np.arange(8, dtype=float).reshape(1, 8, 1, 1)
    assert apply(make("pixel_shuffle", factor=2), x).tolist() == facts["torch_PixelShuffle"]


def test_channels_of_a_shuffle() -> None:
    """Figure 1 of ShuffleNet: the channels of three groups are dealt out in turn."""
    x = np.arange(6.0).reshape(1, 6, 1)
    assert apply(make("channel_shuffle", groups=2), x).ravel().tolist() == [0, 3, 1, 4, 2, 5]
    assert apply(make("channel_shuffle", groups=3), x).ravel().tolist() == [0, 2, 4, 1, 3, 5]
    back = apply(make("channel_shuffle", groups=3), apply(make("channel_shuffle", groups=2), x))
    assert back.tolist() == x.tolist()


# Shapes -------------------------------------------------------------------------------------------------------------


def test_shapes_of_pytorch() -> None:
    for desc, layer in (
        ("Upsample x2", make("upsample", factor=2)),
        ("PixelShuffle(3)", make("pixel_shuffle", factor=3)),
    ):
        assert result_shape(layer, *TORCH[desc]["input"]) == tuple(TORCH[desc]["output"])


def test_symbolic_shapes() -> None:
    assert result_shape(make("upsample", factor=[2, 3]), N, C, H, W) == (N, C, 2 * H, 3 * W)
    assert result_shape(make("upsample", factor=2, mode="trilinear"), N, 1, T, H, W) == (N, 1, 2 * T, 2 * H, 2 * W)
    assert result_shape(make("resize", size=7), N, C, H, W) == (N, C, 7, 7)
    assert result_shape(make("resize", size=[L, 2 * H]), N, C, H, W) == (N, C, L, 2 * H)
    assert result_shape(make("pixel_shuffle", factor=2), N, 4 * C, H, W) == (N, C, 2 * H, 2 * W)
    assert result_shape(make("channel_shuffle", groups=3), N, 3 * C, L) == (N, 3 * C, L)


def test_a_size_is_that_of_another_tensor() -> None:
    text = """model m {
        input x: float32[N, 4, H, W]
        input skip: float32[N, 2, L, T]
        output y = concat(x -> resize(skip.shape[2:], mode="bilinear"), skip)
    }"""
    graph = compile_source(text).graph
    assert graph.type_of(graph.outputs["y"]).shape == (N, 6, L, T)


# On onnxruntime -----------------------------------------------------------------------------------------------------


def test_nearest_positions_are_exact() -> None:
    """Where onnxruntime 1.32 by itself takes others for 117 pairs of sizes up to 64, such as 14 and 4."""
    for old, new in itertools.product((3, 5, 14, 20, 49, 50, 64), range(1, 65)):
        model = build(make("resize", size=new), [floats(1, 1, old)], {})
        (found,) = run(model, [np.arange(old, dtype=np.float32)[None, None]])
        assert found.ravel().tolist() == [number * old // new for number in range(new)]


def test_nearest_positions_of_symbolic_sizes_are_exact() -> None:
    row = build(make("resize", size=L), [floats(1, 1, W)], {}, [floats(1, L)])
    fixed = build(make("resize", size=12), [floats(1, 1, W)], {})
    for old in range(1, 65, 3):
        x = np.arange(old, dtype=np.float32)[None, None]
        (found,) = run(fixed, [x])
        assert found.ravel().tolist() == [number * old // 12 for number in range(12)]
        for new in (1, 2, 3, 7, 12, 49, 64):
            (found,) = run(row, [x, np.zeros((1, new), np.float32)])
            assert found.ravel().tolist() == [number * old // new for number in range(new)]


def test_repeated_positions_are_exact_for_all_factors_to_64() -> None:
    for factor in range(1, 65):
        model = build(make("upsample", factor=factor), [floats(1, 1, L)], {})
        for old in (1, 2, 3, 7, 20, 49):
            (found,) = run(model, [np.arange(old, dtype=np.float32)[None, None]])
            assert found.ravel().tolist() == [number // factor for number in range(old * factor)]


SHAPES: tuple[tuple[str, tuple[Dim, ...]], ...] = (
    ("linear", (N, 2, L)),
    ("bilinear", (N, 2, H, W)),
    ("bicubic", (N, 2, H, W)),
    ("trilinear", (N, 2, T, H, W)),
)
SIZES = (
    {"N": 1, "L": 1, "H": 1, "W": 2, "T": 1},
    {"N": 2, "L": 5, "H": 4, "W": 3, "T": 2},
    {"N": 1, "L": 9, "H": 7, "W": 1, "T": 5},
)


@pytest.mark.parametrize(("mode", "shape"), SHAPES)
def test_blends_on_onnxruntime(mode: str, shape: tuple[Dim, ...]) -> None:
    for size in (1, 2, 4, 7):
        for aligned in (False, True):
            agree(make("resize", size=size, mode=mode, align_corners=aligned), shape, SIZES)
    for factor in (1, 2, 3):
        agree(make("upsample", factor=factor, mode=mode), shape, SIZES)


@pytest.mark.parametrize(("mode", "shape"), SHAPES)
@pytest.mark.parametrize("aligned", [False, True])
def test_blends_of_doubles_are_exact(mode: str, shape: tuple[Dim, ...], aligned: bool) -> None:
    """Of numbers and symbols on either side."""
    generator = np.random.default_rng(0)
    for size in (1, 4, 7):
        layer = make("resize", size=size, mode=mode, align_corners=aligned)
        model = build(layer, [TensorType(DType.FLOAT64, shape)], {})
        for sizes in SIZES:
            x = generator.normal(size=[sizes[str(dim)] if str(dim) in sizes else int(str(dim)) for dim in shape])
            np.testing.assert_allclose(run(model, [x])[0], apply(layer, x), rtol=0, atol=DOUBLE)


def test_blends_to_symbolic_sizes() -> None:
    one = [TensorType(DType.FLOAT64, (N, 2, H, W))]
    layer = make("resize", size=(T, 3), mode="bicubic")
    model = build(layer, one, {}, [floats(1, T)])
    for count in (1, 2, 5, 9):
        x = np.random.default_rng(count).normal(size=(2, 2, 4, 5))
        (found,) = run(model, [x, np.zeros((1, count), np.float32)])
        np.testing.assert_allclose(found, apply(layer.bind({"T": count}), x), rtol=0, atol=DOUBLE)


def test_all_elements_are_moved() -> None:
    for dtype in (DType.INT64, DType.INT32, DType.FLOAT64, DType.BOOL, DType.UINT8, DType.INT8, DType.FLOAT16):
        for layer in (
            make("upsample", factor=2),
            make("resize", size=5),
            make("pixel_shuffle", factor=2),
            make("channel_shuffle", groups=2),
        ):
            check_at_all_sizes(layer, [ints(N, 4, H, W, dtype=dtype)])


def test_channels_of_symbolic_number_on_onnxruntime() -> None:
    check_at_all_sizes(make("channel_shuffle", groups=2), [floats(N, 2 * C, H, W)])
    check_at_all_sizes(make("pixel_shuffle", factor=2), [floats(N, 4 * C, H, W)])
    check_at_all_sizes(make("pixel_shuffle", factor=2), [ints(N, 4 * C, H, W)])


def kinds_of(stage: str, *shape: Dim) -> list[str]:
    """The operators of an optimized build."""
    text = f"model m {{ input x: {floats(*shape)} output y = x -> {stage} }}"
    return [node.op_type for node in onnx.load_from_string(compile_source(text).to_bytes()).graph.node]


def test_what_is_lowered_to_one_operator() -> None:
    assert kinds_of("upsample(2)", 1, 2, 3, 4) == ["Resize"]
    assert kinds_of("resize([7, 4])", N, 2, 3, 4) == ["Gather"]
    assert kinds_of('resize([3, 4], mode="bicubic")', N, 2, 3, 4) == ["Identity"]
    assert kinds_of("pixel_shuffle(2)", N, 4, H, W) == ["DepthToSpace"]


def test_a_large_size_makes_no_large_model() -> None:
    """Nor does it take long."""
    largest = 2**31 - 1
    for stage in (
        f"resize([{largest}, 3])",
        f"adaptive_max_pool2d([{largest}, 3])",
        f"adaptive_avg_pool2d([3, {largest}])",
        f"upsample([{largest}, 1])",
        f"pad([{largest}, 0])",
    ):
        text = f"model m {{ input x: float32[1, 1, 5, 7] output y = x -> {stage} }}"
        for optimize in (False, True):
            assert len(compile_source(text).to_bytes(optimize=optimize)) < 20_000
    text = f"model m {{ input x: float32[1, 1, {largest}] output y = x -> adaptive_avg_pool1d(3) }}"
    assert len(compile_source(text).to_bytes()) < 20_000


# What a position reads ----------------------------------------------------------------------------------------------


def reach(layer: Any, *shape: Dim) -> Along:
    x = floats(*shape)
    return layer.reach([x], layer.infer([x], Site.nowhere(layer.kind)))[2]


def test_what_a_position_reads() -> None:
    assert reach(make("upsample", factor=2), N, 2, L) == Along(2, shift=None)
    assert reach(make("upsample", factor=2, mode="linear"), N, 2, L) == Along(2, 2, shift=None)
    assert reach(make("upsample", factor=2, mode="bicubic"), N, 2, 9, W) == Along(2, 4, shift=None)
    assert reach(make("upsample", factor=2, mode="bicubic"), N, 2, 2, W) == Along(2, 2, shift=None)
    assert reach(make("upsample", factor=1), N, 2, L) == reach(make("resize", size=5), N, 2, 5) == Along(2)
    assert reach(make("resize", size=4), N, 2, 9) == Along(2, 1, 3, shift=None)
    assert reach(make("resize", size=4, mode="linear", align_corners=True), N, 2, 11) == Along(2, 2, 4, shift=None)
    assert reach(make("resize", size=L), N, 2, 3 * L) == Along(2, 1, 3, shift=None)
    assert reach(make("resize", size=L + 2), N, 2, L) == Along(2, shift=None)
    assert reach(make("resize", size=4), N, 2, L) == WHOLE
    assert reach(make("resize", size=L, mode="linear", align_corners=True), N, 2, 3 * L) == WHOLE


@pytest.mark.parametrize(("mode", "aligned"), [("nearest", False), ("linear", False), ("linear", True)])
def test_no_row_of_positions_reads_further_than_is_said(mode: str, aligned: bool) -> None:
    """Any number of neighbours, for all small sizes; which positions they read is told by what is no number."""
    for old in range(1, 12):
        for new in range(1, 12):
            layer = make("resize", size=new, mode=mode, align_corners=aligned)
            said = reach(layer, N, 1, old)
            x = np.zeros((old, 1, old))
            x[np.arange(old), 0, np.arange(old)] = math.nan
            reads = np.isnan(apply(layer, x))[:, 0]
            for row in range(1, new + 1):
                for first in range(new - row + 1):
                    (places,) = np.nonzero(reads[:, first : first + row].any(axis=1))
                    assert places[-1] - places[0] < said.kernel + (row - 1) * said.stride


def test_fields_behind_shuffled_pixels() -> None:
    text = "model m { input x: float32[N, 8, 9, 9] output y = x -> pixel_shuffle(2) -> conv2d(2, kernel=3) }"
    assert dict(compile_source(text).summary().receptive_fields) == {"y": 3}


# What is refused ----------------------------------------------------------------------------------------------------


def test_a_mode_of_another_rank() -> None:
    found = refused(make("upsample", factor=2, mode="linear"), N, 8, 16, 16)
    assert found.code == "E458"
    assert found.headline() == '`upsample` with mode "linear" reads [N, C, L], not float32[N, 8, 16, 16]'
    assert found.advice() == 'write `mode="bilinear"` or `mode="bicubic"` or `mode="nearest"`'
    found = refused(make("resize", size=2, mode="bicubic"), N, 8, 4, 4, 4)
    assert found.advice() == 'write `mode="trilinear"` or `mode="nearest"`'
    assert refused(make("resize", size=2, mode="trilinear"), N, 8, 4).advice().startswith('write `mode="linear"`')


def test_a_list_of_another_length() -> None:
    found = refused(make("upsample", factor=[2, 2]), N, 8, 16)
    assert found.code == "E459"
    assert found.headline() == (
        "`factor` of `upsample` has 2 entries, and float32[N, 8, 16] has one axis behind `[N, C]`"
    )
    assert found.advice() == "write a list with one entry, or one int for all axes"
    found = refused(make("resize", size=[2]), N, 8, H, W)
    assert found.headline() == ("`size` of `resize` has one entry, and float32[N, 8, H, W] has 2 axes behind `[N, C]`")
    found = refused(make("resize", size=[N, 8, 4, 4]), N, 8, H, W)
    assert found.advice().endswith("; `[N, C]` stay as they are, so leave out the first two entries")


def test_corners_of_the_nearest_mode() -> None:
    found = refused(make("resize", size=2, align_corners=True), N, 8, H, W)
    assert found.code == "E460"
    assert found.headline() == '`align_corners=` of `resize` means nothing with mode "nearest"'
    assert found.advice() == 'leave `align_corners=` out, or write `mode="bilinear"` or `mode="bicubic"`'


def test_channels_that_make_no_blocks() -> None:
    found = refused(make("pixel_shuffle", factor=2), N, 18, H, W)
    assert found.code == "E462"
    assert found.headline() == (
        "`pixel_shuffle` by 2 needs a multiple of 2*2 = 4 channels, and float32[N, 18, H, W] has 18"
    )
    assert found.advice() == "give the layer before it 16 or 20 channels, or write another factor"
    few = refused(make("pixel_shuffle", factor=3), N, 4, H, W)
    assert few.advice() == "give the layer before it 9 channels, or write another factor"
    assert refused(make("pixel_shuffle", factor=2), N, C, H, W).code == "E403"
    last = refused(make("pixel_shuffle", factor=2), N, 15, 15, 8)
    assert last.advice().endswith("; if the last axis holds the channels, put `transpose([0, 3, 1, 2])` first")


def test_channels_that_make_no_groups() -> None:
    found = refused(make("channel_shuffle", groups=4), N, 10, H, W)
    assert found.code == "E412"
    assert found.advice() == "use a `groups` that divides 10: 1, 2, 5, 10"
    assert refused(make("channel_shuffle", groups=4), N, C, H, W).code == "E403"
    assert "`transpose([0, 3, 1, 2])`" in refused(make("channel_shuffle", groups=4), N, 7, 7, 8).advice()
    assert result_shape(make("channel_shuffle", groups=4), N, 4 * C, H, W) == (N, 4 * C, H, W)


def test_other_operands_are_refused() -> None:
    for layer in (make("upsample", factor=2), make("resize", size=2), make("channel_shuffle", groups=2)):
        assert refused(layer, N, 8).code == "E401"
        assert refused(layer, N, 8, 1, 1, 1, 1).code == "E401"
        assert refused(layer, N, T, 8).code == "E416"
    assert refused(make("pixel_shuffle", factor=2), N, 8, 8).code == "E401"
    assert refused(make("pixel_shuffle", factor=2), N, H, W, 8).code == "E416"
    assert refused(make("resize", size=2, mode="bilinear"), N, 8, 4, 4, dtype=DType.INT64).code == "E402"


def test_sizes_are_at_least_1() -> None:
    text = "model m { input x: float32[N, 2, H, W] output y = x -> resize([H - 2, W]) }"
    assert [f"{one.dim} >= {one.minimum}" for one in compile_source(text).graph.demands] == ["H - 2 >= 1"]
    assert demands(make("upsample", factor=2), floats(N, 2, H, W)) == []


def operators_of(call: str, kind: str = "float32[N, 2, H, W]") -> list[str]:
    """The resizing and transposing operators of an optimized build."""
    text = f"model m {{ input x: {kind} output y = x -> {call} }}"
    nodes = onnx.load_from_string(compile_source(text).to_bytes()).graph.node
    return [node.op_type for node in nodes if node.op_type in ("Resize", "Transpose")]


def test_sizes_that_are_multiples_are_a_resize() -> None:
    """Whichever layer says them: gathering single numbers takes a hundred times as long."""
    for call in ("upsample(2)", "resize([2*H, 3*W])", "resize([H, 2*W])"):
        assert operators_of(call) == ["Resize"]
    assert operators_of("resize([8, 6])", "float32[N, 2, 4, 6]") == ["Resize"]
    assert operators_of("resize([8, 6])", "int64[N, 2, 4, 6]") == []


def test_only_the_last_axis_is_gathered_with_the_channels_behind_it() -> None:
    assert operators_of("resize([8, 9])", "float32[N, 2, 8, 6]") == ["Transpose", "Transpose"]
    assert operators_of("resize([9, 6])", "float32[N, 2, 8, 6]") == []


def test_a_quotient_is_no_size() -> None:
    (found,) = faults_of(model("output y = x -> resize(H / 2)", image="float32[N, 3, H, W]"))
    assert (found.code, "(`//` gives a dimension)" in found.headline()) == ("E301", True)
