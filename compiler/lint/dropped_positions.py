"""Rows or columns that no window reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..diagnostics import Severity
from ..dims import Dim
from ..graph.types import TensorType
from ..layers.attributes import Pads
from ..layers.pooling import Pooling
from ..layers.windows import Sliding, axis_windows
from ..records import record
from ..written import value_text
from .base import Lint, Subject, place_of
from .reading_windows import reading_windows, with_arguments


@record
class DroppedPositions(Lint):
    """The last rows or columns of an image are read by no window, because the stride does not divide what is left.

    What stands there has no influence on the result. A padding behind it, `ceil=true` of a pooling, another kernel or
    another size of the input reads all. Where only padding is left out, nothing is said, and neither where the size is
    symbolic.

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
    message: ClassVar[str] = "`{kind}` leaves out the last {many}of {size} positions of axis {axis}"
    label: ClassVar[str] = "reads {found}"
    remedy: ClassVar[str] = "choose kernel, stride and size so that the windows come out even"

    kind: str
    count: int
    size: int
    axis: int
    found: str
    written: str
    becomes: str

    @property
    def many(self) -> str:
        """How many positions, unless it is one."""
        return "" if self.count == 1 else f"{self.count} "

    @classmethod
    def find(cls, subject: Subject) -> Iterator[DroppedPositions]:
        """The first axis of every layer that leaves something out."""
        for _, node, layer, operand in reading_windows(subject):
            left_out = list(_left_out(layer, operand, node.results[0]))
            if not left_out:
                continue
            axis, size, count = left_out[0]
            written, becomes = _mended(layer, operand, [number for number, _, _ in left_out])
            facts: dict[str, Any] = {"axis": axis, "size": size, "count": count, "written": written, "becomes": becomes}
            kind = ReadByAnArgument if written else DroppedPositions
            yield kind(span=place_of(node), kind=node.kind, found=str(operand), **facts)


@record
class ReadByAnArgument(DroppedPositions):
    """Positions that one argument alone lets the layer read."""

    remedy: ClassVar[str] = "write `{written}`, which reads all and gives {becomes}"


def _left_out(layer: Sliding, operand: TensorType, result: TensorType) -> Iterator[tuple[int, int, int]]:
    """Axes of which the last positions are not read: which, their size, and how many positions."""
    sizes, counts = operand.shape[2:], result.shape[2:]
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


def _mended(layer: Sliding, operand: TensorType, axes: list[int]) -> tuple[str, str]:
    """An argument with which the layer reads all positions, and what it gives then; empty if there is none."""
    if isinstance(layer, Pooling):
        changes, written = {"ceil": True}, "ceil=true"
    else:
        pads = _wider(layer, operand.shape[2:], axes)
        changes, written = {"padding": pads}, f"padding={value_text(pads)}"
    changed, result = with_arguments(layer, operand, **changes)
    if result is None or any(_left_out(changed, operand, result)):
        return "", ""
    return written, str(result)


def _wider(layer: Sliding, sizes: tuple[Dim, ...], axes: list[int]) -> Pads:
    """The padding with as much more at the end of some axes as one further window needs."""
    rows = zip(axis_windows(layer.window), sizes, layer.pads(sizes), strict=True)
    wider: list[tuple[int, int]] = []
    for axis, (window, size, (before, after)) in enumerate(rows, start=2):
        beyond = size + before + after - window.extent if isinstance(size, int) else 0
        wider.append((before, after + (window.stride - beyond % window.stride if axis in axes else 0)))
    return tuple(wider)
