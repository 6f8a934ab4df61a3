"""Transposed convolutions whose windows overlap unevenly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..diagnostics import Severity
from ..layers.transposed_convolution import TransposedConvolution
from ..layers.windows import axis_windows
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .reading_windows import per_axis_text, with_arguments


@record
class UnevenOverlap(Lint):
    """The kernel of a transposed convolution is no multiple of its stride, so that its windows overlap unevenly.

    Of neighbouring positions of the result one is then the sum of more products than the other, and some may be of
    none: what the network draws shows a checkerboard (Odena, Dumoulin and Olah, 2016). A kernel that the stride divides
    covers all positions equally often; `upsample` and a convolution do likewise.

    Bad:

    ```nn
    model net {
        input features: float32[N, 16, 8, 8]
        output image = features -> conv_transpose2d(3, kernel=3, stride=2)
    }
    ```

    Good:

    ```nn
    model net {
        input features: float32[N, 16, 8, 8]
        output image = features -> conv_transpose2d(3, kernel=4, stride=2, padding=1)
    }
    ```
    """

    code: ClassVar[str] = "L210"
    severity: ClassVar[Severity] = Severity.HINT
    layers: ClassVar[tuple[str, ...]] = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
    message: ClassVar[str] = (
        "`{kind}` with a kernel of {kernel} and a stride of {stride} adds up {fewest} products at some positions and "
        "{most} at others"
    )
    label: ClassVar[str] = "draws a checkerboard"
    remedy: ClassVar[str] = "write {written}, a multiple of the stride{becomes}"

    kind: str
    kernel: int
    stride: int
    written: str
    becomes: str

    @property
    def fewest(self) -> int:
        """How many windows cover the positions that are covered least, along this axis."""
        return self.kernel // self.stride

    @property
    def most(self) -> int:
        """How many cover the others."""
        return -(-self.kernel // self.stride)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one with an axis along which the stride does not divide the kernel; dilated ones have gaps anyway."""
        for graph, node, layer in subject.all_of(TransposedConvolution):
            windows = axis_windows(layer.window)
            uneven = [one for one in windows if one.kernel % one.stride and one.dilation == 1]
            operand = graph.graph.operand_types(node)[0]
            if not uneven or not is_own(node) or operand is None:
                continue
            kernel = tuple(
                one.kernel + -one.kernel % one.stride if one.dilation == 1 else one.kernel for one in windows
            )
            # Without it a larger kernel mostly gives the same size, and some paddings with it are refused.
            further = {} if layer.output_padding is None else {"output_padding": None}
            _, result = with_arguments(layer, operand, kernel=kernel, **further)
            if result is None:
                continue
            without = ", and no `output_padding`" if further else ""
            becomes = f"{without}, which gives {result}"
            facts: dict[str, Any] = {"kernel": uneven[0].kernel, "stride": uneven[0].stride, "becomes": becomes}
            yield cls(span=place_of(node), kind=node.kind, written=f"`kernel={per_axis_text(kernel)}`", **facts)
