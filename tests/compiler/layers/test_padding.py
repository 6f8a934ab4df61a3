"""Padding: measured numbers, shapes, demands, element types, fields, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Site
from dotnn.compiler.layers.reach import WHOLE, Along

from tests.helpers.layer_facts import CONVENTIONS, TORCH
from tests.helpers.one_layer import (
    C,
    H,
    L,
    N,
    T,
    W,
    build,
    check_at_all_sizes,
    demands,
    floats,
    ints,
    make,
    refuses,
    run,
)
from tests.helpers.window_layers import apply, refused, result_shape

MODES = CONVENTIONS["pad_modes"]


def padded(**written: Any) -> list[float]:
    """Of 1, 2, 3, 4."""
    return apply(make("pad", **written), np.array([[[1.0, 2.0, 3.0, 4.0]]])).ravel().tolist()


def test_numbers_measured_of_pytorch() -> None:
    assert padded(padding=2, mode="reflect") == MODES["torch_reflect"]
    assert padded(padding=2, mode="edge") == MODES["torch_replicate"]
    assert padded(padding=2, mode="wrap") == MODES["torch_circular"]
    assert padded(padding=[[2, 1]]) == [0, 0, 1, 2, 3, 4, 0]
    assert padded(padding=[[0, 1]], value=-1.5) == [1, 2, 3, 4, -1.5]


def test_the_first_axis_is_first() -> None:
    """Where PyTorch writes (left, right, top, bottom)."""
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert apply(make("pad", padding=[[0, 2], [1, 0]]), x).tolist() == CONVENTIONS["pad_order"]["torch"]


def test_shapes() -> None:
    case = TORCH["ZeroPad2d((1,2,3,4))"]
    assert result_shape(make("pad", padding=[[3, 4], [1, 2]]), *case["input"]) == tuple(case["output"])
    assert result_shape(make("pad", padding=1), N, C, H, W) == (N, C, H + 2, W + 2)
    assert result_shape(make("pad", padding=[0, 2, [1, 0]]), N, C, T, H, W) == (N, C, T, H + 4, W + 1)
    assert result_shape(make("pad", padding=0), N, C, L) == (N, C, L)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
def test_every_small_padding_on_onnxruntime(mode: str) -> None:
    generator = np.random.default_rng(0)
    for before, after in itertools.product(range(4), repeat=2):
        layer = make("pad", padding=[[before, after], [after, 0]], mode=mode)
        model = build(layer, [floats(N, 2, H, W)], {})
        least = max(before, after) + (mode == "reflect") if mode in ("reflect", "wrap") else 1
        for size in range(max(least, 1), 6):
            x = generator.normal(size=(2, 2, size, 5)).astype(np.float32)
            np.testing.assert_array_equal(run(model, [x])[0], apply(layer, x))


def test_all_elements_are_padded() -> None:
    for dtype in (DType.INT64, DType.INT32, DType.UINT8, DType.INT8, DType.BOOL, DType.FLOAT64, DType.FLOAT16):
        for written in ({"value": 1}, {"mode": "edge"}, {"mode": "wrap"}, {"mode": "reflect"}):
            check_at_all_sizes(make("pad", padding=[0, 0, [1, 2]], **written), [ints(N, 2, H, W, 3, dtype=dtype)])


def test_what_must_be_there_to_be_reflected_or_wrapped() -> None:
    x = floats(N, 2, H, W)
    assert demands(make("pad", padding=[[1, 2], 0], mode="reflect"), x) == ["H >= 3"]
    assert demands(make("pad", padding=[[1, 2], 3], mode="wrap"), x) == ["H >= 2", "W >= 3"]
    assert demands(make("pad", padding=9, mode="edge"), x) == demands(make("pad", padding=9), x) == []
    assert demands(make("pad", padding=0, mode="reflect"), x) == []


def test_too_little_to_be_reflected_or_wrapped() -> None:
    found = refused(make("pad", padding=3, mode="reflect"), N, 8, 3)
    assert found.code == "E461"
    assert found.headline() == (
        '`pad` with mode "reflect" takes 3 positions from axis 2 of float32[N, 8, 3], which needs 4 for that'
    )
    assert result_shape(make("pad", padding=3, mode="wrap"), N, 8, 3) == (N, 8, 9)
    assert refused(make("pad", padding=4, mode="wrap"), N, 8, 3).code == "E461"
    assert result_shape(make("pad", padding=2, mode="reflect"), N, 8, 3) == (N, 8, 7)


def test_a_list_of_another_length() -> None:
    found = refused(make("pad", padding=[1, 2]), N, 8, L)
    assert found.code == "E459"
    assert found.advice().endswith("; PyTorch's list is `[[1, 2]]` here, an axis each")
    assert refused(make("pad", padding=[1, 2, 3]), N, 8, H, W).code == "E459"


def test_nothing_is_taken_away() -> None:
    assert "write a slice" in refuses("pad", padding=-1)
    assert "write a slice" in refuses("pad", padding=((0, -1),))
    assert refuses("pad", padding="same").startswith("an int of at least 0, or a list")
    assert refuses("pad", padding=((1, 2, 3),)).startswith("an int of at least 0, or a list")


def test_a_value_that_nothing_uses() -> None:
    found = refused(make("pad", padding=1, mode="edge", value=2.0), N, 8, L)
    assert found.code == "E460"
    assert found.headline() == '`value=` of `pad` means nothing with mode "edge"'
    assert found.advice() == 'leave `value=` out, or write `mode="constant"`'


def test_a_value_of_other_elements() -> None:
    table = ((DType.INT64, 0.5), (DType.UINT8, -1), (DType.BOOL, 2), (DType.FLOAT16, 1e6), (DType.INT8, 200))
    for dtype, value in table:
        found = refused(make("pad", padding=1, value=value), N, 8, L, dtype=dtype)
        assert found.code == "E463"
        assert found.headline().endswith(f", which the elements of {dtype}[N, 8, L] cannot be")
    assert found.advice() == "write a whole number from -128 to 127, or convert the tensor with `cast`"
    # As a float, which attributes are, it would be another int.
    assert refused(make("pad", padding=1, value=2**53 + 1), N, 8, L, dtype=DType.INT64).code == "E463"
    types = [TensorType(DType.BOOL, (N, 8, L))]
    layer = make("pad", padding=1, value=1)
    assert layer.infer(types, Site.nowhere("pad"))[0].shape == (N, 8, L + 2)


def test_words_of_pytorch() -> None:
    assert refuses("pad", padding=1, mode="replicate") == '"edge", which "replicate" is called here'
    assert refuses("pad", padding=1, mode="circular") == '"wrap", which "circular" is called here'
    # What repeats the edge once is another function.
    assert refuses("pad", padding=1, mode="symmetric") == '"constant" or "reflect" or "edge" or "wrap"'


def test_lists_of_pytorch() -> None:
    """They have the last axis first."""
    found = refused(make("pad", padding=[1, 2, 3, 4]), N, 8, H, W)
    assert found.advice().endswith("; PyTorch's list is `[[3, 4], [1, 2]]` here, an axis each")
    assert refused(make("pad", padding=[1, 2]), N, 8, L).advice().endswith("`[[1, 2]]` here, an axis each")
    assert "PyTorch" not in refused(make("pad", padding=[1, 2, 3]), N, 8, H, W).advice()
    # This may be numpy's.
    assert "PyTorch" not in refused(make("pad", padding=[0, 0, 1, 1]), N, 8, H, W).advice()


def test_other_operands_are_refused() -> None:
    layer = make("pad", padding=1)
    assert refused(layer, N, 8).code == "E401"
    assert refused(layer, N, 8, 1, 1, 1, 1).code == "E401"
    found = refused(layer, N, T, 8)
    assert found.code == "E416"
    assert "transpose([0, 2, 1])" in found.advice()


def test_what_a_position_reads() -> None:
    def reach(**written: Any) -> tuple[Along, ...]:
        x, layer = floats(N, 2, H, W), make("pad", **written)
        return layer.reach([x], layer.infer([x], Site.nowhere("pad")))[2:]

    assert reach(padding=[[2, 1], 0]) == (Along(2, shift=-2), Along(3))
    assert reach(padding=[1, 0], mode="edge") == (Along(2, shift=None), Along(3))
    assert reach(padding=[0, 1], mode="reflect") == (Along(2), Along(3, shift=None))
    assert reach(padding=[1, 0], mode="wrap") == (WHOLE, Along(3))


def test_fields_where_padded_ways_meet() -> None:
    """An edge that is repeated far away from where it is reads more than the sum of both ways would say."""

    def field(way: str) -> str:
        text = f"model m {{ input x: float32[N, 2, 9] output y = x + (x[:, :, 3:] -> {way}) }}"
        return str(compile_source(text).summary().receptive_fields["y"])

    assert field("pad([[3, 0]])") == "1"
    assert field("pad([[0, 3]])") == "4"
    assert field('pad([[3, 0]], mode="edge")') == "9"
