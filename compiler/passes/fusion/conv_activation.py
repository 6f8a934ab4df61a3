"""A convolution and the activation behind it: ``conv2d -> relu``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ...graph.graph import Node
from ...operators.convolution import Conv
from ...operators.fused import FusedConv
from ..weighted_operators import find_weighted
from .rule import (
    FusionContext,
    FusionRule,
    Match,
    Replacement,
    find_activation,
    refuse_absorption,
    refuse_activation,
    refuse_elements,
)

OPERATOR = "FusedConv"
INTO = "fused_conv"


def _find(context: FusionContext, last: Node) -> Iterator[Match]:
    activation = find_activation(context, last)
    conv = None if activation is None else find_weighted(context.graph, activation.before, context.passing)
    if activation is not None and conv is not None and conv.is_convolution:
        yield Match(conv, (last,), activation)


def guard(match: Match, context: FusionContext) -> str | None:
    """What a convolution and its activation must have, whatever is added in between."""
    return (
        _transposed(match)
        or refuse_activation(match, context.passing.features.conv_activations, OPERATOR, context)
        or refuse_elements(match, OPERATOR)
        or refuse_absorption(match, context.absorption)
    )


def _transposed(match: Match) -> str | None:
    return "no target has an operator for a transposed convolution and more" if match.main.is_transposed else None


def replacement(match: Match) -> Replacement:
    """The convolution with its activation, and with what is added in between."""
    conv, activation = match.main.product.op, match.activation.applied
    if not isinstance(conv, Conv):
        raise TypeError(f"`{match.main.result.name}` is no convolution")
    attributes = {one.name: getattr(conv, one.name) for one in dataclasses.fields(conv)}
    op = FusedConv(**attributes, activation=activation.name, activation_params=activation.parameters or None)
    x, weight, *_ = match.main.product.operands
    operands = (x, weight, match.main.bias, match.added)
    present = max(place for place, value in enumerate(operands) if value is not None)
    return Replacement(op, operands[: present + 1])


conv_activation = FusionRule("conv_activation", INTO, _find, guard, replacement)
