"""Every layer against its equivalent in PyTorch, on generated cases: numbers, parameters, multiply-accumulates.

A new layer is covered by its registry entry and a line in a table of ``equivalents``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.graph.tensors import Role
from dotnn.compiler.graph.types import TensorType
from dotnn.compiler.layers.base import WeightSpec
from dotnn.compiler.layers.recurrent import Gru

from tests.helpers.generated_layers import LayerCase, cases
from tests.helpers.harness import error
from tests.helpers.layer_runs import SMALL, as_float, sized, tolerance
from tests.helpers.samples import KINDS
from tests.parity.equivalent_tables import table

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
attending = pytest.importorskip("torch.nn.attention", reason="needs the extra [parity]")
flop_counter = pytest.importorskip("torch.utils.flop_counter", reason="needs the extra [parity]")

#: Cases of a layer that are compared.
COUNT = int(os.environ.get("DOTNN_LAYER_CASES", "40"))
PYTORCH, MODULES, NOT_IN_PYTORCH = (table(name) for name in ("PYTORCH", "MODULES", "NOT_IN_PYTORCH"))
COMPARED = [kind for kind in KINDS if kind in PYTORCH]

#: Gates of a cell, each with a row of weights for every unit: facts/recurrent.md.
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


@cache
def found_cases(kind: str) -> tuple[LayerCase, ...]:
    return cases(kind, COUNT)


@cache
def has_weights(kind: str) -> bool:
    return any(case.node.weights for case in found_cases(kind))


# --- the tables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_has_an_equivalent_or_a_reason(kind: str) -> None:
    assert (kind in PYTORCH) != (kind in NOT_IN_PYTORCH)
    if kind in PYTORCH and has_weights(kind):
        assert kind in MODULES


def test_tables_have_no_others() -> None:
    assert {*PYTORCH, *MODULES, *NOT_IN_PYTORCH} <= set(KINDS)
    assert all(len(reason.split()) > 2 for reason in NOT_IN_PYTORCH.values())
    assert {kind for kind in MODULES if not has_weights(kind)} == set()


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COMPARED)
def test_reference_computes_what_pytorch_does(kind: str) -> None:
    """In single and double precision; at least half of the cases are such that PyTorch has them."""
    wrong, compared = {}, 0
    for case in found_cases(kind):
        for run in range(len(case.sizes)):
            found = list(differences(case, run))
            compared += None not in found
            if said := [one for one in found if one is not None]:
                wrong[repr(case)] = said
    assert wrong == {}
    assert compared * 2 >= sum(len(case.sizes) for case in found_cases(kind))


def differences(case: LayerCase, run: int) -> Iterator[str | None]:
    """What the reference has otherwise; None where PyTorch has no such thing."""
    layer = case.layer.bind(case.sizes[run])
    with np.errstate(all="ignore"):
        results = {
            dtype: layer.reference(in_precision(case.arrays(run), dtype), weights(case, dtype))
            for dtype in ("float64", "float32")
        }
    for dtype, found in results.items():
        theirs = in_pytorch(case, run, dtype)
        if theirs is NotImplemented:
            yield None
            return
        assert len(theirs) == len(found)
        for index, (one, expected) in enumerate(zip(found, theirs, strict=True)):
            place = f"out{index} in {dtype} at {dict(case.sizes[run])}"
            expected_type = f"{str(expected.dtype).removeprefix('torch.')}{list(expected.shape)}"
            if f"{one.dtype.name}{list(one.shape)}" != expected_type:
                yield f"{place}: {one.dtype.name}{list(one.shape)} instead of {expected_type}"
                continue
            rounding = error(*(as_float(results[one][index], "float64") for one in ("float32", "float64")), SMALL)
            allowed = tolerance(case.kind, one.dtype.name, rounding)
            off = error(as_float(one, "float64"), as_array(expected), SMALL)
            if off > allowed:
                yield f"{place}: an error of {off:.1e}"


def in_precision(arrays: list[np.ndarray | None], dtype: str) -> list[np.ndarray | None]:
    return [None if one is None else as_float(one, dtype) for one in arrays]


def weights(case: LayerCase, dtype: str) -> dict[str, np.ndarray]:
    return {name: as_float(array, dtype) for name, array in case.weights.items()}


def in_pytorch(case: LayerCase, run: int, dtype: str) -> Any:
    """All results of the equivalent, or NotImplemented."""
    arrays = in_precision(case.arrays(run), dtype)
    operands = [None if one is None else torch.from_numpy(one.copy()) for one in arrays]
    tensors = {name: torch.from_numpy(array.copy()) for name, array in weights(case, dtype).items()}
    with torch.no_grad():
        found = PYTORCH[case.kind](case.layer.bind(case.sizes[run]), tensors, *operands)
    if found is NotImplemented:
        return found
    return found if isinstance(found, tuple) else (found,)


def as_array(tensor: Any) -> np.ndarray:
    """As numpy has it: floating point numbers in double precision."""
    return tensor.double().numpy() if tensor.is_floating_point() else tensor.numpy()


# --- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in MODULES])
def test_parameters_are_those_of_the_module(kind: str) -> None:
    """Names, shapes and roles; the second bias vectors of PyTorch's recurrent layers, and its counters, aside."""
    compared = 0
    for case in found_cases(kind):
        layer, types = case.layer.bind(case.sizes[0]), sized_operands(case)
        module = MODULES[kind](layer, *types)
        if module is NotImplemented:
            continue
        compared += 1
        specs = layer.weights(types)
        parameters = shapes_of(dict(module.named_parameters()), specs)
        assert shapes(specs, Role.PARAMETER) == parameters, repr(case)
        assert shapes(specs, Role.STATISTIC) == shapes_of(dict(module.named_buffers()), specs), repr(case)
        assert {**parameters, **shapes(specs, Role.STATISTIC)} == shapes_of(module.state_dict(), specs)
        counts = sum(spec.elements for spec in specs if spec.role is Role.PARAMETER)
        assert counts == sum(math.prod(shape) for shape in parameters.values())
    assert compared


def sized_operands(case: LayerCase, run: int = 0) -> list[TensorType | None]:
    return [None if one is None else sized(one, case.sizes[run]) for one in case.operands]


def shapes(specs: tuple[WeightSpec, ...], role: Role) -> dict[str, tuple[int, ...]]:
    return {spec.name: spec.shape for spec in specs if spec.role is role}


def shapes_of(tensors: dict[str, Any], specs: tuple[WeightSpec, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes by name, without what a layer with one bias vector lacks."""
    names = {spec.name for spec in specs}
    return {
        name: tuple(tensor.shape)
        for name, tensor in tensors.items()
        if not name.endswith("num_batches_tracked")
        and not (name.startswith("bias_hh_l") and name not in names and name.replace("_hh_", "_ih_") in names)
    }


# --- multiply-accumulates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COMPARED)
def test_multiply_accumulates(kind: str) -> None:
    """Half of the operations that PyTorch counts of what it computes; of cells, by the formula."""
    costs = [(case, run, macs_of(case, run)) for case in found_cases(kind) for run in range(len(case.sizes))]
    if not any(found for *_, found in costs):
        # The layer does not multiply.
        return
    expected = [cell_macs(case, run) if kind in GATES else counted_macs(case, run) for case, run, _ in costs]
    pairs = [(one, wanted) for one, wanted in zip(costs, expected, strict=True) if wanted is not None]
    assert len(pairs) * 2 >= len(costs)
    wrong = {f"{case!r}, run {run}": (found, wanted) for (case, run, found), wanted in pairs if found != wanted}
    assert wrong == {}


def macs_of(case: LayerCase, run: int) -> Any:
    results = [sized(one, case.sizes[run]) for one in case.results]
    return case.layer.bind(case.sizes[run]).macs(sized_operands(case, run), results)


def counted_macs(case: LayerCase, run: int) -> float | None:
    """What PyTorch counts; None where it has no such layer. Of its ways to attend, only the plainest is counted.

    It has no layers with weights that read batches of several sizes: made equal before, they cost more.
    """
    batches = {array.shape[0] for array in case.arrays(run) if array is not None and array.ndim > 2}
    if case.node.weights and len(batches) > 1:
        return None
    plain = attending.sdpa_kernel(attending.SDPBackend.MATH)
    with plain, flop_counter.FlopCounterMode(display=False, custom_mapping=of_vectors()) as counter:
        found = in_pytorch(case, run, "float32")
    return None if found is NotImplemented else counter.get_total_flops() / 2


def of_vectors() -> dict[Any, Any]:
    """The products with vectors, which PyTorch (2.13) does not count."""
    aten = torch.ops.aten

    def operations(a: tuple[int, ...], b: tuple[int, ...], *rest: Any, out_shape: Any = None, **others: Any) -> int:
        return 2 * math.prod(a)

    return {aten.dot: operations, aten.mv: operations}


def cell_macs(case: LayerCase, run: int) -> int:
    """Of every step, gates * units rows of a matrix for the input, and one for the state."""
    x, layer = sized_operands(case, run)[0], case.layer
    assert x is not None
    batch, steps, channels = (int(dim) for dim in x.shape)  # pyright: ignore[reportArgumentType]
    units: int = layer.units  # pyright: ignore[reportAttributeAccessIssue]
    directions = 2 if layer.bidirectional else 1  # pyright: ignore[reportAttributeAccessIssue]
    inputs = [channels, *[directions * units] * (layer.layers - 1)]  # pyright: ignore[reportAttributeAccessIssue]
    return batch * steps * directions * GATES[case.kind] * units * sum(one + units for one in inputs)


# --- whether a mistake would be found ---------------------------------------------------------------------------------


def test_a_wrong_reference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Gru.step

    def mistaken(self: Gru, projected: np.ndarray, *given: Any) -> Any:
        return step(self, np.roll(projected, 1, axis=-1), *given)

    case = next(case for case in found_cases("gru") if case.layer.bias)  # pyright: ignore[reportAttributeAccessIssue]
    assert list(differences(case, 0)) == []
    monkeypatch.setattr(Gru, "step", mistaken)
    assert list(differences(case, 0)) != []


def test_a_wrong_count_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = found_cases("lstm")[0]
    assert macs_of(case, 0) == cell_macs(case, 0)
    monkeypatch.setitem(GATES, "lstm", 3)
    assert macs_of(case, 0) != cell_macs(case, 0)


def test_no_equivalent_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PYTORCH, "gru", lambda layer, weights, *operands: NotImplemented)
    assert list(differences(found_cases("gru")[0], 0)) == [None]
