"""Cases of normalizations that take their statistics from what they read."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import Case, Feed, H, N, T, W, generates, some_sizes, tensor

#: Of attributes that are left out and written, and with numbers so small that they decide little, or so large much.
ATTRIBUTES: tuple[dict[str, float], ...] = ({}, {"epsilon": 0.125}, {"epsilon": 0.0})


@generates("LayerNormalization")
def layer_normalizations(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], tuple[int, ...]], ...] = (
        ((5,), (-1, 0)),
        ((N, 7), (-1, 1)),
        ((N, T, 6), (-1, 2)),
        ((N, 3, 4), (1, -2)),
        ((N, 2, 3, 5), (-1, -2, 1)),
        ((2, 3, 1, 4), (0, -2)),
    )
    for shape, axes in table:
        for axis in axes:
            for attributes in ATTRIBUTES:
                weights = Feed(tensor(dtype, *shape[axis:]))
                operands = (Feed(tensor(dtype, *shape)), weights, weights)[: choose.choice((2, 3))]
                yield Case(cls(axis=axis, **attributes), operands, some_sizes(choose, "NT", runs=1))
    operands = (Feed(tensor(dtype, N, 1)), Feed(tensor(dtype, 1)), Feed(tensor(dtype, 1)))
    yield Case(cls(), operands, some_sizes(choose, "N"), "one_element")
    weights = Feed(tensor(dtype, 4))
    yield Case(cls(), (Feed(tensor(dtype, 0, 4)), weights, weights), note="empty")
    yield Case(cls(), (Feed(tensor(dtype, 13, 4), corners=True), weights, weights), note="corners")


@generates("InstanceNormalization")
def instance_normalizations(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    shapes: tuple[tuple[Dim, ...], ...] = ((N, 3, 7), (N, 4, H, 5), (2, 1, H, 3, W), (N, 5, 2, 1, H, 2), (0, 3, 4))
    for shape in shapes:
        for attributes in ATTRIBUTES:
            vector = Feed(tensor(dtype, shape[1]))
            operands = (Feed(tensor(dtype, *shape)), vector, vector)
            yield Case(cls(**attributes), operands, some_sizes(choose, "NHW", low=2))
    vector = Feed(tensor(dtype, 3))
    yield Case(cls(), (Feed(tensor(dtype, N, 3, 1)), vector, vector), some_sizes(choose, "N"), "one_element")
    yield Case(cls(), (Feed(tensor(dtype, 13, 3, 4), corners=True), vector, vector), note="corners")
