"""Sigmoid as an activation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, is_written_out, place_of
from .layer_kinds import LEARNING, LINEAR, MAXIMA
from .repeated_activation import RepeatedActivation
from .saturating_stack import deep_stacks

_SEEN_THROUGH = LINEAR | MAXIMA


@record
class SigmoidInside(Lint):
    """A layer that learns reads the result of `sigmoid`, as if it were an activation.

    Its derivative is at most 1/4 and nearly 0 far from 0, and its results are never negative, which makes learning
    slow: `relu` or `tanh` do better inside of a network. A `sigmoid` that something is multiplied with is a gate, and
    left alone, as is one that is an output as well.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128) -> sigmoid -> dense(10)
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        gate = pixels -> dense(128) -> sigmoid
        output logits = gate * (pixels -> dense(128) -> tanh) -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L111"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`sigmoid` stands inside of the network, where it slows learning down"
    label: ClassVar[str] = "`{reader}` reads it"
    remedy: ClassVar[str] = "write `relu` or `tanh`, unless numbers from 0 to 1 are meant"
    layers: ClassVar[tuple[str, ...]] = ("sigmoid",)

    reader: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every sigmoid that a layer which learns reads, directly or through pooling, dropout and the like."""
        in_stacks = {id(graph): _in_deep_stacks(graph) for graph in subject.graphs}
        for graph, node in subject.of_kinds(LEARNING):
            before = graph.through(node, _SEEN_THROUGH)
            if before is None or before.kind != "sigmoid" or before.id in in_stacks[id(graph)]:
                continue
            read = graph.before(before, passing=True)
            if read is not None and read.kind in RepeatedActivation.layers:
                # Of two activations in a row another rule speaks.
                continue
            if is_own(before) and not is_written_out(node) and not graph.is_output(before.value()):
                yield cls(span=place_of(before), reader=node.name)


def _in_deep_stacks(graph: LayerGraph) -> set[int]:
    """The activations of stacks that are too deep, of which another rule speaks."""
    found: set[int] = set()
    for stack in deep_stacks(graph):
        part = stack
        while part is not None and part.last is not None and part.last.id not in found:
            found.add(part.last.id)
            part = part.before
    return found
