"""Two activations in a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.graph import Node
from ..layers.activations import LeakyRelu, Relu, Sigmoid, Tanh
from ..layers.bounded_activations import Relu6
from ..layers.smooth_activations import Elu, Gelu, Silu
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .stage_edits import without_stage

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
        pairs = ((graph.before(node, passing=True), node) for graph, node, _ in subject.all_of(*_ACTIVATIONS))
        found = [(before, node) for before, node in pairs if before is not None and _is_repeated(before, node)]
        # Of two different ones, nobody knows which is meant.
        always = subject.always(node for before, node in found if before.op == node.op)
        for before, node in found:
            edits = without_stage(node) if node.origins[-1].span in always else ()
            yield cls(span=place_of(node), kind=node.kind, before=before.kind, name=before.name, edits=edits)


def _is_repeated(before: Node, node: Node) -> bool:
    # Two that are probabilities both have a rule of their own.
    is_other_rule = (before.kind, node.kind) == _PROBABILITIES
    return isinstance(before.op, _ACTIVATIONS) and not is_other_rule and is_own(node)


_PROBABILITIES = ("sigmoid", "sigmoid")
