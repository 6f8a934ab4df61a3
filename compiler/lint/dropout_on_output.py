"""Dropout as the last layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.regularization import Dropping
from ..records import record
from .base import Lint, Subject, place_of


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
        for graph, node, _ in subject.all_of(Dropping):
            if not graph.learns:
                continue
            for name in graph.graph.output_names(node.value())[:1]:
                yield cls(span=place_of(node), output=name, kind=node.kind)
