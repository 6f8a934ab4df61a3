"""Dropout directly before batch normalization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.normalization import BatchNorm
from ..layers.regularization import Dropping
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .stage_edits import exchanged


@record
class DropoutBeforeNormalization(Lint):
    """Batch normalization reads the result of dropout.

    It learns the variance of numbers of which a part is 0 and the rest is scaled up, and in use it is applied to
    numbers that are not: their variance is smaller, and the network is worse in use than it was while training. Dropout
    stands behind the last normalization.

    Source: Li and others, Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift
    (2019).

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> dense(8, bias=false) -> dropout(0.5) -> batch_norm -> relu -> dense(2)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> dense(8, bias=false) -> batch_norm -> relu -> dropout(0.5) -> dense(2)
    }
    ```
    """

    code: ClassVar[str] = "L105"
    message: ClassVar[str] = "`{kind}` before batch normalization shifts the variance that it learns"
    label: ClassVar[str] = "goes into `{after}`"
    remedy: ClassVar[str] = "move it behind the last normalization"
    layers: ClassVar[tuple[str, ...]] = ("dropout", "spatial_dropout")

    kind: str
    after: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every dropout whose result is normalized."""
        pairs = ((graph.before(node), node) for graph, node, _ in subject.all_of(BatchNorm))
        found = [(one, node) for one, node in pairs if one is not None and isinstance(one.op, Dropping) and is_own(one)]
        always = subject.always(node for pair in found for node in pair)
        for before, node in found:
            is_certain = {before.origins[-1].span, node.origins[-1].span} <= always
            edits = exchanged(before, node) if is_certain else ()
            yield cls(span=place_of(before), kind=before.kind, after=node.name, edits=edits)
