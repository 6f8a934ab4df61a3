"""Cases of the operators that make positions, and waves of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import Case, Feed, H, N, generates, some_sizes, tensor


@generates("Range")
def ranges(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table = ((0, 5, 1), (0, 1, 1), (2, 11, 3), (-3, 4, 2), (5, 0, -1), (7, -3, -4), (3, 3, 1), (4, 2, 1), (2, 4, -1))
    for numbers in table:
        yield Case(cls(), tuple(np.array(one, dtype.value) for one in numbers))


@generates("Sin")
def sines(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for shape in ((N, 3, H), (N,), (), (0, 2)):
        yield Case(cls(), (Feed(tensor(dtype, *shape)),), some_sizes(choose, "NH"))
    yield Case(cls(), (Feed(tensor(dtype, 4, 4), corners=True),), note="corners")
    if dtype in (DType.FLOAT32, DType.FLOAT64):
        yield Case(cls(), (Feed(tensor(dtype, 50), -5000, 5000, uniform=True),), note="far")
