"""Cases of the operators that give axes another size."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import Case, Feed, H, N, W, count, generates, int64s, some_sizes, tensor

#: Sizes of the spatial axes that are sampled between, before and after.
_SIZES = ((4, 8), (5, 3), (3, 7), (1, 4), (6, 1), (7, 7), (2, 9))


@generates("Resize")
def resizings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    def case(attributes: dict, before: tuple[int, ...], after: tuple[int, ...], note: str) -> Case:
        x = Feed(tensor(dtype, N, 2, *before))
        # Sizes of other axes are theirs, so that there is one run.
        return Case(cls(**attributes), (x, None, None, int64s(3, 2, *after)), ({"N": 3},), note)

    for old, new in _SIZES[: count(dtype, len(_SIZES), 3)]:
        ways = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        yield case(ways, (old, 3), (new, 6), "nearest")
        yield case({"nearest_mode": "floor"}, (old,), (new,), "nearest")
        yield case({}, (3, old), (3, new), "nearest")
    if not dtype.is_float:
        return
    for old, new in _SIZES[: count(dtype, len(_SIZES), 3)]:
        for way in ("half_pixel", "align_corners", "asymmetric"):
            attributes = {"coordinate_transformation_mode": way}
            for mode in ("linear", "cubic"):
                yield case(attributes | {"mode": mode}, (old, 3), (new, 5), f"{mode}_{way}")
            yield case(attributes | {"mode": "linear"}, (old,), (new,), f"linear_{way}")
            yield case(attributes | {"mode": "linear"}, (2, old, 3), (3, new, 2), f"linear_{way}")
    yield case({"mode": "cubic", "cubic_coeff_a": -0.5}, (4, 3), (7, 5), "cubic_half_pixel")


@generates("DepthToSpace")
def channels_as_positions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[int, tuple[Dim, ...]], ...] = (
        (2, (N, 8, H, W)),
        (3, (N, 9, 2, W)),
        (1, (N, 3, H, 2)),
        (2, (0, 4, 1, 2)),
        (2, (1, 4 * N, H, 1)),
    )
    for blocksize, shape in table:
        for attributes in ({}, {"mode": "CRD"}, {"mode": "DCR"}):
            yield Case(
                cls(blocksize=blocksize, **attributes), (Feed(tensor(dtype, *shape)),), some_sizes(choose, "NHW")
            )
