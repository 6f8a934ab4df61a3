"""Weights that start far too large, or far too small."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from ..graph.graph import Node
from ..initializers import Normal, TruncatedNormal, Uniform
from ..records import record
from .base import Lint, Subject, is_own
from .layer_kinds import CONVOLUTIONS, NORMALIZING, TRANSPOSED

_LAYERS = CONVOLUTIONS | TRANSPOSED | {"dense"}
#: By how much the spread of numbers may change in one layer, before its activation.
LARGEST_FACTOR, SMALLEST_FACTOR = 5.0, 0.01


@record
class InitialSpread(Lint):
    """The weights of a layer start so large, or so small, that what it computes grows or vanishes.

    A sum of `n` products with weights of the standard deviation `s` spreads `s * sqrt(n)` times as far as what is read.
    He's rule makes that `sqrt(2)`, Glorot's about 1. Where it is above 5, activations saturate, or numbers grow layer
    by layer until they overflow; where it is below a hundredth, nothing comes through, and neither do gradients.
    Nothing is said of the last layer if its weights are small, nor where a normalization follows.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128, init=normal(std=1.0)) -> relu -> dense(10)
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128, init=normal(std=0.05)) -> relu -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L125"
    message: ClassVar[str] = "`{initializer}` is {clause} for {inputs} inputs: numbers spread {factor} times as far"
    label: ClassVar[str] = "what fits is near `normal(std={fitting})`"
    remedy: ClassVar[str] = (
        "write `he_normal` before `relu`, `xavier_normal` before `tanh`, which know the number of inputs"
    )
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(_LAYERS))

    initializer: str
    inputs: int
    factor: str
    fitting: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[InitialSpread]:
        """Every layer with a spread that is written, and that is far from what fits."""
        for graph, node in subject.of_kinds(_LAYERS):
            written, weight = node.origin.arguments.get("init"), node.weights["weight"]
            deviation = _deviation(weight.initializer)
            if written is None or deviation is None or weight.frozen or not is_own(node):
                continue
            if any(one.kind in NORMALIZING for one in graph.readers(node.value())):
                continue
            factor = deviation * math.sqrt(weight.fan.inputs)
            family = _family(factor, node, graph.feeds_learning)
            if family is not None:
                yield family(
                    span=written.value,
                    initializer=str(weight.initializer),
                    inputs=weight.fan.inputs,
                    factor=f"{factor:.2g}",
                    fitting=f"{math.sqrt(2 / weight.fan.inputs):.2g}",
                )


@record
class InitialSpreadTooLarge(InitialSpread):
    """Numbers grow."""

    clause: ClassVar[str] = "too much"


@record
class InitialSpreadTooSmall(InitialSpread):
    """Numbers vanish."""

    clause: ClassVar[str] = "too little"


def _family(factor: float, node: Node, feeds_learning: frozenset[int]) -> type[InitialSpread] | None:
    if factor > LARGEST_FACTOR:
        return InitialSpreadTooLarge
    # All equal to 0 is a matter of its own.
    return InitialSpreadTooSmall if 0 < factor < SMALLEST_FACTOR and node.id in feeds_learning else None


def _deviation(initializer: object) -> float | None:
    """The standard deviation of what an initializer draws, its mean included; None where that is no matter of it."""
    if isinstance(initializer, Normal | TruncatedNormal):
        return math.hypot(initializer.mean, initializer.std)
    if isinstance(initializer, Uniform):
        low, high = initializer.low, initializer.high
        return math.sqrt((low * low + low * high + high * high) / 3)
    return None
