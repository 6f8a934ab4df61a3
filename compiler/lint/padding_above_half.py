"""Padding by which the edge of an image is mostly zeros."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..graph.window_arithmetic import AxisWindow
from ..layers.windows import axis_windows
from ..records import record
from .base import Lint, Subject, place_of
from .reading_windows import per_axis_text, reading_windows, with_arguments


@record
class PaddingAboveHalf(Lint):
    """The padding is wider than half the kernel, so that the windows at the edge read more padding than image.

    With a stride of 1 the result is larger than the image, and its rim says little of it. Half of the kernel, rounded
    down, keeps the size. Padding on one side alone is left alone, as of causal convolutions; what `max_pool2d` and its
    kin may be padded with is bounded anyway, and windows that read nothing but padding are told of by L202.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3, padding=2)
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

    code: ClassVar[str] = "L206"
    message: ClassVar[str] = (
        "`{kind}` pads {padding} around a window of {extent}: at the edge it reads more padding than image"
    )
    label: ClassVar[str] = "gives {found}"
    remedy: ClassVar[str] = "write `padding={half}`, which gives {becomes}"

    kind: str
    padding: int
    extent: int
    found: str
    half: str
    becomes: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer with a window most of whose positions lie in the padding, on both sides of an axis."""
        for _, node, layer, operand in reading_windows(subject):
            if not isinstance(layer.padding, tuple):
                continue
            windows = axis_windows(layer.window)
            wide = [one for one in zip(windows, layer.padding, strict=True) if _is_wide(*one)]
            half = [one.extent // 2 for one in windows]
            _, result = with_arguments(layer, operand, padding=tuple((one, one) for one in half))
            if not wide or result is None:
                continue
            facts: dict[str, Any] = {
                "padding": max(wide[0][1]),
                "extent": wide[0][0].extent,
                "half": per_axis_text(half),
            }
            yield cls(span=place_of(node), kind=node.kind, found=str(node.results[0]), becomes=str(result), **facts)


def _is_wide(window: AxisWindow, pad: tuple[int, int]) -> bool:
    """Whether more than half of a window lies in padding, which alone is not as wide as one."""
    if max(pad) >= window.extent or sum(pad) <= window.extent:
        return False
    return 2 * -(-max(pad) // window.dilation) > window.kernel
