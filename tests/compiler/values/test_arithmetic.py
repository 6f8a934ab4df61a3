"""Operators on compile-time values; most are tested by conditions of models that hold."""

from __future__ import annotations

import pytest
from dotnn.compiler.diagnostics import DotnnError, Report
from dotnn.compiler.graph.types import DType
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.values.arithmetic import binary
from dotnn.compiler.values.budget import Budget
from dotnn.compiler.values.compile_values import KnownValue

PLACE = Source("<test>", "left + right").span(0, 12)


def plus(left: KnownValue, right: KnownValue) -> KnownValue:
    return binary("+", left, right, PLACE, Budget(Limits(), Report()))


def test_strings_and_lists_are_joined() -> None:
    assert plus("a", "b") == "ab"
    assert plus((1, "a"), ((2,),)) == (1, "a", (2,))


@pytest.mark.parametrize(("left", "right"), [(DType.FLOAT16, "a"), ("a", DType.FLOAT16), (DType.INT8, DType.INT8)])
def test_an_element_type_is_no_string_to_join(left: KnownValue, right: KnownValue) -> None:
    with pytest.raises(DotnnError, match=r"`\+` does not take"):
        plus(left, right)
