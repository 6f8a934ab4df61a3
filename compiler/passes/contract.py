"""The contract of a pass: a function of a graph, named like its file, that says what it requires and ensures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from ..graph.graph import Graph, Node
from ..layers.base import Layer
from ..operators.graph_builder import layer_name
from .fusion.fusion_report import FusionReport
from .targets import FEATURES, Features, Target


class Property(StrEnum):
    """What may hold of a graph. The pass that ensures it finds nothing to do where it holds."""

    CONSTANTS_FOLDED = "no node within the bounds of folding computes a constant"
    IDENTITIES_REMOVED = "no node gives just its operand"
    COMMON_MERGED = "no two nodes compute the same from the same operands and weights"
    DEAD_REMOVED = "every node but the inputs leads to an output"
    BATCH_NORM_FOLDED = "every batch normalization that can stands in the layer before it"
    DIMS_EXPANDED = "every dimension is computed from the shapes of inputs"
    OUTPUTS_NAMED = "every value that is an output has the output's name"
    FUSED = "every chain that the target has one operator for is one node"


@dataclass(frozen=True, slots=True)
class PassContext:
    """What passes work with beside the graph.

    Attributes:
        target: what the model is built for.
        report: takes what is fused and why the rest is not.
        layers: the layer graph that the operators come from, for what is said of them.
    """

    target: Target
    report: FusionReport
    layers: Graph
    _by_name: dict[str, Node] = field(default_factory=dict)

    @property
    def features(self) -> Features:
        """What the target has beside standard operators."""
        return FEATURES[self.target]

    def layer(self, node: Node) -> Node | None:
        """The layer that an operator belongs to."""
        if not self._by_name:
            self._by_name.update((one.name, one) for one in self.layers.unordered() if isinstance(one.op, Layer))
        return self._by_name.get(layer_name(node))


Rewrite: TypeAlias = Callable[[Graph, PassContext], bool]


@dataclass(frozen=True, slots=True)
class Pass:
    """A rewrite of a graph that keeps what its values mean.

    A value that survives under a name has the numbers of the value of that name in the graph as written: what
    replaces several nodes keeps the name of the last one, whose result it gives. Inputs, outputs and demands stay.

    Attributes:
        rewrite: changes the graph, and returns whether it did.
        requires: what must hold before.
        ensures: what holds afterwards.
        spoils: what may no longer hold afterwards.
    """

    rewrite: Rewrite
    requires: frozenset[Property]
    ensures: frozenset[Property]
    spoils: frozenset[Property]

    @property
    def name(self) -> str:
        """The name of the function and its file."""
        return self.rewrite.__name__

    def __call__(self, graph: Graph, context: PassContext) -> bool:
        """Rewrite the graph; whether that changed anything."""
        return self.rewrite(graph, context)


def graph_pass(
    *,
    requires: Iterable[Property] = (),
    ensures: Iterable[Property],
    spoils: Iterable[Property] = (),
) -> Callable[[Rewrite], Pass]:
    """Make a function a pass with this contract."""

    def declare(rewrite: Rewrite) -> Pass:
        return Pass(rewrite, frozenset(requires), frozenset(ensures), frozenset(spoils))

    return declare


def check_order(passes: Iterable[Pass]) -> frozenset[Property]:
    """What holds after the passes in this order.

    Raises:
        ValueError: a pass requires what nothing before it ensures.
    """
    holds: frozenset[Property] = frozenset()
    for one in passes:
        missing = one.requires - holds
        if missing:
            raise ValueError(f"{one.name} requires that {'; '.join(sorted(missing))}")
        holds = (holds - one.spoils) | one.ensures
    return holds
