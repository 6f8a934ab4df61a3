"""Generated cases in every build, on onnxruntime with and without its optimizer, held against the references."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.writing import NoKernel
from dotnn.compiler.dims import evaluate as evaluate_dim
from dotnn.compiler.dims import substitute
from dotnn.compiler.export import verify_model
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.onnx_model import to_bytes
from dotnn.compiler.graph.tensors import numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Site
from dotnn.compiler.passes.kernels import require_kernels
from dotnn.compiler.passes.pass_pipeline import complete, optimize
from dotnn.compiler.passes.targets import FEATURES, Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.generated_layers import LayerCase, Sizes
from tests.helpers.graphs import session
from tests.helpers.harness import TARGETS, AllValues, error, fed_as_float32, run_optimized, wrong_shapes

#: How exact one layer is, relative to the largest number of a result; what is not here is exact.
TOLERANCES = {"float32": 1e-5, "float64": 1e-10, "float16": 5e-3, "bfloat16": 4e-2}
#: Layers that carry roundings from step to step.
LOOSE = ("rnn", "lstm", "gru")
#: Results are held against this number where all are smaller: many come from numbers about 1 and are as exact as those.
SMALL = 0.1
#: The rounding of an element, relative to that of float32.
ROUNDINGS = {"float32": 1.0, "float16": 2.0**13, "bfloat16": 2.0**16, "float64": 2.0**-29}
#: What a case may be off by where it amplifies roundings, relative to what the definition itself is off in float32.
AMPLIFIED, MOST = 8.0, 0.1


@dataclass(frozen=True)
class Difference:
    """What was not as it should be: its kind, in which build, and what it is."""

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.where}: {self.what}"


# --- by the reference alone -------------------------------------------------------------------------------------------


def reference_differences(case: LayerCase) -> Iterator[Difference]:
    """Where the reference gives other shapes or elements than inferred, and where numbers are inferred otherwise."""
    for run, sizes in enumerate(case.sizes):
        expected = [sized(found, sizes) for found in case.results]
        operands = [None if one is None else sized(one, sizes) for one in case.operands]
        layer = case.layer.bind(sizes)
        numbers = layer.infer(operands, Site.nowhere(case.kind))
        if list(numbers) != expected:
            yield Difference(
                "inference", f"run {run}", f"{listed(numbers)} where the sizes are numbers, not {listed(expected)}"
            )
        if DType.BFLOAT16 in case.floats or DType.FLOAT16 in case.floats:
            # The reference is not defined in these, but in what they are widened to.
            continue
        found = layer.reference(case.arrays(run), case.weights)
        types = [(str(one.dtype), one.shape) for one in expected]
        if [(array.dtype.name, array.shape) for array in found] != types:
            got = [f"{array.dtype}{list(array.shape)}" for array in found]
            yield Difference("reference", f"run {run}", f"{', '.join(got)} for {listed(expected)}")


def sized(found: TensorType, sizes: Sizes) -> TensorType:
    """The type with numbers for all symbols."""
    return found.with_shape(*(substitute(dim, sizes) for dim in found.shape))


def listed(types: Sequence[TensorType]) -> str:
    return ", ".join(map(str, types))


# --- in builds --------------------------------------------------------------------------------------------------------


def build(case: LayerCase, target: Target, optimized: bool) -> bytes:
    """The model, as the driver builds it; raises ``DotnnError`` for a layer without kernels."""
    graph = optimize(case.graph, target).graph if optimized else complete(case.graph)
    require_kernels(case.graph, graph, target)
    metadata = ModelMetadata(target=target, optimized=optimized)
    return to_bytes(graph, WeightValues(0, case.source), metadata=metadata)


@dataclass(frozen=True, eq=False)
class Expected:
    """Feeds and what the reference makes of them, with what each output may be off by."""

    sizes: Sizes
    feeds: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]
    tolerances: Mapping[str, float]


def differences(case: LayerCase) -> Iterator[Difference]:
    """All that is not as the reference and the inferred types say, in any build."""
    with np.errstate(all="ignore"):
        yield from _differences(case)


def _differences(case: LayerCase) -> Iterator[Difference]:
    try:
        wrong = list(reference_differences(case))
        expected = [] if wrong else [expected_of(case, run) for run in range(len(case.sizes))]
    except Exception as fault:
        wrong, expected = [Difference("reference", "no build", _short(fault))], []
    if wrong:
        # Nothing can be held against it.
        yield from wrong
        return
    lacking = case.floats - case.layer.cpu_floats
    seen: set[bytes] = set()
    for target, optimized in itertools.product(TARGETS, (True, False)):
        where = f"{target}{'' if optimized else ', not optimized'}"
        try:
            model = build(case, target, optimized)
        except DotnnError as fault:
            if not (lacking and FEATURES[target].cpu and is_refusal(fault, lacking)):
                yield Difference("build", where, str(fault))
            continue
        digest = digest_of(model)
        if digest in seen:
            continue
        seen.add(digest)
        yield from checked_differences(case, model, where)
        if not lacking or FEATURES[target].cpu:
            # A layer of which nothing is left needs no kernels.
            yield from run_differences(model, expected, case, where)


def is_refusal(fault: DotnnError, lacking: set[DType]) -> bool:
    """Whether it is one message for each element type without kernels."""
    found = [one.element for one in fault.diagnostics if isinstance(one, NoKernel)]
    return len(found) == len(fault.diagnostics) and set(found) == set(map(str, lacking))


def digest_of(model: bytes) -> bytes:
    """What tells builds apart, whatever their metadata say."""
    proto = onnx.load_from_string(model)
    del proto.metadata_props[:]
    return hashlib.sha256(proto.SerializeToString(deterministic=True)).digest()


def checked_differences(case: LayerCase, model: bytes, where: str) -> Iterator[Difference]:
    """What ONNX's full check and strict shape inference say against it."""
    try:
        verify_model(model)
    except DotnnError as fault:
        yield Difference("check", where, str(fault))


def run_differences(model: bytes, expected: Sequence[Expected], case: LayerCase, where: str) -> Iterator[Difference]:
    """What onnxruntime computes otherwise."""
    model = fed_as_float32(model)
    for optimized in (False, True):
        place = f"{where}, {'optimized by onnxruntime' if optimized else 'all values'}"
        try:
            runner = Runner(model, optimized, DType.BFLOAT16 not in case.floats)
            for one in expected:
                found = runner.run({name: as_fed(array) for name, array in one.feeds.items()})
                yield from value_differences(found, one, case, place)
                wrong = wrong_shapes(found, runner.types, one.sizes) if runner.types else []
                yield from (Difference("declared", place, text) for text in wrong)
        except Exception as fault:
            yield Difference("run", place, _short(fault))


def _short(fault: Exception) -> str:
    return f"{type(fault).__name__}: {' '.join(str(fault).split())[:300]}"


class Runner:
    """A model on onnxruntime.

    Attributes:
        types: what the model declares of its values, where all of them are among its outputs.
    """

    def __init__(self, model: bytes, optimized: bool, has_arrays: bool) -> None:
        self.types: Mapping[str, onnx.TypeProto.Tensor] = {}
        if optimized:
            self.run = partial(run_optimized, model)
        elif has_arrays:
            every = AllValues(model)
            self.run, self.types = every.run, every.types
        else:
            # numpy has no arrays for what stands between the inputs and the outputs.
            self._session = session(model)
            self.run = self._run

    def _run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        names = [output.name for output in self._session.get_outputs()]
        return {
            name: np.asarray(array) for name, array in zip(names, self._session.run(names, dict(feeds)), strict=True)
        }


def as_fed(array: np.ndarray) -> np.ndarray:
    """numpy arrays of bfloat16 are no feeds."""
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def value_differences(
    found: Mapping[str, np.ndarray], expected: Expected, case: LayerCase, where: str
) -> Iterator[Difference]:
    for index, result in enumerate(case.results):
        name = f"out{index}"
        shape = tuple(evaluate_dim(dim, expected.sizes) for dim in result.shape)
        dtype = "float32" if result.dtype is DType.BFLOAT16 else str(result.dtype)
        if (found[name].dtype.name, found[name].shape) != (dtype, shape):
            got = f"{found[name].dtype}{list(found[name].shape)}"
            yield Difference("shape", where, f"{name}: {got} for {result} at {dict(expected.sizes)}")
            continue
        off = error(np.asarray(found[name]), expected.values[name], SMALL)
        if off > expected.tolerances[name]:
            yield Difference("value", where, f"{name}: an error of {off:.1e} at {dict(expected.sizes)}")


def expected_of(case: LayerCase, run: int) -> Expected:
    """The reference in float64; what a result may be off by is a little more where it amplifies roundings."""
    feeds, values = case.feeds(run), WeightValues(0, case.source)
    exact = named_results(case.graph, evaluate(case.graph, feeds, values))
    single = named_results(case.graph, evaluate(case.graph, feeds, values, "float32"))
    found, tolerances = {}, {}
    for index, result in enumerate(case.results):
        name, element = f"out{index}", str(result.dtype)
        tolerances[name] = tolerance(case.kind, element, error(single[name], exact[name], SMALL))
        # Large numbers overflow as those of the runtime.
        found[name] = as_float(as_float(exact[name], element), "float64") if result.dtype.is_float else exact[name]
    return Expected(case.sizes[run], feeds, found, tolerances)


def tolerance(kind: str, element: str, rounding: float) -> float:
    """What a result may be off by.

    Args:
        rounding: what the definition is off by in float32.
    """
    if element not in TOLERANCES:
        return 0.0
    usual = TOLERANCES[element] * (10 if kind in LOOSE else 1)
    amplified = AMPLIFIED * rounding * ROUNDINGS[element] if math.isfinite(rounding) else 0.0
    return max(usual, min(amplified, MOST))


def as_float(array: np.ndarray, dtype: str) -> np.ndarray:
    """The array, floating point numbers converted."""
    is_float = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    return array.astype(numpy_name(DType(dtype))) if is_float else array
