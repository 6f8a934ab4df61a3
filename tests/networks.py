"""Networks written as text, and graphs held against the graphs that they were made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from dotnn.compiler import compile_source
from dotnn.compiler.evaluate import evaluate, named_results
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.operations import Input
from dotnn.compiler.weights.values import WeightValues
from harness import error, he_normal_source, random_feeds

#: Sizes of the symbolic dimensions that texts may use, large enough for a few windows.
SIZES = {"N": 2, "H": 7, "W": 6, "D": 5, "L": 9, "T": 4}
#: Both sides compute in float64, and one has weights and constants that were rounded to float32 on the way.
TOLERANCE = 1e-6


def graph_of(text: str) -> Graph:
    """The graph of the one model of a text, before any pass."""
    return compile_source(text).graph


def values_by_node(
    graph: Graph, feeds: Mapping[str, np.ndarray], values: WeightValues
) -> dict[tuple[str, int], np.ndarray]:
    """The reference's values by the name of the node and the number of the result; inputs are left out."""
    with np.errstate(all="ignore"):
        found = evaluate(graph, feeds, values)
    return {
        (graph.producer(value).name, value.index): array
        for value, array in found.items()
        if not isinstance(graph.producer(value).op, Input)
    }


def assert_same_meaning(before: Graph, after: Graph) -> None:
    """Every node of ``after`` has the name of one of ``before`` and gives the same numbers, and so do the outputs.

    The names by which files know the values are held to the same.
    """
    values = WeightValues(0, he_normal_source(before))
    feeds = random_feeds(before, SIZES)
    expected, found = values_by_node(before, feeds, values), values_by_node(after, feeds, values)
    assert found.keys() <= expected.keys()
    assert {name: error(array, expected[name]) for name, array in found.items()} == _close(found)
    with np.errstate(all="ignore"):
        expected_names = named_results(before, evaluate(before, feeds, values))
        found_names = named_results(after, evaluate(after, feeds, values))
    assert set(before.outputs) <= found_names.keys()
    common = {name: array for name, array in found_names.items() if name in expected_names}
    assert {name: error(array, expected_names[name]) for name, array in common.items()} == _close(common)


class _Small:
    """Equal to every error within the tolerance."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and other <= TOLERANCE

    def __repr__(self) -> str:
        return f"at most {TOLERANCE}"


def _close(found: Mapping) -> dict:
    return dict.fromkeys(found, _Small())
