"""An activation of hidden layers before the softmax of an output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import ARRANGING, DROPPING, LEARNING, NORMALIZING, RECURRENT, SATURATING

#: Those by which scores become equal, or lie close together; `sigmoid` has a rule of its own.
_BOUNDING = (SATURATING - {"sigmoid"}) | {"relu", "relu6"}
#: What a recurrent layer gives has a rule of its own.
_SCORING = LEARNING - RECURRENT - {"embedding"}
_MOVING = ARRANGING | DROPPING


@record
class BoundedScores(Lint):
    """The scores that `softmax` makes the probabilities of an output have been through `relu`, `tanh` or the like.

    Softmax takes scores of any size. `relu` makes all that are negative 0, so that no class can be ruled out and those
    below 0 do not learn; `tanh` leaves numbers from -1 to 1, so that no class is ever more than 7.4 times as likely as
    another. Softmax inside of a network, as of attention, is left alone, and so is what no layer that learns has made.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output probabilities = pixels -> dense(10) -> relu -> softmax
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output probabilities = pixels -> dense(10) -> softmax
    }
    ```
    """

    code: ClassVar[str] = "L143"
    message: ClassVar[str] = "`{kind}` bounds the scores before `{reader}`, which takes scores of any size"
    label: ClassVar[str] = "`{reader}` makes probabilities of it"
    remedy: ClassVar[str] = "leave `{kind}` out"
    layers: ClassVar[tuple[str, ...]] = ("softmax", "log_softmax")

    kind: str
    reader: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every such activation between a layer that learns and the softmax of an output."""
        for graph, node in subject.of_kinds(cls.layers):
            before = graph.through(node, _MOVING)
            if not graph.is_output(node.value()) or before is None or before.kind not in _BOUNDING:
                continue
            made = graph.through(before, _MOVING | NORMALIZING)
            if made is not None and made.kind in _SCORING and is_own(before):
                yield cls(span=place_of(before), kind=before.kind, reader=node.kind)
