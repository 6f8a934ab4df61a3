"""Windows that read nothing but padding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.windows import axis_windows
from ..records import record
from .base import Lint, Subject, place_of
from .reading_windows import reading_windows


@record
class PaddingBeyondKernel(Lint):
    """The padding is so wide that some windows lie in it wholly.

    What they compute is the same for every image. A padding of half the kernel, `kernel // 2`, keeps the size
    if the kernel is odd and the stride is 1.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3, padding=3)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3, padding=1)
    }
    ```
    """

    code: ClassVar[str] = "L202"
    message: ClassVar[str] = "`{kind}` pads {padding} around a window of {extent}: some windows read nothing else"
    label: ClassVar[str] = "pads more than it reads"
    remedy: ClassVar[str] = "write `padding={half}`, half of the window"

    kind: str
    padding: int
    extent: int

    @property
    def half(self) -> int:
        """The most that leaves every window some of the image, as much as of the padding at least."""
        return self.extent // 2

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer with a window that fits into the padding before or after an axis."""
        for _, node, layer, operand in reading_windows(subject):
            if isinstance(layer.padding, str):
                continue
            for window, pad in zip(axis_windows(layer.window), layer.pads(operand.shape[2:]), strict=True):
                if max(pad) >= window.extent:
                    yield cls(span=place_of(node), kind=node.kind, padding=max(pad), extent=window.extent)
                    break
