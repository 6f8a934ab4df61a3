"""Cases of the operators whose windows slide: convolutions, fused ones too, and poolings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Known, Operator
from dotnn.compiler.operators.activation_functions import OF_FUSED_CONV

from tests.helpers.operators.operator_cases import Case, Feed, H, L, N, W, count, generates, some_sizes, tensor

_SPATIAL: dict[int, tuple[Dim, ...]] = {1: (L,), 2: (H, W), 3: (L, H, W)}


def window(choose: random.Random, rank: int, most_padding: tuple[int, ...] | None = None) -> dict[str, Any]:
    """Attributes of a window, each left out at times."""
    kernel = tuple(choose.randint(1, 3) for _ in range(rank))
    attributes: dict[str, Any] = {"kernel_shape": kernel}
    if choose.random() < 0.7:
        attributes["strides"] = tuple(choose.randint(1, 3) for _ in range(rank))
    if choose.random() < 0.5:
        attributes["dilations"] = tuple(choose.randint(1, 2) for _ in range(rank))
    if choose.random() < 0.7:
        most = [2 if most_padding is None else (size - 1) for size in kernel]
        attributes["pads"] = tuple(choose.randint(0, one) for one in most * 2)
    return attributes


def words(rank: int, attributes: dict[str, Any]) -> str:
    """How many axes, and what makes a window more than a plain one."""
    padded = "-padded" if any(attributes.get("pads") or ()) else ""
    dilated = "-dilated" if any(one > 1 for one in attributes.get("dilations") or ()) else ""
    ceil = "-ceil" if attributes.get("ceil_mode") else ""
    return f"{rank}d{padded}{dilated}{ceil}"


def spatial(choose: random.Random, rank: int) -> tuple[Dim, ...]:
    """Symbolic sizes, and now and then a number."""
    return tuple(choose.choice((one, one, 7)) for one in _SPATIAL[rank])


@generates("Conv")
def convolutions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for _ in range(count(dtype, 40, 6)):
        yield convolution(cls, dtype, choose, {})
    empty = (Feed(tensor(dtype, 0, 2, 4)), Feed(tensor(dtype, 3, 2, 2)))
    yield Case(cls(), empty, note="empty")


def convolution(
    cls: type[Operator], dtype: DType, choose: random.Random, attributes: dict[str, Any], added: bool = False
) -> Case:
    rank = choose.randint(1, 3)
    group, inputs, outputs = choose.choice((1, 1, 2, 3)), choose.randint(1, 2), choose.randint(1, 2)
    around = window(choose, rank)
    kernel = around.pop("kernel_shape") if choose.random() < 0.3 else around["kernel_shape"]
    op = cls(**around, group=group, **attributes)
    x = tensor(dtype, N, group * inputs, *spatial(choose, rank))
    w = tensor(dtype, group * outputs, inputs, *kernel)
    b = Feed(tensor(dtype, group * outputs)) if choose.random() < 0.6 or added else None
    operands = [Feed(x), Feed(w), b]
    if added:
        (result,) = op.infer(Known(x), Known(w))
        operands.append(Feed(result.type))
    return Case(op, tuple(operands), some_sizes(choose, "NLHW", low=7, high=10), words(rank, around))


@generates("FusedConv", domain="com.microsoft")
def fused_convolutions(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    parameters = {"LeakyRelu": (0.25,), "HardSigmoid": (0.25, 0.5), "Clip": (-0.5, 1.5)}
    for name in OF_FUSED_CONV:
        given = {"activation": name, "activation_params": parameters.get(name)}
        for added in (False, True):
            for _ in range(count(dtype, 3, 1)):
                yield convolution(cls, dtype, choose, given, added)


@generates("MaxPool", "AveragePool")
def poolings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for _ in range(count(dtype, 60, 6)):
        rank = choose.randint(1, 3)
        attributes = window(choose, rank, ())
        attributes["ceil_mode"] = choose.randint(0, 1)
        if cls.kind == "AveragePool":
            attributes["count_include_pad"] = choose.randint(0, 1)
        x = Feed(tensor(dtype, N, 2, *spatial(choose, rank)))
        yield Case(cls(**attributes), (x,), some_sizes(choose, "NLHW", low=5, high=9), words(rank, attributes))
    yield Case(cls(kernel_shape=(2,)), (Feed(tensor(dtype, 0, 2, 5)),), note="empty")


@generates("GlobalMaxPool", "GlobalAveragePool")
def global_poolings(cls: type[Operator], dtype: DType, choose: random.Random) -> Iterator[Case]:
    for rank in (1, 2, 3):
        x = Feed(tensor(dtype, N, 3, *_SPATIAL[rank]))
        yield Case(cls(), (x,), some_sizes(choose, "NLHW"), f"{rank}d")
    yield Case(cls(), (Feed(tensor(dtype, 0, 2, 3)),), note="empty")
