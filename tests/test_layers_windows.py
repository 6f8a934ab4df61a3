"""Convolutions and poolings: shapes, weights, costs, values, errors, and the lowering as onnxruntime runs it."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from dotnn.compiler.diagnostics import CATALOGUE, DotnnError
from dotnn.compiler.diagnostics.base import Diagnostic
from dotnn.compiler.export.check import verify_model
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.model import to_bytes
from dotnn.compiler.graph.dims import Dim, evaluate, format_dim, symbol
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.operations import Input
from dotnn.compiler.graph.tensors import Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.base import Layer, Mixing, Site, Window
from dotnn.compiler.source import Source, Span
from dotnn.compiler.weights.initializers import HeNormal, Ones, XavierUniform, Zeros
from dotnn.compiler.weights.values import WeightValues

FACTS = Path(__file__).parent / "facts"
CONVENTIONS = json.loads((FACTS / "conventions.json").read_text())
KERAS = {case["desc"]: case for case in json.loads((FACTS / "layers_keras.json").read_text())}
TORCH = {case["desc"]: case for case in CONVENTIONS["torch_single_layer_facts"]}
N, C, H, W, L, T = map(symbol, "NCHWLT")


# Helpers ------------------------------------------------------------------------------------------------------------


def make(kind: str, **written: Any) -> Layer:
    """A layer from attributes as they are written, lists for lists."""
    cls = LAYERS[kind]
    kinds = {one.name: one.metadata["kind"] for one in cls.attributes()}
    return cls(**{name: kinds[name].convert(tupled(value), cls) for name, value in written.items()})


def tupled(value: Any) -> Any:
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def floats(*shape: Dim) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


def infer(layer: Layer, *shape: Dim) -> tuple[Dim, ...]:
    (result,) = layer.infer([floats(*shape)], Site.nowhere(layer.kind))
    assert result.dtype is DType.FLOAT32
    return result.shape


def parameters(layer: Layer, *shape: Dim) -> int:
    return sum(spec.elements for spec in layer.weights([floats(*shape)]))


def refused(layer: Layer, *shape: Dim, dtype: DType = DType.FLOAT32) -> Diagnostic:
    with pytest.raises(DotnnError) as caught:
        layer.infer([TensorType(dtype, shape)], Site.nowhere(layer.kind))
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def apply(layer: Layer, x: np.ndarray, **weights: np.ndarray) -> np.ndarray:
    (y,) = layer.reference([x], weights)
    assert y.dtype == x.dtype
    return y


def pooled(kind: str, row: Sequence[float], **written: Any) -> list[float]:
    """A pooling of one row of numbers."""
    return apply(make(kind, **written), np.array(row, float)[None, None]).ravel().tolist()


def convolved(row: Sequence[float], kernel: Sequence[float], **written: Any) -> list[float]:
    """A convolution of one row of numbers with one kernel."""
    layer = make("conv1d", filters=1, kernel=len(kernel), bias=False, **written)
    weight = np.array(kernel, float)[None, None]
    return apply(layer, np.array(row, float)[None, None], weight=weight).ravel().tolist()


def image(text: str) -> np.ndarray:
    rows = [[float(digit) for digit in row] for row in text.split()]
    return np.array(rows, np.float32)[None, None]


def random_weights(layer: Layer, *shape: Dim, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    specs = layer.weights([floats(*shape)])
    return {spec.name: generator.normal(0, 0.6, spec.shape).astype(np.float32) for spec in specs}


def build(layer: Layer, x: TensorType, arrays: Mapping[str, np.ndarray]) -> bytes:
    """A model of one layer."""
    graph = Graph("net")
    operand = graph.add(Input(), (), (x,), name="x").value()
    weights = {
        name: Weight(name, array.shape, DType.FLOAT32, literal(array), layer.weights([x])[0].fan)
        for name, array in arrays.items()
    }
    results = layer.infer([x], Site.nowhere(layer.kind))
    node = graph.add(layer, (operand,), results, name="layer", weights=weights)
    graph.outputs["y"] = node.value()
    return to_bytes(graph, WeightValues(), metadata=ModelMetadata())


def literal(array: np.ndarray) -> Literal:
    return Literal(array.shape, tuple(array.ravel().tolist()))


def run(model: bytes, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def agree(layer: Layer, shape: tuple[Dim, ...], sizes: Sequence[Mapping[str, int]] = ({},)) -> None:
    """One model, fed at several sizes: onnxruntime against the reference, and shapes against the inferred ones."""
    weights = random_weights(layer, *shape)
    model = build(layer, floats(*shape), weights)
    verify_model(model)
    inferred = infer(layer, *shape)
    for number, chosen in enumerate(sizes):
        generator = np.random.default_rng(number)
        found = [evaluate(dim, chosen) for dim in shape]
        x = generator.normal(0, 1, found).astype(np.float32)
        expected = apply(layer, x.astype(np.float64), **weights)
        got = run(model, x)
        assert got.shape == expected.shape == tuple(evaluate(dim, chosen) for dim in inferred), chosen
        np.testing.assert_allclose(got, expected, atol=1e-5, rtol=1e-5, err_msg=str(chosen))


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
    assert run(build(layer, floats(1, 1, 6, 6), {"weight": weight}), image(SIX)).tolist() == y.tolist()


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
    assert run(build(layer, floats(1, 1, 4, 4), {}), x)[0, 0].tolist() == [[6, 8], [3, 4]]


@pytest.mark.parametrize(
    ("channels", "filters", "params", "text"), [(1, 32, 320, "(3*3*1+1)*32"), (32, 32, 9248, "(3*3*32+1)*32")]
)
def test_parameters_of_the_lecture(channels: int, filters: int, params: int, text: str) -> None:
    layer = make("conv2d", filters=filters, kernel=3)
    assert parameters(layer, N, channels, H, W) == params
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
    assert format_dim(infer(make(kind, **written), N, 3, H, W)[2]) == text


def test_same_with_a_stride_works_where_the_algebra_decides_it() -> None:
    """An even size is enough to know; so is a window that needs no padding at all."""
    assert infer(make("conv1d", filters=4, kernel=3, stride=2, padding="same"), N, 3, 2 * L)[2] == L
    assert format_dim(infer(make("conv1d", filters=4, kernel=1, stride=2, padding="same"), N, 3, L)[2]) == "ceil(L / 2)"


@pytest.mark.parametrize(
    "row", CONVENTIONS["same_table"], ids=lambda row: f"{row['n']},{row['k']},{row['s']},{row['d']}"
)
def test_same_table(row: dict[str, int]) -> None:
    layer = make("conv1d", filters=1, kernel=row["k"], stride=row["s"], dilation=row["d"], padding="same")
    assert infer(layer, N, 1, row["n"])[2] == row["same_out"]
    assert layer.pads([row["n"]]) == ((row["begin"], row["end"]),)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("name", CONVENTIONS["ceil_mode"])
def test_ceil_sizes(name: str) -> None:
    n, k, s, p = map(int, re.findall(r"\d+", name))
    row = CONVENTIONS["ceil_mode"][name]
    for family in ("max", "avg", "sum"):
        layer = make(f"{family}_pool1d", kernel=k, stride=s, padding=p, ceil=True)
        assert infer(layer, 1, 1, n)[2] == row["torch_ceil"]
        assert evaluate(infer(layer, 1, 1, L)[2], {"L": n}) == row["torch_ceil"]
        plain = make(f"{family}_pool1d", kernel=k, stride=s, padding=p)
        assert infer(plain, 1, 1, n)[2] == row["floor"]


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
    assert list(infer(layer, *fact["input"])) == fact["output"]
    specs = layer.weights([floats(*fact["input"])])
    assert {spec.name: list(spec.shape) for spec in specs} == fact["state"]
    assert parameters(layer, *fact["input"]) == fact["params"]


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
    assert infer(layer, N, channels, *spatial) == (N, filters, *(outputs or [1] * len(spatial)))
    assert parameters(layer, N, channels, *spatial) == fact["params"]


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
    assert run(build(layer, floats(1, 1, L), {}), row).tolist() == expected


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


def test_reach() -> None:
    layer = make("conv2d", filters=4, kernel=[3, 5], stride=2, dilation=[1, 3])
    assert layer.reach() == Window((3, 5), (2, 2), (1, 3))
    assert make("max_pool1d", kernel=3).reach() == Window((3,), (3,), (1,))
    assert make("global_max_pool3d").reach() is Mixing.ALL


# Errors -------------------------------------------------------------------------------------------------------------


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
    assert infer(layer, N, 1, 3)[2] == 1
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
    assert found.advice() == ("give `W` a number in the type of the input, or write the padding out: `padding=[1, 1]`")
    assert infer(make("conv2d", filters=8, kernel=3, stride=[1, 2], padding=[1, 1]), N, 3, H, 8)[2:] == (H, 4)


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
    assert infer(make("max_pool2d", kernel=2), N, C, H, W)[1] == C


def test_operands_of_another_form() -> None:
    conv = make("conv2d", filters=8, kernel=3)
    flat = refused(conv, N, 28, 28)
    assert (flat.code, flat.advice()) == ("E401", "a missing channel axis is added by `unsqueeze(axis=1)`")
    assert refused(conv, N, 784).code == "E401"
    assert refused(conv, N, C, H, W).code == "E403"
    assert refused(conv, N, 3, H, W, dtype=DType.UINT8).code == "E402"
    assert refused(make("max_pool2d", kernel=2), N, 3, H, W, dtype=DType.INT64).code == "E402"


def test_errors_point_at_the_argument_and_the_operand() -> None:
    source = Source("net.nn", "x -> conv2d(8, kernel=5)")
    operand, kernel = Span(source, 0, 1), Span(source, 22, 23)
    site = Site("conv2d", Span(source, 5, 24), {"kernel": kernel}, [operand])
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


# onnxruntime --------------------------------------------------------------------------------------------------------

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
        model = onnx.ModelProto.FromString(build(layer, floats(1, 2, 8, 8), random_weights(layer, 1, 2, 8, 8)))
        names = {one.name for node in model.graph.node for one in node.attribute}
        assert "pads" in names
        assert "auto_pad" not in names


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
        return infer(layer, 1, 1, n)[2]
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
