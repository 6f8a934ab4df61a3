"""A bias that batch normalization takes away again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node
from ..layers.normalization import BatchNorm
from ..layers.weight_attributes import Weighted
from ..records import record
from .base import Lint, Subject, is_own, place_of


@record
class BiasBeforeBatchNorm(Lint):
    """The layer before batch normalization has a bias, which the normalization takes away again.

    It subtracts the mean of each channel, and a bias is part of that mean; what a bias would do, the normalization's
    own one does. So its numbers are stored, trained and loaded for nothing. Leaving them out changes the count of
    parameters and the names in weight files: the published weights of networks that have them, such as the VGGs with
    normalization, load with them only.

    Bad:

    ```nn
    model small {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> batch_norm -> relu
    }
    ```

    Good:

    ```nn
    model small {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3, bias=false) -> batch_norm -> relu
    }
    ```
    """

    code: ClassVar[str] = "L103"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "the bias of this `{kind}` has no effect: batch normalization subtracts it"
    label: ClassVar[str] = "{numbers} numbers for nothing"
    remedy: ClassVar[str] = "write `bias=false`, unless a file of weights has the bias"
    layers: ClassVar[tuple[str, ...]] = ("batch_norm",)

    kind: str
    numbers: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer with a bias whose result goes to batch normalization alone."""
        for graph, node, _ in subject.all_of(BatchNorm):
            before = graph.before(node)
            if before is None or not is_own(before) or not graph.is_read_once(before):
                continue
            bias = _bias_of(before)
            if bias:
                yield cls(span=place_of(before), kind=before.kind, numbers=bias)


def _bias_of(node: Node) -> int:
    """How many numbers the bias has; 0 where there is none."""
    bias = node.weights.get("bias")
    return bias.elements if bias is not None and isinstance(node.op, Weighted) else 0
