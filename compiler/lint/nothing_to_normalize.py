"""Normalization of single elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..layers.group_normalization import GroupNorm, InstanceNorm
from ..layers.layer_normalization import LayerNorm
from ..records import record
from .base import Lint, Subject, place_of


@record
class NothingToNormalize(Lint):
    """A normalization takes its statistics from one element at a time, so that nothing is left of what it reads.

    A number less the mean of itself alone is 0. So the result is the learned shift, whatever the input. PyTorch refuses
    to compute it for `instance_norm`.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16, 1, 1]
        output y = x -> instance_norm          # 0 everywhere: a channel has one position
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16, 1, 1]
        output y = x -> group_norm(4)          # four channels in each group
    }
    ```
    """

    code: ClassVar[str] = "L141"
    message: ClassVar[str] = (
        "`{kind}` of {found} normalizes single elements, so that its result is the same for all inputs"
    )
    remedy: ClassVar[str] = "normalize over more elements, or leave the layer out"
    layers: ClassVar[tuple[str, ...]] = ("instance_norm", "group_norm", "layer_norm")

    kind: str
    found: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[NothingToNormalize]:
        """Every one that takes its means over single elements; in a block of the library, its call."""
        for graph, node, layer in subject.all_of(InstanceNorm, GroupNorm, LayerNorm):
            operand = graph.graph.operand_types(node)[0]
            if operand is not None and all(size == 1 for size in layer.averaged(operand)):
                yield _PARTS[type(layer)](span=place_of(node), kind=node.kind, found=str(operand))


@record
class OneInChannel(NothingToNormalize):
    """A channel of one position."""

    label: ClassVar[str] = "there is one element in a channel of an example"


@record
class OneInGroup(NothingToNormalize):
    """A group of one channel of one position."""

    label: ClassVar[str] = "there is one element in a group of an example"


@record
class OneAlongAxes(NothingToNormalize):
    """Axes of size 1."""

    label: ClassVar[str] = "there is one element along these axes"


_PARTS = {InstanceNorm: OneInChannel, GroupNorm: OneInGroup, LayerNorm: OneAlongAxes}
