"""Every layer on generated cases: its reference against onnxruntime for every target, shapes and types as inferred.

A new layer is covered by its registry entry. ``DOTNN_LAYER_CASES`` raises the number of cases, and
``benchmarks/fuzz_layers.py`` tries any number of them.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.activations import Sigmoid
from dotnn.compiler.layers.base import COMPUTED_ON_CPU, LAYERS, Site
from dotnn.compiler.layers.convolution import Conv2d

from tests.helpers.generated_layers import LEAST, TRIES, LayerCase, case_of, cases, has_attribute_values, signature
from tests.helpers.layer_faults import FAULTS, Fault, unexcused
from tests.helpers.layer_runs import Difference, differences
from tests.helpers.samples import KINDS

#: Cases of a layer that are run.
COUNT = int(os.environ.get("DOTNN_LAYER_CASES", "24"))
#: Cases of a layer that are looked at, for what varies.
LOOKED_AT = 80


# --- what is generated ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_enough_cases_are_accepted(kind: str) -> None:
    assert len(cases(kind, LEAST, TRIES)) == LEAST


@pytest.mark.parametrize("kind", KINDS)
def test_cases_vary_everything(kind: str) -> None:
    found, layer = cases(kind, LOOKED_AT), LAYERS[kind]
    constant = {name for name in signature(found[0]) if len({str(signature(case)[name]) for case in found}) == 1}
    assert {name for name in constant if has_attribute_values(kind, name)} == set()
    for index, operand in enumerate(layer.operands):
        present = {index < len(case.operands) and case.operands[index] is not None for case in found}
        assert present == ({True, False} if operand.optional else {True}), operand.name
    assert {bool(case.sizes[0]) for case in found} == {True, False}
    first = [case.operands[0] for case in found]
    assert len({one.dtype for one in first if one is not None}) > 1
    assert len({one.shape for one in first if one is not None}) > 6
    sizes = {size for case in found for size in batch_sizes(case)}
    assert 1 in sizes
    assert len(sizes) > 4


def batch_sizes(case: LayerCase) -> list[int]:
    """The first size of the first operand, run by run."""
    return [
        array.shape[0] for run in range(len(case.sizes)) if (array := case.arrays(run)[0]) is not None and array.shape
    ]


def test_a_number_gives_one_case() -> None:
    (one, *_) = cases("conv2d", 1)
    other = case_of("conv2d", one.number)
    assert other is not None
    assert repr(one) == repr(other)
    for name, array in one.feeds(0).items():
        np.testing.assert_array_equal(array, other.feeds(0)[name])
    for name, array in one.weights.items():
        np.testing.assert_array_equal(array, other.weights[name])


# --- what is computed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_build_agrees_with_the_reference(kind: str) -> None:
    wrong = {repr(case): found for case in cases(kind, COUNT) if (found := unexcused(case, list(differences(case))))}
    assert wrong == {}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_still_there(fault: Fault) -> None:
    kinds = [kind for kind in KINDS if fault.applies_to(kind)]
    assert kinds
    for kind in kinds:
        assert any(has_fault(case, fault) for case in cases(kind, 300)), f"{kind} no longer has it"


def has_fault(case: LayerCase, fault: Fault) -> bool:
    case = dataclasses.replace(case, contents=fault.contents.partition("|")[0] or case.contents)
    return any(fault.excuses(case, one) for one in differences(case))


# --- whether a mistake would be found ---------------------------------------------------------------------------------


def kinds_of_differences(kind: str) -> set[str]:
    return {one.kind for case in cases(kind, LEAST) for one in differences(case)}


def shifted(method: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *given: method(self, *given) * (1 + 1e-4)


def test_a_wrong_reference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kinds_of_differences("sigmoid") == set()
    monkeypatch.setattr(Sigmoid, "of", shifted(Sigmoid.of))
    assert kinds_of_differences("sigmoid") == {"value"}


def test_wrong_attributes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lower = Conv2d.lower
    monkeypatch.setattr(Conv2d, "lower", lambda self, *given: lower(dataclasses.replace(self, dilation=(1, 1)), *given))
    assert kinds_of_differences("conv2d") & {"value", "build", "shape", "declared"}


def test_a_wrong_shape_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of symbols taken for numbers: the layer looks at its operand once more, without them."""
    types = Sigmoid.types

    def mistaken(self: Sigmoid, site: Site, x: TensorType) -> TensorType:
        return types(self, site, x if x.symbols else x.with_shape(*x.shape, 1))

    monkeypatch.setattr(Sigmoid, "types", mistaken)
    cases.cache_clear()
    try:
        assert "inference" in kinds_of_differences("sigmoid")
    finally:
        cases.cache_clear()


def test_missing_kernels_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that says that it runs on what it does not, and one that says too little of it."""
    monkeypatch.setattr(Conv2d, "cpu_floats", COMPUTED_ON_CPU)
    doubles = [case for case in cases("conv2d", LOOKED_AT) if DType.FLOAT64 in case.floats]
    assert {one.kind for case in doubles for one in differences(case)} == {"run"}


def test_a_fault_excuses_nothing_else() -> None:
    (case, *_) = cases("max_pool1d", 1)
    off = Difference("value", "onnx, all values", "out0: an error of inf at {}")
    assert unexcused(case, [off]) == [off]
    case = dataclasses.replace(case, contents="corners")
    other = dataclasses.replace(off, kind="shape")
    assert unexcused(case, [off, other]) == [other]
