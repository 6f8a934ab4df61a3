"""A dense layer that mixes positions where it should mix features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.convolution import Convolution
from ..layers.dense import Dense
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import ACTIVATIONS, CONVOLUTIONS, DROPPING, MAXIMA, MEANS

_SEEN_THROUGH = ACTIVATIONS | DROPPING | MAXIMA | MEANS | {"flatten", "batch_norm"}


@record
class DenseOverPositions(Lint):
    """A `dense` layer behind a convolution reads along the positions, for each channel by itself.

    What a convolution gives is `[N, C, *positions]`, and the last axis is the width, or the time. A `dense` layer along
    it has the same weights for every channel and every row, and never sees two channels together. `flatten` first, and
    it reads all; a global pooling before the `flatten` leaves one number of each channel; and `axis=1` mixes the
    channels at every position.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> relu -> flatten(start=2) -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> relu -> flatten -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L119"
    message: ClassVar[str] = "this `dense` mixes the {size} positions along axis {axis} of {found}, and no channels"
    label: ClassVar[str] = "the channels that `{name}` makes stand on axis 1"
    remedy: ClassVar[str] = "write `flatten` before it, with a global pooling before that, or `axis=1` to mix channels"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(CONVOLUTIONS))

    size: str
    axis: int
    found: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one behind a convolution that reads along an axis of positions."""
        for graph, node, layer in subject.all_of(Dense):
            before, found = graph.through(node, _SEEN_THROUGH), graph.graph.operand_types(node)[0]
            if before is None or not isinstance(before.op, Convolution) or found is None or not is_own(node):
                continue
            axis = layer.axis_of(found)
            if axis > 1:
                size = str(found.shape[axis])
                yield cls(span=place_of(node), size=size, axis=axis, found=str(found), name=before.name)
