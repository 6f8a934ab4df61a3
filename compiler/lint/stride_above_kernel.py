"""Windows that step over positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics import Severity
from ..graph.graph import Node
from ..layers.convolution import Convolution
from ..layers.windows import axis_windows
from ..records import record
from .base import LayerGraph, Lint, Subject, place_of
from .reading_windows import reading_windows


@record
class StrideAboveKernel(Lint):
    """The stride is larger than the window, so that positions between the windows are read by none.

    A convolution of kernel 1 with a stride of 2 is left alone where another layer reads the same: it projects the
    shortcut of a residual block, as published. Where it alone reads, three of four positions of an image are lost; that
    is a hint.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=2, stride=3)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3, stride=3, padding=1)
    }
    ```
    """

    code: ClassVar[str] = "L203"
    message: ClassVar[str] = (
        "`{kind}` moves by {stride} and reads {extent}: each step leaves out {skipped} position{plural}"
    )
    label: ClassVar[str] = "skips positions"
    remedy: ClassVar[str] = "write a `stride=` of at most {extent}, or a larger `kernel=`"

    kind: str
    stride: int
    extent: int

    @property
    def skipped(self) -> int:
        """Positions between two windows."""
        return self.stride - self.extent

    @property
    def plural(self) -> str:
        """What stands behind `position`."""
        return "" if self.skipped == 1 else "s"

    @classmethod
    def find(cls, subject: Subject) -> Iterator[StrideAboveKernel]:
        """Every layer whose windows leave gaps on an axis."""
        for graph, node, layer, _ in reading_windows(subject):
            for window in axis_windows(layer.window):
                is_projection = window.extent == 1 and window.stride == 2
                if is_projection and not (isinstance(layer, Convolution) and _reads_alone(graph, node)):
                    continue
                if window.stride > window.extent:
                    family = LonelyProjection if is_projection else StrideAboveKernel
                    yield family(span=place_of(node), kind=node.kind, stride=window.stride, extent=window.extent)
                    break


@record
class LonelyProjection(StrideAboveKernel):
    """A convolution of kernel 1 and stride 2 that is the only one to read something."""

    severity: ClassVar[Severity] = Severity.HINT
    remedy: ClassVar[str] = "write `kernel=3, padding=1`, or pool before it, such as by `avg_pool{rank}d(2)`"

    @property
    def rank(self) -> str:
        """How many spatial axes there are."""
        return self.kind.removesuffix("d")[-1]


def _reads_alone(graph: LayerGraph, node: Node) -> bool:
    """Whether nothing else reads what a layer that another layer has made reads."""
    before = graph.before(node)
    return before is not None and graph.is_read_once(before)
