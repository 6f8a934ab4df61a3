"""A recurrent layer over a sequence of one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.recurrent import Recurrent
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import RECURRENT


@record
class SequenceOfOneStep(Lint):
    """A recurrent layer reads a sequence of one step, and begins with zeros.

    Then it remembers nothing: its weights for the last state are multiplied with 0 and never learn. A vector was made a
    sequence to fit, or the axes of the time and of the features are exchanged, `[N, 1, T]` in the place of `[N, T, 1]`.
    A layer that is given its first state, as a decoder is that writes word by word, is left alone.

    Bad:

    ```nn
    model signal {
        input x: float32[N, 1, 50]
        output y = x -> lstm(32, return_sequences=false) -> dense(2)
    }
    ```

    Good:

    ```nn
    model signal {
        input x: float32[N, 1, 50]
        output y = x -> transpose([0, 2, 1]) -> lstm(32, return_sequences=false) -> dense(2)
    }
    ```
    """

    code: ClassVar[str] = "L124"
    message: ClassVar[str] = "this `{kind}` reads a sequence of one step, so there is nothing to remember"
    label: ClassVar[str] = "reads {found}: one step of {features} features"
    remedy: ClassVar[str] = "give it a sequence `[N, T, C]`: `transpose([0, 2, 1])` exchanges steps and features"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(RECURRENT))

    kind: str
    found: str
    features: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one over a single step that is not given its first state, nor hands its last one on."""
        for graph, node, _ in subject.all_of(Recurrent):
            found = graph.graph.operand_types(node)[0]
            if found is None or found.shape[1] != 1 or any(node.operands[1:]) or not is_own(node):
                continue
            if not any(graph.uses.get(node.value(index)) for index in range(1, len(node.results))):
                yield cls(span=place_of(node), kind=node.kind, found=str(found), features=str(found.shape[2]))
