"""Two ways to make probabilities, one behind the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..layers.activations import LogSoftmax, Sigmoid, Softmax
from ..records import record
from .base import Lint, Subject, place_of


@record
class SigmoidAndSoftmax(Lint):
    """`softmax` and `sigmoid` stand one behind the other.

    Each makes probabilities of scores. Of numbers that are probabilities already, between 0 and 1, the second one makes
    others that lie close together, and gradients that are small: a network of ten classes could never be surer than a
    fifth. Choose `softmax` where one class of several is right, and `sigmoid` where each may be right by itself.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output classes = pixels -> dense(10) -> sigmoid -> softmax
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output classes = pixels -> dense(10) -> softmax
    }
    ```
    """

    code: ClassVar[str] = "L104"
    message: ClassVar[str] = "`{kind}` of what `{before}` made probabilities already"
    label: ClassVar[str] = "makes them nearly equal"
    remedy: ClassVar[str] = "keep one of the two: `softmax` for one class of several, `sigmoid` for each by itself"
    layers: ClassVar[tuple[str, ...]] = ("softmax", "log_softmax", "sigmoid")

    kind: str
    before: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[SigmoidAndSoftmax]:
        """Every one that reads the result of another."""
        for graph, node, _ in subject.all_of(Softmax, LogSoftmax, Sigmoid):
            before = graph.before(node, passing=True)
            if before is not None and isinstance(before.op, Softmax | Sigmoid):
                yield _family(before.kind, node.kind)(span=place_of(node), kind=node.kind, before=before.kind)


@record
class SameTwice(SigmoidAndSoftmax):
    """One layer twice."""

    remedy: ClassVar[str] = "leave one of the two out"


@record
class LogarithmOfSoftmax(SigmoidAndSoftmax):
    """`log_softmax`, which has a softmax in it, of a softmax."""

    remedy: ClassVar[str] = "leave `{before}` out: `{kind}` is the logarithm of softmax, and reads scores"


def _family(before: str, kind: str) -> type[SigmoidAndSoftmax]:
    if before == kind:
        return SameTwice
    return LogarithmOfSoftmax if (before, kind) == ("softmax", "log_softmax") else SigmoidAndSoftmax
