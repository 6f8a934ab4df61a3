"""Dropout as the last layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.graph import Node
from ..layers.regularization import Dropping
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .stage_edits import exchanged


@record
class DropoutOnOutput(Lint):
    """The result of dropout is an output of the model.

    While training, a part of the predictions would be 0 at random, whatever the network has learned, and the loss would
    punish it for that. Dropout stands before the last layer that learns.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(10) -> dropout(0.5)
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dropout(0.5) -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L106"
    message: ClassVar[str] = "the output `{output}` is the result of `{kind}`"
    label: ClassVar[str] = "sets predictions to 0 while training"
    remedy: ClassVar[str] = "move it before the last layer that learns"
    layers: ClassVar[tuple[str, ...]] = ("dropout", "spatial_dropout")

    output: str
    kind: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every dropout whose result is an output, in a network that learns."""
        nodes = [(graph, node) for graph, node, _ in subject.all_of(Dropping) if graph.learns]
        found = [(graph, node) for graph, node in nodes if graph.is_output(node.value())]
        pairs = [(graph.before(node), node) for graph, node in found]
        # Where what it reads is what learns, the two change their places.
        always = subject.always(one for pair in pairs for one in pair if one is not None and _is_movable(*pair))
        for (graph, node), (before, _) in zip(found, pairs, strict=True):
            is_certain = before is not None and {before.origins[-1].span, node.origins[-1].span} <= always
            edits = exchanged(before, node) if before is not None and is_certain else ()
            name = graph.graph.output_names(node.value())[0]
            yield cls(span=place_of(node), output=name, kind=node.kind, edits=edits)


def _is_movable(before: Node | None, node: Node) -> bool:
    return before is not None and bool(before.weights) and is_own(before) and is_own(node)
