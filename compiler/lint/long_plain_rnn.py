"""A plain recurrent layer over many steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.recurrent import Rnn
from ..records import record
from .base import Lint, Subject, is_own, is_written_out, place_of

#: From how many steps on gates are needed.
MANY_STEPS = 100


@record
class LongPlainRnn(Lint):
    """A plain `rnn` reads a sequence of a hundred steps or more.

    On the way back through the steps the gradient is multiplied by one matrix and the derivative of the activation at
    every one of them, so that it vanishes, or explodes, over a hundred: the layer does not learn what it read long ago.
    The gates of `gru` and `lstm` were made for that. Where the number of steps is symbolic, nothing is said.

    Source: Bengio, Simard and Frasconi, Learning Long-Term Dependencies with Gradient Descent is Difficult (1994).

    Bad:

    ```nn
    model signal {
        input x: float32[N, 500, 16]
        output y = x -> rnn(32, return_sequences=false) -> dense(2)
    }
    ```

    Good:

    ```nn
    model signal {
        input x: float32[N, 500, 16]
        output y = x -> gru(32, return_sequences=false) -> dense(2)
    }
    ```
    """

    code: ClassVar[str] = "L121"
    message: ClassVar[str] = "a plain `rnn` over {steps} steps does not learn what it read long ago"
    label: ClassVar[str] = "gradients vanish over {steps} steps"
    remedy: ClassVar[str] = "write `gru({units})` or `lstm({units})`, or shorten the sequence by strided convolutions"
    layers: ClassVar[tuple[str, ...]] = ("rnn",)

    steps: int
    units: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one over a known number of steps that is large."""
        for graph, node, layer in subject.all_of(Rnn):
            sequence = graph.graph.operand_types(node)[0]
            steps = None if sequence is None else sequence.shape[1]
            if isinstance(steps, int) and steps >= MANY_STEPS and is_own(node) and not is_written_out(node):
                yield cls(span=place_of(node), steps=steps, units=layer.units)
