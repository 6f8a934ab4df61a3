"""A convolution, and what reads it without an activation between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics import Severity
from ..graph.graph import Node
from ..layers.convolution import Convolution
from ..layers.dense import Dense
from ..layers.transposed_convolution import TransposedConvolution
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, is_written_out, place_of
from .layer_kinds import CONVOLUTIONS, LINEAR, TRANSPOSED

_WINDOWS = (Convolution, TransposedConvolution)
#: Two `dense` layers with a transposition between them work along different axes.
_ALONG_ONE_AXIS = LINEAR - {"transpose"}


@record
class NoActivationBetween(Lint):
    """A layer that learns reads a convolution, and nothing between them is more than linear.

    Batch normalization, means, dropout and changes of shape are linear functions once a network is trained, and so are
    convolutions: all of them together are one linear function, which a single layer could be. Left alone is what says a
    larger layer with fewer numbers, as `1x3` and `3x1` in the place of `3x3` do, or few channels between many; what has
    groups, such as a depthwise convolution before its `1x1`; and what goes another way as well, as along a
    shortcut. Of a vector that `dense` makes an image, for a convolution to go on with, it is a hint.

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
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(CONVOLUTIONS | TRANSPOSED | {"batch_norm", "flatten", "reshape"}))

    kind: str
    before: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[NoActivationBetween]:
        """Every one that reads the other, as all that do learn linearly, unless the two factorize a larger layer."""
        alone = {id(graph): _read_linearly(graph) for graph in subject.graphs}
        for graph, node, _ in subject.all_of(Convolution, TransposedConvolution, Dense):
            before = graph.through(node, LINEAR)
            if before is None or before.id not in alone[id(graph)] or not is_own(node):
                continue
            if is_written_out(node) or is_written_out(before) or not _are_one(graph, before, node):
                continue
            family = VectorToImage if isinstance(before.op, Dense) and isinstance(node.op, _WINDOWS) else cls
            yield family(span=place_of(node), kind=node.kind, before=before.kind, name=before.name)


@record
class VectorToImage(NoActivationBetween):
    """A vector is made an image by `dense`, which many a published decoder does without an activation."""

    severity: ClassVar[Severity] = Severity.HINT


def _read_linearly(graph: LayerGraph) -> frozenset[int]:
    """The layers that are read by such as learn linearly alone, themselves or through what is linear, in one walk."""
    found: set[int] = set()
    for node in reversed(graph.layers):
        readers = graph.readers(node.value())
        if readers and not graph.is_output(node.value()):
            is_linear = (
                isinstance(one.op, (*_WINDOWS, Dense)) or (one.kind in LINEAR and one.id in found) for one in readers
            )
            found.update((node.id,) if all(is_linear) else ())
    return frozenset(found)


def _are_one(graph: LayerGraph, before: Node, node: Node) -> bool:
    """Whether one layer could be both, with no more numbers."""
    first, second = before.op, node.op
    if isinstance(first, Dense) and isinstance(second, Dense):
        # One that reads the other directly has a rule of its own.
        is_direct = graph.before(node, passing=True) is before
        return (
            not is_direct and graph.through(node, _ALONG_ONE_AXIS) is before and not _factorize_flattened(before, node)
        )
    if isinstance(first, Dense):
        return isinstance(second, _WINDOWS) and second.groups == 1 and before.results[0].rank == 2
    if not isinstance(first, _WINDOWS) or first.groups > 1:
        return False
    if isinstance(second, _WINDOWS):
        is_chain = second.spatial_rank == first.spatial_rank and _inputs(node) == first.filters
        return is_chain and second.groups == 1 and not _factorize(before, node, second.kernel)
    mixes_channels = isinstance(second, Dense) and _inputs(node) == first.filters
    return isinstance(second, Dense) and not (mixes_channels and _factorize(before, node, (1,) * first.spatial_rank))


def _inputs(node: Node) -> int:
    """How many features a layer reads. A transposed convolution keeps them first in its weight, others second."""
    return node.weights["weight"].shape[0 if isinstance(node.op, TransposedConvolution) else 1]


def _outputs(node: Node) -> int:
    return node.weights["weight"].shape[1 if isinstance(node.op, TransposedConvolution) else 0]


def _factorize_flattened(before: Node, node: Node) -> bool:
    """Whether two `dense` layers have no more numbers than the one that they amount to, or do not amount to one.

    The second one may read several vectors of the first as one, as behind `flatten`; where it reads parts of them, the
    two are a matrix of blocks.
    """
    vectors, rest = divmod(_inputs(node), _outputs(before))
    together = vectors * _inputs(before) * _outputs(node)
    return rest > 0 or before.weights["weight"].elements + node.weights["weight"].elements <= together


def _factorize(before: Node, node: Node, reads: tuple[int, ...]) -> bool:
    """Whether two layers have no more numbers than the one that they amount to.

    Where both windows are wider than 1 along an axis, the positions count for nothing: two windows of 3 always have
    fewer numbers than one of 5.
    """
    kernel = before.op.kernel if isinstance(before.op, _WINDOWS) else ()
    overlap = any(one > 1 and other > 1 for one, other in zip(kernel, reads, strict=True))
    positions, further = (1, 1) if overlap else (math.prod(kernel), math.prod(reads))
    inputs, between, outputs = _inputs(before), _outputs(before), _outputs(node)
    return between * (positions * inputs + further * outputs) <= positions * further * inputs * outputs
