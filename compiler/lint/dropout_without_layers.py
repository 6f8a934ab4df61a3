"""Dropout between the layers of a recurrent network that has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Fix
from ..diagnostics.fixes import without_argument
from ..layers.recurrent import Recurrent
from ..records import record
from .base import Lint, Subject, is_own, place_of


@record
class DropoutWithoutLayers(Lint):
    """`dropout=` of a recurrent layer acts between its stacked layers, and there is only one.

    As in PyTorch, nothing is dropped behind the last layer. For that there is the layer `dropout`; Keras's `dropout=`,
    which acts on the inputs of every step, is none of the two.

    Bad:

    ```nn
    model net {
        input x: float32[N, T, 8]
        output y = x -> lstm(16, dropout=0.5)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, T, 8]
        output y = x -> lstm(16, layers=2, dropout=0.5) -> dropout(0.5) -> dense(4)
    }
    ```
    """

    code: ClassVar[str] = "L142"
    message: ClassVar[str] = "`dropout=` acts between stacked layers, and this `{kind}` has one, so it has no effect"
    label: ClassVar[str] = "no effect"
    remedy: ClassVar[str] = "stack more with `layers=`, or write `-> dropout(…)` behind it"
    layers: ClassVar[tuple[str, ...]] = ("rnn", "lstm", "gru")

    kind: str

    def fix(self) -> Fix | None:
        """Without the argument; dropout behind the layer may be meant."""
        return without_argument(self.span, "dropout")

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The argument of every such layer; where a block of the library has it, the call."""
        for _, node, layer in subject.all_of(Recurrent):
            if layer.dropout and layer.layers == 1:
                written = node.origin.arguments.get("dropout") if is_own(node) else None
                yield cls(span=written.value if written is not None else place_of(node), kind=node.kind)
