"""Channels that do not fill what tensor cores take at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node
from ..graph.types import DType
from ..layers.convolution import Grouped
from ..layers.dense import Dense
from ..records import record
from .base import Lint, Subject, is_own, place_of

#: NVIDIA, Matrix Multiplication Background User's Guide, "Tensor Core Requirements": rows are fastest in such pieces.
_BYTES = 16


@record
class UnevenChannels(Lint):
    """A layer gives a number of channels that does not fill the pieces of 16 bytes which tensor cores work on.

    It is asked with `--provider cuda` alone. Products of matrices are fastest there if their sizes are multiples of 8
    in `float16` and `bfloat16`, and of 4 in `float32`, which is rounded to TF32; with other sizes the rest of a piece
    is filled with zeros, so that a few more channels cost nothing. Outputs have as many channels as there are classes
    and are left alone, and so is what no other layer with a matrix of weights reads, and fewer than one piece.

    Bad, with `--provider cuda`:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(30) -> relu -> dense(10)
    }
    ```

    Good, with `--provider cuda`:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(32) -> relu -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L303"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = (
        "`{kind}` gives {channels} channels, no multiple of {piece}, which tensor cores want in {element}"
    )
    label: ClassVar[str] = "leaves {idle} of {wider} idle"
    remedy: ClassVar[str] = "write {wider}, or {narrower}, unless a file of weights has {channels}"
    needs: ClassVar[tuple[str, ...]] = ("provider",)

    kind: str
    channels: int
    piece: int
    element: str

    @property
    def wider(self) -> int:
        """The next multiple."""
        return self.channels + self.idle

    @property
    def idle(self) -> int:
        """Channels that are computed for nothing."""
        return -self.channels % self.piece

    @property
    def narrower(self) -> int:
        """The multiple below."""
        return self.channels - self.channels % self.piece

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every convolution and dense layer of an uneven number of channels that another product reads."""
        if subject.surroundings.provider != "cuda":
            return
        for graph in subject.graphs:
            for node in graph.layers:
                channels, element = _channels(node), node.results[0].dtype
                piece = _BYTES // element.size
                if channels < piece or not channels % piece or element is DType.FLOAT64:
                    continue
                if node.id in graph.feeds_learning and not graph.is_output(node.value()) and is_own(node):
                    yield cls(span=place_of(node), kind=node.kind, channels=channels, piece=piece, element=str(element))


def _channels(node: Node) -> int:
    """How many channels a layer is told to give; 0 for one that is told nothing, or has groups, which are smaller."""
    if isinstance(node.op, Grouped):
        return node.op.filters if node.op.groups == 1 else 0
    return node.op.units if isinstance(node.op, Dense) else 0
