"""Every layer on every element type: it runs where its class says so, and is refused before the build where not."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.writing import NoKernel
from dotnn.compiler.export import verify_model
from dotnn.compiler.graph.types import DType
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import session
from tests.helpers.harness import TARGETS, error, fed_as_float32, he_normal_source, random_feeds, run_optimized
from tests.helpers.processes import run_apart
from tests.helpers.samples import CASES, Case, of_elements

#: How exact one layer is, by element type; what is not here is exact.
TOLERANCE = {"float16": 5e-3, "bfloat16": 4e-2, "float32": 1e-5, "float64": 1e-12}


def lacking(case: Case, dtype: DType) -> bool:
    return dtype.is_float and dtype not in LAYERS[case.kind].cpu_floats


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_runs_on_its_element_types_and_on_no_others(case: Case) -> None:
    taken = {dtype: model for dtype in DType if (model := of_elements(case, dtype)) is not None}
    assert taken
    for dtype, model in taken.items():
        if lacking(case, dtype):
            assert_refused(model, dtype)
            continue
        assert_runs(model, case, dtype)


def assert_refused(model: Compiled, dtype: DType) -> None:
    """For a target that runs on the CPU, at the layer; for others, it is built."""
    verify_model(model.to_bytes(target="onnx"))
    for target in ("onnxruntime", "onnxruntime-cpu"):
        with pytest.raises(DotnnError) as caught:
            model.to_bytes(target=target)
        (fault,) = caught.value.diagnostics
        assert isinstance(fault, NoKernel)
        assert fault.span is not None
        assert (fault.element, fault.target) == (dtype, target)


def assert_runs(model: Compiled, case: Case, dtype: DType) -> None:
    """With and without onnxruntime's own optimizer, it gives the numbers of the reference.

    A layer by itself is the same for every target.
    """
    source = None if dtype is DType.BFLOAT16 else he_normal_source(model.graph)
    build = fed_as_float32(model.to_bytes(weights=source))
    feeds = random_feeds(model.graph, case.sample.sizes[-1])
    expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
    given = {
        name: array.astype(np.float32) if array.dtype.name == "bfloat16" else array for name, array in feeds.items()
    }
    plain = session(build)
    names = [output.name for output in plain.get_outputs()]
    for found in (dict(zip(names, plain.run(names, given), strict=True)), run_optimized(build, given)):
        for name, array in found.items():
            assert error(np.asarray(array), expected[name]) <= TOLERANCE.get(dtype, 0), name


def test_one_element_type_gives_one_message() -> None:
    """At the first layer, with the others named; of what is left out by the passes nothing is said."""
    text = """model deep {
        input x: float64[N, 2, 8]
        dead = x -> avg_pool1d(2)
        output y = x -> first: conv1d(2, kernel=3) -> relu -> second: conv1d(2, kernel=3) -> third: conv1d(1, kernel=2)
    }"""
    model = compile_source(text)
    with pytest.raises(DotnnError) as caught:
        model.to_bytes()
    (fault,) = caught.value.diagnostics
    assert fault.span is not None
    assert text[fault.span.start :].startswith("conv1d(2, kernel=3) -> relu")
    assert fault.notes() == ("the same is true of `second`, `third`",)
    assert "--target onnx" in fault.advice()


#: What crashed the optimizer of onnxruntime 1.32 while it loaded the model, and what 1.21 had no kernel for: a product
#: of matrices behind a transposition.
BEHIND_A_TRANSPOSITION = (
    ("float16[6, T, 5]", "dense(4, axis=0)"),
    ("float16[6, T, 5]", "dense(4, axis=0, bias=false)"),
    ("float16[6, 3, T]", "dense(4, axis=0)"),
    ("float16[N, 6, T]", "dense(4, axis=1)"),
    ("float16[N, T, 4]", "gru(5) -> dense(3)"),
    ("float16[N, T, 4]", "lstm(5, bidirectional=true) -> dense(3)"),
    ("float16[N, T, 4]", "transpose([1, 0, 2]) -> dense(3)"),
    ("float16[N, T, 4, 5]", "transpose([1, 0, 2, 3]) -> dense(3, axis=-1)"),
    ("float16[N, 6, T]", "transpose([0, 2, 1]) -> multi_head_attention(2)"),
    ("float16[N, T, 4]", "transpose([0, 2, 1]) -> matmul(x)"),
    ("float16[N, 3, T, 4]", "transpose([0, 1, 3, 2]) -> matmul(x[:, 0:1])"),
    ("float16[T, 4]", "transpose([1, 0]) -> matmul(x)"),
    ("float64[N, T, 4]", "transpose([0, 2, 1]) -> matmul(x)"),
    ("float64[N, T, 4]", "transpose([0, 2, 1]) -> matmul(x[0])"),
    ("float64[5, N]", "dense(3, axis=0)"),
    ("float64[N, T, 4]", "transpose([1, 0, 2]) -> dense(3)"),
    ("float64[N, T, 4]", "transpose([0, 2, 1]) -> dense(3, axis=1)"),
    ("float64[N, 6, T]", "transpose([0, 2, 1]) -> multi_head_attention(2)"),
)


@pytest.mark.parametrize("target", TARGETS)
def test_products_behind_transpositions_load_and_are_right(target: Target) -> None:
    """In a process of its own, because onnxruntime may take the process with it."""
    done = run_apart(load_behind_transpositions, target)
    assert (done.returncode, done.stdout.split()) == (0, ["loaded"] * len(BEHIND_A_TRANSPOSITION)), done.stderr


def load_behind_transpositions(target: Target) -> None:
    for declared, stages in BEHIND_A_TRANSPOSITION:
        model = compile_source(f"model m {{ input x: {declared} output y = x -> {stages} }}")
        source = he_normal_source(model.graph)
        build = model.to_bytes(target=target, weights=source)
        feeds = random_feeds(model.graph, {"N": 3, "T": 2})
        expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
        dtype = declared.partition("[")[0]
        assert error(run_optimized(build, feeds)["y"], expected["y"]) <= TOLERANCE[dtype], stages
        print("loaded", flush=True)
