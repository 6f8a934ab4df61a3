"""What a fusion rule is: a pattern, a guard that refuses with a reason, a replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ...graph.graph import Graph, Node, Value
from ...graph.operations import Operation
from ...graph.tensors import Tensor
from ...graph.types import DType
from ...layers.fused import runtime_activation
from ..absorbing import Absorption
from ..targets import Features, Target


@dataclass(frozen=True, slots=True)
class FusionContext:
    """What guards judge by.

    Attributes:
        absorption: who reads each value and who owns each weight.
        target: the target's name, for reasons.
        features: what the target has beside standard operators.
    """

    graph: Graph
    absorption: Absorption
    target: Target
    features: Features


@dataclass(frozen=True, slots=True)
class Match:
    """Nodes that fit a pattern.

    Attributes:
        nodes: in the order of the data flow; each is read by the next, and the last one gives the result.
        added: what is added to the first one's result, if anything.
    """

    nodes: tuple[Node, ...]
    added: Value | None = None

    @property
    def main(self) -> Node:
        """The node with the weights."""
        return self.nodes[0]

    @property
    def last(self) -> Node:
        """The node whose name, place and result the fused one has: the activation."""
        return self.nodes[-1]


@dataclass(frozen=True, slots=True)
class Replacement:
    """The one node that takes the place of a match."""

    op: Operation
    operands: tuple[Value | None, ...]
    weights: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FusionRule:
    """A rule by which nodes become one.

    Attributes:
        name: that of its file.
        find: the pattern: its matches that end with the given node, the ones to prefer first.
        guard: why a match is not to be fused, as a clause; None if it is.
        replacement: what takes the place of a match that the guard lets pass.
    """

    name: str
    find: Callable[[Graph, Node], Iterable[Match]]
    guard: Callable[[Match, FusionContext], str | None]
    replacement: Callable[[Match], Replacement]


def is_activation(node: Node) -> bool:
    """Whether onnxruntime's fused operators have a name for the node's layer."""
    return runtime_activation(node.op) is not None


def operand_producer(graph: Graph, node: Node) -> Node | None:
    """The node that gives the first operand."""
    value = node.operands[0] if node.operands else None
    return None if value is None else graph.producer(value)


def refuse_activation(match: Match, known: frozenset[str], operator: str, target: Target) -> str | None:
    """Refuse an activation that the target's operator does not apply, and any where it has no such operator."""
    activation = runtime_activation(match.last.op)
    if not known:
        return f"the target `{target}` has no {operator}"
    if activation is None or activation.name not in known:
        return f"the {operator} of the target `{target}` does not apply `{match.last.kind}`"
    return None


def refuse_elements(match: Match, operator: str) -> str | None:
    """Refuse element types that onnxruntime has no kernel for."""
    dtype = match.last.results[0].dtype
    return None if dtype is DType.FLOAT32 else f"{operator} computes in float32, and this is {dtype}"


def refuse_absorption(match: Match, absorption: Absorption) -> str | None:
    """Refuse where a result in between is wanted elsewhere, or where weights are shared."""
    pairs = zip(match.nodes, match.nodes[1:], strict=False)
    reasons = (absorption.refusal(node, reader) for node, reader in pairs)
    return next((reason for reason in reasons if reason is not None), None) or absorption.sharing(match.nodes)
