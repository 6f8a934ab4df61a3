"""Every layer by its samples: complete documentation, and numbers and shapes as onnxruntime has them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import numpy as np
import onnx
import onnx.reference
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims import symbols
from dotnn.compiler.graph.graph import Graph, Node
from dotnn.compiler.graph.tensors import Literal, Weight
from dotnn.compiler.layers.attributes import REQUIRED
from dotnn.compiler.layers.base import LAYERS, Sample
from dotnn.compiler.passes.pass_pipeline import optimize
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightSource, WeightValues

from tests.helpers.harness import (
    TARGETS,
    AllValues,
    checked,
    computed_names,
    dim_size,
    he_normal_source,
    mismatches,
    random_feeds,
    wrong_shapes,
)
from tests.helpers.samples import CASES, KINDS, LANGUAGE, Case, compiled

#: Tighter than for networks: one layer in float32 loses a few units in the last place.
TOLERANCE = 1e-5
#: What the language writes with symbols and not by a name: all that no call can reach.
OPERATORS = {"add", "sub", "mul", "div", "neg", "pow", "index"}

#: What onnx's own reference evaluator has wrong, by kind and a word of the call: nothing is compared there.
EVALUATOR_FAULTS = (
    ("local_response_norm", "", "its window is wrong"),
    ("global_max_pool1d", "", "it takes two spatial axes for granted"),
    ("global_max_pool3d", "", "it takes two spatial axes for granted"),
    ("adaptive_max_pool1d", "(1)", "it takes two spatial axes for granted"),
    ("adaptive_max_pool3d", "(1)", "it takes two spatial axes for granted"),
    ("rnn", "relu", "it does not know the activation"),
    ("rnn", "lengths", "it ignores sequence_lens"),
    ("lstm", "lengths", "it ignores sequence_lens"),
    ("gru", "lengths", "it ignores sequence_lens"),
    *((f"conv_transpose{rank}d", "groups", "it gives each group one channel") for rank in (1, 2, 3)),
)


def layer_node(case: Case) -> Node:
    """The node of the sample's layer; where an operator occurs twice, the last one."""
    return [node for node in compiled(case).graph.nodes() if node.kind == case.kind][-1]


def input_symbols(case: Case) -> set[str]:
    types = [node.results[0] for node in compiled(case).graph.inputs]
    return {name for found in types for dim in found.shape for name in symbols(dim)}


# --- what a layer must have -------------------------------------------------------------------------------------------


def test_every_layer_that_can_be_called_has_samples() -> None:
    assert {kind for kind, layer in LANGUAGE.items() if layer.callable and not layer.samples} == set()
    assert {kind for kind in KINDS if not LAYERS[kind].callable} == OPERATORS


@pytest.mark.parametrize("kind", KINDS)
def test_layer_is_documented(kind: str) -> None:
    layer = LAYERS[kind]
    doc = layer.__dict__.get("__doc__") or ""
    # A dataclass without a docstring gets its signature.
    assert not doc.startswith(f"{layer.__name__}(")
    assert len(doc.split()) >= 5
    assert layer.formula
    assert layer.source
    assert all(operand.doc for operand in layer.operands)
    assert all(one.metadata["doc"].endswith(".") for one in layer.attributes())
    assert not inspect.isabstract(layer)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_use_everything(kind: str) -> None:
    """Every attribute has another value than its default somewhere; optional operands and literal weights occur."""
    nodes = [layer_node(case) for case in CASES if case.kind == kind]
    layer = LAYERS[kind]
    unused = {
        one.name
        for one in layer.attributes()
        if one.default is not REQUIRED and all(getattr(node.op, one.name) == one.default for node in nodes)
    }
    unused |= {
        operand.name
        for index, operand in enumerate(layer.operands)
        if operand.optional and all(node.operands[index] is None for node in nodes)
    }
    if layer.literal_weights and not any(has_literal(node) for node in nodes):
        unused.add("literal weights")
    assert unused == set()


def has_literal(node: Node) -> bool:
    tensors = node.weights.values()
    return any(isinstance(tensor, Weight) and isinstance(tensor.initializer, Literal) for tensor in tensors)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_have_symbolic_sizes(kind: str) -> None:
    """Some sample has symbolic dimensions, and each symbol takes three sizes or more."""
    cases = [case for case in CASES if case.kind == kind]
    assert any(input_symbols(case) for case in cases)
    for case in cases:
        for name in input_symbols(case):
            assert len({sizes[name] for sizes in case.sample.sizes}) >= 3, f"{case.sample.call}: {name}"


# --- what a layer must compute ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", ["initial", "nontrivial"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sample_agrees_with_its_reference(case: Case, weights: str) -> None:
    """All values and shapes, at every size, are those of the reference and of the inferred expressions."""
    model = compiled(case)
    source = he_normal_source(model.graph) if weights == "nontrivial" else None
    build = model.to_bytes(optimize=False, weights=source)
    assert computed_names(model.graph) <= AllValues(build).types.keys()
    assert_agrees(model.graph, build, source, case.sample)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_optimized_sample_agrees_with_the_reference(case: Case, target: Target) -> None:
    model = compiled(case)
    source = he_normal_source(model.graph)
    optimize(model.graph, target, verify=True)
    assert_agrees(model.graph, model.to_bytes(target=target, weights=source), source, case.sample)


def assert_agrees(graph: Graph, model: bytes, source: WeightSource | None, sample: Sample) -> None:
    """Every value that the model computes is that of the graph as written, and the outputs are among them."""
    build = AllValues(checked(model))
    for seed, sizes in enumerate(sample.sizes):
        feeds = random_feeds(graph, sizes, seed)
        found = build.run(feeds)
        expected = named_results(graph, evaluate(graph, feeds, WeightValues(0, source)))
        assert wrong_shapes(found, build.types, sizes) == []
        assert graph.outputs.keys() <= found.keys()
        assert mismatches(found, expected, TOLERANCE) == {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_demands_are_met_by_the_sizes(case: Case) -> None:
    for sizes in case.sample.sizes:
        for demand in compiled(case).graph.demands:
            assert dim_size(str(demand.dim), sizes) >= demand.minimum


def evaluator_is_wrong(case: Case) -> bool:
    return any(case.kind == kind and word in case.sample.call for kind, word, _ in EVALUATOR_FAULTS)


@pytest.mark.parametrize("case", [case for case in CASES if not evaluator_is_wrong(case)], ids=str)
def test_sample_agrees_with_the_evaluator_of_onnx(case: Case) -> None:
    """A third opinion, at the last size, on all outputs."""
    model = compiled(case)
    source = he_normal_source(model.graph)
    proto = onnx.load_from_string(model.to_bytes(optimize=False, weights=source))
    evaluator = onnx.reference.ReferenceEvaluator(proto)
    feeds = random_feeds(model.graph, case.sample.sizes[-1])
    found = dict(zip(evaluator.output_names, map(np.asarray, evaluator.run(None, feeds)), strict=True))
    expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
    assert mismatches(found, expected, TOLERANCE) == {}


# --- what passes make of layers and what follows them ----------------------------------------------------------------

#: What may be folded into a convolution or a dense layer, or fused with it.
TAILS = (
    "relu",
    "leaky_relu(slope=0.2)",
    "sigmoid",
    "tanh",
    "batch_norm",
    "batch_norm -> relu",
    "dropout(0.5) -> relu",
    "relu -> batch_norm",
)
WEIGHTED = [case for case in CASES if case.kind == "dense" or "conv" in case.kind]


#: What may be fused only in part or not at all: sums, other readers, outputs in between, shared weights.
BODIES = (
    "output y = (x -> {call}) + (x -> {call}) -> relu",
    "output y = (x -> {call}) + (x -> {call} -> relu) -> tanh",
    "output y = (x -> {call}) + 1 -> relu",
    "output y = (x -> {call} -> relu) + (x -> {call} -> sigmoid)",
    "c = x -> {call} output y = c + c -> relu",
    "c = x -> {call} output y = (c -> relu) + c",
    "c = x -> {call} output y = c -> batch_norm -> relu output z = c",
    "n = x -> {call} -> batch_norm output y = n -> relu output z = n -> tanh",
    "output y = x -> a: {call} -> batch_norm -> relu output z = -x -> reuse(a) -> relu",
    "output y = x -> a: {call} -> batch_norm output z = x -> reuse(a) -> batch_norm -> relu",
    "output y = x -> a: {call} -> n: batch_norm -> relu output z = -x -> {call} -> reuse(n) -> relu",
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("case", WEIGHTED, ids=str)
def test_sample_agrees_with_what_follows_it(case: Case, tail: str, target: Target) -> None:
    assert_optimized_agrees(case, f"output y = x -> {{call}} -> {tail}", target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("case", WEIGHTED, ids=str)
def test_sample_agrees_where_its_result_is_shared(case: Case, body: str, target: Target) -> None:
    assert_optimized_agrees(case, body, target)


def assert_optimized_agrees(case: Case, body: str, target: Target) -> None:
    """Channels that are not known cannot be normalized; something else follows then."""
    if not isinstance(layer_node(case).results[0].shape[1], int):
        body = body.replace("batch_norm", "dropout(0.5)")
    sample = case.sample
    inputs = " ".join(f"input {name}: {found}" for name, found in sample.inputs.items())
    model = compile_source(f"model sample() {{ {inputs} {body.format(call=sample.call)} }}")
    source = he_normal_source(model.graph)
    optimize(model.graph, target, verify=True)
    assert_agrees(model.graph, model.to_bytes(target=target, weights=source), source, sample)


# --- what the language writes with symbols ----------------------------------------------------------------------------

OPERATOR_TABLE = (
    ("a + b", lambda a, b: a + b),
    ("a - b", lambda a, b: a - b),
    ("a * b", lambda a, b: a * b),
    ("a / b", lambda a, b: a / b),
    ("-a + b", lambda a, b: -a + b),
    ("2 * a - b / 4", lambda a, b: 2 * a - b / 4),
    ("1 - a * (b + 0.5)", lambda a, b: 1 - a * (b + 0.5)),
    ("a[:, 0] + b", lambda a, b: a[:, 0] + b),
    ("a[-1]", lambda a, b: a[-1]),
    ("a[0, 1:]", lambda a, b: a[0, 1:]),
    ("a[:, :, 1:-1]", lambda a, b: a[:, :, 1:-1]),
    ("a[:, -2:, 0:2]", lambda a, b: a[:, -2:, 0:2]),
    ("a[1, 0, 3]", lambda a, b: a[1, 0, 3]),
    ("(a + b)[:, 1] * b", lambda a, b: (a + b)[:, 1] * b),
)


@pytest.mark.parametrize(("expression", "numpy_form"), OPERATOR_TABLE, ids=[row[0] for row in OPERATOR_TABLE])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_operators_mean_what_numpy_means(expression: str, numpy_form: Callable[..., np.ndarray], size: int) -> None:
    reads_b = re.search(r"\bb\b", expression) is not None
    inputs = "input a: float32[N, 3, 4]\n" + ("input b: float32[4]\n" if reads_b else "")
    model = compile_source(f"model operators() {{ {inputs} output y = {expression} }}")
    build = AllValues(checked(model.to_bytes(optimize=False)))
    feeds = random_feeds(model.graph, {"N": size}, seed=size)
    wanted = numpy_form(feeds["a"].astype(np.float64), feeds.get("b", np.zeros(4)).astype(np.float64))
    found = build.run(feeds)
    assert wrong_shapes(found, build.types, {"N": size}) == []
    assert mismatches({"y": found["y"]}, {"y": np.asarray(wanted)}, TOLERANCE) == {}


def test_a_layer_that_cannot_be_called_has_no_call() -> None:
    for kind in OPERATORS:
        with pytest.raises(DotnnError):
            compile_source(f"model m() {{ input x: float32[N, 2] output y = x -> {kind} }}")
