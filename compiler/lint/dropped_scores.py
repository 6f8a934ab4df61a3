"""Dropout of the scores that become probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import ARRANGING, DROPPING, PROBABILITIES

_LAST = PROBABILITIES | ARRANGING


@record
class DroppedScores(Lint):
    """Dropout stands between the last layer that learns and the probabilities of an output.

    While training, the scores of some classes would be 0 at random, whatever the network has learned, and the loss
    would punish it for that. Dropout stands before the last layer that learns.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output probabilities = pixels -> dense(10) -> dropout(0.5) -> softmax
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output probabilities = pixels -> dropout(0.5) -> dense(10) -> softmax
    }
    ```
    """

    code: ClassVar[str] = "L128"
    message: ClassVar[str] = "`{kind}` drops the scores of the output `{output}`: nothing behind it learns"
    label: ClassVar[str] = "sets scores to 0 while training"
    remedy: ClassVar[str] = "move it before the last layer that learns"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(DROPPING))

    kind: str
    output: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every dropout that an output is made of by `softmax` and the like alone; once for each."""
        for graph in subject.graphs:
            found: set[int] = set()
            for name, value in graph.graph.outputs.items() if graph.learns else ():
                made = graph.graph.producer(value)
                node = graph.through(made, _LAST) if made.kind in _LAST else None
                if node is not None and node.kind in DROPPING and node.id not in found and is_own(node):
                    found.add(node.id)
                    yield cls(span=place_of(node), kind=node.kind, output=name)
