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
        or _form(match, context.graph)
        or refuse_absorption(match, context.absorption)
    )


def _form(match: Match, graph: Graph) -> str | None:
    """The operator multiplies matrices, as ``Gemm`` does, which other dense layers do not lower to."""
    dense, value = match.main.op, match.main.operands[0]
    if not isinstance(dense, Dense) or value is None:
        return f"`{match.main.name}` is no dense layer"
    x = graph.type_of(value)
    if x.rank == 2 and dense.axis_of(x) == 1:
        return None
    return f"{_OPERATOR} works along axis 1 of a matrix, and `{match.main.name}` along axis {dense.axis_of(x)} of {x}"


def _replacement(match: Match) -> Replacement:
    dense, activation = match.main.op, match.last.op
    if not isinstance(dense, Dense) or not isinstance(activation, Elementwise):
        raise TypeError(f"`{match.main.name}` and `{match.last.name}` are no dense layer and activation")
    return Replacement(FusedDense(dense=dense, activation=activation), match.main.operands, match.main.weights)


dense_activation = FusionRule("dense_activation", _find, _guard, _replacement)
