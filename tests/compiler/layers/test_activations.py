"""The activations, ``cast``, ``one_hot``, ``minimum``: published numbers, extreme ones, element types, and mistakes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import CATALOGUE
from dotnn.compiler.graph.tensors import numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.activations import Elementwise
from dotnn.compiler.operators import OPERATORS
from dotnn.compiler.reference_evaluation import evaluate
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.activation_cases import EXTREMES, FUNCTIONS, IDS
from tests.helpers.harness import run_optimized
from tests.helpers.language import compiled, faults, faults_of, model, type_of
from tests.helpers.layer_facts import CONVENTIONS, TORCH
from tests.helpers.one_layer import (
    C,
    H,
    N,
    T,
    W,
    build,
    check_at_all_sizes,
    fault,
    floats,
    infer,
    ints,
    make,
    parameters,
    run,
)

TOLERANCE = {DType.FLOAT64: 1e-14, DType.FLOAT32: 1e-6, DType.FLOAT16: 2e-3}


def reference(kind: str, x: Any, **arguments: Any) -> np.ndarray:
    return make(kind, **arguments).reference([np.asarray(x)], {})[0]


def lowered(kind: str, dtype: DType, **arguments: Any) -> str:
    """The operators of a layer of one float operand, in order."""
    layer, x = make(kind, **arguments), TensorType(dtype, (N, 3))
    proto = onnx.load_from_string(build(layer, [x], {spec.name: np.ones(spec.shape) for spec in layer.weights([x])}))
    return " ".join(node.op_type for node in proto.graph.node)


# --- published numbers ------------------------------------------------------------------------------------------------


def published() -> Iterator[tuple[str, dict[str, Any], list[float], list[float]]]:
    """Layers with what PyTorch and Keras gave at some numbers."""
    facts, names = CONVENTIONS["activations"], {"hardsigmoid": "hard_sigmoid", "hardswish": "hard_swish"}
    for name in ("hardsigmoid", "hardswish", "elu", "selu", "softplus", "mish", "silu", "celu", "softsign"):
        for who in ("torch", "keras", "keras3"):
            if who in facts[name]:
                yield names.get(name, name), {}, facts["x"], facts[name][who]
    yield "relu6", {}, facts["x"], facts["relu6_as_clip"]["torch"]
    gelu = CONVENTIONS["gelu"]
    for approximate, whose in (("none", "torch_none"), ("none", "keras_default"), ("tanh", "torch_tanh")):
        yield "gelu", {"approximate": approximate}, gelu["x"], gelu[whose]


@pytest.mark.parametrize(("kind", "arguments", "x", "expected"), list(published()))
def test_published_numbers(kind: str, arguments: dict[str, Any], x: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(reference(kind, x, **arguments), expected, rtol=0, atol=2e-6)


def test_numbers_that_are_known_by_heart() -> None:
    assert reference("softplus", 0.0) == pytest.approx(math.log(2), rel=1e-15)
    assert reference("silu", 1.0) == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-15)
    assert reference("gelu", 1.0) == pytest.approx(0.8413447460685429, rel=1e-15)
    assert reference("gelu", -10.0) == pytest.approx(-10 * 7.619853024160527e-24, rel=1e-12)
    assert reference("selu", 1.0) == pytest.approx(1.0507009873554805, rel=1e-15)
    assert reference("selu", -1e3) == pytest.approx(-1.7580993408473766, rel=1e-15)
    assert reference("celu", -1.0, alpha=2.0) == pytest.approx(2 * math.expm1(-0.5), rel=1e-15)
    assert reference("elu", -1.0, alpha=2.0) == pytest.approx(2 * math.expm1(-1), rel=1e-15)


def test_how_far_the_approximation_of_gelu_is_off() -> None:
    x = np.linspace(-6, 6, 120_001)
    off = np.abs(reference("gelu", x) - reference("gelu", x, approximate="tanh"))
    assert off.max() == pytest.approx(CONVENTIONS["gelu"]["max_abs_erf_minus_tanh"], rel=1e-2)
    assert abs(x[off.argmax()]) == pytest.approx(2.70, abs=0.01)


# --- what onnxruntime computes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize(("kind", "arguments"), [row[:2] for row in FUNCTIONS], ids=IDS)
def test_extreme_numbers(kind: str, arguments: dict[str, Any], dtype: DType) -> None:
    """The reference computes them without a warning, and onnxruntime the same, with and without its optimizer."""
    layer = make(kind, **arguments)
    if dtype not in layer.cpu_floats:
        pytest.skip("refused before the build")
    with np.errstate(over="ignore"):
        x = np.array(EXTREMES).astype(dtype.value)
    (wanted,) = layer.reference([x.astype("float64")], {})
    (narrow,) = layer.reference([x], {})
    assert narrow.dtype == x.dtype
    with np.errstate(over="ignore"):
        expected = wanted.astype(x.dtype)
    proto = build(layer, [TensorType(dtype, x.shape)], {})
    for found in (narrow, run(proto, [x])[0], run_optimized(proto, {"x0": x})["y0"]):
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize(("kind", "arguments", "single", "double"), FUNCTIONS, ids=IDS)
def test_operators(kind: str, arguments: dict[str, Any], single: str, double: str) -> None:
    assert sorted(lowered(kind, DType.FLOAT32, **arguments).split()) == sorted(single.split())
    if DType.FLOAT64 in LAYERS[kind].cpu_floats:
        assert sorted(lowered(kind, DType.FLOAT64, **arguments).split()) == sorted(double.split())


def test_celu_of_16_bits_is_computed_in_float32() -> None:
    assert lowered("celu", DType.FLOAT16) == lowered("celu", DType.BFLOAT16) == "Cast Celu Cast"


@pytest.mark.parametrize(("kind", "arguments"), [row[:2] for row in FUNCTIONS], ids=IDS)
@pytest.mark.parametrize("x", [floats(N, C, H, W), floats(), floats(T)], ids=str)
def test_shapes_stay(kind: str, arguments: dict[str, Any], x: TensorType) -> None:
    layer = make(kind, **arguments)
    assert infer(layer, x) == (x,)
    assert layer.weights([x]) == ()
    check_at_all_sizes(layer, [x], [] if x.symbols >= {"N", "C", "H", "W", "T"} else [floats(N, C, H, W, T)])


def test_activations_need_floating_point_numbers() -> None:
    for kind, arguments, *_ in FUNCTIONS:
        if kind not in ("clip", "abs"):
            assert fault(make(kind, **arguments), ints(N, 3)).code == "E402"


def test_an_alpha_of_celu_is_above_0() -> None:
    for alpha in ("0", "-1.0"):
        assert faults(f"output y = x -> celu(alpha={alpha})") == [("E301", alpha)]


# --- clip -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [DType.INT32, DType.INT64])
def test_ints_are_clipped(dtype: DType) -> None:
    x = np.array([-(2**31), -7, 0, 2, 3, 9, 2**31 - 1], dtype.value)
    layer = make("clip", low=-2, high=3)
    expected = [-2, -2, 0, 2, 3, 3, 3]
    assert reference("clip", x, low=-2, high=3).tolist() == expected
    (found,) = run(build(layer, [ints(7, dtype=dtype)], {}), [x])
    assert (found.tolist(), found.dtype.name) == (expected, dtype)
    # The least number of int32 is a bound like others.
    assert infer(make("clip", low=-(2.0**31), high=0), ints(N, dtype=dtype)) == (ints(N, dtype=dtype),)


@pytest.mark.parametrize(
    ("image", "bounds", "place", "words"),
    [
        ("int64[N]", "low=0.5, high=9", "0.5", "write a whole number from -9007199254740991 to 9007199254740991"),
        ("int32[N]", "low=0, high=3e9", "3e9", "write a whole number from -2147483648 to 2147483647"),
        ("float16[N]", "low=-1e6, high=1", "-1e6", "write a number from -65504 to 65504"),
    ],
)
def test_bounds_that_no_element_can_be(image: str, bounds: str, place: str, words: str) -> None:
    text = model(f"output y = x -> clip({bounds})", image=image)
    (found,) = faults_of(text)
    assert found.code == "E463"
    assert found.span is not None
    assert found.span.text == place
    assert found.advice().startswith(words)
    assert image in found.headline()


def test_bounds_that_have_changed_places() -> None:
    (found,) = faults_of(model("output y = x -> clip(low=6, high=0.5)"))
    assert (found.code, found.advice()) == ("E464", "write `low=0.5, high=6`")
    assert type_of(compiled("output y = x -> clip(low=0.5, high=0.5)")) == "float32[N, 8]"


@pytest.mark.parametrize("code", ["E463", "E464"])
def test_the_page_of_a_mistake_shows_it(code: str) -> None:
    """Its sample is wrong where it says so, and right without that line."""
    (sample,) = re.findall(r"```nn\n(.*?)```", CATALOGUE[code].__doc__ or "", re.DOTALL)
    assert [one.code for one in faults_of(f"model m {{\n{sample}\n}}")] == [code]
    right = "\n".join(line for line in sample.splitlines() if "# wrong" not in line)
    assert faults_of(f"model m {{\n{right}\n}}") == ()


def test_both_bounds_are_written_by_name() -> None:
    assert faults("output y = x -> clip(low=0)") == [("E303", "clip(low=0)")]
    assert [code for code, _ in faults("output y = x -> clip(0, 6)")] == ["E304"]
    (found,) = faults_of(model("output y = x -> clip(min=0, high=6)"))
    assert found.advice() == "did you mean `low`?"


def test_clip_takes_no_bytes() -> None:
    assert fault(make("clip", low=0, high=1), ints(N, dtype=DType.UINT8)).code == "E402"


# --- prelu ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fact", "per_channel"), [("PReLU()", False), ("PReLU(8)", True)])
def test_prelu_is_pytorch_s(fact: str, per_channel: bool) -> None:
    expected, layer = TORCH[fact], make("prelu", per_channel=per_channel)
    x = floats(*expected["input"])
    assert list(infer(layer, x)[0].shape) == expected["output"]
    assert parameters(layer, x) == expected["params"]
    assert {spec.name: list(spec.shape) for spec in layer.weights([x])} == expected["state"]
    assert layer.explain_params([x]) == str(expected["params"])


def test_slopes_start_at_a_quarter() -> None:
    (weight,) = make("prelu").weights([floats(N, 3)])
    assert str(weight.initializer) == "constant(0.25)"
    (weight,) = compiled("output y = x -> prelu(init=constant(0.5))").graph.weights()
    assert str(weight.initializer) == "constant(0.5)"
    assert faults("output y = x -> prelu(bias_init=zeros)") == [("E204", "bias_init")]


def test_a_slope_for_every_channel() -> None:
    x, slopes = np.array([[[-1.0, 2], [-3, -4]]]), {"weight": np.array([0.5, -2])}
    (y,) = make("prelu", per_channel=True).reference([x], slopes)
    np.testing.assert_array_equal(y, [[[-0.5, 2], [6, 8]]])


@pytest.mark.parametrize(
    ("per_channel", "x", "operators"),
    [
        (True, floats(N, 3, H, W), ["PRelu"]),
        (True, floats(N, 3), ["PRelu"]),
        (True, floats(N, 3, T, C, H, W), ["PRelu"]),
        (False, floats(N, C, H), ["PRelu"]),
        (False, floats(T), ["PRelu"]),
        (False, floats(), ["PRelu"]),
    ],
)
def test_prelu_at_all_ranks(per_channel: bool, x: TensorType, operators: list[str]) -> None:
    """The slopes are given their axes while the file is written."""
    layer = make("prelu", per_channel=per_channel)
    check_at_all_sizes(layer, [x], [floats(N, C, H, W, T)])
    slopes = {"weight": np.ones(3 if per_channel else 1)}
    proto = onnx.load_from_string(build(layer, [x], slopes))
    assert [node.op_type for node in proto.graph.node] == operators


def test_a_slope_per_channel_needs_channels() -> None:
    layer = make("prelu", per_channel=True)
    assert fault(layer, floats(N)).code == "E401"
    assert fault(layer, floats(N, C, H)).code == "E403"
    assert fault(layer, ints(N, 3)).code == "E402"


# --- spatial dropout --------------------------------------------------------------------------------------------------


def test_spatial_dropout_leaves_no_trace() -> None:
    text = "model m { input x: float32[N, 3, H] output y = x -> spatial_dropout(0.5) -> relu }"
    built = onnx.load_from_string(compile_source(text).to_bytes())
    assert [node.op_type for node in built.graph.node] == ["Relu"]


def test_spatial_dropout_needs_spatial_axes() -> None:
    found = fault(make("spatial_dropout", rate=0.5), floats(N, 3))
    assert found.code == "E401"
    assert "use `dropout`" in found.advice()
    assert faults("output y = x -> unsqueeze(axis=1) -> spatial_dropout(1.0)") == [("E301", "1.0")]


# --- cast -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", DType)
@pytest.mark.parametrize("dtype", [one for one in DType if one is not DType.BFLOAT16])
def test_every_type_is_cast_to_every_other(dtype: DType, to: DType) -> None:
    """On numbers that every type holds, fractions among those of floats; bytes have no sign."""
    numbers = [0, 1, 2, 77, 100] if DType.UINT8 in (dtype, to) else [0, 1, -1, -2, 77, -100]
    x = np.array([*numbers, *([0.5, 1.75, 99.75] if dtype.is_float else [])]).astype(dtype.value)
    body = f"output y = x -> cast({to})" + (" -> cast(float32)" if to is DType.BFLOAT16 else "")
    built = compiled(body, image=f"{dtype}[{len(x)}]").to_bytes()
    found = run_optimized(built, {"x": x})["y"]
    expected = x.astype(numpy_name(to))
    assert np.array_equal(found, expected.astype(found.dtype))
    assert found.dtype.name == ("float32" if to is DType.BFLOAT16 else to)


def test_floats_become_ints_towards_zero_and_all_but_0_is_true() -> None:
    x = np.array([-2.9, -0.9, -0.0, 0.9, 2.9, math.nan])
    assert reference("cast", x[:-1], type=DType.INT64).tolist() == [-2, 0, 0, 0, 2]
    assert reference("cast", x, type=DType.BOOL).tolist() == [True, True, False, True, True, True]
    assert reference("cast", np.array([True, False]), type=DType.FLOAT16).tolist() == [1.0, 0.0]
    assert reference("cast", np.array([1e6, -1e6]), type=DType.FLOAT16).tolist() == [math.inf, -math.inf]
    # What has no int is whatever it is, without a warning.
    assert reference("cast", np.array([math.nan, math.inf, 1e30]), type=DType.INT32).dtype == np.int32


def test_a_type_is_a_name() -> None:
    assert type_of(compiled("output y = x -> cast(float16)")) == "float16[N, 8]"
    assert type_of(compiled("output y = x -> cast(type=bool)")) == "bool[N, 8]"
    assert type_of(compiled("output y = x -> cast(int64) -> cast(x.dtype)")) == "float32[N, 8]"
    assert type_of(compiled("wide = if x.rank > 1 { float64 } else { float32 }\noutput y = x -> cast(wide)")) == (
        "float64[N, 8]"
    )


@pytest.mark.parametrize(
    ("written", "code", "advice"),
    [
        ("half", "E201", "did you mean `float16`?"),
        ("float", "E201", "did you mean `float32`?"),
        ("double", "E201", "did you mean `float64`?"),
        ("long", "E201", "did you mean `int64`?"),
        ("flaot16", "E201", "did you mean `float16`?"),
        ("str", "E201", "define it above, or import it"),
    ],
)
def test_unknown_types(written: str, code: str, advice: str) -> None:
    (found,) = faults_of(model(f"output y = x -> cast({written})"))
    assert (found.code, found.advice()) == (code, advice)


def test_a_type_in_quotes() -> None:
    (found,) = faults_of(model('output y = x -> cast("float16")'))
    assert found.code == "E301"
    assert found.headline() == ('`type` of `cast` must be an element type without quotes, `float16`, not "float16"')
    for written in ('"half"', "16", "true", "float16[N]", "[float16]"):
        (found,) = faults_of(model(f"output y = x -> cast({written})"))
        assert found.code == "E301"
        assert "an element type (float32, float16, bfloat16, float64, int64, int32, int8, uint8, bool)" in (
            found.headline()
        )


# --- one_hot ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [DType.INT32, DType.INT64])
def test_a_vector_for_every_id(dtype: DType) -> None:
    """An id that is no class has zeros alone; no int of the type is too far away."""
    info = np.iinfo(dtype.value)
    ids = np.array([[0, 2, 1], [-1, 3, 2], [info.min, info.max, 0]], dtype.value)
    expected = [[[1, 0, 0], [0, 0, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 0], [0, 0, 1]], [[0] * 3, [0] * 3, [1, 0, 0]]]
    layer = make("one_hot", classes=3)
    assert reference("one_hot", ids, classes=3).tolist() == expected
    (found,) = run(build(layer, [ints(N, T, dtype=dtype)], {}), [ids])
    assert (found.tolist(), found.dtype.name) == (expected, "float32")


def test_one_hot_at_all_ranks() -> None:
    layer = make("one_hot", classes=5)
    assert infer(layer, ints(N, H + 1)) == (floats(N, H + 1, 5),)
    for ids in (ints(N, T), ints(), ints(4)):
        check_at_all_sizes(layer, [ids], [ints(N, T)])
    check_at_all_sizes(make("one_hot", classes=1), [ints(N)])
    assert layer.operand_range(0, [ints(N)]) == (0, 4)


def test_one_hot_needs_ids_and_classes() -> None:
    assert fault(make("one_hot", classes=5), floats(N)).code == "E402"
    assert fault(make("one_hot", classes=5), ints(N, dtype=DType.UINT8)).code == "E402"
    for classes in ("0", "-1", "2.0", "1048577"):
        assert faults(f"output y = x -> one_hot({classes})", image="int64[N]") == [("E301", classes)]


def test_an_embedding_is_a_product_with_one_hot_vectors() -> None:
    table = [[1.0, 2], [3, 4], [5, 6]]
    text = f"""model m {{
        input ids: int64[N, T]
        output looked_up = ids -> embedding(3, dim=2, weight={table})
        output product = ids -> one_hot(3) -> dense(2, bias=false, weight={np.transpose(table).tolist()})
    }}"""
    found = run_optimized(compile_source(text).to_bytes(), {"ids": np.array([[0, 2, 1, 1]])})
    np.testing.assert_array_equal(found["looked_up"], found["product"])


# --- minimum ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "expected"), [("minimum", [1.0, -3.0, math.nan]), ("maximum", [2.0, 0.0, math.nan])])
def test_the_lesser_and_the_greater(kind: str, expected: list[float]) -> None:
    a, b = np.array([1.0, 0, math.nan], np.float32), np.array([2.0, -3, 5], np.float32)
    layer = LAYERS[kind]()
    np.testing.assert_array_equal(layer.reference([a, b], {})[0], expected)
    np.testing.assert_array_equal(run(build(layer, [floats(3), floats(3)], {}), [a, b])[0], expected)


def test_minimum_broadcasts_and_refuses_like_arithmetic() -> None:
    layer = LAYERS["minimum"]()
    check_at_all_sizes(layer, [floats(N, 1, W), floats(H, 1)])
    check_at_all_sizes(layer, [ints(N, 3), ints(3)])
    assert fault(layer, floats(N, 3), floats(N, 4)).code == "E430"
    assert fault(layer, floats(N), floats(T)).code == "E431"
    assert fault(layer, floats(N), ints(N)).code == "E432"


# --- all of them ------------------------------------------------------------------------------------------------------


def test_every_activation_is_in_the_table() -> None:
    """So that a new one is tested at extreme numbers, too."""
    kinds = {kind for kind, cls in LAYERS.items() if issubclass(cls, Elementwise)}
    others = {"relu", "leaky_relu", "sigmoid", "tanh", "step", "dropout", "spatial_dropout"}
    assert kinds - others == {kind for kind, *_ in FUNCTIONS}
    assert OPERATORS["", "Celu"].elements["T"] == {DType.FLOAT32}


def test_a_network_of_all_of_them() -> None:
    """One behind the other, built for every target, against the reference."""
    stages = " -> ".join(
        [
            "dense(6)",
            *(f"{kind}(low=-1, high=1)" if kind == "clip" else kind for kind, given, *_ in FUNCTIONS if not given),
        ]
    )
    found = compile_source(f"model m {{ input x: float32[N, 6] output y = x -> {stages} -> prelu(per_channel=true) }}")
    x = np.random.default_rng(0).normal(0, 2, (5, 6)).astype(np.float32)
    (expected,) = (evaluate(found.graph, {"x": x}, WeightValues())[value] for value in found.graph.outputs.values())
    for target in ("onnx", "onnxruntime", "onnxruntime-cpu"):
        np.testing.assert_allclose(run_optimized(found.to_bytes(target=target), {"x": x})["y"], expected, atol=1e-6)
