"""Dense layers that are wider than the one before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..layers.dense import Dense
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import ACTIVATIONS, DROPPING, NORMALIZING

_SEEN_THROUGH = ACTIVATIONS | DROPPING | NORMALIZING


@record
class DenseWidens(Lint):
    """A `dense` layer inside of a network has more units than the one before it.

    From many features to few classes, widths mostly get smaller layer by layer. Decoders, and blocks that widen and
    narrow again as those of Transformers do, are made otherwise, so that this rule is off. The last layer, whose width
    is given by the task, is left alone.

    Bad:

    ```nn
    model net {
        input x: float32[N, 784]
        output y = x -> dense(64) -> relu -> dense(512) -> relu -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 784]
        output y = x -> dense(512) -> relu -> dense(64) -> relu -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L132"
    severity: ClassVar[Severity] = Severity.HINT
    enabled: ClassVar[bool] = False
    message: ClassVar[str] = "this `dense` has {units} units, more than the {earlier} before it"
    label: ClassVar[str] = "`{name}` has {earlier}"
    remedy: ClassVar[str] = "as many units as before, or fewer, are the habit"
    layers: ClassVar[tuple[str, ...]] = ("dense",)

    units: int
    name: str
    earlier: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one behind a narrower one, and before another layer that learns."""
        for graph, node, layer in subject.all_of(Dense):
            before = graph.through(node, _SEEN_THROUGH)
            if before is None or not isinstance(before.op, Dense) or not is_own(node):
                continue
            if layer.units > before.op.units and node.id in graph.feeds_learning:
                yield cls(span=place_of(node), units=layer.units, name=before.name, earlier=before.op.units)
