"""Softmax as an activation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.graph import Node
from ..layers.dense import Dense
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, is_written_out, place_of
from .layer_kinds import DROPPING, LEARNING, LINEAR, MAXIMA, NORMALIZING, PROBABILITIES

_SEEN_THROUGH = LINEAR | MAXIMA
_TO_SUMS = _SEEN_THROUGH | NORMALIZING


@record
class SoftmaxInside(Lint):
    """A layer that learns reads the result of softmax, as if it were an activation.

    Softmax makes one number large at the cost of all others, and all of them small: what it gives adds up to 1, so the
    layer behind it sees little of what the one before it found, and gradients are small. It belongs at the end, and
    where its result is multiplied with something, as in attention, gates and mixtures, which are left alone. So are a
    layer `dense(…, bias=false)`, which looks up a mixture of learned vectors, and a result that is an output as well.
    A branch that ends with softmax and is added to what it branches from is told of, too.

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
        """Every softmax that a layer which learns reads, directly, as a summand, or through pooling and the like."""
        told: set[tuple[int, int]] = set()
        for graph, node in subject.of_kinds(LEARNING):
            for branch in _branches(graph, graph.through(node, _TO_SUMS)):
                if branch.kind in cls.layers and is_own(branch) and (id(graph), branch.id) not in told:
                    told.add((id(graph), branch.id))
                    yield cls(span=place_of(branch), kind=branch.kind, reader=node.name)
            before = graph.through(node, _SEEN_THROUGH)
            if before is None or before.kind not in cls.layers or not is_own(before):
                continue
            chooses = isinstance(node.op, Dense) and not node.op.bias
            if not (chooses or is_written_out(node) or graph.is_output(before.value())):
                yield cls(span=place_of(before), kind=before.kind, reader=node.name)


def _branches(graph: LayerGraph, added: Node | None) -> Iterator[Node]:
    """What makes a summand, at most dropped, of a sum; nothing for other layers."""
    if added is None or added.kind != "add" or graph.is_output(added.value()):
        return
    left, right = (None if value is None else graph.graph.producer(value) for value in added.operands)
    for branch, other in ((left, right), (right, left)):
        made = graph.through(branch, DROPPING) if branch is not None and branch.kind in DROPPING else branch
        if made is not None and other is not None and other.kind not in PROBABILITIES and graph.is_read_once(made):
            yield made
