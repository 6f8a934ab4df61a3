"""Adaptive pooling: measured numbers, windows, symbolic sizes, what it is lowered to, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims import Dim, symbol
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Site
from dotnn.compiler.layers.reach import WHOLE, Along, Reach

from tests.helpers.layer_facts import CONVENTIONS, TORCH
from tests.helpers.one_layer import C, H, L, N, T, W, build, floats, make, run
from tests.helpers.window_layers import agree, apply, pooled, refused, result_shape

FACTS = {name: facts for name, facts in CONVENTIONS["adaptive_pool"].items() if name.startswith("n=")}
BOTH = ("adaptive_avg_pool", "adaptive_max_pool")


@pytest.mark.parametrize("name", FACTS)
def test_measured_numbers(name: str) -> None:
    """Of PyTorch, on 1, 2, 3, …."""
    size, count = (int(part.partition("=")[2]) for part in name.split())
    row = range(1, size + 1)
    assert pooled("adaptive_avg_pool1d", row, size=count) == pytest.approx(FACTS[name]["torch_avg"])
    assert pooled("adaptive_max_pool1d", row, size=count) == FACTS[name]["torch_max"]


@pytest.mark.parametrize("base", BOTH)
def test_every_small_size_on_onnxruntime(base: str) -> None:
    for size in range(1, 12):
        for count in range(1, 12):
            agree(make(f"{base}1d", size=count), (2, 2, size))


@pytest.mark.parametrize("base", BOTH)
def test_axes_of_every_sort_together_on_onnxruntime(base: str) -> None:
    """Windows alike, symbolic ones, overlapping ones and repeated positions, in every order."""
    table: tuple[tuple[list[int], tuple[Dim, ...]], ...] = (
        ([3, 2], (7, 5)),
        ([2, 3], (4, 7)),
        ([3, 2], (7, 4)),
        ([3, 2], (7, 2 * W)),
        ([2, 3], (2 * H, 7)),
        ([2, 1], (2 * H, W)),
        ([5, 1], (3, W)),
        ([4, 4], (2, 6)),
        ([2, 3], (6 * H, 3 * W)),
        ([3, 4, 2], (7, 2, 2 * W)),
        ([1, 3, 2], (T, 5, 6)),
        ([2, 2, 3], (5, 2 * H, 7)),
        ([2, 5, 3], (3, 4, 7)),
    )
    sizes = ({"N": 1, "H": 1, "W": 3, "T": 2}, {"N": 3, "H": 2, "W": 1, "T": 5})
    for count, spatial in table:
        agree(make(f"{base}{len(count)}d", size=count), (N, 2, *spatial), sizes)


def test_shapes_of_pytorch() -> None:
    for desc, size in (("AdaptiveAvgPool2d(6)", 6), ("AdaptiveAvgPool2d((None,2))", [13, 2])):
        case = TORCH[desc]
        assert result_shape(make("adaptive_avg_pool2d", size=size), *case["input"]) == tuple(case["output"])


def test_symbolic_sizes_that_are_certain() -> None:
    assert result_shape(make("adaptive_avg_pool2d", size=1), N, C, H, W) == (N, C, 1, 1)
    assert result_shape(make("adaptive_max_pool2d", size=[7, 2]), N, 3, 14 * H, 2 * W + 4) == (N, 3, 7, 2)
    assert result_shape(make("adaptive_max_pool1d", size=3), N, 3, 3 * (L + 1)) == (N, 3, 3)


def test_a_size_that_would_have_to_be_known() -> None:
    found = refused(make("adaptive_avg_pool2d", size=7), N, 8, H, W)
    assert found.code == "E457"
    assert found.headline() == (
        "`adaptive_avg_pool2d` to 7 positions must know axis 2 of float32[N, 8, H, W], "
        "and it is the symbolic dimension `H`"
    )
    assert found.advice().startswith("write `7*H` for `H` and `7*W` for `W` in the types of the inputs")
    assert found.advice().endswith("or give `H` a number in the type of the input")
    assert refused(make("adaptive_max_pool1d", size=4), N, 8, 2 * L).advice().startswith("write `2*L` for `L`")
    assert refused(make("adaptive_max_pool2d", size=[1, 2]), N, 8, H, 3 * W).headline().endswith("`3*W`")
    assert refused(make("adaptive_max_pool2d", size=[2, 3]), N, 8, H, H).advice() == (
        "give `H` a number in the type of the input"
    )


def test_the_remedy_applies() -> None:
    assert result_shape(make("adaptive_avg_pool2d", size=7), N, 8, 7 * H, 7 * W) == (N, 8, 7, 7)
    assert result_shape(make("adaptive_max_pool1d", size=4), N, 8, 2 * (2 * L)) == (N, 8, 4)


def test_other_operands_are_refused() -> None:
    assert refused(make("adaptive_avg_pool2d", size=2), N, 8, 8).code == "E401"
    assert refused(make("adaptive_avg_pool1d", size=2), N, 8, 8, dtype=DType.INT64).code == "E402"
    assert refused(make("adaptive_avg_pool1d", size=1), N, T, 8).code == "E416"


def kinds_of(kind: str, dtype: DType, shape: tuple[Dim, ...], size: int) -> list[str]:
    """The operators of an optimized build."""
    text = f"model m {{ input x: {TensorType(dtype, shape)} output y = x -> {kind}({size}) }}"
    return [node.op_type for node in onnx.load_from_string(compile_source(text).to_bytes()).graph.node]


def test_plain_windows_are_plain_poolings() -> None:
    double = DType.FLOAT64
    assert kinds_of("adaptive_avg_pool2d", DType.FLOAT32, (N, 2, H, W), size=1) == ["GlobalAveragePool"]
    assert kinds_of("adaptive_max_pool2d", DType.FLOAT32, (N, 2, H, W), size=1) == ["GlobalMaxPool"]
    assert kinds_of("adaptive_avg_pool2d", DType.FLOAT32, (N, 2, 14, 7), size=7) == ["AveragePool"]
    assert kinds_of("adaptive_max_pool2d", DType.FLOAT32, (N, 2, 14, 7), size=7) == ["MaxPool"]
    assert kinds_of("adaptive_avg_pool2d", DType.FLOAT32, (N, 2, 7, 7), size=7) == ["Identity"]
    assert kinds_of("adaptive_avg_pool1d", double, (N, 2, 14), size=7) == ["Reshape", "ReduceMean"]


def test_windows_that_differ_are_reduced_axis_by_axis() -> None:
    """So that little is left when the last axis is gathered, which runtimes do number by number."""
    along_last = ["Transpose", "Gather", "Transpose", "ReduceMax"]
    assert kinds_of("adaptive_max_pool1d", DType.FLOAT32, (N, 2, 7), size=3) == along_last
    assert kinds_of("adaptive_max_pool2d", DType.FLOAT32, (N, 2, 7, 8), size=3) == ["Gather", "ReduceMax", *along_last]
    assert kinds_of("adaptive_max_pool2d", DType.FLOAT32, (N, 2, 7, 6), size=3) == ["Gather", "ReduceMax", "MaxPool"]


def test_what_is_no_number_spoils_its_windows_alone() -> None:
    """Nor does an infinity, though short windows are filled up."""
    for bad in (math.nan, math.inf, -math.inf):
        x = np.array([[[1, bad, 3, 4, 5, 6, 7, 8]]], np.float32)
        layer = make("adaptive_avg_pool1d", size=3)
        (found,) = run(build(layer, [floats(1, 1, 8)], {}), [x])
        np.testing.assert_array_equal(found, apply(layer, x))
        assert np.isfinite(found[0, 0, 1:]).all()
        assert not np.isfinite(found[0, 0, 0])


def test_means_of_short_floats_do_not_overflow() -> None:
    x = np.full((1, 1, 7), 60000, np.float16)
    layer = make("adaptive_avg_pool1d", size=3)
    (found,) = run(build(layer, [TensorType(DType.FLOAT16, (1, 1, 7))], {}), [x])
    assert found.ravel().tolist() == [60000.0] * 3


def reach(size: int, dim: Dim) -> Along:
    layer, x = make("adaptive_avg_pool1d", size=size), floats(N, 2, dim)
    found: Reach = layer.reach([x], layer.infer([x], Site.nowhere(layer.kind)))
    return found[2]


def test_what_a_window_reads() -> None:
    assert reach(3, 9) == Along(2, 3, 3)
    assert reach(3, 7) == Along(2, 3, 3, shift=None)
    assert reach(5, 3) == Along(2, 2, 1, shift=None)
    assert reach(4, 4) == Along(2)
    assert reach(1, L) == reach(2, 2 * L) == WHOLE


def test_no_row_of_windows_reads_further_than_is_said() -> None:
    """From the first to the last position of any number of neighbouring windows, for all small sizes."""
    for size in range(1, 25):
        for count in range(2, 25):
            said = reach(count, size)
            starts = [number * size // count for number in range(count)]
            ends = [math.ceil((number + 1) * size / count) for number in range(count)]
            widest = max(end - start for start, end in zip(starts, ends, strict=True))
            assert said.kernel == widest
            for row in range(1, count + 1):
                spans = [ends[last + row - 1] - starts[last] for last in range(count - row + 1)]
                assert max(spans) <= said.kernel + (row - 1) * said.stride


def test_a_symbol_may_be_another() -> None:
    with pytest.raises(DotnnError):
        result_shape(make("adaptive_avg_pool1d", size=2), N, 8, symbol("S") + 1)
