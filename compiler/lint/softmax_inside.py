"""Softmax as an activation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.dense import Dense
from ..records import record
from .base import Lint, Subject, is_own, is_written_out, place_of
from .layer_kinds import LEARNING, LINEAR, MAXIMA

_SEEN_THROUGH = LINEAR | MAXIMA


@record
class SoftmaxInside(Lint):
    """A layer that learns reads the result of softmax, as if it were an activation.

    Softmax makes one number large at the cost of all others, and all of them small: what it gives adds up to 1, so the
    layer behind it sees little of what the one before it found, and gradients are small. It belongs at the end, and
    where its result is multiplied with something, as in attention, gates and mixtures, which are left alone. So are a
    layer `dense(…, bias=false)`, which looks up a mixture of learned vectors, and a result that is an output as well.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128) -> softmax -> dense(10)
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        weights = pixels -> dense(128) -> softmax
        output logits = weights * (pixels -> dense(128) -> relu) -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L107"
    message: ClassVar[str] = "`{kind}` stands inside of the network, where an activation should"
    label: ClassVar[str] = "`{reader}` reads it"
    remedy: ClassVar[str] = (
        "write `relu` here; `softmax` is for the end, and for weights that something is multiplied with"
    )
    layers: ClassVar[tuple[str, ...]] = ("softmax", "log_softmax")

    kind: str
    reader: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every softmax that a layer which learns reads, directly or through pooling, dropout and the like."""
        for graph, node in subject.of_kinds(LEARNING):
            before = graph.through(node, _SEEN_THROUGH)
            if before is None or before.kind not in cls.layers or not is_own(before):
                continue
            chooses = isinstance(node.op, Dense) and not node.op.bias
            if not (chooses or is_written_out(node) or graph.is_output(before.value())):
                yield cls(span=place_of(before), kind=before.kind, reader=node.name)
