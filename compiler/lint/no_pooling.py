"""A convolutional network that never makes its image smaller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node
from ..graph.operations import Input
from ..layers.convolution import Convolution
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, place_of
from .layer_kinds import ACTIVATIONS, CONVOLUTIONS, DROPPING, NORMALIZING

_KEEPING = ACTIVATIONS | DROPPING | NORMALIZING


@record
class NoPooling(Lint):
    """Convolutions are flattened, and nothing before has made the image smaller.

    Neither pooling nor a stride above 1 stands between the input and `flatten`. So what is flattened has every position
    of the image, the layer behind it has a weight for each of them and each channel, and a window of the last
    convolution sees little of the image. For small images that may be right, so that this rule is off.

    Bad:

    ```nn
    model digits {
        input image: float32[N, 1, 28, 28]
        output logits = image -> conv2d(16, kernel=3) -> relu -> conv2d(32, kernel=3) -> relu -> flatten -> dense(10)
    }
    ```

    Good:

    ```nn
    model digits {
        input image: float32[N, 1, 28, 28]
        output logits = image -> conv2d(16, kernel=3) -> relu -> max_pool2d(2) -> conv2d(32, kernel=3) -> relu
            -> max_pool2d(2) -> flatten -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L133"
    severity: ClassVar[Severity] = Severity.HINT
    enabled: ClassVar[bool] = False
    message: ClassVar[str] = "`flatten` reads {found}: nothing has made the image smaller"
    label: ClassVar[str] = "{count} numbers of each example"
    remedy: ClassVar[str] = "pool between the convolutions, such as by `max_pool2d(2)`, or write `stride=2` in some"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(CONVOLUTIONS))

    found: str
    count: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every `flatten` that reads an input through convolutions alone that keep the size of the image."""
        for graph in subject.graphs:
            kept = _kept_size(graph)
            for node in graph.layers:
                before = graph.before(node) if node.kind == "flatten" and node.results[0].rank == 2 else None
                if before is not None and kept.get(before.id) and is_own(node):
                    found, count = str(before.results[0]), str(node.results[0].shape[1])
                    yield cls(span=place_of(node), found=found, count=count)


def _kept_size(graph: LayerGraph) -> dict[int, int]:
    """How many convolutions stand between an input and each node that reads it through such as keep the size alone."""
    counts: dict[int, int] = {}
    for node in graph.layers:
        before = graph.before(node)
        count = None if before is None else 0 if isinstance(before.op, Input) else counts.get(before.id)
        if count is not None and (node.kind in _KEEPING or _is_dense_window(node)):
            counts[node.id] = count + isinstance(node.op, Convolution)
    return counts


def _is_dense_window(node: Node) -> bool:
    """Whether a convolution has a stride of 1."""
    return isinstance(node.op, Convolution) and set(node.op.window.stride) == {1}
