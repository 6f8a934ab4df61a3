"""Layers that change axes, against numpy: shapes, orders of elements, and what they refuse."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from dotnn.compiler.diagnostics.operands import (
    CannotExpand,
    ElementCounts,
    ElementCountsUndecided,
    ExpandOfOtherSize,
    ExpandToFewerAxes,
    ExpandUndecided,
    FlattenRange,
    NoAxis,
    NotAPermutation,
    RepeatedAxis,
    SqueezedAxis,
    SqueezeUndecided,
)
from dotnn.compiler.diagnostics.shapes import AxisOutOfRange, TooManyAdded
from dotnn.compiler.dims import ceil_div
from dotnn.compiler.graph.types import DType
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.layer_facts import CONVENTIONS, TORCH
from tests.helpers.one_layer import C, H, N, S, T, W, build, demands, fault, floats, infer, ints, make, refuses, run

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple)


def reference(kind: str, x: np.ndarray, **arguments: object) -> np.ndarray:
    return make(kind, **arguments).reference([x], {})[0]


# --- flatten ---


@pytest.mark.parametrize(("fact", "arguments"), [("Flatten", {}), ("Flatten(2)", {"start": 2})])
def test_flatten_is_pytorch_s(fact: str, arguments: dict[str, object]) -> None:
    expected = TORCH[fact]
    (y,) = infer(make("flatten", **arguments), floats(*expected["input"]))
    assert list(y.shape) == expected["output"]


def test_flatten_is_in_the_order_c_h_w() -> None:
    facts = CONVENTIONS["flatten"]
    image = np.arange(12).reshape(2, 2, 3).transpose(2, 0, 1)[None]
    assert reference("flatten", image).ravel().tolist() == facts["torch_order"]
    (found,) = run(build(make("flatten"), [ints(N, 3, H, W)], {}), [image])
    assert found.ravel().tolist() == facts["torch_order"]


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({}, (N, C * H * W)),
        ({"start": 2}, (N, C, H * W)),
        ({"start": 0, "end": 1}, (N * C, H, W)),
        ({"start": -2, "end": -2}, (N, C, H, W)),
        ({"start": 0, "end": 3}, (N * C * H * W,)),
    ],
)
def test_flatten_multiplies_symbols(arguments: dict[str, object], shape: tuple) -> None:
    assert infer(make("flatten", **arguments), floats(N, C, H, W)) == (floats(*shape),)


def test_flatten_multiplies_expressions() -> None:
    (y,) = infer(make("flatten"), floats(N, 512, ceil_div(H, 32), 7))
    assert y == floats(N, 3584 * ceil_div(H, 32))
    assert str(y) == "float32[N, 3584*ceil(H / 32)]"


def test_flatten_of_everything_but_the_batch_is_onnx_s_flatten() -> None:
    model = onnx.load_from_string(build(make("flatten"), [floats(N, C, H, W)], {}))
    assert [node.op_type for node in model.graph.node] == ["Flatten"]


# --- reshape ---


@pytest.mark.parametrize(
    ("x", "shape", "result"),
    [
        (floats(N, 784), (N, 1, 28, 28), (N, 1, 28, 28)),
        (floats(N, C, H, W), (N, H * W, C), (N, H * W, C)),
        (floats(N, C, H, W), (N, C, -1), (N, C, H * W)),
        (floats(N, C, H, W), (-1, C), (N * H * W, C)),
        (floats(N, T, 12), (N, -1, 4), (N, 3 * T, 4)),
        (floats(N, 2 * T + 2), (N, 2, T + 1), (N, 2, T + 1)),
        (floats(N, H * W - 2 * H), (N, W - 2, -1), (N, W - 2, H)),
        (floats(1, 1), (), ()),
        (floats(2, 3, 4), (-1, 6), (4, 6)),
        (ints(6, dtype=DType.BOOL), (2, 3), (2, 3)),
    ],
)
def test_reshape_keeps_the_count(x, shape: tuple, result: tuple) -> None:
    assert infer(make("reshape", shape=shape), x) == (x.with_shape(*result),)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), shape=shapes)
def test_reshape_is_numpy_s(data: st.DataObject, shape: tuple[int, ...]) -> None:
    target = data.draw(st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6]), max_size=4).map(tuple))
    if target.count(-1) > 1:
        assert "one of which may be -1" in refuses("reshape", shape=target)
        return
    x = np.arange(np.prod(shape)).reshape(shape)
    layer = make("reshape", shape=target)
    try:
        wanted = x.reshape(target)
    except ValueError:
        assert type(fault(layer, ints(*shape))) is ElementCounts
        return
    assert infer(layer, ints(*shape)) == (ints(*wanted.shape),)
    np.testing.assert_array_equal(layer.reference([x], {})[0], wanted)


def test_reshape_shows_both_counts() -> None:
    diagnostic = fault(make("reshape", shape=(N, 1, 28, 27)), floats(N, 784))
    assert type(diagnostic) is ElementCounts
    assert diagnostic.headline() == "float32[N, 784] has 784*N elements, and [N, 1, 28, 27] 756*N"
    assert "784*N" in diagnostic.advice()
    diagnostic = fault(make("reshape", shape=(5, -1)), floats(2, 3, 4))
    assert type(diagnostic) is ElementCounts
    assert diagnostic.headline() == "float32[2, 3, 4] has 24 elements, and [5, -1] a multiple of 5"


@pytest.mark.parametrize(
    ("x", "shape"),
    [
        (floats(N, T), (N, 12, 64)),
        (floats(N, 784), (10, 784)),
        (floats(N, 7), (-1, 2)),
        (floats(N, T), (S, -1)),
        (floats(N, T), (N, S)),
    ],
)
def test_reshape_that_depends_on_symbols(x, shape: tuple) -> None:
    diagnostic = fault(make("reshape", shape=shape), x)
    assert type(diagnostic) is ElementCountsUndecided
    assert "would have to know" in diagnostic.headline()
    assert diagnostic.advice()


@pytest.mark.parametrize("shape", [(0, 3), (-2, 3), (2.0, 3), (True, 3), "N", (-1.0, 2), ((2, 3),)])
def test_shapes_are_lists_of_positive_dimensions(shape: object) -> None:
    assert "a list of at most 32 positive dimensions" in refuses("reshape", shape=shape)
    assert refuses("expand", shape=shape) == "a list of at most 32 positive dimensions"


def test_expand_has_no_rest() -> None:
    assert "-1" not in refuses("expand", shape=(-1, 3))


# --- transpose ---


@settings(max_examples=100, deadline=None)
@given(data=st.data(), shape=shapes)
def test_transpose_is_numpy_s(data: st.DataObject, shape: tuple[int, ...]) -> None:
    order = data.draw(st.lists(st.integers(-len(shape) - 1, len(shape)), max_size=5).map(tuple))
    order = data.draw(st.sampled_from([order, tuple(range(len(shape)))[::-1]]))
    x = np.arange(np.prod(shape)).reshape(shape)
    layer = make("transpose", order=order)
    try:
        wanted = x.transpose(order) if order else None
    except ValueError:
        wanted = None
    if wanted is None:
        assert type(fault(layer, ints(*shape))) is NotAPermutation
        return
    assert infer(layer, ints(*shape)) == (ints(*wanted.shape),)
    np.testing.assert_array_equal(layer.reference([x], {})[0], wanted)


def test_transpose_says_which_axes_there_are() -> None:
    diagnostic = fault(make("transpose", order=(0, 2)), floats(N, T, 64))
    assert diagnostic.headline() == "`transpose` to [0, 2] does not name every axis of float32[N, T, 64] once"
    assert diagnostic.advice() == "to swap the two, write `[2, 1, 0]`"
    diagnostic = fault(make("transpose", order=(0, 2, 2)), floats(N, T, 64))
    assert diagnostic.advice() == "write each of the axes 0, 1, 2 once"


# --- expand ---


@settings(max_examples=100, deadline=None)
@given(shape=shapes, target=shapes)
def test_expand_is_numpy_s(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    x = np.arange(np.prod(shape)).reshape(shape)
    layer = make("expand", shape=target)
    try:
        wanted = np.broadcast_to(x, target)
    except ValueError:
        assert isinstance(fault(layer, ints(*shape)), CannotExpand)
        return
    assert infer(layer, ints(*shape)) == (ints(*target),)
    np.testing.assert_array_equal(layer.reference([x], {})[0], wanted)


def test_expand_of_symbols() -> None:
    assert infer(make("expand", shape=(N, T, 64)), floats(N, 1, 64)) == (floats(N, T, 64),)
    assert infer(make("expand", shape=(N, 2 * T)), floats(2 * T)) == (floats(N, 2 * T),)
    assert type(fault(make("expand", shape=(S, 64)), floats(N, 64))) is ExpandUndecided
    assert type(fault(make("expand", shape=(8, 64)), floats(N, 64))) is ExpandUndecided
    assert type(fault(make("expand", shape=(2, 64)), floats(N + 2, 64))) is ExpandOfOtherSize
    assert type(fault(make("expand", shape=(64,)), floats(1, 64))) is ExpandToFewerAxes


def test_expand_needs_numbers_to_compute() -> None:
    layer = make("expand", shape=(N, 3))
    with pytest.raises(ValueError, match="symbolic"):
        layer.reference([np.ones(3)], {})
    assert layer.bind({"N": 2}).reference([np.ones(3)], {})[0].shape == (2, 3)


# --- squeeze, unsqueeze, flip ---


@settings(max_examples=150, deadline=None)
@given(data=st.data(), shape=st.lists(st.integers(1, 2), min_size=1, max_size=5).map(tuple))
@pytest.mark.parametrize(
    ("kind", "function"), [("squeeze", np.squeeze), ("unsqueeze", np.expand_dims), ("flip", np.flip)]
)
def test_axes_are_numpy_s(kind: str, function, data: st.DataObject, shape: tuple[int, ...]) -> None:
    axes = data.draw(st.lists(st.integers(-6, 6), min_size=1, max_size=3).map(tuple))
    x = np.arange(np.prod(shape)).reshape(shape)
    layer = make(kind, axis=axes)
    try:
        wanted = function(x, axes)
    except ValueError:  # numpy's AxisError is one
        assert type(fault(layer, ints(*shape))) in (AxisOutOfRange, RepeatedAxis, SqueezedAxis)
        return
    assert infer(layer, ints(*shape)) == (ints(*wanted.shape),)
    np.testing.assert_array_equal(layer.reference([x], {})[0], wanted)


def test_ranks_are_bounded() -> None:
    assert infer(make("reshape", shape=(1,) * 32), floats(1))[0].rank == 32
    assert refuses("reshape", shape=(1,) * 33)
    assert refuses("expand", shape=(1,) * 33)
    assert type(fault(make("unsqueeze", axis=tuple(range(32))), floats(N))) is TooManyAdded


def test_a_single_axis_is_a_list_of_one() -> None:
    for kind in ("squeeze", "unsqueeze", "flip", "mean"):
        assert make(kind, axis=0) == make(kind, axis=(0,))
        assert refuses(kind, axis=1.5) == refuses(kind, axis=(True,)) == "an int or a list of ints"


@pytest.mark.parametrize("kind", ["squeeze", "unsqueeze", "flip", "mean"])
def test_no_axis_is_refused(kind: str) -> None:
    diagnostic = fault(make(kind, axis=()), floats(N, 1))
    assert type(diagnostic) is NoAxis
    assert "float32[N, 1]" in diagnostic.headline()


def test_symbols_at_axes() -> None:
    assert infer(make("squeeze", axis=(-1, 2)), floats(N, C, 1, 1)) == (floats(N, C),)
    assert type(fault(make("squeeze", axis=0), floats(N, C))) is SqueezeUndecided
    assert type(fault(make("squeeze", axis=0), floats(N + 1, C))) is SqueezedAxis
    assert infer(make("unsqueeze", axis=(0, -1)), floats(N, C)) == (floats(1, N, C, 1),)
    assert infer(make("flip", axis=1), floats(N, T, C)) == (floats(N, T, C),)
    repeated = fault(make("flip", axis=(1, -1)), floats(N, C))
    assert type(repeated) is RepeatedAxis
    assert repeated.headline() == "`flip` names axis 1 of float32[N, C] twice in [1, -1]"


def test_flatten_from_behind_its_end() -> None:
    diagnostic = fault(make("flatten", start=2, end=1), floats(N, C, H))
    assert type(diagnostic) is FlattenRange
    assert diagnostic.headline() == "`flatten` from axis 2 to axis 1 of float32[N, C, H] is empty"
    assert type(fault(make("flatten"), floats(N))) is AxisOutOfRange
    assert type(fault(make("flatten", end=3), floats(N, C))) is AxisOutOfRange


def test_nothing_here_demands_sizes() -> None:
    for kind, arguments in (("flatten", {}), ("reshape", {"shape": (N, -1)}), ("flip", {"axis": 2})):
        assert demands(make(kind, **arguments), floats(N, C, H)) == []
