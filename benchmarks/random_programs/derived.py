"""Calls of any layer, made from what the registry says of it: its attributes, their kinds and bounds, its samples."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Sequence
from typing import Any

from dotnn.compiler.layers import attributes as kinds
from dotnn.compiler.layers.activations import Elementwise
from dotnn.compiler.layers.base import LAYERS, Layer

from .tensors import Misfit, must, written

#: Functions whose numbers overflow, or are none, beyond what a stage before them gives.
BEFORE = {
    "exp": "tanh",
    "log": "sigmoid",
    "sqrt": "sigmoid",
}
#: What gives no float from floats, or changes little about that: statements of their own make these.
NO_STAGE = ("cast", "one_hot", "embedding", "argmax", "split")


def own_layers() -> dict[str, type[Layer]]:
    """The layers of the language that are called by name, in an order that no import changes."""
    return {kind: one for kind, one in sorted(LAYERS.items()) if one.callable and one.__module__.startswith("dotnn.")}


def elementwise_kinds() -> list[str]:
    """Functions of every element by itself, without weights."""
    return [kind for kind, one in own_layers().items() if issubclass(one, Elementwise)]


def stage_kinds() -> list[str]:
    """Layers of one tensor that is piped in; further operands may be left out."""
    return [kind for kind, one in own_layers().items() if takes_one(one) and kind not in NO_STAGE]


def takes_one(layer: type[Layer]) -> bool:
    """Whether it reads one tensor, all others optional."""
    first, *others = layer.operands
    return not first.variadic and all(one.optional for one in others)


def stage_text(source: random.Random, kind: str, rank: int, operands: Sequence[str] = ()) -> str:
    """A call of a layer with arguments that its attributes take, which may not fit the tensor all the same."""
    call = _sampled(source, kind) if not operands and source.random() < 0.4 else None
    text = call or f"{kind}({', '.join([*operands, *_arguments(source, LAYERS[kind], rank)])})"
    text = text.removesuffix("()")
    return f"{{ {BEFORE[kind]} -> {text} }}" if kind in BEFORE else text


def _sampled(source: random.Random, kind: str) -> str | None:
    """The call of one of the samples, where that is a stage of one tensor."""
    calls = [one.call for one in LAYERS[kind].samples if len(one.inputs) == 1 and one.expression != one.call]
    return source.choice(calls) if calls else None


def _arguments(source: random.Random, layer: type[Layer], rank: int) -> list[str]:
    arguments = []
    for one in layer.attributes():
        required = one.default is dataclasses.MISSING
        if not required and source.random() < 0.65:
            continue
        text = attribute_text(source, one.metadata["kind"], rank)
        if text is None:
            must(not required)
            continue
        arguments.append(text if one.metadata["positional"] else f"{one.name}={text}")
    return sorted(arguments, key=lambda text: re.match(r"\w+=", text) is not None)


def attribute_text(source: random.Random, kind: Any, rank: int) -> str | None:
    """A small value of an attribute, as text; None for kinds of which none is known here."""
    drawn = {
        kinds.Integer: _integer,
        kinds.Real: _real,
        kinds.Flag: lambda source, kind, rank: source.choice(["false", "true"]),
        kinds.Choice: lambda source, kind, rank: f'"{source.choice(kind.words)}"',
        kinds.PerAxis: lambda source, kind, rank: _per_axis(source, rank, 1, 3),
        kinds.Padding: lambda source, kind, rank: source.choice(["0", '"same"', _per_axis(source, rank, 0, 1)]),
        kinds.IntegerList: lambda source, kind, rank: written([source.randrange(-rank, rank)] if rank else []),
    }.get(type(kind))
    return drawn(source, kind, rank) if drawn else None


def _integer(source: random.Random, kind: kinds.Integer, rank: int) -> str:
    least = -2 if kind.minimum is None else kind.minimum
    return str(source.randint(least, min(least + 4, kind.maximum)))


def _real(source: random.Random, kind: kinds.Real, rank: int) -> str:
    numbers = [one for one in (0.5, 0.25, 1.0, 0.0, 2.0, -0.5, -1.0) if _admits(kind, one)]
    if not numbers:
        raise Misfit
    return str(source.choice(numbers))


def _admits(kind: kinds.Real, number: float) -> bool:
    try:
        kind.convert(number, object)
    except kinds.AttributeFault:
        return False
    return True


def _per_axis(source: random.Random, rank: int, low: int, high: int) -> str:
    """A number for all spatial axes, or one for each."""
    if rank < 3 or source.random() < 0.6:
        return str(source.randint(low, high))
    return written(source.randint(low, high) for _ in range(rank - 2))
