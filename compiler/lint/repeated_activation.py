"""Two activations in a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.activations import LeakyRelu, Relu, Sigmoid, Tanh
from ..layers.bounded_activations import Relu6
from ..layers.smooth_activations import Elu, Gelu, Silu
from ..records import record
from .base import Lint, Subject, is_own, place_of

_ACTIVATIONS = (Relu, LeakyRelu, Relu6, Elu, Gelu, Silu, Sigmoid, Tanh)


@record
class RepeatedActivation(Lint):
    """An activation reads another one, with no layer that learns between them.

    `relu` of what `relu` gives is the same once more, `sigmoid` of numbers that are 0 or more never goes below a half,
    and `tanh` of what `sigmoid` gives lies in a narrow band. Mostly one of the two stayed behind, or the layer between
    them did not come along.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> dense(8) -> relu -> sigmoid
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> dense(8) -> relu -> dense(1) -> sigmoid
    }
    ```
    """

    code: ClassVar[str] = "L101"
    message: ClassVar[str] = "`{kind}` of what `{before}` gives: two activations in a row"
    label: ClassVar[str] = "reads `{name}`"
    remedy: ClassVar[str] = "keep one of the two, or put the layer between them that is missing"
    layers: ClassVar[tuple[str, ...]] = tuple(one.kind for one in _ACTIVATIONS)

    kind: str
    before: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every activation that reads another one directly, or through dropout."""
        for graph, node, _ in subject.all_of(*_ACTIVATIONS):
            before = graph.before(node, passing=True)
            # Two that are probabilities both have a rule of their own.
            if before is None or not isinstance(before.op, _ACTIVATIONS) or (before.kind, node.kind) == _PROBABILITIES:
                continue
            if is_own(node):
                yield cls(span=place_of(node), kind=node.kind, before=before.kind, name=before.name)


_PROBABILITIES = ("sigmoid", "sigmoid")
