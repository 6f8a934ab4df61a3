"""Convolutions and poolings: shapes, values, weights, costs, and the rules behind them."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims import Dim, evaluate, format_dim
from dotnn.compiler.initializers import HeNormal, Ones, XavierUniform, Zeros
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.base import Layer, Site

from tests.helpers.layer_facts import CONVENTIONS, KERAS, TORCH
from tests.helpers.one_layer import H, L, N, W, build, floats, make, parameters, run
from tests.helpers.window_layers import apply, convolved, image, pooled, result_shape

# The lecture --------------------------------------------------------------------------------------------------------

SIX = "100001 010010 001100 100010 010010 001010"
FIRST_FILTER = [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
SECOND_FILTER = [[-1, 1, -1], [-1, 1, -1], [-1, 1, -1]]
FIRST_RESULT = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
SECOND_RESULT = [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]]


def test_filters_of_the_lecture_on_its_6x6_image() -> None:
    weight = np.array([[FIRST_FILTER], [SECOND_FILTER]], np.float32)
    layer = make("conv2d", filters=2, kernel=3, bias=False)
    y = apply(layer, image(SIX), weight=weight)
    assert y.tolist() == [[FIRST_RESULT, SECOND_RESULT]]
    assert run(build(layer, [floats(1, 1, 6, 6)], {"weight": weight}), [image(SIX)])[0].tolist() == y.tolist()


def test_stride_2_takes_every_second_row_and_column() -> None:
    weight = np.array([[FIRST_FILTER], [SECOND_FILTER]], np.float32)
    y = apply(make("conv2d", filters=2, kernel=3, stride=2, bias=False), image(SIX), weight=weight)
    assert y[0, 0].tolist() == [[3, -3], [-3, 0]]
    assert y[0, 1].tolist() == [row[::2] for row in SECOND_RESULT[::2]]


def test_2x2_max_pooling_of_the_filtered_images() -> None:
    maps = np.array([[FIRST_RESULT, SECOND_RESULT]], np.float32)
    y = apply(make("max_pool2d", kernel=2), maps)
    assert y.tolist() == [[[[3, 0], [3, 1]], [[-1, 1], [0, 3]]]]


def test_the_5x5_image_of_the_lecture() -> None:
    weight = np.array([[[[1, 0, 1], [0, 1, 0], [1, 0, 1]]]], np.float32)
    y = apply(
        make("conv2d", filters=1, kernel=3, bias=False),
        image("11100 01110 00111 00110 01100"),
        weight=weight,
    )
    assert y[0, 0].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_max_pooling_of_the_lecture() -> None:
    x = image("1124 5678 3210 1234")
    layer = make("max_pool2d", kernel=2)
    assert apply(layer, x)[0, 0].tolist() == [[6, 8], [3, 4]]
    assert run(build(layer, [floats(1, 1, 4, 4)], {}), [x])[0][0, 0].tolist() == [[6, 8], [3, 4]]


@pytest.mark.parametrize(
    ("channels", "filters", "params", "text"), [(1, 32, 320, "(3*3*1+1)*32"), (32, 32, 9248, "(3*3*32+1)*32")]
)
def test_parameters_of_the_lecture(channels: int, filters: int, params: int, text: str) -> None:
    layer = make("conv2d", filters=filters, kernel=3)
    assert parameters(layer, floats(N, channels, H, W)) == params
    assert layer.explain_params([floats(N, channels, H, W)]) == text


# Shapes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "written", "text"),
    [
        ("conv2d", {"filters": 8, "kernel": 3, "stride": 2, "padding": 1}, "ceil(H / 2)"),
        ("conv2d", {"filters": 8, "kernel": 3}, "H - 2"),
        ("conv2d", {"filters": 8, "kernel": 4, "padding": "same", "dilation": 3}, "H"),
        ("conv2d", {"filters": 8, "kernel": 7, "stride": 2, "padding": 3}, "ceil(H / 2)"),
        ("max_pool2d", {"kernel": 2}, "floor(H / 2)"),
        ("max_pool2d", {"kernel": 2, "ceil": True}, "ceil(H / 2)"),
        ("max_pool2d", {"kernel": 3, "stride": 2, "padding": 1}, "ceil(H / 2)"),
        ("avg_pool2d", {"kernel": 3, "stride": 1, "padding": "same"}, "H"),
        ("global_avg_pool2d", {}, "1"),
    ],
)
def test_symbolic_output_sizes(kind: str, written: dict[str, Any], text: str) -> None:
    assert format_dim(result_shape(make(kind, **written), N, 3, H, W)[2]) == text


def test_same_with_a_stride_works_where_the_algebra_decides_it() -> None:
    """An even size is enough to know; so is a window that needs no padding at all."""
    assert result_shape(make("conv1d", filters=4, kernel=3, stride=2, padding="same"), N, 3, 2 * L)[2] == L
    assert (
        format_dim(result_shape(make("conv1d", filters=4, kernel=1, stride=2, padding="same"), N, 3, L)[2])
        == "ceil(L / 2)"
    )


@pytest.mark.parametrize(
    "row", CONVENTIONS["same_table"], ids=lambda row: f"{row['n']},{row['k']},{row['s']},{row['d']}"
)
def test_same_table(row: dict[str, int]) -> None:
    layer = make("conv1d", filters=1, kernel=row["k"], stride=row["s"], dilation=row["d"], padding="same")
    assert result_shape(layer, N, 1, row["n"])[2] == row["same_out"]
    assert layer.pads([row["n"]]) == ((row["begin"], row["end"]),)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("name", CONVENTIONS["ceil_mode"])
def test_ceil_sizes(name: str) -> None:
    n, k, s, p = map(int, re.findall(r"\d+", name))
    row = CONVENTIONS["ceil_mode"][name]
    for family in ("max", "avg", "sum"):
        layer = make(f"{family}_pool1d", kernel=k, stride=s, padding=p, ceil=True)
        assert result_shape(layer, 1, 1, n)[2] == row["torch_ceil"]
        assert evaluate(result_shape(layer, 1, 1, L)[2], {"L": n}) == row["torch_ceil"]
        plain = make(f"{family}_pool1d", kernel=k, stride=s, padding=p)
        assert result_shape(plain, 1, 1, n)[2] == row["floor"]


def test_demands_say_the_least_size_that_gives_an_output() -> None:
    site = Site.nowhere("conv2d")
    make("conv2d", filters=1, kernel=[5, 3], padding=[1, 0], dilation=[1, 2]).infer([floats(N, 3, H, W)], site)
    assert [(format_dim(one.dim), one.minimum) for one in site.demands] == [("H", 3), ("W", 5)]
    site = Site.nowhere("max_pool1d")
    make("max_pool1d", kernel=3, stride=2, ceil=True).infer([floats(N, 3, L)], site)
    assert [(format_dim(one.dim), one.minimum) for one in site.demands] == [("L", 2)]
    site = Site.nowhere("conv2d")
    make("conv2d", filters=1, kernel=3, padding=1).infer([floats(N, 3, H, W)], site)
    assert site.demands == []


TORCH_CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("Conv2d(3,8,3,stride=1,padding=0,dilation=1)", "conv2d", {"filters": 8, "kernel": 3}),
    ("Conv2d(3,8,3,stride=2,padding=1,dilation=1)", "conv2d", {"filters": 8, "kernel": 3, "stride": 2, "padding": 1}),
    ("Conv2d(3,8,7,stride=2,padding=3,dilation=1)", "conv2d", {"filters": 8, "kernel": 7, "stride": 2, "padding": 3}),
    ("Conv2d(3,8,11,stride=4,padding=2,dilation=1)", "conv2d", {"filters": 8, "kernel": 11, "stride": 4, "padding": 2}),
    ("Conv2d(3,8,5,stride=1,padding=2,dilation=1)", "conv2d", {"filters": 8, "kernel": 5, "padding": 2}),
    ("Conv2d(3,8,1,stride=2,padding=0,dilation=1)", "conv2d", {"filters": 8, "kernel": 1, "stride": 2}),
    ("Conv2d(3,8,3,stride=1,padding=2,dilation=2)", "conv2d", {"filters": 8, "kernel": 3, "padding": 2, "dilation": 2}),
    ("Conv2d(3,8,3,stride=2,padding=0,dilation=3)", "conv2d", {"filters": 8, "kernel": 3, "stride": 2, "dilation": 3}),
    ("Conv2d(3,8,2,stride=2,padding=0,dilation=1)", "conv2d", {"filters": 8, "kernel": 2, "stride": 2}),
    ("Conv2d groups=4", "conv2d", {"filters": 16, "kernel": 3, "groups": 4}),
    ("Conv2d depthwise nobias", "conv2d", {"filters": 8, "kernel": 3, "padding": 1, "groups": 8, "bias": False}),
    ("Conv2d k(1,7) p(0,3)", "conv2d", {"filters": 4, "kernel": [1, 7], "padding": [0, 3]}),
    ("Conv1d", "conv1d", {"filters": 4, "kernel": 5, "stride": 2}),
    ("Conv3d", "conv3d", {"filters": 4, "kernel": [2, 3, 3], "stride": [1, 2, 2], "padding": [0, 1, 1]}),
    ("MaxPool2d(3,2)", "max_pool2d", {"kernel": 3, "stride": 2}),
    ("MaxPool2d(3,2,ceil)", "max_pool2d", {"kernel": 3, "stride": 2, "ceil": True}),
    ("MaxPool2d(3,2,1)", "max_pool2d", {"kernel": 3, "stride": 2, "padding": 1}),
    ("MaxPool2d(3,dilation=2)", "max_pool2d", {"kernel": 3, "stride": 1, "dilation": 2}),
    ("AvgPool2d(2)", "avg_pool2d", {"kernel": 2}),
]


@pytest.mark.parametrize(("desc", "kind", "written"), TORCH_CASES, ids=[case[0] for case in TORCH_CASES])
def test_shapes_and_parameters_of_pytorch(desc: str, kind: str, written: dict[str, Any]) -> None:
    fact = TORCH[desc]
    layer = make(kind, **written)
    assert list(result_shape(layer, *fact["input"])) == fact["output"]
    specs = layer.weights([floats(*fact["input"])])
    assert {spec.name: list(spec.shape) for spec in specs} == fact["state"]
    assert parameters(layer, floats(*fact["input"])) == fact["params"]


KERAS_CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("Conv1D 16 k5 valid", "conv1d", {"filters": 16, "kernel": 5}),
    ("Conv1D 16 k5 causal dil2", "conv1d", {"filters": 16, "kernel": 5, "dilation": 2, "padding": [[8, 0]]}),
    ("Conv1D same s3", "conv1d", {"filters": 16, "kernel": 5, "stride": 3, "padding": "same"}),
    (
        "Conv2D 16 k(3,5) s(2,1) same nobias",
        "conv2d",
        {"filters": 16, "kernel": [3, 5], "stride": [2, 1], "padding": "same", "bias": False},
    ),
    ("Conv2D groups=4", "conv2d", {"filters": 32, "kernel": 3, "groups": 4}),
    ("Conv3D 8 k3", "conv3d", {"filters": 8, "kernel": 3}),
    (
        "Conv3D 8 k(1,3,3) s(1,2,2) same",
        "conv3d",
        {"filters": 8, "kernel": [1, 3, 3], "stride": [1, 2, 2], "padding": "same"},
    ),
    ("MaxPool 2 valid odd", "max_pool2d", {"kernel": 2}),
    ("MaxPool 3 s2 same", "max_pool2d", {"kernel": 3, "stride": 2, "padding": "same"}),
    ("AvgPool 3 s2 valid", "avg_pool2d", {"kernel": 3, "stride": 2}),
    ("MaxPool1D", "max_pool1d", {"kernel": 2}),
    ("MaxPool3D", "max_pool3d", {"kernel": 2}),
    ("GAP keepdims", "global_avg_pool2d", {}),
    ("GlobalAveragePooling2D", "global_avg_pool2d", {}),
    ("GlobalMaxPooling1D", "global_max_pool1d", {}),
]


@pytest.mark.parametrize(("desc", "kind", "written"), KERAS_CASES, ids=[case[0] for case in KERAS_CASES])
def test_shapes_and_parameters_of_keras(desc: str, kind: str, written: dict[str, Any]) -> None:
    fact = KERAS[desc]
    _, *spatial, channels = fact["input_shape"]
    _, *outputs, filters = fact["output_shape"]
    layer = make(kind, **written)
    # Global pooling keeps the axes that Keras drops.
    assert result_shape(layer, N, channels, *spatial) == (N, filters, *(outputs or [1] * len(spatial)))
    assert parameters(layer, floats(N, channels, *spatial)) == fact["params"]


# Values of the facts ------------------------------------------------------------------------------------------------


def test_same_padding_values() -> None:
    rows = CONVENTIONS["same_padding"]
    six, seven = range(1, 7), range(1, 8)
    first = rows["x=1..6 k=[1,1,1] s2"]
    assert convolved(six, [1, 1, 1], stride=2, padding="same") == first["tf_SAME"]
    assert convolved(six, [1, 1, 1], stride=2, padding=1) == first["torch_padding1"]
    assert convolved(six, [1, 1, 1], stride=2, padding=[[0, 1]]) == first["onnx_pads01"]
    second = rows["x=1..7 k=[1,1,1] s2"]
    assert convolved(seven, [1, 1, 1], stride=2, padding="same") == second["tf_SAME"]
    assert convolved(seven, [1, 1, 1], stride=2, padding=[[0, 1]]) == second["onnx_pads01"]
    assert convolved(six, [1, 1], padding="same") == rows["x=1..6 k=[1,1] s1"]["tf_SAME"]
    valid = rows["cross-correlation (no flip) k=[1,10,100] VALID"]
    assert convolved(six, [1, 10, 100]) == valid["tf"]


def test_dilation_values() -> None:
    fact = CONVENTIONS["dilation"]
    nine = range(1, 10)
    assert convolved(nine, [1, 10, 100], dilation=2) == fact["torch"]
    assert convolved(nine, [1, 10, 100], dilation=2, padding="same") == fact["torch_same"]
    assert pooled("max_pool1d", nine, kernel=3, stride=1, dilation=2) == fact["max_pool_d2_torch"]


def test_ceil_values() -> None:
    fact = CONVENTIONS["ceil_values"]
    five, four = range(1, 6), range(1, 5)
    assert pooled("max_pool1d", five, kernel=2, ceil=True) == fact["max_ceil"]
    assert pooled("max_pool1d", five, kernel=2) == fact["max_floor"]
    assert pooled("avg_pool1d", five, kernel=2, ceil=True, count_include_pad=True) == fact["avg_ceil_torch_cip_True"]
    written = {"kernel": 3, "stride": 2, "padding": 1, "ceil": True}
    assert pooled("avg_pool1d", four, **written, count_include_pad=True) == fact["avg_ceil_k3s2p1_cipTrue"]
    assert pooled("avg_pool1d", four, **written) == fact["avg_ceil_k3s2p1_cipFalse"]


def test_average_pooling_divisors() -> None:
    fact = CONVENTIONS["avg_pool"]
    six = range(1, 7)
    included = pooled("avg_pool1d", six, kernel=3, stride=1, padding=1, count_include_pad=True)
    assert included == pytest.approx(fact["torch_default"], abs=1e-6)
    assert pooled("avg_pool1d", six, kernel=3, stride=1, padding=1) == fact["onnx_default"]
    assert pooled("avg_pool1d", six, kernel=3, stride=1, padding="same") == fact["tf_SAME"]
    assert pooled("avg_pool1d", six, kernel=3, stride=2, padding="same") == fact["tf_SAME_s2"]


def test_max_pooling_pads_with_minus_infinity() -> None:
    fact = CONVENTIONS["max_pool_pad_value"]
    row = [-1, -2, -3, -4, -5, -6]
    assert pooled("max_pool1d", row, kernel=3, stride=2, padding="same") == fact["tf_SAME_k3_s2"]
    assert pooled("max_pool1d", row, kernel=3, stride=2, padding=1) == fact["torch_p1"]


def test_pooling_strides_by_its_kernel() -> None:
    expected = CONVENTIONS["pool_default_stride"]["torch_MaxPool1d_k3"]
    assert pooled("max_pool1d", range(1, 7), kernel=3) == expected


def test_tensorflow_same_padding_of_a_dilated_max_pooling_wider_than_its_kernel() -> None:
    """Windows i-4, i, i+4: padding 4 of a kernel of 3, which onnxruntime's own padding refuses."""
    layer = make("max_pool1d", kernel=3, stride=1, dilation=4, padding="same")
    row = np.array([[[-5.0, -2.0, -7.0, -4.0, -1.0, -9.0]]], np.float32)
    expected = [[[-1.0, -2.0, -7.0, -4.0, -1.0, -2.0]]]
    assert apply(layer, row).tolist() == expected
    assert run(build(layer, [floats(1, 1, L)], {}), [row])[0].tolist() == expected


# Weights and costs --------------------------------------------------------------------------------------------------


def test_weights_and_their_initializers() -> None:
    layer = make("conv2d", filters=6, kernel=[3, 5], groups=2)
    weight, bias = layer.weights([floats(N, 4, H, W)])
    assert (weight.name, weight.shape) == ("weight", (6, 2, 3, 5))
    assert (bias.name, bias.shape) == ("bias", (6,))
    assert (weight.initializer, bias.initializer) == (XavierUniform(), Zeros())
    # PyTorch's rule: the weight's own shape, groups counted as they stand there.
    assert (weight.fan.inputs, weight.fan.outputs) == (2 * 15, 6 * 15)
    chosen = make("conv2d", filters=6, kernel=3, init=HeNormal(), bias_init=Ones())
    assert [spec.initializer for spec in chosen.weights([floats(N, 4, H, W)])] == [HeNormal(), Ones()]
    assert [one.name for one in type(layer).attributes()][-2:] == ["init", "bias_init"]


def test_costs() -> None:
    layer = make("conv2d", filters=64, kernel=3)
    x = floats(N, 32, 28, 28)
    y = layer.infer([x], Site.nowhere())
    assert layer.macs([x], y) == N * (9 * 32 * 64 * 26 * 26)
    assert layer.explain_macs([x], y) == "3*3*32*64*26*26"
    grouped = make("conv2d", filters=8, kernel=[3, 1], groups=4, bias=False)
    x = floats(N, 8, H, W)
    y = grouped.infer([x], Site.nowhere())
    assert grouped.macs([x], y) == 3 * 2 * 8 * N * (H - 2) * W
    assert grouped.explain_macs([x], y) == "3*1*2*8*(H - 2)*W"
    assert grouped.explain_params([x]) == "3*1*2*8"
    assert make("max_pool2d", kernel=2).macs([x], y) == 0


@pytest.mark.parametrize("desc", [case[0] for case in TORCH_CASES if case[0].startswith("Conv")])
def test_explanations_are_the_counts(desc: str) -> None:
    _, kind, written = next(case for case in TORCH_CASES if case[0] == desc)
    layer, x = make(kind, **written), floats(*TORCH[desc]["input"])
    y = layer.infer([x], Site.nowhere())
    assert evaluated(layer.explain_params([x])) == TORCH[desc]["params"]
    assert evaluated(layer.explain_macs([x], y)) == layer.macs([x], y)


def evaluated(text: str) -> int:
    assert re.fullmatch(r"[\d*+()]+", text)
    return eval(text)


# The rules behind them ----------------------------------------------------------------------------------------------


def windows_by_definition(n: int, axis: tuple[int, int, int], pad: tuple[int, int], ceil: bool) -> list[list[int]]:
    """The positions that each window reads, by PyTorch's rule as it words it: one window after another."""
    kernel, stride, dilation = axis
    extent = dilation * (kernel - 1) + 1
    room = n + sum(pad) - extent
    count = (math.ceil(room / stride) if ceil else math.floor(room / stride)) + 1
    if ceil and (count - 1) * stride >= n + pad[0]:
        count -= 1
    starts = [number * stride - pad[0] for number in range(count)]
    return [[start + step * dilation for step in range(kernel)] for start in starts]


def expected_result(windows: list[list[int]], n: int, dilation: int) -> set[int | str]:
    """The number of windows, or the code of the error.

    An input shorter than the dilation may be refused though the few windows that it has do meet it.
    """
    if not windows:
        return {"E410"}
    if not all(any(0 <= one < n for one in window) for window in windows):
        return {"E415"}
    return {len(windows), "E415"} if n < dilation else {len(windows)}


def size_or_code(layer: Layer, n: int) -> Dim | str:
    try:
        return result_shape(layer, 1, 1, n)[2]
    except DotnnError as error:
        return error.diagnostics[0].code


def test_sizes_and_demands_by_the_definition() -> None:
    """Over all small windows: the output size, and that an accepted max pooling never misses its input."""
    missed = 0
    for kernel, stride, dilation, n in itertools.product(range(1, 5), range(1, 4), range(1, 4), range(1, 8)):
        half = range(kernel // 2 + 1)
        for pad, ceil in itertools.product(itertools.product(half, half), (False, True)):
            written = {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": [list(pad)]}
            layer = make("max_pool1d", **written, ceil=ceil)
            windows = windows_by_definition(n, (kernel, stride, dilation), pad, ceil)
            expected = expected_result(windows, n, dilation)
            assert size_or_code(layer, n) in expected, (written, n, ceil)
            missed += "E415" in expected and len(expected) == 1
    assert missed > 0


def test_references_of_float64_are_exact_where_float32_is_not() -> None:
    x = np.full((1, 1, 3), 1e8)
    x[0, 0, 1] = 1.0
    weight = np.array([[[1.0, 1.0, -1.0]]])
    assert apply(make("conv1d", filters=1, kernel=3, bias=False), x, weight=weight).item() == 1.0


def test_references_do_not_change_their_operands() -> None:
    x = np.arange(12.0).reshape(1, 1, 12)
    before = x.copy()
    for layer in (make("max_pool1d", kernel=3, stride=1, padding=1), make("sum_pool1d", kernel=5)):
        apply(layer, x)
        np.testing.assert_array_equal(x, before)


def test_every_kind_has_samples_that_infer_to_all_its_attributes() -> None:
    """Each attribute stands in a sample of its kind, but ``init`` and the like for layers without weights."""
    for kind, cls in LAYERS.items():
        if not re.fullmatch(r"(conv|(global_)?(max|avg|sum)_pool)[123]d", kind):
            continue
        calls = " ".join(sample.call for sample in cls.samples)
        for one in cls.attributes():
            assert one.metadata["positional"] or f"{one.name}=" in calls, (kind, one.name)
        assert cls.formula, kind
        assert cls.source, kind
