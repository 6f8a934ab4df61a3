"""What values may be: every kind has a name for messages and is shown as the language writes it."""

from __future__ import annotations

from typing import NamedTuple, get_args

import pytest
from dotnn.compiler.dims import symbol
from dotnn.compiler.graph.graph import Value
from dotnn.compiler.graph.tensors import Literal
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.initializers import INITIALIZERS
from dotnn.compiler.values.compile_values import (
    UNKNOWN,
    KnownValue,
    Quotient,
    Several,
    SimpleValue,
    TensorConstant,
    TensorRef,
    all_known,
    describe,
    first,
    is_dimension,
    is_int,
    is_number,
    is_string,
    is_tensor,
    show,
)

H = symbol("H")
ROW = TensorType(DType.FLOAT32, (2,))

QUESTIONS = {
    "int": is_int,
    "number": is_number,
    "dimension": is_dimension,
    "string": is_string,
    "tensor": is_tensor,
}


class Sample(NamedTuple):
    """A value, what it is called, how it is shown, and which questions about it are answered by yes."""

    value: KnownValue
    phrase: str
    shown: str
    yes: tuple[str, ...] = ()


SAMPLES = [
    Sample(True, "a bool", "true"),
    Sample(61_482, "an int", "61,482", ("int", "number", "dimension")),
    Sample(0.5, "a float", "0.5", ("number",)),
    Sample("same", "a string", '"same"', ("string",)),
    Sample(DType.INT8, "an element type", "int8"),
    Sample(2 * H, "a symbolic dimension", "2*H", ("dimension",)),
    Sample(Quotient(H + 1, 2), "a quotient of dimensions", "(H + 1) / 2"),
    Sample(ROW, "a tensor type", "float32[2]"),
    Sample(INITIALIZERS["he_normal"](), "an initializer", "he_normal"),
    Sample(TensorRef(Value(0, 0), ROW), "a tensor", "float32[2]", ("tensor",)),
    Sample(TensorConstant("row", Literal((2,), (1, 2)), ROW), "a tensor", "float32[2]", ("tensor",)),
    Sample((1000, (H, "a")), "a list", '[1000, [H, "a"]]'),
]


def test_there_is_a_sample_of_every_kind() -> None:
    kinds = (*get_args(SimpleValue), tuple)
    assert [kind for kind in kinds if not any(isinstance(sample.value, kind) for sample in SAMPLES)] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample.value).__name__)
def test_a_value_is_described_shown_and_told_from_others(sample: Sample) -> None:
    assert describe(sample.value) == sample.phrase
    assert show(sample.value) == sample.shown
    assert tuple(name for name, asked in QUESTIONS.items() if asked(sample.value)) == sample.yes


def test_nothing_is_known_of_what_has_failed() -> None:
    assert not any(asked(UNKNOWN) for asked in QUESTIONS.values())
    assert all_known([1, "a"])
    assert not all_known([1, UNKNOWN])


def test_several_results_are_the_first_of_them_where_one_is_wanted() -> None:
    assert first(Several((1, 2), "split")) == 1
    assert first((1, 2)) == (1, 2)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (tuple(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16..."),
        ("a" * 100, '"' + "a" * 56 + "..."),
        (2**2000, "a huge int"),
    ],
    ids=["list", "string", "int"],
)
def test_a_long_value_is_shortened(value: KnownValue, shown: str) -> None:
    assert show(value) == shown
