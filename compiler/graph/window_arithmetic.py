"""Windows that slide along an axis: the arithmetic that layers and operators share.

Along an axis of ``n`` positions with ``before`` and ``after`` padded ones, a window reads ``kernel`` positions,
``dilation`` apart, and moves by ``stride``.
"""

from __future__ import annotations

from ..dims import Dim, ceil_div, dim_max
from ..records import positional_record


@positional_record
class AxisWindow:
    """A window sliding along one axis."""

    kernel: int
    stride: int
    dilation: int

    @property
    def extent(self) -> int:
        """Positions from the first to the last one read: ``dilation * (kernel - 1) + 1``."""
        return self.dilation * (self.kernel - 1) + 1

    def same_total(self, size: Dim) -> Dim:
        """What ``"same"`` pads in all: ``max((ceil(n / stride) - 1) * stride + extent - n, 0)``.

        Source: TensorFlow's ``SAME`` and ONNX's ``SAME_UPPER``.
        """
        return dim_max((ceil_div(size, self.stride) - 1) * self.stride + self.extent - size, 0)

    def output_size(self, size: Dim, pad: tuple[int, int], ceil: bool = False) -> Dim:
        """How many windows there are: ``floor((n + before + after - extent) / stride) + 1``.

        With ``ceil`` it follows PyTorch: ``ceil(...) + 1``, but the last window must start inside the input
        or the padding before it, which is ``min(ceil((n + before + after - extent) / stride) + 1, ceil((n +
        before) / stride))``. The two fractions differ by a constant, so that the least is one of them.
        """
        before, after = pad
        if not ceil:
            # The 1 is in the fraction, as one more stride: symbolic sums are costly, and many windows are counted.
            return (size + (before + after - self.extent + self.stride)) // self.stride
        return ceil_div(size + (before + min(self.stride + after - self.extent, 0)), self.stride)

    def whole_padding(self, after: int) -> int:
        """Padding at the end with which as many windows fit whole as ``ceil`` counts with ``after``.

        From ``ceil(m / stride) = floor((m - 1) / stride) + 1`` in the formula of ``output_size``.
        """
        return min(after + self.stride - 1, self.extent - 1)

    def least_size(self, pad: tuple[int, int], ceil: bool = False) -> int:
        """The least size that gives a window; with ``ceil`` it may overhang by ``stride - 1``."""
        overhang = self.stride - 1 if ceil else 0
        return self.extent - sum(pad) - overhang

    def transposed_size(self, size: Dim, crop: tuple[int, int] = (0, 0), added: int = 0) -> Dim:
        """How many positions a transposed convolution gives: ``(n - 1) * stride + extent - before - after + added``."""
        return size * self.stride + (self.extent - self.stride - sum(crop) + added)

    def least_transposed_size(self, crop: tuple[int, int], added: int) -> int:
        """The least size of which a transposed convolution leaves a position."""
        return -((self.extent - self.stride - sum(crop) + added - 1) // self.stride)
