"""A layer for channels before positions that reads a sequence with its features last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import DROPPING, RECURRENT

_READING = frozenset(
    {
        "conv1d",
        "depthwise_conv1d",
        "separable_conv1d",
        "max_pool1d",
        "avg_pool1d",
        "global_avg_pool1d",
        "global_max_pool1d",
    }
)
#: What gives `[N, T, C]`.
_SEQUENTIAL = RECURRENT | {"embedding", "multi_head_attention"}
_SEEN_THROUGH = DROPPING | {"layer_norm", "rms_norm"}


@record
class StepsAsChannels(Lint):
    """A convolution or pooling reads the words of a sequence as channels, and slides over their features.

    `embedding`, recurrent layers and attention give `[N, T, C]`, with the features last. `conv1d` and its kin read
    `[N, C, L]`: they take axis 1 for the channels, and slide along the last axis. So each word has weights of its own,
    and neighbours are features that have no order. `transpose([0, 2, 1])` between the two puts the features first.

    Bad:

    ```nn
    model reviews {
        input words: int64[N, 50]
        output y = words -> embedding(9000, dim=64) -> conv1d(32, kernel=3) -> relu -> global_max_pool1d -> flatten
    }
    ```

    Good:

    ```nn
    model reviews {
        input words: int64[N, 50]
        output y = words -> embedding(9000, dim=64) -> transpose([0, 2, 1]) -> conv1d(32, kernel=3) -> relu
            -> global_max_pool1d -> flatten
    }
    ```
    """

    code: ClassVar[str] = "L146"
    message: ClassVar[str] = "`{kind}` reads {found} of `{before}`, and takes the steps for channels"
    label: ClassVar[str] = "slides over the features"
    remedy: ClassVar[str] = "write `transpose([0, 2, 1])` before it, which puts the features before the steps"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(_READING))

    kind: str
    found: str
    before: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that reads a sequence directly, or through dropout and what normalizes features."""
        for graph, node in subject.of_kinds(_READING):
            before, found = graph.through(node, _SEEN_THROUGH), graph.graph.operand_types(node)[0]
            if before is not None and before.kind in _SEQUENTIAL and found is not None and is_own(node):
                yield cls(span=place_of(node), kind=node.kind, found=str(found), before=before.kind)
