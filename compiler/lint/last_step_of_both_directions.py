"""The last step of a recurrent layer that also reads backwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.types import TensorType
from ..layers.recurrent import Recurrent
from ..layers.tensor_arithmetic import Index
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import RECURRENT


@record
class LastStepOfBothDirections(Lint):
    """The last step is taken of a layer that reads in both directions.

    At the last step the forward direction has read everything, and the backward one, which begins there, a single step:
    half of the features know next to nothing. Each direction has its final output elsewhere, and
    `return_sequences=false` gives both of them, `[N, 2 * units]`, also where `lengths` are given.

    Bad:

    ```nn
    model reviews {
        input words: float32[N, T, 16]
        states = words -> lstm(32, bidirectional=true)
        output favourable = states[:, -1] -> dense(1) -> sigmoid
    }
    ```

    Good:

    ```nn
    model reviews {
        input words: float32[N, T, 16]
        final = words -> lstm(32, bidirectional=true, return_sequences=false)
        output favourable = final -> dense(1) -> sigmoid
    }
    ```
    """

    code: ClassVar[str] = "L122"
    message: ClassVar[str] = "at the last step the backward direction of `{name}` has read one step alone"
    label: ClassVar[str] = "{units} of the {features} features know one step"
    remedy: ClassVar[str] = (
        "write `return_sequences=false` in `{kind}`, which gives the final output of both directions"
    )
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(RECURRENT))

    name: str
    kind: str
    units: int
    features: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every last step that a layer reads; one that is an output alone may be there to be looked at."""
        for graph, node, index in subject.all_of(Index):
            before, found = graph.before(node, passing=True), graph.graph.operand_types(node)[0]
            if before is None or found is None or not isinstance(before.op, Recurrent) or not is_own(node):
                continue
            is_read = bool(graph.readers(node.value()))
            if before.op.bidirectional and is_read and _takes_last_step(index, found):
                features = before.op.stack.features
                yield cls(
                    span=place_of(node), name=before.name, kind=before.kind, units=before.op.units, features=features
                )


def _takes_last_step(index: Index, found: TensorType) -> bool:
    """Whether `x[:, -1]` is meant, of what is `[N, T, C]`."""
    if found.rank != 3 or len(index.items) < 2 or index.items[0] != (None, None):
        return False
    # One direction alone may be taken at this step, and the other one at the first.
    if any(item != (None, None) for item in index.items[2:]):
        return False
    steps = found.shape[1]
    return index.items[1] == -1 or (isinstance(steps, int) and index.items[1] == steps - 1)
