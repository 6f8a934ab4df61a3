"""Softmax over an axis of size 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics import Edit
from ..graph.graph import Node
from ..layers.activations import Softmax
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .stage_edits import stage_of


@record
class SoftmaxOnOneUnit(Lint):
    """Softmax over an axis of size 1 gives 1, whatever comes in.

    The probabilities along the axis add up to 1, and there is only one of them. So nothing can be learned from the
    output. A single probability is what `sigmoid` gives.

    Bad:

    ```nn
    model spam {
        input words: float32[N, 100]
        output probability = words -> dense(1) -> softmax
    }
    ```

    Good:

    ```nn
    model spam {
        input words: float32[N, 100]
        output probability = words -> dense(1) -> sigmoid
    }
    ```
    """

    code: ClassVar[str] = "L108"
    message: ClassVar[str] = "softmax over an axis of size 1 always gives 1"
    label: ClassVar[str] = "of {type}, axis {axis}"
    remedy: ClassVar[str] = "write `sigmoid` for one probability, or give the layer before one unit per class"
    layers: ClassVar[tuple[str, ...]] = ("softmax",)

    type: str
    axis: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[SoftmaxOnOneUnit]:
        """Every softmax along an axis of size 1."""
        found = [(node, axis) for _, node, softmax in subject.all_of(Softmax) if (axis := _of_one(node, softmax)) >= 0]
        always = subject.always(node for node, _ in found)
        for node, axis in found:
            if _weighs_steps(node, axis):
                yield WeightsOfSteps(span=place_of(node), type=str(node.results[0]), axis=axis)
                continue
            edits = _as_sigmoid(node) if is_own(node) and node.origins[-1].span in always else ()
            yield cls(span=place_of(node), type=str(node.results[0]), axis=axis, edits=edits)


@record
class WeightsOfSteps(SoftmaxOnOneUnit):
    """One score for each step, whose steps are to be weighed against each other."""

    remedy: ClassVar[str] = "write `softmax(axis=1)`, which weighs the steps against each other"


def _weighs_steps(node: Node, axis: int) -> bool:
    """Whether it reads `[N, T, 1]`, one score for each of several steps."""
    shape = node.results[0].shape
    return len(shape) == 3 and axis == 2 and shape[1] != 1


def _of_one(node: Node, softmax: Softmax) -> int:
    """The axis of size 1 along which it is taken; -1 if it is another size."""
    kind = node.results[0]
    axis = (-1 if softmax.axis is None else softmax.axis) % kind.rank
    return axis if kind.shape[axis] == 1 else -1


def _as_sigmoid(node: Node) -> tuple[Edit, ...]:
    """The edit that writes ``sigmoid`` instead, which has no axis."""
    call = node.origins[-1].call
    if call is None or call.function is None or call.function.start != call.span.start:
        return ()
    if "axis" not in call.arguments:
        return (Edit(call.function, "sigmoid"),)
    return (Edit(call.span, "sigmoid"),) if stage_of(node) is not None else ()
