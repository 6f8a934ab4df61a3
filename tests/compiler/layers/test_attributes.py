"""Numbers at the edges of what attributes take: whatever compiles runs, and means what the reference says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims import Dim
from dotnn.compiler.layers.attributes import Integer, Padding, PerAxis, Real
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import session
from tests.helpers.harness import error, he_normal_source, random_feeds, run_optimized
from tests.helpers.samples import KINDS, MOST_RESULTS, Case, text_of

#: Numbers that a float32 holds.
REALS = (0, "-0.0", "1e-45", "1e-30", "1e-8", 0.5, 1, 1 - 2**-53, 2, 50, -1)
#: Such ones with which a layer may leave float32 on its way: it must run.
LARGE_REALS = ("1e20", "-1e20", "3.4e38", 2**63)
#: Numbers that are 0 or infinite in float32.
NO_FLOAT32 = ("1e-50", "-1e-50", "1e-46", "3.5e38", "1e39", "-1e39", "1e300")
INTEGERS = (
    0,
    1,
    2,
    3,
    7,
    2**15,
    2**15 + 1,
    2**16 - 1,
    2**16,
    2**31 - 1,
    2**31,
    2**32,
    2**63,
    -1,
    -2,
    -(2**31),
    -(2**63),
)
#: More numbers than this are not computed here.
LARGEST = 200_000


@dataclass(frozen=True)
class Edge:
    case: Case
    attribute: str

    def __str__(self) -> str:
        return f"{self.case}-{self.attribute}"


def edges(*kinds: type, all_samples: bool = False) -> list[Edge]:
    """The attributes of these kinds of all layers, in the first of their samples or in all."""
    return [
        Edge(Case(kind, index), one.name)
        for kind in KINDS
        for one in LAYERS[kind].attributes()
        if isinstance(one.metadata["kind"], kinds)
        for index in range(len(LAYERS[kind].samples) if all_samples else 1)
    ]


def compiled(edge: Edge, value: object) -> Compiled | None:
    """The sample with its attribute set; None where the compiler refuses it."""
    layer = LAYERS[edge.case.kind]
    for results in range(1, MOST_RESULTS + 1 if layer.take_all_results else 2):
        text = text_of(edge.case.sample, results, {})
        for name, size in edge.case.sample.sizes[-1].items():
            text = re.sub(rf"\b{name}\b", str(size), text)
        (call,) = re.findall(rf"\b{edge.case.kind}\b.*", text)
        try:
            return compile_source(text.replace(call, with_argument(call, edge.attribute, value)))
        except DotnnError:
            continue
    return None


def with_argument(call: str, attribute: str, value: object) -> str:
    """The call with one argument set, whether it was written before, by name or without."""
    kind, _, rest = call.partition("(")
    arguments = list(top_level(rest.removesuffix(")"))) if rest else []
    (field,) = [one for one in LAYERS[kind].attributes() if one.name == attribute]
    arguments = [one for one in arguments if not one.startswith(f"{attribute}=")]
    if field.metadata["positional"]:
        arguments = [one for one in arguments if "=" in one.partition("(")[0]]
    return f"{kind}({', '.join([*arguments, f'{attribute}={value}'])})"


def top_level(arguments: str) -> Iterator[str]:
    """Arguments apart, at commas outside of brackets."""
    depth, part = 0, ""
    for char in arguments:
        depth += (char in "([") - (char in ")]")
        if char == "," and not depth:
            yield part.strip()
            part = ""
        else:
            part += char
    if part.strip():
        yield part.strip()


def is_small(model: Compiled) -> bool:
    shapes = [found.elements for node in model.graph.nodes() for found in node.results]
    return model.weights_bytes < 4 * LARGEST and all(_is_small(count) for count in shapes)


def _is_small(count: Dim) -> bool:
    return isinstance(count, int) and count < LARGEST


def assert_runs(model: Compiled, tolerance: float | None) -> None:
    """With and without onnxruntime's own optimizer; without a tolerance, whatever the numbers are."""
    source = he_normal_source(model.graph)
    feeds = random_feeds(model.graph, {})
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
    build = model.to_bytes(weights=source)
    plain = session(build)
    names = [output.name for output in plain.get_outputs()]
    for found in (dict(zip(names, plain.run(names, feeds), strict=True)), run_optimized(build, feeds)):
        for name, array in found.items():
            assert tolerance is None or error(array, expected[name]) <= tolerance


def assert_all_run(edge: Edge, values: tuple[object, ...], tolerance: float | None) -> None:
    for value in values:
        model = compiled(edge, value)
        if model is not None and is_small(model):
            assert_runs(model, tolerance)


@pytest.mark.parametrize("edge", edges(Real, all_samples=True), ids=str)
def test_numbers_mean_what_the_reference_says(edge: Edge) -> None:
    assert_all_run(edge, REALS, 1e-4)


@pytest.mark.parametrize("edge", edges(Real, all_samples=True), ids=str)
def test_large_numbers_run(edge: Edge) -> None:
    assert_all_run(edge, LARGE_REALS, None)


@pytest.mark.parametrize("edge", edges(Real), ids=str)
def test_what_is_nothing_or_infinite_in_float32_is_refused(edge: Edge) -> None:
    assert [value for value in NO_FLOAT32 if compiled(edge, value) is not None] == []


@pytest.mark.parametrize("edge", edges(Integer, PerAxis, Padding), ids=str)
def test_whole_numbers_mean_what_the_reference_says(edge: Edge) -> None:
    assert_all_run(edge, INTEGERS, 1e-4)


@pytest.mark.parametrize("edge", edges(Real, Integer, PerAxis, Padding), ids=str)
def test_the_edges_are_reached(edge: Edge) -> None:
    """Some value compiles, so that the tests above see something."""
    assert any(compiled(edge, value) is not None for value in (*REALS, *INTEGERS))
