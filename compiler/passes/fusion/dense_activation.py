"""A dense layer and the activation behind it: ``dense -> relu``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from ...graph.graph import Graph, Node
from ...operators.fused import FusedGemm
from ...operators.matrix_products import Gemm
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

_OPERATOR = "FusedGemm"
#: What it calls the parameters of its activation, in their order.
_PARAMETERS = ("activation_alpha", "activation_beta", "activation_gamma")


def _find(context: FusionContext, last: Node) -> Iterator[Match]:
    activation = find_activation(context, last)
    dense = None if activation is None else find_weighted(context.graph, activation.before, context.passing)
    if activation is not None and dense is not None and not dense.is_convolution:
        yield Match(dense, (last,), activation)


def _guard(match: Match, context: FusionContext) -> str | None:
    return (
        refuse_activation(match, context.passing.features.dense_activations, _OPERATOR, context)
        or refuse_elements(match, _OPERATOR)
        or _form(match, context.graph)
        or refuse_absorption(match, context.absorption)
    )


def _form(match: Match, graph: Graph) -> str | None:
    """The operator multiplies matrices, as ``Gemm`` does, which other dense layers do not consist of alone."""
    dense = match.main
    if dense.nodes == (dense.result,) and isinstance(dense.result.op, Gemm):
        return None
    x, name = dense.operand_type(graph), dense.result.name
    return f"{_OPERATOR} works along axis 1 of a matrix, and `{name}` along axis {dense.axis} of {x}"


def _replacement(match: Match) -> Replacement:
    gemm, activation = match.main.product.op, match.activation.applied
    if not isinstance(gemm, Gemm):
        raise TypeError(f"`{match.main.result.name}` is no product of matrices")
    attributes = {one.name: getattr(gemm, one.name) for one in dataclasses.fields(gemm)}
    parameters: dict[str, Any] = dict(zip(_PARAMETERS, activation.parameters, strict=False))
    op = FusedGemm(**attributes, activation=activation.name, **parameters)
    return Replacement(op, match.main.product.operands)


dense_activation = FusionRule("dense_activation", "fused_dense", _find, _guard, _replacement)
