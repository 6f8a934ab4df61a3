"""Every operator's reference against onnxruntime and onnx's evaluator, over generated cases."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler.operators import OPERATORS
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    RuntimeException,
)
from onnxruntime.capi.onnxruntime_pybind11_state import (
    NotImplemented as NoKernel,
)

from tests.helpers.operators.all_cases import GROUPS, all_cases
from tests.helpers.operators.operator_cases import GENERATORS, Case
from tests.helpers.operators.operator_faults import EVALUATOR, FAULTS, ONNXRUNTIME, Fault, excused
from tests.helpers.operators.operator_runs import LEVELS, faults, inferred, on_evaluator, on_onnxruntime, references

#: How onnxruntime and the evaluator refuse, crashes of the evaluator included.
REFUSALS = (
    Fail,
    InvalidArgument,
    InvalidGraph,
    NoKernel,
    RuntimeException,
    ArithmeticError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def differences(case: Case, runs: list) -> list[str]:
    types = inferred(case)
    texts = [text for run, found in enumerate(runs) for text in faults(found, references(case, run), types)]
    return [f"{case}: {text}" for text in texts]


def test_every_operator_has_cases() -> None:
    assert GENERATORS.keys() == OPERATORS.keys()
    assert {name.split("-")[0] for name in GROUPS} == {kind for _, kind in OPERATORS}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("group", [name for name in GROUPS if not name.startswith("Dims-")])
def test_reference_agrees_with_onnxruntime(group: str, level: str) -> None:
    cases = [case for case in all_cases()[group] if not excused(ONNXRUNTIME, case)]
    assert [text for case in cases for text in differences(case, on_onnxruntime(case, level))] == []


@pytest.mark.parametrize("group", [name for name in GROUPS if not name.startswith("Dims-")])
@pytest.mark.filterwarnings("ignore")
def test_reference_agrees_with_the_evaluator(group: str) -> None:
    cases = [case for case in all_cases()[group] if not excused(EVALUATOR, case)]
    assert [text for case in cases for text in differences(case, on_evaluator(case))] == []


@pytest.mark.parametrize("group", GROUPS)
def test_reference_computes_in_the_type_of_its_operands(group: str) -> None:
    """With operands as they are: results have the inferred types, and the numbers that float64 has, rounded."""
    texts = []
    for case in all_cases()[group]:
        native = [list(references(case, run, precise=False)) for run in range(len(case.sizes))]
        texts += differences(case, native)
    assert texts == []


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_an_excuse_is_still_true(fault: Fault) -> None:
    """Some of its cases is refused or answered otherwise."""
    concerned = [
        case for cases in all_cases().values() for case in cases if fault.has(case) and case.op.domain != "dotnn"
    ]
    assert any(is_wrong(fault.who, case) for case in concerned)


def is_wrong(who: str, case: Case) -> bool:
    try:
        runs = on_onnxruntime(case, "plain") if who == ONNXRUNTIME else on_evaluator(case)
    except REFUSALS:
        return True
    return bool(differences(case, runs))


#: Judged by numpy alone: what neither onnxruntime nor the evaluator has. The formulas are those of the other types.
UNJUDGED = {"FusedConv-float64", "FusedGemm-float64", "LRN-bfloat16", "LRN-float64", "Resize-bool", "Dims-int64"}


def test_what_nobody_judges_is_known() -> None:
    judges = (ONNXRUNTIME, EVALUATOR)
    judged = {
        group
        for group, cases in all_cases().items()
        if any(not excused(who, case) for who in judges for case in cases) and not group.startswith("Dims-")
    }
    assert set(GROUPS) - judged == UNJUDGED


def test_windows_of_even_size_over_channels() -> None:
    """What onnxruntime refuses and the evaluator has wrong, by ONNX's formula written out."""
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    for size in (2, 4, 6):
        (found,) = OPERATORS["", "LRN"](size=size, alpha=0.5, beta=0.75, bias=2.0).reference(x)
        for channel in range(5):
            first, last = max(0, channel - (size - 1) // 2), min(4, channel + size // 2)
            squares = sum(x[:, other] ** 2 for other in range(first, last + 1))
            assert np.allclose(found[:, channel], x[:, channel] / (2 + 0.5 / size * squares) ** 0.75)
