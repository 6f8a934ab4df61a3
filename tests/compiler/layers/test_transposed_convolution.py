"""Transposed convolutions: published numbers, sizes, costs, and what they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.dims import format_dim
from dotnn.compiler.graph.tensors import Fan
from dotnn.compiler.layers.base import Site

from tests.helpers.language import printed_dims
from tests.helpers.layer_facts import CONVENTIONS, TORCH
from tests.helpers.one_layer import C, H, L, N, T, W, floats, make, parameters
from tests.helpers.window_layers import agree, apply, refused, result_shape

KERNEL = [1, 10, 100]


def spread(row: Sequence[float], kernel: Sequence[float], **attributes: Any) -> list[float]:
    """A transposed convolution of one row of numbers with one kernel."""
    layer = make("conv_transpose1d", filters=1, kernel=len(kernel), bias=False, **attributes)
    weight = np.array(kernel, float)[None, None]
    return apply(layer, np.array(row, float)[None, None], weight=weight).ravel().tolist()


# --- numbers ----------------------------------------------------------------------------------------------------------

#: What PyTorch gives, by the name of the case in the facts.
FACTS: dict[str, dict[str, Any]] = {
    "s=1 p=0 op=0": {},
    "s=1 p=1 op=0": {"padding": 1},
    "s=2 p=0 op=0": {"stride": 2},
    "s=2 p=1 op=0": {"stride": 2, "padding": 1},
    "s=2 p=1 op=1": {"stride": 2, "padding": 1, "output_padding": 1},
    "s=2 p=0 op=1": {"stride": 2, "output_padding": 1},
    "s=3 p=0 op=0": {"stride": 3},
    "s=3 p=1 op=0": {"stride": 3, "padding": 1},
    "s=3 p=1 op=2": {"stride": 3, "padding": 1, "output_padding": 2},
    "dilation2 s2": {"stride": 2, "dilation": 2},
}


@pytest.mark.parametrize("name", FACTS)
def test_numbers_of_pytorch(name: str) -> None:
    assert spread([1, 2, 3], KERNEL, **FACTS[name]) == CONVENTIONS["conv_transpose"][name]["torch"]


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_is_that_of_tensorflow(stride: int) -> None:
    facts = CONVENTIONS["conv_transpose"][f"TF SAME s={stride}"]
    assert spread([1, 2, 3], KERNEL, stride=stride, padding="same") == facts["tf"]


def test_same_with_even_and_with_short_kernels() -> None:
    even = CONVENTIONS["conv_transpose"]["k4 s2: TF SAME vs torch padding=1 vs ONNX SAME_UPPER"]["tf"]
    assert spread([1, 2, 3], [1, 10, 100, 1000], stride=2, padding="same") == even
    short = CONVENTIONS["conv_transpose"]["k1 s2 valid: keras vs torch"]
    assert spread([1, 2, 3], [5], stride=2) == short["torch"]
    assert spread([1, 2, 3], [5], stride=2, padding="same") == short["keras"]
    assert spread([1, 2], [1, 10], stride=4, padding="same") == [1, 10, 0, 0, 2, 20, 0, 0]


def test_it_is_the_gradient_of_the_convolution() -> None:
    """<conv(x), y> is <x, conv_transpose(y)> with the same weight, whatever the window."""
    generator = np.random.default_rng(0)
    window = {"kernel": [3, 2], "stride": [2, 3], "padding": [[1, 0], [2, 1]], "dilation": [2, 1], "groups": 2}
    x, weight = generator.normal(size=(2, 4, 8, 9)), generator.normal(size=(6, 2, 3, 2))
    convolved = apply(make("conv2d", filters=6, bias=False, **window), x, weight=weight)
    y = generator.normal(size=convolved.shape)
    back = make("conv_transpose2d", filters=4, output_padding=[0, 1], bias=False, **window)
    spread_back = apply(back, y, weight=weight)
    assert spread_back.shape == x.shape
    assert np.sum(convolved * y) == pytest.approx(np.sum(x * spread_back))


def test_each_group_has_its_own_filters() -> None:
    x, weight = np.array([[[1.0], [10]]]), np.array([[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]])
    y = apply(make("conv_transpose1d", filters=4, kernel=2, groups=2), x, weight=weight, bias=np.array([0.5, 0, 0, 0]))
    assert y.tolist() == [[[1.5, 2.5], [3, 4], [50, 60], [70, 80]]]


# --- shapes and costs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ({"kernel": 3}, "H + 2"),
        ({"kernel": 3, "stride": 2}, "2*H + 1"),
        ({"kernel": 3, "stride": 2, "padding": 1, "output_padding": 1}, "2*H"),
        ({"kernel": 4, "stride": 2, "padding": 1}, "2*H"),
        ({"kernel": 3, "stride": 3, "padding": "same"}, "3*H"),
        ({"kernel": 2, "stride": 3, "padding": "same"}, "3*H"),
        ({"kernel": 5, "dilation": 2, "padding": "same"}, "H"),
        ({"kernel": 2, "dilation": 4, "output_padding": 3}, "H + 7"),
        ({"kernel": 1, "padding": [[2, 0], [0, 0]]}, "H - 2"),
    ],
)
def test_symbolic_sizes(attributes: dict[str, Any], size: str) -> None:
    shape = result_shape(make("conv_transpose2d", filters=5, **attributes), N, 2, H, W)
    assert shape[:2] == (N, 5)
    assert format_dim(shape[2]) == size


@pytest.mark.parametrize("name", [name for name in TORCH if name.startswith("ConvTranspose2d")])
def test_shapes_and_counts_of_pytorch(name: str) -> None:
    """``ConvTranspose2d(6,4,2,stride=2,padding=0,output_padding=0)``."""
    _, filters, kernel, *rest = name.removesuffix(")").partition("(")[2].split(",")
    attributes = {key: int(value) for key, _, value in (one.partition("=") for one in rest)}
    layer = make("conv_transpose2d", filters=int(filters), kernel=int(kernel), **attributes)
    facts = TORCH[name]
    shape = facts["input"]
    assert list(result_shape(layer, *shape)) == facts["output"]
    assert parameters(layer, floats(*shape)) == facts["params"]
    assert {spec.name: list(spec.shape) for spec in layer.weights([floats(*shape)])} == facts["state"]


def test_costs_and_counts_are_told() -> None:
    layer = make("conv_transpose2d", filters=8, kernel=[3, 2], stride=2, groups=2)
    types = [floats(N, 6, 5, 7)]
    results = layer.infer(types, Site.nowhere())
    assert layer.macs(types, results) == N * 3 * 2 * 4 * 6 * 5 * 7
    assert layer.explain_macs(types, results) == "3*2*4*6*5*7"
    assert layer.explain_params(types) == "3*2*6*4 + 8"
    bare = make("conv_transpose2d", filters=8, kernel=3, bias=False)
    assert bare.explain_params(types) == "3*3*6*8"


def test_initializers_count_by_the_shape_of_the_weight() -> None:
    """As ``torch.nn.init`` and Keras's ``compute_fans`` do."""
    weight, bias = make("conv_transpose2d", filters=8, kernel=3, groups=2).weights([floats(N, 6, 5, 7)])
    assert weight.shape == (6, 4, 3, 3)
    assert weight.fan == Fan(4 * 9, 6 * 9)
    assert bias.shape == (8,)
    assert weight.keras == ()


# --- what is demanded and refused -------------------------------------------------------------------------------------


def test_a_symbolic_size_must_leave_something() -> None:
    site = Site.nowhere("conv_transpose2d")
    layer = make("conv_transpose2d", filters=1, kernel=3, stride=2, padding=[[3, 2], [1, 1]])
    layer.infer([floats(N, 2, H, W)], site)
    assert [(str(one.dim), one.minimum) for one in site.demands] == [("H", 3)]
    assert result_shape(layer, N, 2, 3, 1)[2:] == (2, 1)
    found = refused(layer, N, 2, 2, W)
    assert found.code == "E455"
    assert found.headline() == "`conv_transpose2d` cuts 3 + 2 positions off axis 2, where float32[N, 2, 2, W] gives 5"
    assert found.advice() == "use less `padding`, or at least 3 positions along axis 2 of its input"


def test_output_padding_counts_against_what_is_cut_off() -> None:
    layer = make("conv_transpose1d", filters=1, kernel=1, stride=3, padding=[[0, 2]], output_padding=2)
    assert result_shape(layer, N, 1, 1)[2] == 1
    assert result_shape(layer, N, 1, L)[2] == 3 * L - 2


@pytest.mark.parametrize(
    ("attributes", "limits", "advice"),
    [
        ({"stride": [1, 2], "output_padding": [0, 2]}, "2 along axis 3, and must be below its stride (2)", "at most 1"),
        ({"dilation": 3, "output_padding": 3}, "3 along axis 2, and must be below its stride (1)", "at most 2"),
        ({"output_padding": 1}, "1 along axis 2, and must be below its stride (1) or its dilation (1)", "use no"),
    ],
)
def test_output_padding_from_stride_and_dilation_on(attributes: dict[str, Any], limits: str, advice: str) -> None:
    found = refused(make("conv_transpose2d", filters=1, kernel=3, **attributes), N, 2, H, W)
    assert found.code == "E453"
    assert found.headline().startswith(f"the `output_padding` of `conv_transpose2d` is {limits}")
    assert advice in found.advice()


def test_same_says_the_size_already() -> None:
    written = {"filters": 1, "kernel": 3, "stride": 2, "padding": "same"}
    assert refused(make("conv_transpose1d", output_padding=1, **written), N, 2, L).code == "E454"
    assert result_shape(make("conv_transpose1d", output_padding=0, **written), N, 2, L)[2] == 2 * L


@pytest.mark.parametrize(
    ("attributes", "shape", "code"),
    [
        ({"filters": 4, "groups": 3}, (N, 4, H, W), "E412"),
        ({"filters": 3, "groups": 2}, (N, 4, H, W), "E411"),
        ({"filters": 3}, (N, C, H, W), "E403"),
        ({"filters": 3}, (N, H, W, 3), "E416"),
        ({"filters": 3}, (N, 3, L), "E401"),
    ],
)
def test_what_it_shares_with_the_convolution(attributes: dict[str, Any], shape: tuple[Any, ...], code: str) -> None:
    assert refused(make("conv_transpose2d", kernel=3, **attributes), *shape).code == code


# --- what it is lowered to --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel": 2, "stride": 1, "dilation": 4, "output_padding": 3},
        {"kernel": 3, "stride": 2, "dilation": 5, "output_padding": 4, "padding": 1},
        {"kernel": 3, "stride": 2, "dilation": 5, "output_padding": 4, "padding": 2},
        {"kernel": 1, "stride": 3, "output_padding": 2},
        {"kernel": 2, "stride": 5, "padding": "same"},
        {"kernel": 2, "padding": 1, "groups": 2},
    ],
    ids=str,
)
def test_onnxruntime_agrees(rank: int, attributes: dict[str, Any]) -> None:
    """Also where more is added than onnxruntime takes."""
    layer = make(f"conv_transpose{rank}d", filters=4, **attributes)
    sizes = [{"N": 1, "L": 2, "H": 3, "W": 4}, {"N": 3, "L": 5, "H": 2, "W": 3}]
    agree(layer, (N, 2, *(L, H, W)[:rank]), sizes)


def operators(stages: str) -> list[onnx.NodeProto]:
    model = compile_source(f"model m {{ input x: float32[N, 2, T] output y = x -> {stages} }}")
    return list(onnx.load_from_string(model.to_bytes(optimize=False)).graph.node)


def test_only_what_onnxruntime_refuses_takes_zeros_behind_the_input() -> None:
    assert [one.op_type for one in operators("conv_transpose1d(2, kernel=3, stride=2, output_padding=1)")] == [
        "ConvTranspose"
    ]
    beyond = operators("conv_transpose1d(2, kernel=3, stride=2, dilation=5, output_padding=3)")
    assert [one.op_type for one in beyond] == ["Pad", "ConvTranspose"]
    offset = operators("conv_transpose1d(2, kernel=3, stride=2, dilation=5, output_padding=3, padding=[[0, 3]])")
    assert [one.op_type for one in offset] == ["ConvTranspose"]
    assert {one.name: list(one.ints) for one in offset[0].attribute if one.name in ("pads", "output_padding")} == {
        "pads": [0, 0],
        "output_padding": [0],
    }


def test_it_undoes_the_size_of_a_strided_convolution() -> None:
    model = compile_source("""model m {
        input x: float32[N, 3, 2 * T]
        output y = x -> conv1d(8, kernel=3, stride=2, padding=1)
            -> conv_transpose1d(3, kernel=3, stride=2, padding=1, output_padding=1)
        expect y.shape == x.shape
    }""")
    assert printed_dims(model) == ["N", "3", "2*T"]
    assert result_shape(make("conv_transpose1d", filters=1, kernel=2), N, 1, T)[2] == T + 1


@pytest.mark.parametrize(
    ("stages", "size"),
    [
        ("conv_transpose1d(2, kernel=5)", 5),
        ("conv_transpose1d(2, kernel=3, dilation=2, padding=1)", 5),
        ("conv_transpose1d(2, kernel=4, stride=2)", 2),
        ("conv_transpose1d(2, kernel=2, stride=2)", 1),
        ("conv_transpose1d(2, kernel=1, stride=3)", 1),
        ("conv_transpose1d(2, kernel=5, stride=2, dilation=2)", 5),
    ],
)
def test_receptive_fields(stages: str, size: int) -> None:
    model = compile_source(f"model m {{ input x: float32[1, 2, 20] output y = x -> {stages} }}")
    assert model.summary().receptive_fields == {"y": size}
