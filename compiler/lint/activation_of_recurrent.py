"""An activation behind a recurrent layer, which has its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import ACTIVATIONS, DROPPING, RECURRENT


@record
class ActivationOfRecurrent(Lint):
    """An activation reads what a recurrent layer gives, which has been through one inside of it.

    The states of `lstm` and `gru`, and those of `rnn` by default, come of `tanh` and lie between -1 and 1. Another
    `tanh` makes them smaller, `relu` throws all that are negative away, and `sigmoid` leaves numbers from 0.27 to 0.73.
    A layer that learns belongs between, or nothing. An activation that is an output is left alone.

    Bad:

    ```nn
    model reviews {
        input words: float32[N, T, 16]
        output favourable = words -> lstm(32, return_sequences=false) -> relu -> dense(1) -> sigmoid
    }
    ```

    Good:

    ```nn
    model reviews {
        input words: float32[N, T, 16]
        output favourable = words -> lstm(32, return_sequences=false) -> dense(16) -> relu -> dense(1) -> sigmoid
    }
    ```
    """

    code: ClassVar[str] = "L126"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`{kind}` of what `{before}` gives, which has an activation of its own"
    label: ClassVar[str] = "reads `{name}`"
    remedy: ClassVar[str] = "leave it out, or put a layer that learns before it, such as `dense`"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(RECURRENT))

    kind: str
    before: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every activation that reads a recurrent layer directly, or through dropout, and is no output."""
        for graph, node in subject.of_kinds(ACTIVATIONS):
            before = graph.through(node, DROPPING)
            if before is None or before.kind not in RECURRENT or not is_own(node):
                continue
            if not graph.is_output(node.value()):
                yield cls(span=place_of(node), kind=node.kind, before=before.kind, name=before.name)
