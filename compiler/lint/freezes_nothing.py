"""A ``freeze`` of what has no weights."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.graph import Graph
from ..graph.operations import Parameter
from ..graph.tensors import Role
from ..records import record
from .base import Lint, Subject


@record
class FreezesNothing(Lint):
    """What `freeze` names holds no numbers that training would change, so the statement does nothing.

    Activations, poolings and the like have no parameters, and running statistics are not trained.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> fc: dense(4) -> act: relu
        freeze act
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> fc: dense(4) -> act: relu
        freeze fc
    }
    ```
    """

    code: ClassVar[str] = "L140"
    message: ClassVar[str] = "`{path}` has no parameters, so freezing it changes nothing"
    label: ClassVar[str] = "nothing is trained here"
    remedy: ClassVar[str] = "name a layer with weights, or remove it from `freeze`"

    path: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every path at or below which no weight is learned."""
        for network in subject.networks:
            learned = sorted(_learned(network.graph)) if network.freezes else []
            for path, span in network.freezes:
                # In labels, the dot comes before all other characters, and the slash behind it.
                if bisect_left(learned, path) == bisect_left(learned, f"{path}/"):
                    yield cls(span=span, path=path)


def _learned(graph: Graph) -> Iterator[str]:
    """The full names of what training changes, under every name that it has by ``reuse``."""
    for node in graph.unordered():
        if isinstance(node.op, Parameter):
            yield node.origin.path
        for name, weight in node.weights.items():
            if weight.role is Role.PARAMETER:
                yield f"{node.origin.path}.{name}"
