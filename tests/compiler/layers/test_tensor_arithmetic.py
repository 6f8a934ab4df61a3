"""Tensor operators and indexing, with numpy as the oracle of broadcasting and of shapes."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.operands import (
    BroadcastUndecided,
    CannotBroadcast,
    ElementTypesDiffer,
)
from dotnn.compiler.diagnostics.shapes import WrongElementType
from dotnn.compiler.diagnostics.tensor_indices import EmptySlice, IndexOutOfRange, SliceOutOfRange, TooManyIndices
from dotnn.compiler.dims import ceil_div, evaluate
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import LAYERS, Site
from dotnn.compiler.layers.tensor_arithmetic import Index, IndexItem
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.helpers.one_layer import C, H, N, S, T, W, check_at_all_sizes, demands, fault, floats, infer, ints

ADD = LAYERS["add"]()
ALL: IndexItem = (None, None)
NUMPY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}

shapes = st.lists(st.integers(1, 3), max_size=4).map(tuple)


# --- operators ---


@settings(max_examples=300, deadline=None)
@given(a=shapes, b=shapes)
def test_broadcasting_is_numpy_s(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    try:
        wanted = np.broadcast_shapes(a, b)
    except ValueError:
        assert type(fault(ADD, floats(*a), floats(*b))) is CannotBroadcast
        return
    assert infer(ADD, floats(*a), floats(*b)) == (floats(*wanted),)


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (floats(N, C, H, W), floats(C, 1, 1), (N, C, H, W)),
        (floats(N, 1, W), floats(H, 1), (N, H, W)),
        (floats(N, ceil_div(H, 2)), floats(N, (H + 1) // 2), (N, ceil_div(H, 2))),
        (floats(), floats(N, T), (N, T)),
        (floats(1), floats(T), (T,)),
        (floats(T), floats(1), (T,)),
    ],
)
def test_symbols_broadcast_where_it_is_certain(a, b, result: tuple) -> None:
    assert infer(ADD, a, b) == (floats(*result),)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (floats(N, T), floats(N, S), BroadcastUndecided),
        (floats(N, T), floats(N, 8), BroadcastUndecided),
        (floats(N, T), floats(N, T + 1), BroadcastUndecided),  # T may be 1
        (floats(N, T + 1), floats(N, T + 2), CannotBroadcast),
        (floats(N, 16, 8, 8), floats(N, 16), CannotBroadcast),
        (floats(N, 16, 8, 16), floats(N, 16), BroadcastUndecided),  # N stands at the height 8, and may be 8
        (floats(5, 16, 8, 8), floats(5, 16), CannotBroadcast),
        (floats(N, 2), ints(N, 2), ElementTypesDiffer),
        (floats(N, 2), TensorType(DType.FLOAT64, (N, 2)), ElementTypesDiffer),
    ],
)
def test_what_does_not_fit_or_is_not_certain(a, b, expected: type) -> None:
    diagnostic = fault(ADD, a, b)
    assert type(diagnostic) is expected
    assert str(a) in diagnostic.headline()
    assert str(b) in diagnostic.headline()
    assert diagnostic.advice()


def test_the_message_says_what_would_have_to_be_known() -> None:
    diagnostic = fault(ADD, floats(N, T), floats(N, S))
    assert diagnostic.headline() == (
        "`add` of float32[N, T] and float32[N, S] would have to know whether `T` and `S` on axis 1 are equal"
    )


@pytest.mark.parametrize("kind", NUMPY)
def test_operators_are_numpy_s(kind: str) -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 3)), generator.normal(size=3)
    (y,) = LAYERS[kind]().reference([a, b], {})
    np.testing.assert_array_equal(y, NUMPY[kind](a, b))


def test_references_of_scalars_are_arrays() -> None:
    for kind in NUMPY:
        (y,) = LAYERS[kind]().reference([np.array(1.0), np.array(2.0)], {})
        assert isinstance(y, np.ndarray)
    assert isinstance(LAYERS["neg"]().reference([np.array(1.0)], {})[0], np.ndarray)


def test_division_by_zero_is_that_of_floating_point() -> None:
    (y,) = LAYERS["div"]().reference([np.array([1.0, -1.0, 0.0]), np.zeros(3)], {})
    np.testing.assert_array_equal(y, [np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("kind", [*NUMPY, "neg"])
@pytest.mark.parametrize("dtype", [DType.BOOL, DType.UINT8, DType.INT8])
def test_arithmetic_needs_numbers(kind: str, dtype: DType) -> None:
    layer = LAYERS[kind]()
    x = ints(N, dtype=dtype)
    assert type(fault(layer, *[x] * len(layer.operands))) is WrongElementType


def test_division_needs_floating_point() -> None:
    diagnostic = fault(LAYERS["div"](), ints(N), ints(N))
    assert type(diagnostic) is WrongElementType
    assert diagnostic.headline() == "`div` needs float32 elements, and this is int64[N]"


@pytest.mark.parametrize("kind", [*NUMPY, "neg", "index"])
def test_operators_are_not_called_by_name(kind: str) -> None:
    assert not LAYERS[kind].callable


# --- indexing ---

bounds = st.none() | st.integers(-6, 6)
items = st.lists(st.integers(-5, 5) | st.tuples(bounds, bounds), max_size=4).map(tuple)


def as_numpy(index: tuple[IndexItem, ...]) -> tuple[int | slice, ...]:
    return tuple(item if isinstance(item, int) else slice(*item) for item in index)


@settings(max_examples=400, deadline=None)
@given(index=items, shape=st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple))
def test_indexing_is_numpy_s(index: tuple[IndexItem, ...], shape: tuple[int, ...]) -> None:
    x = np.arange(np.prod(shape)).reshape(shape)
    layer = Index(items=index)
    try:
        wanted = np.asarray(x[as_numpy(index)])
    except IndexError:
        assert type(fault(layer, ints(*shape))) in (IndexOutOfRange, TooManyIndices, EmptySlice)
        return
    if wanted.size == 0:
        assert type(fault(layer, ints(*shape))) is EmptySlice
        return
    assert infer(layer, ints(*shape)) == (ints(*wanted.shape),)
    np.testing.assert_array_equal(layer.reference([x], {})[0], wanted)


@settings(max_examples=400, deadline=None)
@given(low=bounds, high=bounds, size=st.integers(1, 12))
def test_slices_of_symbols_are_numpy_s_where_their_demands_hold(low: int | None, high: int | None, size: int) -> None:
    site = Site.nowhere("index")
    try:
        (result,) = Index(items=((low, high),)).infer([floats(T)], site)
    except DotnnError as error:
        # Refused only where no size at all gives an element within the bounds.
        (diagnostic,) = error.diagnostics
        assert type(diagnostic) in (EmptySlice, SliceOutOfRange)
        inside = [n for n in range(1, 40) if n >= max(abs(low or 0), abs(high or 0))]
        assert not any(len(range(*slice(low, high).indices(n))) for n in inside)
        return
    holds = all(evaluate(one.dim, {"T": size}) >= one.minimum for one in site.demands)
    assume(holds)
    assert evaluate(result.shape[0], {"T": size}) == len(range(*slice(low, high).indices(size)))


@pytest.mark.parametrize(
    ("index", "result", "demanded"),
    [
        ((ALL, 0), (N, 5), []),
        ((ALL, -1), (N, 5), []),
        ((ALL, 3), (N, 5), ["T >= 4"]),
        ((ALL, -3), (N, 5), ["T >= 3"]),
        ((ALL, (0, 27)), (N, 27, 5), ["T >= 27"]),
        ((ALL, (None, -1)), (N, T - 1, 5), ["T >= 2"]),
        ((ALL, (2, None)), (N, T - 2, 5), ["T >= 3"]),
        ((ALL, (-2, None)), (N, 2, 5), ["T >= 2"]),
        ((ALL, (1, -1)), (N, T - 2, 5), ["T >= 3"]),
        ((ALL, ALL, (1, 99)), (N, T, 4), []),
        ((), (N, T, 5), []),
    ],
)
def test_indexing_symbols(index: tuple[IndexItem, ...], result: tuple, demanded: list[str]) -> None:
    layer = Index(items=index)
    assert infer(layer, floats(N, T, 5)) == (floats(*result),)
    assert demands(layer, floats(N, T, 5)) == demanded


@pytest.mark.parametrize("index", [(ALL, 2), (ALL, -3), (ALL, -2, (1, 3)), (ALL, (1, -1), 0), (ALL, (0, 3)), (-1, 1)])
def test_what_is_demanded_of_a_symbol_is_known_of_its_operators(index: tuple[IndexItem, ...]) -> None:
    """A slice of one element has the size 1, however long the axis: it is squeezed."""
    check_at_all_sizes(Index(items=index), [floats(N, T, 5)])


@pytest.mark.parametrize(
    ("index", "expected", "headline"),
    [
        ((ALL, ALL, 5), IndexOutOfRange, "index 5 is outside axis 2 of float32[N, T, 5]"),
        ((ALL, ALL, -6), IndexOutOfRange, "index -6 is outside axis 2 of float32[N, T, 5]"),
        ((ALL, ALL, (5, None)), EmptySlice, "the slice 5: of axis 2 of float32[N, T, 5] is empty"),
        ((ALL, (3, 3)), EmptySlice, "the slice 3:3 of axis 1 of float32[N, T, 5] is empty"),
        ((ALL, (-1, -2)), EmptySlice, "the slice -1:-2 of axis 1 of float32[N, T, 5] is empty"),
        ((0, 0, 0, 0), TooManyIndices, "4 indices for the 3 axes of float32[N, T, 5]"),
    ],
)
def test_indices_that_do_not_fit(index: tuple[IndexItem, ...], expected: type, headline: str) -> None:
    diagnostic = fault(Index(items=index), floats(N, T, 5))
    assert type(diagnostic) is expected
    assert diagnostic.headline() == headline
    assert diagnostic.advice()


def test_a_size_that_a_symbol_can_never_have() -> None:
    short = 3 - T  # at most 2
    assert type(fault(Index(items=((0, 4),)), floats(short))) is SliceOutOfRange
    assert type(fault(Index(items=(2,)), floats(short))) is IndexOutOfRange
