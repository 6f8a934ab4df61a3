"""Windows that step over positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.windows import axis_windows
from ..records import record
from .base import Lint, Subject, place_of
from .reading_windows import reading_windows


@record
class StrideAboveKernel(Lint):
    """The stride is larger than the window, so that positions between the windows are read by none.

    A convolution of kernel 1 with a stride of 2 is left alone: it projects the shortcut of a residual block, as
    published.

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
        "`{kind}` moves by {stride} and reads {extent}: it never reads {skipped} of every {stride} positions"
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

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer whose windows leave gaps on an axis."""
        for _, node, layer, _ in reading_windows(subject):
            for window in axis_windows(layer.window):
                is_projection = window.extent == 1 and window.stride == 2
                if window.stride > window.extent and not is_projection:
                    yield cls(span=place_of(node), kind=node.kind, stride=window.stride, extent=window.extent)
                    break
