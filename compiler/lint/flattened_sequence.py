"""All steps of a recurrent layer, flattened into one vector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..layers.dense import Dense
from ..layers.recurrent import Recurrent
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import ACTIVATIONS, DROPPING, RECURRENT

_SEEN_THROUGH = DROPPING | ACTIVATIONS


@record
class FlattenedSequence(Lint):
    """A `dense` layer reads all steps of a recurrent layer at once, through `flatten`.

    The last output has been made of all steps already, and that is what the layer is for. Flattened, each step has
    weights of its own: they are as many times more as there are steps, and the network works for one length alone.

    Bad:

    ```nn
    model signal {
        input x: float32[N, 50, 16]
        output y = x -> lstm(32) -> flatten -> dense(2)
    }
    ```

    Good:

    ```nn
    model signal {
        input x: float32[N, 50, 16]
        output y = x -> lstm(32, return_sequences=false) -> dense(2)
    }
    ```
    """

    code: ClassVar[str] = "L123"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`{reader}` reads all {steps} steps of `{name}` at once"
    label: ClassVar[str] = "{count} numbers of each example, where the last output has {features}"
    remedy: ClassVar[str] = (
        "write `return_sequences=false` in `{kind}` instead, or a mean over the steps, `mean(axis=1)`"
    )
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(RECURRENT))

    reader: str
    steps: str
    name: str
    kind: str
    count: str
    features: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that a dense layer reads through `flatten`."""
        for graph, node, _ in subject.all_of(Dense):
            flatten = graph.through(node, _SEEN_THROUGH)
            if flatten is None or flatten.kind != "flatten" or flatten.results[0].rank != 2 or not is_own(flatten):
                continue
            before = graph.through(flatten, _SEEN_THROUGH)
            if before is not None and isinstance(before.op, Recurrent) and before.op.return_sequences:
                yield cls(
                    span=place_of(flatten),
                    reader=node.name,
                    steps=str(before.results[0].shape[1]),
                    name=before.name,
                    kind=before.kind,
                    count=str(flatten.results[0].shape[1]),
                    features=before.op.stack.features,
                )
