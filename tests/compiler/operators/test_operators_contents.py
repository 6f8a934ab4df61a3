"""Small tensors of ints carry symbolic numbers through inference: what is known of them is what is computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from dotnn.compiler.dims import Dim, decide_equal, dim_max, dim_min, evaluate
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import OPERATORS, InvalidOperands, Known, Operator
from dotnn.compiler.operators.base import LONGEST_CONTENT
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.operators.operator_cases import C, H, N, W, int64s, known_of

SIZES: tuple[Mapping[str, int], ...] = (
    {"N": 1, "C": 1, "H": 1, "W": 1},
    {"N": 2, "C": 3, "H": 7, "W": 4},
    {"N": 5, "C": 2, "H": 12, "W": 9},
)

DIMS = st.sampled_from((N, H, 2 * H, H + 1, (H + 1) // 2, N * W, dim_max(H, W), H - 3, 3 - W, 1, 2, 7, 0, -1, -4))
VECTORS = st.lists(DIMS, min_size=1, max_size=4).map(tuple)


def make(kind: str, **attributes: object) -> Operator:
    domain = "dotnn" if kind == "Dims" else ""
    return OPERATORS[domain, kind](**attributes)


class Traced:
    """A small tensor, by what is known of it and by its numbers at every size."""

    def __init__(self, known: Known, arrays: list[np.ndarray]) -> None:
        self.known = known
        self.arrays = arrays

    def check(self) -> None:
        """What is known is what is there."""
        for sizes, array in zip(SIZES, self.arrays, strict=True):
            assert tuple(evaluate(dim, sizes) for dim in self.known.shape) == array.shape
            assert array.dtype.name == self.known.dtype
            if self.known.content is not None:
                assert [evaluate(dim, sizes) for dim in self.known.content] == array.reshape(-1).tolist()


def dims(*content: Dim) -> Traced:
    op = make("Dims", dims=content)
    return Traced(op.infer()[0], [op.bind(sizes).reference()[0] for sizes in SIZES])


def numbers(*content: int) -> Traced:
    return Traced(known_of(int64s(*content)), [int64s(*content)] * len(SIZES))


def apply(op: Operator, *operands: Traced) -> Traced:
    (known,) = op.infer(*(one.known for one in operands))
    arrays = [op.reference(*row)[0] for row in zip(*(one.arrays for one in operands), strict=True)]
    return Traced(known, arrays)


@given(VECTORS, VECTORS, st.sampled_from(("Add", "Sub", "Mul", "Max", "Min")))
@settings(max_examples=150, deadline=None)
def test_arithmetic_of_contents(left: tuple[Dim, ...], right: tuple[Dim, ...], kind: str) -> None:
    length = min(len(left), len(right))
    for ends in ((length, length), (1, length), (length, 1)):
        result = apply(make(kind), dims(*left[: ends[0]]), dims(*right[: ends[1]]))
        assert result.known.content is not None
        result.check()


@given(VECTORS, st.sampled_from((1, 2, 3, 7, -2, -5, H, N + 1, 2 * W)), st.sampled_from(("Div", "Mod", "Fmod")))
@settings(max_examples=150, deadline=None)
def test_divisions_of_contents(numerators: tuple[Dim, ...], divisor: Dim, kind: str) -> None:
    """Towards zero and with the sign of the divisor; where that cannot be said, nothing is."""
    op = make("Mod", fmod=1) if kind == "Fmod" else make(kind)
    result = apply(op, dims(*numerators), dims(divisor))
    result.check()
    if all(isinstance(one, int) for one in (*numerators, divisor)):
        assert result.known.content is not None


@pytest.mark.parametrize(
    ("kind", "numerator", "divisor", "expected"),
    [
        ("Div", -7, 2, -3),
        ("Div", 7, -2, -3),
        ("Div", H, 2, H // 2),
        ("Div", -H, 2, -(H // 2)),
        ("Div", H - 3, 2, None),
        ("Div", H, N, H // N),
        ("Div", H, N - 1, None),
        ("Div", 2 * H - 6, 2, H - 3),
        ("Div", N * (H - W), N, H - W),
        ("Div", H, 0, None),
        ("Mod", -7, 2, 1),
        ("Mod", 7, -2, -1),
        ("Mod", H - 3, 2, (H - 3) % 2),
        ("Mod", H, W - 5, None),
        ("Mod", 5, 0, None),
    ],
)
def test_what_a_division_says(kind: str, numerator: Dim, divisor: Dim, expected: Dim | None) -> None:
    one, other = (Known(TensorType(DType.INT64, ()), (dim,)) for dim in (numerator, divisor))
    assert make(kind).infer(one, other)[0].content == (None if expected is None else (expected,))


@given(VECTORS, VECTORS, st.data())
@settings(max_examples=150, deadline=None)
def test_arrangements_of_contents(left: tuple[Dim, ...], right: tuple[Dim, ...], data: st.DataObject) -> None:
    joined = apply(make("Concat", axis=0), dims(*left), dims(*right))
    assert joined.known.content == (*left, *right)
    length = len(left) + len(right)
    bounds = st.integers(-length - 2, length + 2)
    start, end, step = data.draw(bounds), data.draw(bounds), data.draw(st.sampled_from((-2, -1, 1, 2)))
    parts = [numbers(one) for one in (start, end, 0, step)]
    places = data.draw(st.lists(st.integers(-length, length - 1), max_size=4))
    results = [
        joined,
        apply(make("Slice"), joined, *parts),
        apply(make("Gather"), joined, numbers(*places)),
        apply(make("Identity"), joined),
        apply(make("Reshape"), joined, numbers(-1)),
        apply(make("Cast", to=DType.INT64), joined),
    ]
    for result in results:
        assert result.known.content is not None
        result.check()
    apply(make("Cast", to=DType.INT32), joined).check()


@given(DIMS)
@settings(max_examples=30, deadline=None)
def test_scalars_and_vectors_of_one(dim: Dim) -> None:
    scalar = apply(make("Squeeze"), dims(dim))
    assert scalar.known == Known(TensorType(DType.INT64, ()), (dim,))
    back = apply(make("Unsqueeze"), scalar, numbers(0))
    assert back.known == Known(TensorType(DType.INT64, (1,)), (dim,))
    picked = apply(make("Gather"), dims(7, dim), Traced(Known(TensorType(DType.INT64, ()), (1,)), [np.array(1)] * 3))
    assert picked.known == scalar.known
    for one in (scalar, back, picked):
        one.check()


def test_shapes_that_are_read_from_shapes() -> None:
    """What an exported model does: the shape of an image, cut, divided, and put together to another shape."""
    image = Known(TensorType(DType.FLOAT32, (N, C, 2 * H, W)))
    (shape,) = make("Shape").infer(image)
    assert shape == Known(TensorType(DType.INT64, (4,)), (N, C, 2 * H, W))
    (height,) = make("Slice").infer(shape, *(known_of(int64s(one)) for one in (2, 3)))
    (half,) = make("Div").infer(height, known_of(int64s(2)))
    (wanted,) = make("Concat", axis=0).infer(known_of(int64s(0, -1)), half)
    (result,) = make("Reshape").infer(image, wanted)
    assert result.type == TensorType(DType.FLOAT32, (N, 2 * C * W, H))


def test_bounds_of_slices_may_be_symbolic() -> None:
    rows = Known(TensorType(DType.FLOAT32, (H, 4)))
    half = Known(TensorType(DType.INT64, (1,)), (H // 2,))
    zero, far = known_of(int64s(0)), known_of(int64s(2**63 - 1))
    assert make("Slice").infer(rows, zero, half, zero)[0].shape == (H // 2, 4)
    assert make("Slice").infer(rows, half, far, zero)[0].shape == (H - H // 2, 4)
    assert make("Slice").infer(rows, zero, known_of(int64s(27)), zero)[0].shape == (dim_min(H, 27), 4)
    with pytest.raises(InvalidOperands, match="may count from either end"):
        make("Slice").infer(rows, Known(TensorType(DType.INT64, (1,)), (H - 3,)), far, zero)


def test_pads_and_parts_may_be_symbolic() -> None:
    x = Known(TensorType(DType.FLOAT32, (N, H)))
    pads = Known(TensorType(DType.INT64, (4,)), (0, W - H, 0, 1))
    assert make("Pad").infer(x, pads)[0].shape == (N, W + 1)
    parts = Known(TensorType(DType.INT64, (2,)), (H // 2, H - H // 2))
    assert [one.shape for one in make("Split", axis=1).infer(x, parts)] == [(N, H // 2), (N, H - H // 2)]
    larger, smaller = (one.shape[1] for one in make("Split", axis=1, num_outputs=2).infer(x))
    assert larger == (H + 1) // 2
    assert decide_equal(smaller, H // 2)


def test_no_number_leaves_its_type() -> None:
    """A content is what the runtime computes, which wraps around; what does not fit is not known."""
    large = Known(TensorType(DType.INT64, (1,)), (2**62,))
    assert make("Mul").infer(large, known_of(int64s(3)))[0].content is None
    assert make("Mul").infer(large, known_of(int64s(-2)))[0].content == (-(2**63),)
    assert make("Cast", to=DType.INT32).infer(large)[0].content is None
    symbolic = Known(TensorType(DType.INT64, (1,)), (H,))
    assert make("Cast", to=DType.INT32).infer(symbolic)[0].content is None
    power = Known(TensorType(DType.INT64, (1,)), (H**20,))
    assert make("Mul").infer(power, power)[0].content is None


def test_only_lists_of_ints_have_contents() -> None:
    table = Known(TensorType(DType.INT64, (1, 2)))
    assert make("Add").infer(table, known_of(int64s(1)))[0].content is None
    floats = Known(TensorType(DType.FLOAT32, (2,)))
    assert make("Cast", to=DType.INT64).infer(floats)[0].content is None
    assert make("Cast", to=DType.FLOAT32).infer(known_of(int64s(1)))[0].content is None
    many = known_of(int64s(*range(LONGEST_CONTENT)))
    assert many.content is not None
    assert make("Concat", axis=0).infer(many, many)[0] == Known(TensorType(DType.INT64, (2 * LONGEST_CONTENT,)))
