"""Softmax along another axis than the one that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics import Severity
from ..graph.graph import Node
from ..layers.activations import LogSoftmax, Softmax
from ..layers.convolution import Convolution
from ..layers.dense import Dense
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, place_of
from .layer_kinds import ENLARGING
from .mixed_examples import is_batch_of_tensors


@record
class SoftmaxAlongOtherAxis(Lint):
    """The axis of softmax is not that of the scores that it should choose among.

    What softmax gives adds up to 1 along its axis. At the end of a network that is the axis along which the last layer
    makes its scores, one for each class, not that of the time or of the pixels; that is a hint, since a choice among
    the steps may be meant, such as where an answer begins. Where the result is multiplied as a matrix, as in attention,
    it is the axis that the product adds up: the columns of the left matrix, the rows of the right one.

    Bad:

    ```nn
    model tagger {
        input x: float32[N, T, 64]
        output probabilities = x -> dense(17) -> softmax(axis=1)
    }
    ```

    ```nn
    model attend {
        input scores: float32[N, T, S]
        input values: float32[N, S, 64]
        output y = (scores -> softmax(axis=1)) @ values
    }
    ```

    Good:

    ```nn
    model tagger {
        input x: float32[N, T, 64]
        output probabilities = x -> dense(17) -> softmax(axis=2)
    }
    ```

    ```nn
    model attend {
        input scores: float32[N, T, S]
        input values: float32[N, S, 64]
        output y = (scores -> softmax(axis=2)) @ values
    }
    ```
    """

    code: ClassVar[str] = "L112"
    message: ClassVar[str] = "`{kind}` makes {type} add up to 1 along axis {axis}, {clause} axis {wanted}"
    label: ClassVar[str] = "axis {axis}"
    remedy: ClassVar[str] = "write `{kind}(axis={wanted})`"
    layers: ClassVar[tuple[str, ...]] = ("softmax", "log_softmax")

    kind: str
    type: str
    axis: int
    wanted: int
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[SoftmaxAlongOtherAxis]:
        """Every softmax of scores that is an output, or the operand of a product of matrices."""
        for graph, node, layer in subject.all_of(Softmax, LogSoftmax):
            kind = node.results[0]
            axis = (-1 if layer.axis is None else layer.axis) % kind.rank
            # Of the axis of the batch a rule of its own speaks.
            if axis == 0 and is_batch_of_tensors(kind):
                continue
            for family, name, wanted in _wanted(graph, node):
                if wanted != axis and is_own(node):
                    facts = {"kind": node.kind, "type": str(kind), "axis": axis, "wanted": wanted, "name": name}
                    yield family(span=place_of(node), **facts)


@record
class SoftmaxOfScores(SoftmaxAlongOtherAxis):
    """It is an output, and another axis is that of the scores."""

    severity: ClassVar[Severity] = Severity.HINT
    clause: ClassVar[str] = "and `{name}` makes its scores along"


@record
class SoftmaxInProduct(SoftmaxAlongOtherAxis):
    """It is a matrix of weights, and another axis is added up."""

    clause: ClassVar[str] = "and `{name}` adds up along"


def _wanted(graph: LayerGraph, node: Node) -> Iterator[tuple[type[SoftmaxAlongOtherAxis], str, int]]:
    """The axis along which what softmax gives should add up, and the layer that says so; nothing where none does."""
    readers, before = graph.readers(node.value()), graph.through(node, ENLARGING)
    if len(readers) == 1 and readers[0].kind == "matmul" and node.results[0].rank > 1:
        left, right, *_ = readers[0].operands
        if left != right:
            yield SoftmaxInProduct, readers[0].name, node.results[0].rank - (1 if left == node.value() else 2)
    elif before is not None and not readers and graph.is_output(node.value()):
        if isinstance(before.op, Convolution):
            yield SoftmaxOfScores, before.name, 1
        elif isinstance(before.op, Dense) and before.op.units > 1:
            yield SoftmaxOfScores, before.name, before.op.axis_of(before.results[0])
