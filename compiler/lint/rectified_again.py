"""A rectifier that reads, through pooling, what is rectified already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics import Severity
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import DROPPING, MAXIMA, MEANS

_RECTIFIERS = frozenset({"relu", "relu6"})
_NORMALIZED = frozenset({"batch_norm"})
_POOLING = MAXIMA | MEANS | {"flatten"}


@record
class RectifiedAgain(Lint):
    """`relu` reads, through pooling, what another `relu` gives.

    The greatest and the mean of numbers that are 0 or more are 0 or more, so that the second one changes nothing. One
    of the two stayed behind when the other was moved to the other side of the pooling, or a layer between is missing.

    With a batch normalization between the two, and nothing else reading them, the second one does change something, but
    seldom is it meant: that is a hint.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> relu -> max_pool2d(2) -> relu -> flatten -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> relu -> max_pool2d(2) -> flatten -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L127"
    message: ClassVar[str] = "this `{kind}` does nothing: what it reads has been through `{kind}`"
    label: ClassVar[str] = "reads `{name}` through pooling"
    remedy: ClassVar[str] = "keep one of the two, or put the layer between them that is missing"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(_RECTIFIERS))

    kind: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[RectifiedAgain]:
        """Every one that reads one of its kind through pooling, and not directly, which has a rule of its own."""
        for graph, node in subject.of_kinds(_RECTIFIERS):
            before = graph.through(node, _POOLING | DROPPING)
            if before is None or before.kind != node.kind or graph.before(node, passing=True) is before:
                continue
            if is_own(node):
                yield cls(span=place_of(node), kind=node.kind, name=before.name)
        for graph, node in subject.of_kinds(_RECTIFIERS):
            before = graph.before(node)
            first = graph.through(node, _NORMALIZED, alone=True)
            if before is None or first is None or before.kind != "batch_norm" or first is not graph.before(before):
                continue
            if first.kind == node.kind and is_own(node):
                yield NormalizedBetween(span=place_of(node), kind=node.kind, name=first.name)


@record
class NormalizedBetween(RectifiedAgain):
    """A batch normalization stands between the two."""

    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`{kind}` on both sides of a batch normalization"
    label: ClassVar[str] = "`{name}` has cut before it what is negative"
    remedy: ClassVar[str] = "keep the one behind the normalization"
