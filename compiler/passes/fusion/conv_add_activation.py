"""A convolution, a sum and an activation, as at the end of a residual block: ``relu(conv(x) + y)``."""

from __future__ import annotations

from collections.abc import Iterator

from ...graph.graph import Graph, Node
from ...layers.tensor_arithmetic import Add
from ..fusing_conditions import finished_layer
from ..weighted_operators import find_weighted
from . import conv_activation
from .rule import FusionContext, FusionRule, Match, find_activation


def _find(context: FusionContext, last: Node) -> Iterator[Match]:
    """One match for each summand that is a convolution; both are the same one where a value is added to itself."""
    activation = find_activation(context, last)
    layer = None if activation is None else finished_layer(activation.before, context.passing)
    if activation is None or layer is None or not isinstance(layer.op, Add):
        return
    add = activation.before
    for value, other in dict.fromkeys((add.operands, add.operands[::-1])):
        conv = None if value is None else find_weighted(context.graph, context.graph.producer(value), context.passing)
        if conv is not None and conv.is_convolution:
            yield Match(conv, (add, last), activation, added=other)


def _guard(match: Match, context: FusionContext) -> str | None:
    target, features = context.passing.target, context.passing.features
    if features.conv_activations and not features.conv_added_input:
        return f"the {conv_activation.OPERATOR} of the target `{target}` adds nothing before its activation"
    return conv_activation.guard(match, context) or _shapes(match, context.graph) or _images(match)


def _shapes(match: Match, graph: Graph) -> str | None:
    """The operator adds element by element; it does not broadcast, neither side."""
    found = match.main.result.results[0]
    if match.added is not None and graph.type_of(match.added) == found == match.last.results[0]:
        return None
    added = "nothing" if match.added is None else graph.type_of(match.added)
    return f"{added} is added to {found}, and {conv_activation.OPERATOR} does not broadcast"


def _images(match: Match) -> str | None:
    """Refuse convolutions over images.

    The optimizer of onnxruntime's CPU provider lays images out in blocks of channels, and up to 1.26 not what is added
    to them. Such sums were tried: on 1.21, 1.22, 1.23, 1.24 and 1.26 they fail or are silently wrong, on 1.27 right.
    """
    if match.main.result.results[0].rank != 4:
        return None
    return "onnxruntime before 1.27 adds to images wrongly"


conv_add_activation = FusionRule(
    "conv_add_activation", conv_activation.INTO, _find, _guard, conv_activation.replacement
)
