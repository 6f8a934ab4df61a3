"""A convolution, and what reads it without an activation between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.graph import Node
from ..layers.convolution import Convolution
from ..layers.dense import Dense
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, is_written_out, place_of
from .layer_kinds import CONVOLUTIONS, LINEAR


@record
class NoActivationBetween(Lint):
    """A layer that learns reads a convolution, and nothing between them is more than linear.

    Batch normalization, means, dropout and changes of shape are linear functions once a network is trained, and so are
    convolutions: all of them together are one linear function, which a single layer could be. Left alone is what says a
    larger layer with fewer numbers, as `1x3` and `3x1` in the place of `3x3` do, or few channels between many; what has
    groups, such as a depthwise convolution before its `1x1`; and what a second layer reads as well, as a shortcut does.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3, bias=false) -> batch_norm -> conv2d(16, kernel=3) -> relu
    }
    ```

    ```nn
    model digits {
        input image: float32[N, 1, 28, 28]
        output y = image -> conv2d(16, kernel=3) -> flatten -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3, bias=false) -> batch_norm -> relu -> conv2d(16, kernel=3) -> relu
    }
    ```

    ```nn
    model separable {
        input image: float32[N, 16, 32, 32]
        output y = image
            -> conv2d(16, kernel=[1, 3]) -> conv2d(16, kernel=[3, 1]) -> relu
            -> depthwise_conv2d(kernel=3) -> conv2d(64, kernel=1) -> relu
            -> conv2d(8, kernel=1) -> conv2d(64, kernel=1) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L109"
    message: ClassVar[str] = "this `{kind}` and the `{before}` before it are one linear function"
    label: ClassVar[str] = "nothing but linear layers since `{name}`"
    remedy: ClassVar[str] = "put an activation between them, such as `relu`, or leave one out"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(CONVOLUTIONS | {"batch_norm"}))

    kind: str
    before: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that is alone in reading the other, unless the two factorize a larger layer."""
        for graph, node, _ in subject.all_of(Convolution, Dense):
            before = graph.through(node, LINEAR, alone=True)
            if before is None or not is_own(node) or is_written_out(node) or is_written_out(before):
                continue
            if _are_one(graph, before, node):
                yield cls(span=place_of(node), kind=node.kind, before=before.kind, name=before.name)


def _are_one(graph: LayerGraph, before: Node, node: Node) -> bool:
    """Whether one layer could be both, with no more numbers."""
    first, second = before.op, node.op
    if isinstance(first, Convolution) and isinstance(second, Convolution):
        return first.groups == second.groups == 1 and not _factorize(graph, before, node, second.kernel)
    if isinstance(first, Convolution) and isinstance(second, Dense):
        mixes_channels = node.weights["weight"].shape[1] == first.filters
        return first.groups == 1 and not (mixes_channels and _factorize(graph, before, node, (1,) * len(first.kernel)))
    # One that reads the other directly has a rule of its own.
    is_direct = graph.before(node, passing=True) is before
    return isinstance(first, Dense) and isinstance(second, Dense) and not (is_direct or _factorize(graph, before, node))


def _factorize(graph: LayerGraph, before: Node, node: Node, reads: tuple[int, ...] = ()) -> bool:
    """Whether two layers have no more numbers than the one that they amount to.

    Where both windows are wider than 1 along an axis, the positions count for nothing: two windows of 3 always have
    fewer numbers than one of 5.
    """
    kernel = before.op.kernel if isinstance(before.op, Convolution) else ()
    overlap = any(one > 1 and other > 1 for one, other in zip(kernel, reads, strict=True))
    positions, further = (1, 1) if overlap else (math.prod(kernel), math.prod(reads))
    (between, inputs), outputs = before.weights["weight"].shape[:2], node.weights["weight"].shape[0]
    return between * (positions * inputs + further * outputs) <= positions * further * inputs * outputs
