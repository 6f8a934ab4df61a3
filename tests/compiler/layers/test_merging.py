"""Joining, dividing and reducing tensors, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler.diagnostics.operands import (
    BroadcastUndecided,
    CannotBroadcast,
    CannotConcatenate,
    ConcatenationUndecided,
    ElementTypesDiffer,
    RanksDiffer,
    SplitNotEven,
    SplitSizes,
    SplitUndecided,
)
from dotnn.compiler.diagnostics.shapes import AxisMustBeWritten, AxisOutOfRange, WrongElementType
from dotnn.compiler.dims import ceil_div
from dotnn.compiler.graph.types import DType
from dotnn.compiler.layers.base import LAYERS

from tests.helpers.one_layer import C, H, N, S, T, W, fault, floats, infer, ints, make, refuses

# --- concat ---


@pytest.mark.parametrize(
    ("arguments", "parts", "result"),
    [
        ({}, [floats(N, 16, H, W), floats(N, 32, H, W)], floats(N, 48, H, W)),
        ({}, [floats(N, C), floats(N, 2 * C), floats(N, 1)], floats(N, 3 * C + 1)),
        ({"axis": -1}, [floats(N, T, 4), floats(N, T, 4)], floats(N, T, 8)),
        ({"axis": 1}, [floats(N, T, 4), floats(N, S, 4)], floats(N, T + S, 4)),
        ({}, [floats(N, 8, ceil_div(H, 2), 4), floats(N, 8, (H + 1) // 2, 4)], floats(N, 16, ceil_div(H, 2), 4)),
        ({"axis": 0}, [ints(2), ints(3)], ints(5)),
    ],
)
def test_concat_adds_up_one_axis(arguments: dict[str, object], parts: list, result) -> None:
    assert infer(make("concat", **arguments), *parts) == (result,)


@pytest.mark.parametrize(
    ("arguments", "parts", "expected"),
    [
        ({}, [floats(N, 16, 8, 8), floats(N, 16, 4, 8)], CannotConcatenate),
        ({}, [floats(N, 16, 8, 8), floats(N, 8, 8, 8), floats(N, 8, 8, 7)], CannotConcatenate),
        ({}, [floats(N, 16, H, 8), floats(N, 16, H - 1, 8)], CannotConcatenate),
        ({}, [floats(N, 16, H, 8), floats(N, 16, W, 8)], ConcatenationUndecided),
        ({}, [floats(N, 4), floats(N, 4, 1, 1)], RanksDiffer),
        ({}, [floats(N, 4), ints(N, 4)], ElementTypesDiffer),
        ({}, [floats(N, T, 4), floats(N, T, 4)], AxisMustBeWritten),
        ({"axis": 4}, [floats(N, T, 4), floats(N, T, 4)], AxisOutOfRange),
        ({}, [floats(4), floats(4)], AxisOutOfRange),
    ],
)
def test_concat_refuses(arguments: dict[str, object], parts: list, expected: type) -> None:
    diagnostic = fault(make("concat", **arguments), *parts)
    assert type(diagnostic) is expected
    assert str(parts[0]) in diagnostic.headline()
    assert diagnostic.advice()


def test_concat_shows_both_shapes_and_the_axis() -> None:
    diagnostic = fault(make("concat"), floats(N, 16, 8, 8), floats(N, 16, 4, 8))
    assert diagnostic.headline() == (
        "`concat` along axis 1 cannot join float32[N, 16, 8, 8] and float32[N, 16, 4, 8]: 8 and 4 on axis 2"
    )
    assert diagnostic.caret() == "this is float32[N, 16, 4, 8]"


def test_concat_is_numpy_s() -> None:
    a, b = np.arange(6).reshape(2, 3), np.arange(4).reshape(2, 2)
    np.testing.assert_array_equal(make("concat").reference([a, b, a], {})[0], np.hstack([a, b, a]))


# --- split ---


@pytest.mark.parametrize(
    ("arguments", "x", "sizes"),
    [
        ({"parts": 2}, floats(N, 64, H, W), (32, 32)),
        ({"parts": (16, 40, 8)}, floats(N, 64, H, W), (16, 40, 8)),
        ({"parts": 3, "axis": 1}, floats(N, 6 * T + 3, 2), (2 * T + 1,) * 3),
        ({"parts": 1}, floats(N, C), (C,)),
        ({"parts": (64,)}, floats(N, 64), (64,)),
    ],
)
def test_split_divides_one_axis(arguments: dict[str, object], x, sizes: tuple) -> None:
    results = infer(make("split", **arguments), x)
    assert results == tuple(x.with_shape(x.shape[0], size, *x.shape[2:]) for size in sizes)


def test_all_parts_of_a_split_are_taken() -> None:
    assert LAYERS["split"].take_all_results


@pytest.mark.parametrize(
    ("parts", "x", "expected", "headline"),
    [
        (3, floats(N, 64), SplitNotEven, "axis 1 of float32[N, 64] has 64, which 3 does not divide"),
        ((16, 32), floats(N, 64), SplitSizes, "the parts [16, 32] add up to 48, and axis 1 of float32[N, 64] has 64"),
        (2, floats(N, C), SplitUndecided, "`split` into 2 parts would have to know `C`, axis 1 of float32[N, C]"),
        ((1, 2), floats(N, C), SplitUndecided, "`split` into [1, 2] would have to know `C`, axis 1 of float32[N, C]"),
        (2, floats(N, 2 * C + 1), SplitUndecided, None),
        (2, floats(N, T, C), AxisMustBeWritten, None),
        (2, floats(8), AxisOutOfRange, None),
    ],
)
def test_split_refuses(parts: object, x, expected: type, headline: str | None) -> None:
    diagnostic = fault(make("split", parts=parts), x)
    assert type(diagnostic) is expected
    assert headline is None or diagnostic.headline() == headline
    assert diagnostic.advice()


@pytest.mark.parametrize("parts", [0, -2, 4097, (1,) * 4097, (), (2, 0), (2, -1), 1.0, "2", True])
def test_parts_are_positive(parts: object) -> None:
    assert "a positive int" in refuses("split", parts=parts)


def test_split_is_numpy_s() -> None:
    x = np.arange(12).reshape(2, 6)
    for parts, places in ((3, 3), ((1, 3, 2), [1, 4])):
        found = make("split", parts=parts).reference([x], {})
        for part, wanted in zip(found, np.split(x, places, axis=1), strict=True):
            np.testing.assert_array_equal(part, wanted)


# --- maximum ---


def test_maximum_is_numpy_s() -> None:
    a, b = np.array([[1.0, -2], [3, 0]]), np.array([0.5, -1])
    np.testing.assert_array_equal(make("maximum").reference([a, b], {})[0], [[1, -1], [3, 0]])
    assert infer(make("maximum"), floats(N, 1, W), floats(H, 1)) == (floats(N, H, W),)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (floats(N, 3), floats(N, 4), CannotBroadcast),
        (floats(N, T), floats(N, S), BroadcastUndecided),
        (floats(N, 3), ints(N, 3), ElementTypesDiffer),
        (ints(N, dtype=DType.BOOL), ints(N, dtype=DType.BOOL), WrongElementType),
        (ints(N, dtype=DType.UINT8), ints(N, dtype=DType.UINT8), WrongElementType),
    ],
)
def test_maximum_refuses(a, b, expected: type) -> None:
    assert type(fault(make("maximum"), a, b)) is expected
