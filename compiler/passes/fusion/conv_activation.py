"""A convolution and the activation behind it: ``conv2d -> relu``."""

from __future__ import annotations

from collections.abc import Iterator

from ...graph.graph import Graph, Node
from ...layers.activations import Elementwise
from ...layers.convolution import Convolution
from ...layers.fused import FusedConv
from .rule import (
    FusionContext,
    FusionRule,
    Match,
    Replacement,
    is_activation,
    operand_producer,
    refuse_absorption,
    refuse_activation,
    refuse_elements,
)

OPERATOR = "FusedConv"


def _find(graph: Graph, last: Node) -> Iterator[Match]:
    conv = operand_producer(graph, last) if is_activation(last) else None
    if conv is not None and isinstance(conv.op, Convolution):
        yield Match((conv, last))


def guard(match: Match, context: FusionContext) -> str | None:
    """What a convolution and its activation must have, whatever is added in between."""
    return (
        refuse_activation(match, context.features.conv_activations, OPERATOR, context.target)
        or refuse_elements(match, OPERATOR)
        or refuse_absorption(match, context.absorption)
    )


def replacement(match: Match) -> Replacement:
    """The convolution with its activation, and with what is added in between."""
    conv, activation = match.main.op, match.last.op
    if not isinstance(conv, Convolution) or not isinstance(activation, Elementwise):
        raise TypeError(f"`{match.main.name}` and `{match.last.name}` are no convolution and activation")
    op = FusedConv(conv=conv, activation=activation)
    return Replacement(op, (match.main.operands[0], match.added), match.main.weights)


conv_activation = FusionRule("conv_activation", _find, guard, replacement)
