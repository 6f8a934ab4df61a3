"""Networks written as text, and graphs held against the graphs that they were made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from dotnn.compiler import compile_source
from dotnn.compiler.export.stored_values import Stored
from dotnn.compiler.graph.graph import Graph, Node
from dotnn.compiler.layers.base import Layer
from dotnn.compiler.operators.base import Operator
from dotnn.compiler.operators.graph_builder import INSIDE
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.harness import computed_names, error, he_normal_source, random_feeds

#: Sizes of the symbolic dimensions that texts may use, large enough for a few windows.
SIZES = {"N": 2, "H": 7, "W": 6, "D": 5, "L": 9, "T": 4}
#: Both sides compute in float64, and one has weights and constants that were rounded to float32 on the way.
TOLERANCE = 1e-6


def graph_of(text: str) -> Graph:
    """The graph of the one model of a text, before any pass."""
    return compile_source(text).graph


def computed(graph: Graph) -> list[Node]:
    """The operators that a file of an operator graph has: others are computed while it is written."""
    evaluated = Stored(graph, WeightValues()).evaluated
    return [node for node in graph.nodes() if isinstance(node.op, Operator) and node.id not in evaluated]


def assert_same_meaning(before: Graph, after: Graph) -> None:
    """Every value that a model of ``after`` computes has the numbers of the value of its name in ``before``.

    ``before`` may be the layers that the operators of ``after`` come from; then this holds of the results of layers.
    What is inside a layer has a slash in its name.
    """
    values = WeightValues(0, he_normal_source(before))
    feeds = random_feeds(before, SIZES)
    with np.errstate(all="ignore"):
        expected = named_results(before, evaluate(before, feeds, values))
        found = named_results(after, evaluate(after, feeds, values))
    layers = any(isinstance(node.op, Layer) for node in before.nodes())
    known = {name for name in computed_names(after) if not (layers and INSIDE in name)}
    assert known <= expected.keys()
    assert set(before.outputs) <= found.keys()
    common = {name: array for name, array in found.items() if name in expected}
    assert {name: error(array, expected[name]) for name, array in common.items()} == _close(common)


class _Small:
    """Equal to every error within the tolerance."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and other <= TOLERANCE

    def __repr__(self) -> str:
        return f"at most {TOLERANCE}"


def _close(found: Mapping) -> dict:
    return dict.fromkeys(found, _Small())
