"""Convolution, and transposed convolution."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, ClassVar, TypeAlias, final

from ..dims import Dim, decide_equal, format_dim
from ..graph.types import DType
from ..graph.window_arithmetic import AxisWindow
from ..lazy_imports import np
from ..records import record
from .base import FLOATS, InvalidOperands, Known, Operand, Operator, Shape
from .shape_rules import need_rank, need_shape, numbers, slid, spatial_defaults

#: A window, the pads before and after, and the output padding of one axis.
_TransposedAxis: TypeAlias = tuple[AxisWindow, tuple[int, int], int]


@record
class Convolving(Operator, ABC):
    """Base of convolutions: their attributes.

    Pads are explicit: onnxruntime errs in several ways where ``auto_pad`` leaves them to it, so that there is no such
    attribute; nor is there ``output_shape``, which stands for pads, too.
    """

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}
    folds: ClassVar[bool] = False

    kernel_shape: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    dilations: tuple[int, ...] | None = None
    pads: tuple[int, ...] | None = None
    group: int = 1

    def kernel_of(self, w: Known) -> tuple[int, ...]:
        """The size of the window, which the weight says."""
        kernel = numbers(w.shape[2:], "the kernel")
        if self.kernel_shape not in (None, kernel):
            raise InvalidOperands(f"kernel_shape {self.kernel_shape} is not that of W, {kernel}")
        return kernel


@record
class Correlating(Convolving, ABC):
    """Base of what slides a window: what it computes without and with what is fused to it."""

    def convolved_shape(self, x: Known, w: Known, b: Known | None) -> Shape:
        """``[N, M, *spatial]`` for ``x`` ``[N, C, *spatial]``, ``w`` ``[M, C / group, *kernel]`` and ``b`` ``[M]``."""
        need_rank(x, "X", 3)
        need_rank(w, "W", x.rank, x.rank)
        need_shape(b, "B", w.shape[0])
        if not decide_equal(x.shape[1], w.shape[1] * self.group):
            channels, read = format_dim(x.shape[1]), format_dim(w.shape[1])
            raise InvalidOperands(f"{self.group} groups of {read} channels are not the {channels} channels of X")
        if isinstance(w.shape[0], int) and w.shape[0] % self.group:
            raise InvalidOperands(f"{w.shape[0]} filters are not divisible by {self.group} groups")
        kernel = self.kernel_of(w)
        return (x.shape[0], w.shape[0], *slid(x.shape[2:], kernel, self.strides, self.dilations, self.pads))

    def convolved(self, x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
        """The sum over the places of the kernel, each a stack of products of matrices, one for each group; no flip."""
        kernel = w.shape[2:]
        strides, dilations, pads = spatial_defaults(len(kernel), self.strides, self.dilations, self.pads)
        padded, outputs = padded_for_windows(x, kernel, strides, dilations, pads)
        parts = padded.reshape(len(x), self.group, w.shape[1], *padded.shape[2:])
        filters = w.reshape(self.group, len(w) // self.group, *w.shape[1:])
        y = np.zeros((*parts.shape[:2], filters.shape[1], math.prod(outputs)), x.dtype)
        for place, view in window_places(outputs, kernel, strides, dilations):
            seen = parts[(..., *view)]
            y += np.matmul(filters[(..., *place)], seen.reshape(*seen.shape[:3], y.shape[-1]))
        return _with_bias(y.reshape(len(x), len(w), *outputs), b)


def _with_bias(y: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    return y if b is None else y + b.reshape(-1, *(1,) * (y.ndim - 2))


def padded_for_windows(
    x: np.ndarray,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[int],
    ceil: bool = False,
    fill: Any = 0,
) -> tuple[np.ndarray, tuple[int, ...]]:
    """The array with ``fill`` wherever a window reads beyond it, and how many windows there are along each axis."""
    sizes = x.shape[2:]
    outputs = numbers(slid(sizes, kernel, strides, dilations, pads, ceil), "an array")
    around = [(0, 0), (0, 0)]
    for axis, count in enumerate(outputs):
        before = pads[axis]
        reached = (count - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        around.append((before, max(reached - before - sizes[axis], 0)))
    return np.pad(x, around, constant_values=fill), outputs


def window_places(
    outputs: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Each place of the kernel, with the part of the padded axes that all windows together read there."""
    for place in product(*map(range, kernel)):
        firsts = [one * dilation for one, dilation in zip(place, dilations, strict=True)]
        yield (
            place,
            tuple(
                slice(first, first + (count - 1) * stride + 1, stride)
                for first, count, stride in zip(firsts, outputs, strides, strict=True)
            ),
        )


@final
@record
class Conv(Correlating):
    """Every window of ``X`` times the filters ``W``, plus ``B``: cross-correlation, the filters are not flipped."""

    kind: ClassVar[str] = "Conv"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("X"), Operand("W"), Operand("B", optional=True))
    source: ClassVar[str] = "ONNX Conv-22"

    def shapes(self, x: Known, w: Known, b: Known | None) -> tuple[Shape, ...]:
        """``[N, M, *spatial]``."""
        return (self.convolved_shape(x, w, b),)

    def compute(self, x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[Any, ...]:
        """The convolution."""
        return (self.convolved(x, w, b),)


@final
@record
class ConvTranspose(Convolving):
    """Every element of ``X`` times the filters ``W``, added to a window of the result, plus ``B``.

    ``W`` is ``[C, M / group, *kernel]``. The result has ``(n - 1) * stride + dilation * (kernel - 1) + 1 - pads +
    output_padding`` positions along an axis; the latter is smaller than the stride or the dilation.
    """

    kind: ClassVar[str] = "ConvTranspose"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("X"), Operand("W"), Operand("B", optional=True))
    source: ClassVar[str] = "ONNX ConvTranspose-22"

    output_padding: tuple[int, ...] | None = None

    def shapes(self, x: Known, w: Known, b: Known | None) -> tuple[Shape, ...]:
        """``[N, M, *spatial]``."""
        need_rank(x, "X", 3)
        need_rank(w, "W", x.rank, x.rank)
        need_shape(b, "B", w.shape[1] * self.group)
        if not decide_equal(x.shape[1], w.shape[0]):
            raise InvalidOperands(f"W reads {format_dim(w.shape[0])} channels, and X has {format_dim(x.shape[1])}")
        if isinstance(w.shape[0], int) and w.shape[0] % self.group:
            raise InvalidOperands(f"{w.shape[0]} channels are not divisible by {self.group} groups")
        sizes = map(self._size, x.shape[2:], self._axes(self.kernel_of(w)))
        return ((x.shape[0], w.shape[1] * self.group, *sizes),)

    def _axes(self, kernel: Sequence[int]) -> list[_TransposedAxis]:
        """The window, the pads and the output padding taken apart by axes."""
        rank = len(kernel)
        strides, dilations, pads = spatial_defaults(rank, self.strides, self.dilations, self.pads)
        added = self.output_padding or (0,) * rank
        if not len(strides) == len(dilations) == len(added) == rank or len(pads) != 2 * rank:
            raise InvalidOperands(f"the window has not the {rank} spatial axes of the operand")
        if min((*kernel, *strides, *dilations), default=1) < 1 or min((*pads, *added), default=0) < 0:
            raise InvalidOperands("kernels, strides and dilations are at least 1, and pads at least 0")
        if any(one >= max(pair) for one, *pair in zip(added, strides, dilations, strict=True)):
            raise InvalidOperands("the output padding is smaller than the stride or the dilation")
        windows, pairs = map(AxisWindow, kernel, strides, dilations), zip(pads[:rank], pads[rank:], strict=True)
        return list(zip(windows, pairs, added, strict=True))

    def _size(self, size: Dim, axis: _TransposedAxis) -> Dim:
        window, pads, added = axis
        # That a symbolic size is large enough is for layers to demand.
        if isinstance(size, int) and size < window.least_transposed_size(pads, added):
            raise InvalidOperands(f"pads of {pads} leave nothing of {size} positions")
        return window.transposed_size(size, pads, added)

    def compute(self, x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> tuple[Any, ...]:
        """The convolution of ``X``, its elements a stride apart and zeros between, with the filters flipped."""
        kernel = w.shape[2:]
        axes = self._axes(kernel)
        sizes = [window.stride * (size - 1) + 1 for size, (window, _, _) in zip(x.shape[2:], axes, strict=True)]
        spread = np.zeros((*x.shape[:2], *(max(size, 0) for size in sizes)), x.dtype)
        spread[(..., *(slice(None, None, window.stride) for window, _, _ in axes))] = x
        grouped = np.flip(w, tuple(range(2, w.ndim))).reshape(self.group, len(w) // self.group, -1, *kernel)
        filters = grouped.swapaxes(1, 2).reshape(-1, *grouped.shape[1:2], *kernel)
        beyond = tuple(window.extent - 1 for window, _, _ in axes)
        y = Conv(dilations=self.dilations, pads=beyond * 2, group=self.group).convolved(spread, filters, None)
        y = np.pad(y, [(0, 0), (0, 0), *((0, added) for _, _, added in axes)])
        ends = zip(y.shape[2:], axes, strict=True)
        kept = tuple(slice(before, size - after) for size, (_, (before, after), _) in ends)
        return (_with_bias(y[(..., *kept)], b),)
