"""Dropout of dropout, and normalization of what is normalized."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import DROPPING, NORMALIZING


@record
class RepeatedLayer(Lint):
    """Dropout reads the result of dropout, or a normalization that of another one.

    Two times dropout is dropout with a higher rate, which one layer would say; two times `dropout(0.5)` drop three
    numbers of four. What is normalized already changes little by a second normalization, which takes away the scale
    that the first one has learned. Mostly one of the two stayed behind.

    Bad:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64) -> relu -> dropout(0.5) -> dropout(0.5) -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64) -> relu -> dropout(0.5) -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L120"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`{kind}` of what `{before}` gives: the second does what the first one did"
    label: ClassVar[str] = "reads `{name}`"
    remedy: ClassVar[str] = "keep one of the two"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(DROPPING | NORMALIZING))

    kind: str
    before: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that reads one of its family directly."""
        for family in (DROPPING, NORMALIZING):
            for graph, node in subject.of_kinds(family):
                before = graph.before(node)
                if before is not None and before.kind in family and is_own(node):
                    yield cls(span=place_of(node), kind=node.kind, before=before.kind, name=before.name)
