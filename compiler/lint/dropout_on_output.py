"""Dropout as the last layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..records import record
from .base import Lint, Subject, place_of
from .layer_kinds import ARRANGING, DROPPING, PROBABILITIES


@record
class DropoutOnOutput(Lint):
    """No layer that learns stands between dropout and an output of the model.

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
    message: ClassVar[str] = "nothing that learns stands between `{kind}` and the output `{output}`"
    label: ClassVar[str] = "sets predictions to 0 while training"
    remedy: ClassVar[str] = "move it before the last layer that learns"
    layers: ClassVar[tuple[str, ...]] = ("dropout", "spatial_dropout")

    output: str
    kind: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every dropout whose result is an output, or becomes probabilities that are one, in a network that learns."""
        for graph in subject.graphs:
            found: set[int] = set()
            for name, value in graph.graph.outputs.items() if graph.learns else ():
                made = graph.graph.producer(value)
                node = graph.through(made, _LAST) if made.kind in _LAST else made
                if node is not None and node.kind in DROPPING and node.id not in found:
                    found.add(node.id)
                    yield cls(span=place_of(node), output=name, kind=node.kind)


_LAST = PROBABILITIES | ARRANGING
