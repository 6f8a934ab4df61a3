"""A convolution without an activation, before max pooling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..layers.convolution import Convolution
from ..records import record
from .base import Lint, Subject, is_own, is_written_out, place_of
from .layer_kinds import CONVOLUTIONS, LINEAR, MAXIMA

_LINEAR = LINEAR | {"concat"}
_SEEN_THROUGH = _LINEAR | MAXIMA


@record
class OnlyMaxPoolingBetween(Lint):
    """A convolution has no activation: what learns next reads it through max pooling alone.

    The greatest of some numbers is no linear function of them, so that the network is not one either. But it has less
    to bend with than with `relu`, which is what mostly has been forgotten here: frameworks in which the activation is
    an argument of the convolution have none by default.

    Bad:

    ```nn
    model net {
        input image: float32[N, 1, 28, 28]
        output y = image -> conv2d(16, kernel=3) -> max_pool2d(2) -> conv2d(32, kernel=3) -> relu
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 1, 28, 28]
        output y = image -> conv2d(16, kernel=3) -> relu -> max_pool2d(2) -> conv2d(32, kernel=3) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L110"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "this `{kind}` has no activation, only max pooling behind it"
    label: ClassVar[str] = "`{reader}` reads it through max pooling"
    remedy: ClassVar[str] = "write `-> relu` behind it"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(MAXIMA))

    kind: str
    reader: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every convolution that a layer which learns reads through max pooling and what is linear."""
        for graph, node in subject.of_kinds(CONVOLUTIONS | {"dense"}):
            before = graph.through(node, _SEEN_THROUGH, alone=True)
            if before is None or not isinstance(before.op, Convolution) or not is_own(before):
                continue
            # What is joined has come the same way: the first tensor tells of all.
            if is_written_out(before) or graph.through(node, _LINEAR, alone=True) is before:
                continue
            yield cls(span=place_of(before), kind=before.kind, reader=node.name)
