"""Cases of the operators that arrange elements: other axes, parts of tensors, tensors put together."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import (
    C,
    Case,
    Feed,
    H,
    N,
    T,
    W,
    count,
    generates,
    int64s,
    some_sizes,
    tensor,
)


def shuffled(choose: random.Random, numbers: list[int]) -> tuple[int, ...]:
    return tuple(choose.sample(numbers, len(numbers)))


@generates("Transpose")
def transpositions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    shapes: tuple[tuple[Dim, ...], ...] = ((), (N,), (N, H), (N, 3, H), (N, C, H, 2), (2, N, 3, H, 1), (0, 3))
    for shape in shapes:
        feed = Feed(tensor(dtype, *shape))
        yield Case(cls(), (feed,), some_sizes(choose, "NCH"))
        if shape:
            yield Case(cls(perm=shuffled(choose, list(range(len(shape))))), (feed,), some_sizes(choose, "NCH"))


@generates("Reshape")
def reshapings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], tuple[int, ...], int], ...] = (
        ((N, 3, 4), (0, -1), 0),
        ((N, 3, 4), (-1,), 0),
        ((N, 6), (0, 2, 3), 0),
        ((N, H, 6), (0, 0, 2, 3), 0),
        ((N, H, 6), (-1, 6), 0),
        ((N, H, W), (-1, 1), 0),
        ((2, 6), (3, 4), 0),
        ((2, 6), (-1, 2, 1, 3), 0),
        ((1,), (), 0),
        ((), (1, 1), 0),
        ((), (-1,), 0),
        ((0, 3), (0, 7), 1),
        ((0, 3), (3, 0), 1),
        ((0, 3), (0, 3), 0),
        ((2 * N, H, 3), (-1, 6), 0),
    )
    for shape, wanted, allowzero in table:
        if dtype is not DType.FLOAT32 and choose.random() < 0.7:
            continue
        feed = Feed(tensor(dtype, *shape))
        sizes = some_sizes(choose, "NHW") if (2 * N) not in shape else ({"N": 1, "H": 3}, {"N": 4, "H": 2})
        yield Case(cls(allowzero=allowzero), (feed, int64s(*wanted)), sizes)


@generates("Flatten")
def flattenings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    shapes: tuple[tuple[Dim, ...], ...] = ((N,), (N, 3), (N, C, H, 2), (0, 3, 2))
    for shape in shapes:
        for axis in range(-len(shape), len(shape) + 1):
            note = "empty" if 0 in shape else ""
            yield Case(cls(axis=axis), (Feed(tensor(dtype, *shape)),), some_sizes(choose, "NCH", runs=1), note)


@generates("Squeeze")
def squeezings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], tuple[int, ...] | None], ...] = (
        ((N, 1, H, 1), (1, 3)),
        ((N, 1, H, 1), (-1,)),
        ((N, 1, H, 1), (-1, 1)),
        ((1, 3, 1), None),
        ((1, 1), (0, 1)),
        ((2, 3), None),
        ((1,), None),
        ((1, 0, 1), (0,)),
    )
    for shape, axes in table:
        operands = (Feed(tensor(dtype, *shape)), *(() if axes is None else (int64s(*axes),)))
        yield Case(cls(), operands, some_sizes(choose, "NH"))


@generates("Unsqueeze")
def unsqueezings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], tuple[int, ...]], ...] = (
        ((N, H), (1,)),
        ((N, H), (-1,)),
        ((N, H), (0, 3)),
        ((N, H), (-1, 0)),
        ((N, H), (3, 1, 0)),
        ((), (0,)),
        ((), (1, 0)),
        ((0, 2), (-2,)),
    )
    for shape, axes in table:
        yield Case(cls(), (Feed(tensor(dtype, *shape)), int64s(*axes)), some_sizes(choose, "NH"))


@generates("Shape")
def shapes(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    bounds = ({}, {"start": 1}, {"start": -2}, {"end": 2}, {"start": 1, "end": -1}, {"start": -9, "end": 9})
    for attributes in (*bounds, {"start": 3, "end": 1}, {"start": 2, "end": 3}, {"end": 0}):
        yield Case(cls(**attributes), (Feed(tensor(dtype, N, 3, H, 1)),), some_sizes(choose, "NH", runs=1))
    yield Case(cls(), (Feed(tensor(dtype)),))


@generates("Expand")
def expansions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[tuple[Dim, ...], tuple[int, ...]], ...] = (
        ((1, 3), (4, 3)),
        ((3, 1), (2, 1, 4)),
        ((), (2, 3)),
        ((2, 3), ()),
        ((2, 3), (1, 1)),
        ((N, 1), (1, 5)),
        ((N, H, 1), (3,)),
        ((1,), (0,)),
    )
    for shape, wanted in table:
        yield Case(cls(), (Feed(tensor(dtype, *shape)), int64s(*wanted)), some_sizes(choose, "NH"))


@generates("Concat")
def concatenations(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[int, tuple[tuple[Dim, ...], ...]], ...] = (
        (1, ((N, 3, H), (N, 2, H))),
        (-1, ((N, H), (N, W), (N, 3))),
        (0, ((N, 2), (H, 2), (1, 2))),
        (0, ((N,),)),
        (-2, ((2, 3, 4), (2, 1, 4))),
        (0, ((0, 2), (3, 2))),
        (2, ((N, C, T, 2), (N, C, 1, 2))),
    )
    for axis, parts in table:
        yield Case(cls(axis=axis), tuple(Feed(tensor(dtype, *part)) for part in parts), some_sizes(choose, "NCHWT"))


@generates("Split")
def splits(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    def fed(*shape: Dim) -> Feed:
        return Feed(tensor(dtype, *shape))

    yield Case(cls(axis=1), (fed(N, 6), int64s(1, 3, 2)), some_sizes(choose, "N"))
    yield Case(cls(axis=-1), (fed(N, 6), int64s(6)), some_sizes(choose, "N"))
    yield Case(cls(axis=1), (fed(N, 3), int64s(0, 3)), some_sizes(choose, "N"))
    yield Case(cls(), (fed(5, N), int64s(4, 1)), some_sizes(choose, "N"))
    yield Case(cls(num_outputs=2, axis=1), (fed(N, 6, H),), some_sizes(choose, "NH"))
    yield Case(cls(num_outputs=3, axis=-1), (fed(N, 7),), some_sizes(choose, "N"), "uneven")
    yield Case(cls(num_outputs=2, axis=1), (fed(N, 2 * H),), ({"N": 1, "H": 2}, {"N": 3, "H": 1}))
    yield Case(cls(num_outputs=2), (fed(H, 3),), ({"H": 4}, {"H": 5}), "uneven")
    yield Case(cls(num_outputs=1), (fed(N, 3),), some_sizes(choose, "N"))


@generates("Slice")
def slices(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    far = 2**63 - 1
    table = (
        ((N, 8), (1,), (2,), (6,), (1,)),
        ((N, 8), (1,), (-3,), (far,), None),
        ((N, H, 4), (1,), (0,), (far,), (2,)),
        ((N, H, 4), (1, 2), (-1, -1), (-far - 1, -far - 1), (-1, -1)),
        ((N, H), (-1,), (0,), (-1,), (1,)),
        ((N, H), (-1,), (1,), (3,), (1,)),
        ((N, H), (-1,), (-2,), (2**31 - 1,), (1,)),
        ((N, H), (1,), (-3,), (-1,), (1,)),
        ((N, 5), (1,), (-9,), (9,), (1,)),
        ((N, 5), (1,), (-9,), (-far,), (-1,)),
        ((N, 5), (1,), (9,), (-9,), (-2,)),
        ((N, 5), (1,), (4,), (0,), (-1,)),
        ((N, 5), (1,), (3,), (1,), (1,)),
        ((N, 5), (1,), (0,), (4,), (3,)),
        ((6,), None, (1,), (4,), None),
        ((5, 6), None, (1, -4), (4, 5), None),
    )
    for shape, axes, starts, ends, steps in table:
        if dtype is not DType.FLOAT32 and choose.random() < 0.6:
            continue
        index = choose.choice((np.int64, np.int32)) if max(map(abs, (*starts, *ends))) < 100 else np.int64
        bounds = [None if one is None else np.array(one, index) for one in (starts, ends, axes, steps)]
        while bounds[-1] is None:
            bounds.pop()
        note = "back_from_before" if starts == (-9,) and (steps or (1,)) == (-1,) else ""
        yield Case(cls(), (Feed(tensor(dtype, *shape)), *bounds), some_sizes(choose, "NH", high=6), note)
    for _ in range(count(dtype, 30)):
        length, step = choose.randint(1, 6), choose.choice((-3, -2, -1, 1, 2, 3))
        start, end = (choose.randint(-8, 8) for _ in range(2))
        operands = (Feed(tensor(dtype, N, length)), int64s(start), int64s(end), int64s(1), int64s(step))
        note = "back_from_before" if step < 0 and start + length < 0 else ""
        yield Case(cls(), operands, some_sizes(choose, "N", runs=1), note)
    for _ in range(count(dtype, 12)):
        start, end = (choose.choice((*range(-4, 5), far, -far)) for _ in range(2))
        step = choose.choice((-2, -1, 1, 2))
        operands = (Feed(tensor(dtype, H)), int64s(start), int64s(end), int64s(0), int64s(step))
        note = "back_from_before" if step < 0 and start < -1 else ""
        if step < 0 and end == far:
            note = "back_to_the_end-back_from_before"
        yield Case(cls(), operands, tuple({"H": size} for size in (1, 2, 5, 9)), note)


@generates("Gather")
def gathers(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    table: tuple[tuple[int, tuple[Dim, ...], tuple[Dim, ...]], ...] = (
        (0, (5, 3), (N, T)),
        (1, (N, 5, 2), (3,)),
        (-1, (N, 5), ()),
        (0, (5,), (N,)),
        (0, (5, 2), (0,)),
        (-2, (2, 5, H), (2, 2)),
    )
    for axis, shape, places in table:
        for index in (DType.INT64, DType.INT32):
            indices = Feed(tensor(index, *places), -5, 5)
            yield Case(cls(axis=axis), (Feed(tensor(dtype, *shape)), indices), some_sizes(choose, "NHT", runs=1))


@generates("Pad")
def paddings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    fill = np.array(1 if dtype is DType.BOOL else 3).astype(np.float32)
    for mode in ("constant", "reflect", "edge", "wrap"):
        for _ in range(count(dtype, 6)):
            rank = choose.randint(1, 3)
            shape = (*choose.choices((N, H, 4, 5), k=rank),)
            most = 1 if mode in ("reflect", "wrap") else 3
            pads = [choose.randint(0, most) for _ in range(2 * rank)]
            yield Case(
                cls(mode=mode), (Feed(tensor(dtype, *shape)), int64s(*pads)), some_sizes(choose, "NH", low=3), mode
            )
    for pads, axes in (((1, 2), (1,)), ((0, 1, 2, 1), (-1, 0)), ((-1, 2), (-1,)), ((-1, -2), (1,)), ((0, -3), (-1,))):
        operands = (Feed(tensor(dtype, N, 4)), int64s(*pads), None, int64s(*axes))
        yield Case(cls(), operands, some_sizes(choose, "N"), "negative" if min(pads) < 0 else "axes")
    if dtype is not DType.BFLOAT16:
        filled = (Feed(tensor(dtype, N, 3)), int64s(0, 1, 1, 0), fill.astype(dtype.value))
        yield Case(cls(), filled, some_sizes(choose, "N"))
    if dtype in (DType.FLOAT32, DType.FLOAT64):
        least = (Feed(tensor(dtype, N, 3)), int64s(0, 1, 1, 0), np.array(-np.inf, dtype.value))
        yield Case(cls(), least, some_sizes(choose, "N"))
