"""Cases of the operators that make tensors out of bounds."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator
from operator_cases import Case, generates


@generates("Range")
def ranges(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for bounds in ((0, 5, 1), (2, 9, 3), (2, 8, 3), (5, 0, -2), (3, 3, 1), (4, 1, 1), (-2, 2, 1)):
        yield Case(cls(), tuple(np.array(one, dtype.value) for one in bounds))
