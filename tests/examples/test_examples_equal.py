"""Every layer's output of every build of every example is that of the numpy reference of the example as written.

The lessons, too: each of their models is one more example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pytest
from dotnn.compiler import compile_file
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.value_names import value_names
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightSource, WeightValues

from tests.helpers.example_facts import example_path
from tests.helpers.harness import (
    TARGETS,
    TOLERANCE,
    AllValues,
    FlippedKernel,
    by_operators,
    computed_names,
    first_kernel,
    he_normal_source,
    layer_names,
    mismatches,
    random_feeds,
    run_optimized,
    wrong_shapes,
)
from tests.helpers.lesson_facts import LESSON_FACTS, lesson_path
from tests.helpers.zoo_facts import ALL_FACTS

#: The operator sets that a target may use.
DOMAINS: Mapping[Target, set[str]] = {
    "onnx": {""},
    "onnxruntime": {"", "com.microsoft"},
    "onnxruntime-cpu": {"", "com.microsoft"},
}

#: Sizes of the symbolic dimensions: more than one example, and different from each other.
SIZES: Mapping[str, int] = {"N": 2, "T": 7, "H": 3, "W": 2, "S": 5, "E": 4}


@dataclass(frozen=True, eq=False)
class Example:
    """An example with weights, inputs and the reference's value of every name."""

    name: str
    model: Compiled
    source: WeightSource
    feeds: Mapping[str, np.ndarray]
    sizes: Mapping[str, int] = field(default_factory=lambda: SIZES)

    @cached_property
    def expected(self) -> dict[str, np.ndarray]:
        graph = self.model.graph
        return named_results(graph, evaluate(graph, self.feeds, WeightValues(0, self.source)))

    def build(self, target: Target, optimize: bool, source: WeightSource | None = None) -> bytes:
        return self.model.to_bytes(target=target, optimize=optimize, weights=source or self.source)


@pytest.fixture(scope="module", params=[name for name in sorted(ALL_FACTS) if not ALL_FACTS[name].like])
def example(request: pytest.FixtureRequest) -> Example:
    name: str = request.param
    model = compile_file(example_path(name), arguments=ALL_FACTS[name].smaller)
    return with_values(name, model, ALL_FACTS[name].scales)


@pytest.fixture(scope="module", params=sorted(LESSON_FACTS), ids="-".join)
def lesson(request: pytest.FixtureRequest) -> Example:
    file, model = request.param
    compiled = compile_file(lesson_path(file), model=model, arguments=LESSON_FACTS[request.param].smaller)
    return with_values(model, compiled)


def with_values(name: str, model: Compiled, scales: tuple[float, float] = (0.5, 1.0)) -> Example:
    source = he_normal_source(model.graph, scales=scales)
    return Example(name, model, source, random_feeds(model.graph, SIZES))


@pytest.mark.parametrize("optimize", [False, True], ids=["as written", "optimized"])
@pytest.mark.parametrize("target", TARGETS)
def test_every_value_agrees(example: Example, target: Target, optimize: bool) -> None:
    assert_every_value_agrees(example, target, optimize)


@pytest.mark.parametrize("optimize", [False, True], ids=["as written", "optimized"])
@pytest.mark.parametrize("target", TARGETS)
def test_every_value_of_a_lesson_agrees(lesson: Example, target: Target, optimize: bool) -> None:
    assert_every_value_agrees(lesson, target, optimize)


def assert_every_value_agrees(example: Example, target: Target, optimize: bool) -> None:
    build = AllValues(example.build(target, optimize))
    found = build.run(example.feeds)
    graph = example.model.optimized(target).graph if optimize else complete(example.model.graph)
    names = layer_names(example.model.graph, graph)
    assert names <= found.keys()
    assert names <= example.expected.keys()
    assert set(example.model.graph.outputs) <= names
    assert wrong_shapes(found, build.types, example.sizes) == []
    assert mismatches(found, example.expected) == {}
    assert found.keys() == computed_names(graph, as_written=not optimize)
    assert mismatches(found, by_operators(graph, example.feeds, example.source)) == {}
    assert {domain for domain, _ in build.operators} <= DOMAINS[target]


def test_outputs_agree_when_onnxruntime_optimizes(example: Example) -> None:
    """What onnxruntime makes of the default build, which it may fuse further, gives the same outputs."""
    found = run_optimized(example.build("onnxruntime", True), example.feeds)
    assert found.keys() == example.model.graph.outputs.keys()
    assert mismatches(found, example.expected) == {}


def test_no_bias_is_too_small_to_be_missed(example: Example) -> None:
    """The numbers of each layer are not so large that one without its bias would pass for equal."""
    graph, values = example.model.graph, WeightValues(0, example.source)
    names = value_names(graph)
    for node in graph.nodes():
        for tensor in node.owned:
            if len(tensor.shape) == 1:
                scale = np.max(np.abs(example.expected[names[node.value()]]))
                assert np.max(np.abs(values.values(tensor))) > 10 * TOLERANCE * scale, tensor.name


def test_a_flipped_kernel_is_noticed(example: Example) -> None:
    """Were the first kernel the wrong way round, nearly all layers behind it and all outputs would show it."""
    kernel = first_kernel(example.model.graph, example.source)
    found = AllValues(example.build("onnxruntime", True, FlippedKernel(example.source, kernel))).run(example.feeds)
    wrong = mismatches(found, example.expected)
    behind = names_behind(example.model.graph, kernel.name) & found.keys()
    assert len(behind & wrong.keys()) >= 0.9 * len(behind)
    assert wrong.keys() <= behind
    assert set(example.model.graph.outputs) & behind <= wrong.keys()


def names_behind(graph: Graph, weight: str) -> set[str]:
    """The names of the values that depend on a weight."""
    reached: set[int] = set()
    for node in graph.nodes():
        own = any(one.name == weight for one in node.owned)
        if own or any(value is not None and value.node in reached for value in node.operands):
            reached.add(node.id)
    return {name for value, name in value_names(graph).items() if value.node in reached}
