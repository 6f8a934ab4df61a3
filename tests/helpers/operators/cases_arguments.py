"""Cases of operators that tell where elements stand."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import C, Case, Feed, H, N, T, W, generates, some_sizes, tensor


@generates("ArgMax")
def greatest(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], int], ...] = (
        ((N, 7), -1),
        ((N, T, 3), 1),
        ((N, C, H, W), 1),
        ((N, C, H, W), -1),
        ((7,), 0),
        ((1, N), 0),
        ((N, 2, 1, 3, 2), 3),
    )
    for shape, axis in table:
        for keepdims in (0, 1):
            for last in (0, 1):
                # Ints from 0 to 2 have several that are greatest.
                feed = Feed(tensor(dtype, *shape), 0, 3)
                op = cls(axis=axis, keepdims=keepdims, select_last_index=last)
                yield Case(op, (feed,), some_sizes(choose, "NTCHW", runs=1))
    if dtype.is_float:
        yield Case(cls(axis=1), (Feed(tensor(dtype, 7, 13), corners=True),), note="corners")
        equal = np.zeros((3, 5), np.float32 if dtype is DType.BFLOAT16 else dtype.value)
        equal[0, 1:4] = 2
        equal[1] = -np.inf
        for last in (0, 1):
            if dtype is not DType.BFLOAT16:
                yield Case(cls(axis=1, select_last_index=last), (equal,), note="equal")
    else:
        info = np.iinfo(dtype.value)
        extremes = np.array([[info.min, info.max - 1, info.max, info.max], [info.min] * 4], dtype.value)
        for last in (0, 1):
            yield Case(cls(axis=1, select_last_index=last), (extremes,), note="extremes")
