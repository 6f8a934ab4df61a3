"""Cases of activations: their parameters, and the numbers at which they bend or overflow."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.tensors import numpy_name
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import C, Case, Feed, H, N, W, generates, some_sizes, tensor

SHAPES: tuple[tuple[Dim, ...], ...] = ((N, 3, H), (4, 4, 4), (N,), (), (0, 2), (2, 1, H, W, 3))

#: Attributes beside the defaults.
ATTRIBUTES: dict[str, tuple[dict[str, object], ...]] = {
    "Elu": ({"alpha": 0.25}, {"alpha": 0.0}, {"alpha": -2.0}),
    "Celu": ({"alpha": 0.25}, {"alpha": 3.0}),
    "Selu": ({"alpha": 0.5, "gamma": 2.0}, {"gamma": -1.0}),
    "HardSigmoid": ({"alpha": 1 / 6}, {"alpha": 0.75, "beta": -0.25}, {"alpha": -0.5}),
    "Gelu": ({"approximate": "tanh"},),
}


@generates("Elu", "Celu", "Selu", "Softplus", "Softsign", "HardSigmoid", "Gelu")
def activations(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for attributes in ({}, *ATTRIBUTES.get(cls.kind, ())):
        for index, shape in enumerate(SHAPES):
            for corners in (False, True) if index < 2 else (False,):
                words = ["corners"] * corners + ["scalar"] * (not shape)
                note = "_".join(words + [f"{name}_{value}" for name, value in attributes.items()])
                # Far below 0 some are nearly 0, and a single number has no larger one beside it to be judged by.
                feed = Feed(tensor(dtype, *shape), -2, 3, uniform=len(shape) < 2, corners=corners)
                yield Case(cls(**attributes), (feed,), some_sizes(choose, "NHW"), note)


@generates("PRelu")
def slopes(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    pairs: tuple[tuple[tuple[Dim, ...], tuple[Dim, ...]], ...] = (
        ((N, 3, H), (1,)),
        ((N, C, H, W), (C, 1, 1)),
        ((N, C), (C,)),
        ((2, 3, 4), (2, 3, 4)),
        ((N, 3, H), (3, 1)),
        ((N,), ()),
        ((), ()),
        ((0, 3), (3,)),
    )
    for shape, slope in pairs:
        operands = Feed(tensor(dtype, *shape)), Feed(tensor(dtype, *slope))
        yield Case(cls(), operands, some_sizes(choose, "NCHW"))
    if dtype.is_float:
        feeds = Feed(tensor(dtype, 7, 13), corners=True), Feed(tensor(dtype, 13))
        yield Case(cls(), feeds, note="corners")


@generates("Clip")
def bounds(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    low, high, below, above = (np.array(one).astype(numpy_name(dtype)) for one in (1, 3, 0, 100))
    for shape in SHAPES:
        yield Case(cls(), (Feed(tensor(dtype, *shape)), low, high), some_sizes(choose, "NHW"))
    feed, sizes = Feed(tensor(dtype, N, 5)), some_sizes(choose, "N")
    yield Case(cls(), (feed, below, above), sizes)
    yield Case(cls(), (feed, low, low), sizes, "equal")
    yield Case(cls(), (feed, high, low), sizes, "changed_places")
    yield Case(cls(), (feed, low), sizes, "no_upper")
    yield Case(cls(), (feed, None, low), sizes, "no_lower")
    yield Case(cls(), (feed,), sizes, "no_bounds")
    yield Case(cls(), (feed, Feed(tensor(dtype)), Feed(tensor(dtype))), sizes, "fed")
    if dtype.is_float:
        under = np.array(-3).astype(numpy_name(dtype))
        yield Case(cls(), (Feed(tensor(dtype, 7, 13), corners=True), under, high), note="corners")
