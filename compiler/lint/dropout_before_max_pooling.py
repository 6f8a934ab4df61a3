"""Dropout directly before max pooling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import MAXIMA


@record
class DropoutBeforeMaxPooling(Lint):
    """Max pooling reads the result of dropout.

    It takes the greatest number of a window that is left, and where one is dropped, that is its neighbour, which is
    much like it. So little is dropped of what comes out, and it is scaled up nevertheless. Dropout belongs behind the
    pooling. `spatial_dropout`, which drops whole channels, may stand on either side.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> relu -> dropout(0.25) -> max_pool2d(2)
            -> flatten -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> relu -> max_pool2d(2) -> dropout(0.25)
            -> flatten -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L113"
    message: ClassVar[str] = "dropout before `{kind}` drops little: the greatest of what is left takes its place"
    label: ClassVar[str] = "`{pooling}` reads it"
    remedy: ClassVar[str] = "move it behind the pooling, and behind any normalization that follows"
    layers: ClassVar[tuple[str, ...]] = ("dropout",)

    kind: str
    pooling: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every dropout that max pooling reads."""
        for graph, node in subject.of_kinds(MAXIMA):
            before = graph.before(node)
            if before is not None and before.kind == "dropout" and is_own(before):
                yield cls(span=place_of(before), kind=node.kind, pooling=node.name)
