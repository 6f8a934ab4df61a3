"""Examples of a batch that are mixed with each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics import Severity
from ..dims import symbol
from ..graph.graph import Node
from ..graph.types import BATCH, TensorType
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, place_of

_BATCH = symbol(BATCH)
_CHOOSING = frozenset({"softmax", "log_softmax"})


@record
class MixedExamples(Lint):
    """Softmax or a mean is taken along axis 0, along which the examples of a batch stand.

    Then what a network says of one example depends on which others it is computed with, and of a single one softmax
    says 1. Mostly another axis is meant: 1 is that of the channels, -1 the last. Of a mean, a sum and the like that is
    a hint, since a loss may want it. Left alone are tensors of which the batch is the only axis, or stands twice, as in
    `[N, N]` of pairs; axes that are named other than `N`; a mean that is subtracted from what it is the mean of, which
    normalizes; and models without weights.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output probabilities = pixels -> dense(10) -> softmax(axis=0)
    }
    ```

    ```nn
    model sentences {
        input words: float32[N, T, 64]
        output y = words -> dense(8) -> relu -> mean(axis=0)
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output probabilities = pixels -> dense(10) -> softmax(axis=1)
    }
    ```

    ```nn
    model pairs {
        input left: float32[N, 64]
        input right: float32[N, 64]
        output probabilities = left @ transpose(right, [1, 0]) -> softmax(axis=0)
    }
    ```
    """

    code: ClassVar[str] = "L144"
    message: ClassVar[str] = "`{kind}` along axis 0 of {found} mixes the examples of a batch"
    label: ClassVar[str] = "axis 0 is the batch"
    remedy: ClassVar[str] = "write `{kind}(axis=1)`, or another axis of one example"
    layers: ClassVar[tuple[str, ...]] = ("softmax", "log_softmax", "mean", "sum", "max", "min")

    kind: str
    found: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[MixedExamples]:
        """Every softmax and every reduction along the axis of the batch alone."""
        for graph, node in subject.of_kinds(cls.layers):
            found, axis = graph.graph.operand_types(node)[0], getattr(node.op, "axis", None)
            if found is None or axis is None or not is_batch_of_tensors(found) or not is_own(node):
                continue
            if {one % found.rank for one in (axis if isinstance(axis, tuple) else (axis,))} == {0}:
                family = MixedExamples if node.kind in _CHOOSING else ReducedExamples
                if family is ReducedExamples and (not graph.learns or _centres(graph, node)):
                    continue
                yield family(span=place_of(node), kind=node.kind, found=str(found))


@record
class ReducedExamples(MixedExamples):
    """A mean of examples, a sum, or the greatest or least of them."""

    severity: ClassVar[Severity] = Severity.HINT


def _centres(graph: LayerGraph, node: Node) -> bool:
    """Whether the result is subtracted from what it is the mean of."""
    readers = graph.readers(node.value())
    return any(one.kind == "sub" and one.operands[0] == node.operands[0] for one in readers)


def is_batch_of_tensors(found: TensorType) -> bool:
    """Whether a tensor has several axes of which the first one alone is the batch."""
    further = found.with_shape(*found.shape[1:])
    return found.rank > 1 and found.shape[0] == _BATCH and BATCH not in further.symbols
