"""What operators say of themselves to passes, held against their references over generated cases and near misses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.graph.tensors import Literal, numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import OPERATORS, Known, Operator
from dotnn.compiler.operators.activation_functions import OF_FUSED_CONV, OF_FUSED_GEMM, named
from dotnn.compiler.operators.base import NUMBERS, RuntimeActivation

from tests.helpers.operators.all_cases import all_cases
from tests.helpers.operators.operator_cases import CORNERS, Case, Feed, H, N, int64s, known_of, main_dtypes, tensor
from tests.helpers.operators.operator_runs import references

KINDS = sorted(kind for _, kind in OPERATORS)
BY_KIND = {kind: cls for (_, kind), cls in OPERATORS.items()}


#: What no generated case shows: a window that sees nothing but padding has no element of the operand.
FURTHER = {
    "MaxPool": Case(
        ops.MaxPool(kernel_shape=(2,), dilations=(5,), pads=(1, 1)), (Feed(tensor(DType.FLOAT32, 1, 1, 4)),), name="gap"
    )
}


def runs_of(kind: str) -> list[tuple[Case, int]]:
    """The runs of all cases in the element type that is used most."""
    group = all_cases()[f"{kind}-{main_dtypes(BY_KIND[kind])[0]}"]
    group = (*group, FURTHER[kind]) if kind in FURTHER else group
    return [(case, run) for case in group for run in range(len(case.sizes))]


def holds_always(kind: str, holds: Callable[[Case, int], bool]) -> bool:
    return all(holds(case, run) for case, run in runs_of(kind))


def bits(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).reshape(-1).view(f"u{array.itemsize}")


def is_same(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two arrays are the same to the last bit; what is no number may have any."""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    nothing = np.zeros(found.shape, bool) if found.dtype.kind in "biu" else np.isnan(found.astype(np.float64))
    return bool(np.all((bits(found) == bits(expected)) | (nothing & _no_number(expected)).reshape(-1)))


def _no_number(array: np.ndarray) -> np.ndarray:
    return np.zeros(array.shape, bool) if array.dtype.kind in "biu" else np.isnan(array.astype(np.float64))


# --- how elements come about ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_keeps_values_and_what_does_not(kind: str) -> None:
    """What keeps values does so in every case; of everything else some case has another element."""
    assert BY_KIND[kind].keeps_values == holds_always(kind, _keeps_values)


def _keeps_values(case: Case, run: int) -> bool:
    given = [array for array in case.arrays(run) if array is not None]
    for result in references(case, run, precise=False):
        alike = [bits(array) for array in given if array.dtype == result.dtype]
        if not np.isin(bits(result), np.concatenate(alike) if alike else []).all():
            return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_elementwise_and_what_is_not(kind: str) -> None:
    """Elements in another order give results in that order; what else there is fails in some case."""
    assert BY_KIND[kind].elementwise == holds_always(kind, _is_elementwise)


def _is_elementwise(case: Case, run: int) -> bool:
    given = [array for array in case.arrays(run) if array is not None]
    present = [array is not None for array in case.arrays(run)]
    results = references(case, run)
    try:
        spread = np.broadcast_arrays(*given)
    except ValueError:
        return False
    if len(results) != 1 or not given or results[0].shape != spread[0].shape:
        return False
    order = np.random.default_rng(run).permutation(results[0].size)
    try:
        ordered = iter([_wide(array.reshape(-1)[order]) for array in spread])
        (found,) = case.op.reference(*(next(ordered) if one else None for one in present))
    except (ValueError, IndexError):
        return False
    expected = results[0].reshape(-1)[order]
    return found.shape == expected.shape and np.allclose(_wide(found), _wide(expected), equal_nan=True)


def _wide(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind in "biu" else array.astype(np.float64)


def test_what_takes_long_for_its_size_is_not_folded() -> None:
    """What has weights."""
    slow = {kind for kind, cls in BY_KIND.items() if not cls.folds}
    assert slow == {"Conv", "ConvTranspose", "FusedConv", "GRU", "LSTM", "RNN"}


def test_work_is_what_is_read_and_written() -> None:
    image = TensorType(DType.FLOAT32, (N, 3, 8, 8))
    assert ops.Relu().work([image], [image]) == 2 * 192 * N
    assert ops.LRN(size=3).work([image], [image]) == (2 + 3) * 192 * N
    pool = ops.MaxPool(kernel_shape=(5, 4))
    (result,) = pool.infer(Known(image))
    assert pool.work([image], [result.type]) == 192 * N + (1 + 20) * 3 * 4 * 5 * N
    small = TensorType(DType.INT64, (2,))
    assert ops.Slice().work([small, small, small, None, small], [small]) == 10


# --- activations of fused operators -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_activation_is_what_fused_operators_compute_under_its_name(kind: str) -> None:
    tables = [table for table in (OF_FUSED_CONV, OF_FUSED_GEMM) if kind in table]
    x = np.random.default_rng(0).normal(0, 2, 50)
    applied = 0
    for case, _ in runs_of(kind):
        activation = case.op.runtime_activation(constants_of(case))
        if activation is None:
            continue
        applied += 1
        (expected,) = case.op.reference(x, *(_wide(one) for one in case.operands[1:] if isinstance(one, np.ndarray)))
        for table in tables:
            function = named(table, activation.name)
            assert len(activation.parameters) == len(function.defaults)
            assert np.array_equal(function.with_parameters(*activation.parameters)(x), expected)
    assert (applied > 0) == bool(tables)


def constants_of(case: Case) -> list[Literal | None]:
    return [literal(one) if isinstance(one, np.ndarray) else None for one in case.operands]


def test_the_slope_of_a_leaky_relu_is_a_parameter() -> None:
    assert ops.LeakyRelu(alpha=0.25).runtime_activation([None]) == RuntimeActivation("LeakyRelu", (0.25,))
    assert ops.Tanh().runtime_activation([None]) == RuntimeActivation("Tanh")


def test_bounds_are_parameters_where_both_are_constants() -> None:
    low, high = Literal((), (-1.5,)), Literal((), (2,))
    assert ops.Clip().runtime_activation([None, low, high]) == RuntimeActivation("Clip", (-1.5, 2.0))
    assert [ops.Clip().runtime_activation(one) for one in ([None, low, None], [None, low], [None])] == [None] * 3


# --- what is passed on ------------------------------------------------------------------------------------------------


def passed_on(op: Operator, operands: Sequence[Feed | np.ndarray | None]) -> int | None:
    """The operand that is passed on, as a pass finds it: only one of the type of the result."""
    known = [None if one is None else known_of(one) for one in operands]
    types = [None if one is None else one.type for one in known]
    results = [one.type for one in op.infer(*known)]
    numbers = [literal(one) if isinstance(one, np.ndarray) else None for one in operands]
    place = op.passed_on(types, numbers, results)
    return place if place is not None and types[place] == results[0] else None


def literal(array: np.ndarray) -> Literal:
    return Literal(array.shape, tuple(_wide(array).reshape(-1).tolist()))


def results_are(case: Case, place: int) -> bool:
    """Whether in all runs the only result is the operand, in its own element type."""
    for run in range(len(case.sizes)):
        results, operand = references(case, run, precise=False), case.arrays(run)[place]
        if len(results) != 1 or operand is None or not is_same(results[0], operand):
            return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_passed_on_in_generated_cases_is_the_operand(kind: str) -> None:
    groups = (cases for group, cases in all_cases().items() if group.startswith(f"{kind}-"))
    for case in itertools.chain.from_iterable(groups):
        place = passed_on(case.op, case.operands)
        assert place is None or results_are(case, place), case


def floats(*shape: Any) -> Feed:
    return Feed(tensor(DType.FLOAT32, *shape), corners=True)


def array(*numbers: Any) -> np.ndarray:
    return np.array(numbers, np.float32)


#: Operators that give an operand: the attributes, the operands, and which one it is.
PASSED_ON: tuple[tuple[str, dict[str, Any], tuple[Feed | np.ndarray | None, ...], int], ...] = (
    ("Identity", {}, (floats(N, 3),), 0),
    ("Cast", {"to": DType.FLOAT32}, (floats(N, 3),), 0),
    ("Reshape", {}, (floats(N, 3, H), int64s(0, 3, -1)), 0),
    ("Flatten", {}, (floats(N, H),), 0),
    ("Flatten", {"axis": -1}, (floats(N, H),), 0),
    ("Squeeze", {}, (floats(2, 3),), 0),
    ("Unsqueeze", {}, (floats(N, H), int64s()), 0),
    ("Expand", {}, (floats(N, H), int64s(1, 1)), 0),
    ("Transpose", {"perm": (0, 1, 2)}, (floats(N, H, 3),), 0),
    ("Transpose", {}, (floats(N),), 0),
    ("Transpose", {}, (floats(),), 0),
    ("Slice", {}, (floats(N, 4), int64s(0), int64s(4), int64s(-1)), 0),
    ("Slice", {}, (floats(N, 4), int64s(0), int64s(2**63 - 1)), 0),
    ("Slice", {}, (floats(N, 4), int64s(0, -4), int64s(2**63 - 1, 9), int64s(0, 1), int64s(1, 1)), 0),
    ("Slice", {}, (floats(N, 1), int64s(0), int64s(1), int64s(1), int64s(3)), 0),
    ("Slice", {}, (floats(N, 1), int64s(-1), int64s(-(2**63)), int64s(-1), int64s(-1)), 0),
    ("Slice", {}, (floats(1, N), int64s(-1), int64s(-(2**63)), None, int64s(-1)), 0),
    ("Split", {"axis": 1}, (floats(N, 4), int64s(4)), 0),
    ("Split", {"num_outputs": 1}, (floats(N, 4),), 0),
    ("Concat", {"axis": 0}, (floats(N, 4),), 0),
    ("Pad", {}, (floats(N, 4), int64s(0, 0, 0, 0)), 0),
    ("Pad", {"mode": "reflect"}, (floats(N, 4), int64s(0, 0), None, int64s(1)), 0),
    ("Add", {}, (floats(N, 13), array(-0.0)), 0),
    ("Add", {}, (array(*[-0.0] * 13), floats(N, 13)), 1),
    ("Sub", {}, (floats(N, 13), array(0.0)), 0),
    ("Mul", {}, (array(1.0), floats(N, 13)), 1),
    ("Div", {}, (floats(N, 13), array(1.0)), 0),
    # Both are neutral, and only one has the type of the result.
    ("Add", {}, (array(-0.0), array(-0.0, -0.0)), 1),
    ("Mul", {}, (array(1.0, 1.0), np.float32(1.0)), 0),
)


@pytest.mark.parametrize(
    ("kind", "attributes", "operands", "place"), PASSED_ON, ids=[f"{row[0]}-{i}" for i, row in enumerate(PASSED_ON)]
)
def test_operands_that_are_passed_on(kind: str, attributes: dict, operands: tuple, place: int) -> None:
    op = BY_KIND[kind](**attributes)
    operands = tuple(np.asarray(one) if isinstance(one, np.generic) else one for one in operands)
    assert passed_on(op, operands) == place
    assert results_are(Case(op, operands, ({"N": 13, "H": 2}, {"N": 1, "H": 5}), name="case"), place)


#: Near misses: operators that give no operand for certain, though some look as if they did.
NOT_PASSED_ON: tuple[tuple[str, dict[str, Any], tuple[Feed | np.ndarray | None, ...]], ...] = (
    ("Cast", {"to": DType.FLOAT16}, (floats(N, 3),)),
    ("Reshape", {}, (floats(2, 6), int64s(6, 2))),
    ("Flatten", {}, (floats(N, 2, 3),)),
    ("Squeeze", {}, (floats(N, 1), int64s(1))),
    ("Unsqueeze", {}, (floats(N), int64s(0))),
    ("Expand", {}, (floats(N, 1), int64s(1, 3))),
    ("Transpose", {"perm": (1, 0)}, (floats(4, 4),)),
    ("Transpose", {}, (floats(4, 4),)),
    ("Slice", {}, (floats(N, 4), int64s(1), int64s(4), int64s(1))),
    ("Slice", {}, (floats(N, 4), int64s(-1), int64s(-9), int64s(1), int64s(-1))),
    ("Slice", {}, (floats(N, 4), int64s(-1), int64s(-(2**63)), int64s(0), int64s(-1))),
    ("Slice", {}, (floats(4, 1), int64s(-1, -1), int64s(-9, -9), int64s(1, 0), int64s(-1, -1))),
    ("Split", {"axis": 1, "num_outputs": 2}, (floats(N, 4),)),
    ("Concat", {"axis": 0}, (floats(N, 4), floats(N, 4))),
    ("Pad", {}, (floats(4), int64s(1, -1))),
    ("Pad", {"mode": "edge"}, (floats(4), int64s(-1, 1))),
    ("Add", {}, (floats(13), array(0.0))),
    ("Add", {}, (floats(13), array(-0.0, *[0.0] * 12))),
    ("Add", {}, (floats(1), array(-0.0, -0.0))),
    ("Sub", {}, (floats(13), array(-0.0))),
    ("Sub", {}, (array(0.0), floats(13))),
    ("Mul", {}, (floats(13), array(-1.0))),
    ("Mul", {}, (floats(1), array(1.0, 1.0))),
    ("Div", {}, (array(1.0), floats(13))),
    ("Mod", {"fmod": 1}, (floats(13), array(1.0))),
    ("Relu", {}, (floats(13),)),
)


@pytest.mark.parametrize(
    ("kind", "attributes", "operands"),
    NOT_PASSED_ON,
    ids=[f"{row[0]}-{i}" for i, row in enumerate(NOT_PASSED_ON)],
)
def test_near_misses_are_not_passed_on(kind: str, attributes: dict, operands: tuple) -> None:
    op = BY_KIND[kind](**attributes)
    assert passed_on(op, operands) is None
    case = Case(op, operands, ({"N": 13},), name="case")
    assert not any(results_are(case, place) for place in range(len(operands)))


def test_what_is_not_known_is_not_passed_on() -> None:
    """Steps, axes and pads that are only computed later, and neutral numbers that are parameters."""
    x, bounds = TensorType(DType.FLOAT32, (4, 1)), TensorType(DType.INT64, (1,))
    back, axis = Literal((1,), (-1,)), Literal((1,), (1,))
    slicing = [x, bounds, bounds, bounds, bounds]
    assert ops.Slice().passed_on(slicing, [None] * 5, [x]) is None
    assert ops.Slice().passed_on(slicing, [None, None, None, None, back], [x]) is None
    assert ops.Slice().passed_on(slicing, [None, None, None, axis, back], [x]) == 0
    assert ops.Slice().passed_on(slicing[:3], [None] * 3, [x]) == 0
    assert ops.Pad().passed_on([x, TensorType(DType.INT64, (4,))], [None, None], [x]) is None
    assert ops.Mul().passed_on([x, x], [None, None], [x]) is None


@pytest.mark.parametrize("dtype", sorted(NUMBERS))
@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div"])
@pytest.mark.parametrize("number", [0, -0.0, 1, -1, 2])
def test_neutral_numbers_are_all_found(kind: str, dtype: DType, number: float) -> None:
    """An operand is passed on where the other is a constant that changes none of the numbers at which floats differ."""
    wide = np.array([*CORNERS, 3.0] if dtype.is_float else [0, 1, 3, 100])
    x = wide.astype(numpy_name(dtype))
    if number < 0 and dtype is DType.UINT8:
        return
    for shape in ((), (1,), x.shape):
        constant = np.full(shape, number).astype(x.dtype)
        for place in (0, 1):
            if kind == "Div" and not dtype.is_float and (place or not number):
                # Nothing is defined for a divisor of 0.
                continue
            _check_neutral(BY_KIND[kind](), x, constant, place)


def _check_neutral(op: Operator, x: np.ndarray, constant: np.ndarray, place: int) -> None:
    dtype = DType(x.dtype.name)
    fed, given = (Feed(tensor(dtype, *x.shape)), x), (constant, constant)
    pairs = (fed, given) if place == 0 else (given, fed)
    found = passed_on(op, [one for one, _ in pairs])
    (result,) = op.reference(*(numbers for _, numbers in pairs))
    assert found == (place if is_same(result, x) else None)


def test_slices_of_everything_are_all_found() -> None:
    for length, start, end in itertools.product((1, 2, 3), range(-4, 5), range(-4, 5)):
        for step in (-2, -1, 1, 2):
            operands = Feed(tensor(DType.INT64, length)), int64s(start), int64s(end), int64s(0), int64s(step)
            x = np.arange(length)
            (result,) = ops.Slice().reference(x, *operands[1:])
            assert passed_on(ops.Slice(), operands) == (0 if np.array_equal(result, x) else None)


def test_orders_of_axes_that_keep_them_are_all_found() -> None:
    x = np.arange(8).reshape(2, 2, 2)
    for order in itertools.permutations(range(3)):
        op = ops.Transpose(perm=order)
        expected = 0 if np.array_equal(op.reference(x)[0], x) else None
        assert passed_on(op, [Feed(tensor(DType.INT64, 2, 2, 2))]) == expected
