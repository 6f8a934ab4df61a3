"""Rows or columns that no window reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node
from ..graph.types import TensorType
from ..layers.windows import Sliding, axis_windows
from ..records import record
from .base import Lint, Subject, is_own, place_of


@record
class DroppedPositions(Lint):
    """The last rows or columns of an image are read by no window, because the stride does not divide what is left.

    What stands there has no influence on the result. A padding, another kernel or another size of the input reads all.
    Where only padding is left out, nothing is said, and neither where the size is symbolic.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 29, 29]
        output y = image -> max_pool2d(2)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 28, 28]
        output y = image -> max_pool2d(2)
    }
    ```
    """

    code: ClassVar[str] = "L201"
    severity: ClassVar[Severity] = Severity.HINT
    enabled: ClassVar[bool] = False
    message: ClassVar[str] = "`{kind}` leaves out the last {count} of {size} positions of axis {axis}"
    label: ClassVar[str] = "reads {found}"
    remedy: ClassVar[str] = "pad the end, or choose kernel, stride and size so that the windows come out even"

    kind: str
    count: int
    size: int
    axis: int
    found: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The first axis of every layer that leaves something out."""
        for graph, node, layer in subject.all_of(Sliding):
            operand = graph.graph.operand_types(node)[0]
            if operand is None or not is_own(node):
                continue
            for axis, size, count in _left_out(layer, operand, node):
                yield cls(span=place_of(node), kind=node.kind, count=count, size=size, axis=axis, found=str(operand))
                break


def _left_out(layer: Sliding, operand: TensorType, node: Node) -> Iterator[tuple[int, int, int]]:
    """Axes of which the last positions are not read: which, their size, and how many positions."""
    sizes, counts = operand.shape[2:], node.results[0].shape[2:]
    windows = axis_windows(layer.window)
    if len(sizes) != len(windows) or len(counts) != len(windows):
        return
    pads = layer.pads(sizes)
    for number, (window, size, count) in enumerate(zip(windows, sizes, counts, strict=True)):
        if not isinstance(size, int) or not isinstance(count, int) or window.stride > window.extent:
            continue
        left = size - ((count - 1) * window.stride + window.extent - pads[number][0])
        if left > 0:
            yield number + 2, size, left
