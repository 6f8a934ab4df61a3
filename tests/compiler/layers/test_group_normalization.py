"""Normalizations by the statistics of what they read: published numbers, exactness far from zero, errors."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from dotnn.compiler.diagnostics.operands import NoAxis, RepeatedAxis
from dotnn.compiler.diagnostics.shapes import (
    AxisMustBeWritten,
    AxisOutOfRange,
    ScalarWithoutAxes,
    UndecidedChannels,
    UndecidedFeatures,
    WrongElementType,
    WrongRank,
)
from dotnn.compiler.diagnostics.windows import ChannelsNotDivisible
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.initializers import Ones, Zeros
from dotnn.compiler.layers.base import LAYERS, Layer
from dotnn.compiler.layers.documentation import signature
from dotnn.compiler.layers.normalization_base import Standardizing

from tests.helpers.harness import run_optimized
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
    random_weights,
    refuses,
    run,
)

KINDS = ("instance_norm", "group_norm", "layer_norm", "rms_norm")


# --- signatures, parameters, initial weights ---


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("batch_norm", "(x | eps=1e-5, momentum=0.1, scale=true, bias=true, init=ones, bias_init=zeros)"),
        ("instance_norm", "(x | eps=1e-5, scale=true, bias=true, init=ones, bias_init=zeros)"),
        ("group_norm", "(x | groups, eps=1e-5, scale=true, bias=true, init=ones, bias_init=zeros)"),
        ("layer_norm", "(x | axis=-1, eps=1e-5, scale=true, bias=true, init=ones, bias_init=zeros)"),
        ("rms_norm", "(x | axis=-1, eps=1e-6, scale=true, init=ones)"),
    ],
)
def test_signatures(kind: str, expected: str) -> None:
    assert signature(LAYERS[kind]) == kind + expected


@pytest.mark.parametrize(
    ("fact", "layer"),
    [
        ("LayerNorm([8,4,4])", make("layer_norm", axis=(-3, -2, -1))),
        ("LayerNorm(4) no bias", make("layer_norm", axis=-1, bias=False)),
        ("GroupNorm(2,8)", make("group_norm", groups=2)),
        ("InstanceNorm2d(8)", make("instance_norm", scale=False, bias=False)),
        ("InstanceNorm2d affine", make("instance_norm")),
    ],
)
def test_parameters_are_pytorch_s(fact: str, layer: Layer) -> None:
    expected = TORCH[fact]
    x = floats(*expected["input"])
    assert infer(layer, x) == (x,)
    assert parameters(layer, x) == expected["params"]
    assert {spec.name: list(spec.shape) for spec in layer.weights([x])} == expected["state"]


@pytest.mark.parametrize("kind", KINDS)
def test_layers_start_as_the_plain_normalization(kind: str) -> None:
    layer = make(kind, **({"groups": 2} if kind == "group_norm" else {}))
    starts = {spec.name: spec.initializer for spec in layer.weights([floats(N, 4, 3)])}
    assert starts.pop("weight") == Ones()
    assert starts == ({} if kind == "rms_norm" else {"bias": Zeros()})


def test_counts_are_explained() -> None:
    assert make("layer_norm", axis=(1, 2)).explain_params([floats(N, 8, 5)]) == "2*40"
    assert make("group_norm", groups=4, scale=False).explain_params([floats(N, 8, 5)]) == "1*8"
    assert make("rms_norm", scale=False).explain_params([floats(N, 8, T)]) == ""


def test_weights_have_the_order_of_the_axes_and_keras_its_own() -> None:
    (weight, _) = make("layer_norm", axis=(3, -3, 2)).weights([floats(N, 2, 3, 4)])
    assert weight.shape == (2, 3, 4)
    gamma = np.arange(24.0).reshape(3, 4, 2)
    np.testing.assert_array_equal(weight.from_keras({"gamma": gamma}), np.moveaxis(gamma, -1, 0))
    (weight, _) = make("layer_norm", axis=(1, 2)).weights([floats(N, 3, 4)])
    np.testing.assert_array_equal(weight.from_keras({"gamma": gamma[..., 0]}), gamma[..., 0])


# --- numbers by hand ---


def test_layer_norm_by_hand() -> None:
    """Mean 3 and variance 3.5."""
    x = np.array([[1.0, 2, 3, 6]])
    plain = (x - 3) / np.sqrt(3.5 + 1e-5)
    (y,) = make("layer_norm", scale=False, bias=False).reference([x], {})
    np.testing.assert_allclose(y, plain, rtol=1e-12)
    weights = {"weight": np.array([2.0, 1, 0, -1]), "bias": np.array([0.5, 0, 1, 0])}
    (y,) = make("layer_norm").reference([x], weights)
    np.testing.assert_allclose(y, plain * weights["weight"] + weights["bias"], rtol=1e-12)
    (y,) = make("layer_norm", eps=0.5, scale=False, bias=False).reference([x], {})
    np.testing.assert_allclose(y, (x - 3) / 2, rtol=1e-12)


def test_rms_norm_by_hand() -> None:
    """A mean square of 12.5."""
    x = np.array([[3.0, -4.0]])
    (y,) = make("rms_norm", scale=False).reference([x], {})
    np.testing.assert_allclose(y, x / np.sqrt(12.5 + 1e-6), rtol=1e-12)
    (y,) = make("rms_norm", eps=3.5).reference([x], {"weight": np.array([2.0, 1.0])})
    np.testing.assert_allclose(y, [[1.5, -1]], rtol=1e-12)


def test_groups_are_blocks_of_channels() -> None:
    x = np.arange(6.0).reshape(1, 6)
    (y,) = make("group_norm", groups=2, scale=False, bias=False).reference([x], {})
    np.testing.assert_allclose(y.ravel(), CONVENTIONS["groupnorm_order"]["torch_GN_2groups_x0to5"], atol=2e-6)


def test_epsilons_are_pytorch_s() -> None:
    expected = CONVENTIONS["norm_eps_defaults"]["torch"]
    for kind, name in (("layer_norm", "LayerNorm"), ("instance_norm", "InstanceNorm2d")):
        assert make(kind).eps == expected[name]  # pyright: ignore
    assert make("group_norm", groups=1).eps == expected["GroupNorm"]  # pyright: ignore


def test_the_normalizations_are_each_other_at_their_ends() -> None:
    x = np.random.default_rng(0).normal(1, 2, (2, 6, 3, 4))
    plain = {"scale": False, "bias": False}
    (by_instance,) = make("instance_norm", **plain).reference([x], {})
    (by_channel,) = make("group_norm", groups=6, **plain).reference([x], {})
    np.testing.assert_allclose(by_channel, by_instance, rtol=1e-12)
    (by_example,) = make("layer_norm", axis=(1, 2, 3), **plain).reference([x], {})
    (by_group,) = make("group_norm", groups=1, **plain).reference([x], {})
    np.testing.assert_allclose(by_group, by_example, rtol=1e-12)
    centered = x - x.mean(-1, keepdims=True)
    (by_row,) = make("layer_norm", axis=-1, eps=1e-6, **plain).reference([x], {})
    (by_root,) = make("rms_norm", axis=-1, scale=False).reference([centered], {})
    np.testing.assert_allclose(by_root, by_row, rtol=1e-12)


# --- onnxruntime ---


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (make("layer_norm", scale=False, bias=False), (N, T, C)),
        (make("layer_norm", axis=(0, 2), scale=False, bias=False), (N, 3, H, W)),
        (make("layer_norm", axis=(0, 2)), (3, N, 4, H)),
        (make("rms_norm", axis=1, scale=False), (N, C, H, W)),
        (make("instance_norm", scale=False, bias=False), (N, C, H, W, T)),
        (make("instance_norm"), (N, 3, H * W)),
        (make("group_norm", groups=3), (2 * N, 6, H, W)),
        (make("group_norm", groups=2), (N, 2, H)),
        (make("group_norm", groups=5), (N, 10)),
        (make("group_norm", groups=1), (N, 1, H, W, T)),
    ],
)
def test_symbolic_sizes(layer: Layer, shape: tuple[Dim, ...]) -> None:
    others = [floats(one) for one in (N, H, W)]
    check_at_all_sizes(layer, [floats(*shape)], others)


FAR = (
    (make("layer_norm"), (4, 96)),
    (make("layer_norm", axis=1), (2, 48, 3, 5)),
    (make("layer_norm", scale=False, bias=False), (4, T)),
    (make("instance_norm"), (2, 3, 12, 9)),
    (make("instance_norm", scale=False, bias=False), (2, C, 12, 9)),
    (make("group_norm", groups=2), (2, 6, 7, 9)),
)
FAR_IDS = [f"{layer.kind}-{index}" for index, (layer, _) in enumerate(FAR)]


def sized(shape: tuple[Dim, ...]) -> tuple[int, ...]:
    return tuple(one if isinstance(one, int) else 40 for one in shape)


@pytest.mark.parametrize("offset", [1e2, 1e4, 1e6])
@pytest.mark.parametrize(("layer", "shape"), FAR, ids=FAR_IDS)
def test_numbers_far_from_zero_lose_nothing(layer: Layer, shape: tuple[Dim, ...], offset: float) -> None:
    """Where the mean of squares less the square of the mean has no right digit, and PyTorch one to four."""
    types, generator = [floats(*shape)], np.random.default_rng(0)
    weights = random_weights(layer, types, generator)
    x = (generator.normal(0, 1, sized(shape)) + offset).astype(np.float32)
    double = {name: one.astype(np.float64) for name, one in weights.items()}
    (expected,) = layer.reference([x.astype(np.float64)], double)
    model = build(layer, types, weights)
    for found in (run(model, [x])[0], run_optimized(model, {"x0": x})["y0"]):
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize(("layer", "shape"), FAR, ids=FAR_IDS)
def test_equal_numbers_become_the_shift(layer: Layer, shape: tuple[Dim, ...]) -> None:
    """A variance of 0, which a kernel that subtracts squares makes negative now and then."""
    types = [floats(*shape)]
    weights = random_weights(layer, types, np.random.default_rng(0))
    zeros = [np.zeros(sized(shape))]
    (expected,) = layer.reference(zeros, weights)
    model = build(layer, types, weights)
    for number in (1234.0, 1e-3, -3e5):
        x = np.full(sized(shape), number, np.float32)
        for found in (run(model, [x])[0], run_optimized(model, {"x0": x})["y0"]):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", ["layer_norm", "instance_norm", "group_norm"])
def test_kernels_read_what_is_centered(kind: str) -> None:
    """Because older kernels of onnxruntime lose all digits otherwise, be the installed one right or not."""
    layer = make(kind, **({"groups": 2} if kind == "group_norm" else {}))
    types = [floats(N, 4, 6)]
    model = onnx.load_from_string(build(layer, types, random_weights(layer, types, np.random.default_rng(0))))
    made_by = {name: node for node in model.graph.node for name in node.output}
    (kernel,) = [node for node in model.graph.node if node.op_type in ("LayerNormalization", "InstanceNormalization")]
    less = made_by[kernel.input[0]]
    assert less.op_type == "Sub"
    assert made_by[less.input[1]].op_type == "ReduceMean"
    assert made_by[less.input[1]].input[0] == less.input[0]


@pytest.mark.parametrize(("dtype", "squared_by"), [(DType.FLOAT32, "Pow"), (DType.FLOAT64, "Mul")])
def test_rms_norm_has_the_form_that_onnxruntime_makes_one_operator_of(dtype: DType, squared_by: str) -> None:
    """A power and a vector as the weight; but not in float64, since that operator has its epsilon in float32."""
    types = [TensorType(dtype, (N, T, 6))]
    model = onnx.load_from_string(build(make("rms_norm"), types, {"weight": np.ones(6, np.float32)}))
    assert [node.op_type for node in model.graph.node] == [squared_by, "ReduceMean", "Add", "Sqrt", "Div", "Mul"]
    (weight,) = [one for one in model.graph.initializer if one.name in model.graph.node[-1].input]
    assert list(weight.dims) == [6]


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_of_float16_are_taken_in_float32(kind: str) -> None:
    """Squares leave float16 from 256 on, and sums soon."""
    layer = make(kind, **({"groups": 2} if kind == "group_norm" else {}))
    types = [TensorType(DType.FLOAT16, (2, 4, 200))]
    weights = random_weights(layer, types, np.random.default_rng(0))
    x = np.random.default_rng(1).uniform(-3e4, 6e4, (2, 4, 200)).astype(np.float16)
    (expected,) = layer.reference([x.astype(np.float64)], {name: one.astype(float) for name, one in weights.items()})
    model = build(layer, types, weights)
    for found in (run(model, [x])[0], run_optimized(model, {"x0": x})["y0"]):
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, expected, rtol=0, atol=5e-3)


def test_float64_has_its_own_epsilon() -> None:
    """One of float32 would be wrong in the eighth digit, where it decides."""
    x = np.random.default_rng(0).normal(0, 1e-8, (3, 4, 6))
    for kind in KINDS:
        layer = make(kind, **({"groups": 2} if kind == "group_norm" else {}))
        types = [TensorType(DType.FLOAT64, (3, 4, 6))]
        weights = random_weights(layer, types, np.random.default_rng(0))
        (expected,) = layer.reference([x], {name: one.astype(np.float64) for name, one in weights.items()})
        model = build(layer, types, weights)
        for found in (run(model, [x])[0], run_optimized(model, {"x0": x})["y0"]):
            assert np.max(np.abs(found - expected)) <= 1e-12 * np.max(np.abs(expected)), kind


# --- mistakes ---


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (make("layer_norm"), floats(), ScalarWithoutAxes),
        (make("layer_norm"), ints(N, 3), WrongElementType),
        (make("layer_norm"), floats(N, C), UndecidedFeatures),
        (make("layer_norm", scale=False), floats(N, C), UndecidedFeatures),
        (make("layer_norm"), floats(N, 3, 4, 5), AxisMustBeWritten),
        (make("layer_norm", axis=3), floats(N, 3, 4), AxisOutOfRange),
        (make("layer_norm", axis=(1, -2)), floats(N, 3, 4), RepeatedAxis),
        (make("layer_norm", axis=()), floats(N, 3, 4), NoAxis),
        (make("rms_norm"), floats(N, C), UndecidedFeatures),
        (make("rms_norm"), floats(N, 3, 4, 5), AxisMustBeWritten),
        (make("rms_norm", axis=(1, 1)), floats(N, 3, 4), RepeatedAxis),
        (make("rms_norm"), ints(N, 3), WrongElementType),
        (make("instance_norm"), floats(N, 3), WrongRank),
        (make("instance_norm"), ints(N, 3, 4), WrongElementType),
        (make("instance_norm", bias=False), floats(N, C, W), UndecidedChannels),
        (make("group_norm", groups=2), floats(4), WrongRank),
        (make("group_norm", groups=2), ints(N, 4), WrongElementType),
        (make("group_norm", groups=2, scale=False, bias=False), floats(N, C, W), UndecidedChannels),
        (make("group_norm", groups=4), floats(N, 6, 4), ChannelsNotDivisible),
        (make("group_norm", groups=8), floats(N, 4, 2), ChannelsNotDivisible),
    ],
)
def test_operands_that_do_not_fit(layer: Layer, x: TensorType, expected: type) -> None:
    diagnostic = fault(layer, x)
    assert type(diagnostic) is expected
    assert f"`{layer.kind}`" in diagnostic.headline()
    assert str(x) in diagnostic.headline() + diagnostic.caret()
    assert diagnostic.advice()


def test_channels_last_are_recognized() -> None:
    diagnostic = fault(make("group_norm", groups=4), floats(N, 7, 7, 32))
    assert "`transpose([0, 3, 1, 2])`" in diagnostic.advice()
    assert "transpose" not in fault(make("group_norm", groups=4), floats(N, 6)).advice()


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("layer_norm", {"eps": -1e-5}),
        ("layer_norm", {"axis": 1.0}),
        ("rms_norm", {"axis": (1, "2")}),
        ("group_norm", {"groups": 0}),
        ("instance_norm", {"eps": "small"}),
    ],
)
def test_attributes_out_of_range(kind: str, arguments: dict[str, object]) -> None:
    assert refuses(kind, **arguments).startswith(("a number", "a positive int", "an int"))


@pytest.mark.parametrize(
    ("layer", "x", "sizes"),
    [
        (make("instance_norm"), floats(N, 3, 1, 2), (1, 2)),
        (make("instance_norm"), floats(N, 3, H), (H,)),
        (make("group_norm", groups=3), floats(N, 6), (2,)),
        (make("group_norm", groups=3), floats(N, 3, 1, 4), (1, 1, 4)),
        (make("layer_norm"), floats(N, 4, 1), (1,)),
        (make("layer_norm", axis=(2, 0)), floats(5, 4, 1), (5, 1)),
        (make("rms_norm", axis=(1, 2)), floats(N, 4, 3), (4, 3)),
    ],
)
def test_what_a_mean_is_taken_of(layer: Standardizing, x: TensorType, sizes: tuple[Dim, ...]) -> None:
    assert tuple(layer.averaged(x)) == sizes


def test_single_elements_leave_nothing() -> None:
    (y,) = make("instance_norm", scale=False, bias=False).reference([np.full((2, 3, 1), 7.0)], {})
    assert not y.any()
