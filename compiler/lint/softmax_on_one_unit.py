"""Softmax over an axis of size 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.activations import Softmax
from ..records import record
from .base import Lint, Subject, place_of


@record
class SoftmaxOnOneUnit(Lint):
    """Softmax over an axis of size 1 gives 1, whatever comes in.

    The probabilities along the axis add up to 1, and there is only one of them. So nothing can be learned from the
    output. A single probability is what `sigmoid` gives.

    Bad:

    ```nn
    model spam {
        input words: float32[N, 100]
        output probability = words -> dense(1) -> softmax
    }
    ```

    Good:

    ```nn
    model spam {
        input words: float32[N, 100]
        output probability = words -> dense(1) -> sigmoid
    }
    ```
    """

    code: ClassVar[str] = "L108"
    message: ClassVar[str] = "softmax over an axis of size 1 always gives 1"
    label: ClassVar[str] = "of {type}, axis {axis}"
    remedy: ClassVar[str] = "write `sigmoid` for one probability, or give the layer before one unit per class"
    layers: ClassVar[tuple[str, ...]] = ("softmax",)

    type: str
    axis: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every softmax along an axis of size 1."""
        for _, node, softmax in subject.all_of(Softmax):
            kind = node.results[0]
            axis = (-1 if softmax.axis is None else softmax.axis) % kind.rank
            if kind.shape[axis] == 1:
                yield cls(span=place_of(node), type=str(kind), axis=axis)
