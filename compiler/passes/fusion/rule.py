"""What a fusion rule is: a pattern, a guard that refuses with a reason, a replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from ...graph.graph import Graph, Node, Value
from ...graph.types import DType
from ...layers.activations import LeakyRelu
from ...operators.base import Operator, RuntimeActivation
from ...operators.logic import Where
from ..contract import PassContext
from ..fusing_conditions import Absorption, constants_among, finished_layer
from ..weighted_operators import Weighted


@dataclass(frozen=True, slots=True)
class FusionContext:
    """What patterns are sought in, and guards judge by.

    Attributes:
        absorption: which layers read each value.
        passing: the target and what it has, and the layers that operators belong to.
    """

    graph: Graph
    absorption: Absorption
    passing: PassContext


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation.

    Attributes:
        kind: its kind in the language.
        applied: how onnxruntime's fused operators apply it.
        before: the operator whose result it reads.
    """

    kind: str
    applied: RuntimeActivation
    before: Node


@dataclass(frozen=True, slots=True)
class Match:
    """Operators that fit a pattern, each the last one of a layer.

    Attributes:
        main: the layer with the weights.
        behind: in the order of the data flow; the first one reads the result of ``main``, and the last one is the
            activation.
        activation: what the last one is.
        added: what is added to the result of ``main``, if anything.
    """

    main: Weighted
    behind: tuple[Node, ...]
    activation: Activation
    added: Value | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """What becomes one, in the order of the data flow."""
        return (self.main.result, *self.behind)

    @property
    def last(self) -> Node:
        """The operator whose name, place and result the fused one has: the activation."""
        return self.behind[-1]


@dataclass(frozen=True, slots=True)
class Replacement:
    """The one operator that takes the place of a match."""

    op: Operator
    operands: tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class FusionRule:
    """A rule by which operators become one.

    Attributes:
        name: that of its file.
        into: what the report calls that which they become.
        find: the pattern: its matches that end with the given node, the ones to prefer first.
        guard: why a match is not to be fused, as a clause; None if it is.
        replacement: what takes the place of a match that the guard lets pass.
    """

    name: str
    into: str
    find: Callable[[FusionContext, Node], Iterable[Match]]
    guard: Callable[[Match, FusionContext], str | None]
    replacement: Callable[[Match], Replacement]


def find_activation(context: FusionContext, last: Node) -> Activation | None:
    """The layer whose result an operator gives, if it is one that onnxruntime's fused operators have a name for."""
    constants = constants_among(context.graph, last.operands)
    found = last.op.runtime_activation(constants) if isinstance(last.op, Operator) else None
    layer = finished_layer(last, context.passing) if found is not None or isinstance(last.op, Where) else None
    if layer is None:
        return None
    value = last.operands[0]
    if isinstance(layer.op, LeakyRelu) and isinstance(last.op, Where):
        # What it consists of for float64, which no fused operator computes in: so it is refused for what it is.
        value, found = last.operands[1], RuntimeActivation("LeakyRelu", (layer.op.slope,))
    if value is None or found is None:
        return None
    return Activation(layer.kind, found, context.graph.producer(value))


def refuse_activation(match: Match, known: frozenset[str], operator: str, context: FusionContext) -> str | None:
    """Refuse an activation that the target's operator does not apply, and any where it has no such operator."""
    target = context.passing.target
    if not known:
        return f"the target `{target}` has no {operator}"
    if match.activation.applied.name not in known:
        return f"the {operator} of the target `{target}` does not apply `{match.activation.kind}`"
    return None


def refuse_elements(match: Match, operator: str) -> str | None:
    """Refuse element types that onnxruntime has no kernel for."""
    dtype = match.last.results[0].dtype
    return None if dtype is DType.FLOAT32 else f"{operator} computes in float32, and this is {dtype}"


def refuse_absorption(match: Match, absorption: Absorption) -> str | None:
    """Refuse where a result in between is wanted elsewhere, or where weights are shared."""
    reasons = (absorption.refusal(node, reader) for node, reader in pairwise(match.nodes))
    return next((reason for reason in reasons if reason is not None), None) or absorption.sharing(match.main.weights)
