"""Cases of transposed convolutions."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.cases_windows import spatial, window, words
from tests.helpers.operators.operator_cases import Case, Feed, N, count, generates, some_sizes, tensor


@generates("ConvTranspose")
def transposed(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for _ in range(count(dtype, 50, 6)):
        yield _transposed(cls, dtype, choose)
    empty = (Feed(tensor(dtype, 0, 2, 4)), Feed(tensor(dtype, 2, 3, 2)))
    yield Case(cls(), empty, note="empty")


def _transposed(cls: type[Operator], dtype: DType, choose: random.Random) -> Case:
    rank = choose.randint(1, 3)
    group, inputs, outputs = choose.choice((1, 1, 2, 3)), choose.randint(1, 2), choose.randint(1, 2)
    around = window(choose, rank)
    kernel = around.pop("kernel_shape") if choose.random() < 0.3 else around["kernel_shape"]
    ones = (1,) * rank
    room = list(map(max, around.get("strides", ones), around.get("dilations", ones)))
    # Of what a dilation allows from the stride on, onnxruntime does nothing: layers are lowered around it.
    large = choose.random() < 0.2
    if choose.random() < 0.5:
        limits = room if large else around.get("strides", ones)
        around["output_padding"] = tuple(choose.randint(0, one - 1) for one in limits)
    op = cls(**around, group=group)
    x = tensor(dtype, N, group * inputs, *spatial(choose, rank))
    w = tensor(dtype, group * inputs, outputs, *kernel)
    b = Feed(tensor(dtype, group * outputs)) if choose.random() < 0.6 else None
    beyond = any(map(int.__ge__, around.get("output_padding", ()), around.get("strides", ones)))
    note = words(rank, around) + ("-grouped" if group > 1 else "") + ("-beyond" if beyond else "")
    return Case(op, (Feed(x), Feed(w), b), some_sizes(choose, "NLHW", low=5, high=8), note)
