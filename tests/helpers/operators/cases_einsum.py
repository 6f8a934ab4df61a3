"""Cases of sums of products that are written with letters."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import C, Case, Feed, H, N, T, generates, some_sizes, tensor


@generates("Einsum")
def sums(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[str, tuple[tuple[Dim, ...], ...]], ...] = (
        ("ij,jk->ik", ((N, 4), (4, 3))),
        ("bij,jk->bik", ((N, T, 4), (4, 3))),
        ("aij,ajk->aik", ((N, T, C), (N, C, 2))),
        ("aij,bjk->abik", ((N, T, 3), (H, 3, 2))),
        ("ABij,Bjk->ABik", ((N, H, T, 3), (H, 3, 2))),
        ("j,j->", ((4,), (4,))),
        ("j,ajk->ak", ((4,), (N, 4, 3))),
        ("aij,j->ai", ((N, H, 4), (4,))),
        ("bij,bkj->bik", ((N, T, 4), (N, H, 4))),
        ("ij->ji", ((N, 3),)),
        ("ij->j", ((N, 3),)),
        ("i,j,k->kji", ((N,), (2,), (T,))),
    )
    for equation, shapes in table:
        operands = tuple(Feed(tensor(dtype, *shape)) for shape in shapes)
        yield Case(cls(equation=equation), operands, some_sizes(choose, "NTCH"))
