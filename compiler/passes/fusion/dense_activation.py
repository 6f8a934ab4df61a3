"""A dense layer and the activation behind it: ``dense -> relu``."""

from __future__ import annotations

from collections.abc import Iterator

from ...graph.graph import Graph, Node
from ...layers.activations import Elementwise
from ...layers.dense import Dense
from ...layers.fused import FusedDense
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

_OPERATOR = "FusedGemm"


def _find(graph: Graph, last: Node) -> Iterator[Match]:
    dense = operand_producer(graph, last) if is_activation(last) else None
    if dense is not None and isinstance(dense.op, Dense):
        yield Match((dense, last))


def _guard(match: Match, context: FusionContext) -> str | None:
    return (
        refuse_activation(match, context.features.dense_activations, _OPERATOR, context.target)
        or refuse_elements(match, _OPERATOR)
        or _form(match)
        or refuse_absorption(match, context.absorption)
    )


def _form(match: Match) -> str | None:
    """The operator multiplies matrices, as `Gemm` does, which other dense layers do not lower to."""
    dense, found = match.main.op, match.main.results[0]
    if isinstance(dense, Dense) and found.rank == 2 and dense.axis in (None, 1, -1):
        return None
    return f"{_OPERATOR} takes `[N, C]`, and `{match.main.name}` gives {found}"


def _replacement(match: Match) -> Replacement:
    dense, activation = match.main.op, match.last.op
    if not isinstance(dense, Dense) or not isinstance(activation, Elementwise):
        raise TypeError(f"`{match.main.name}` and `{match.last.name}` are no dense layer and activation")
    return Replacement(FusedDense(dense=dense, activation=activation), match.main.operands, match.main.weights)


dense_activation = FusionRule("dense_activation", _find, _guard, _replacement)
