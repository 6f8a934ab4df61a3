"""Convolution."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, ClassVar, final

from ..graph.dims import decide_equal, format_dim
from ..graph.types import DType
from ..lazy import np
from ..records import record
from .base import FLOATS, InvalidOperands, Known, Operand, Operator, Shape
from .rules import need_rank, need_shape, numbers, slid, spatial_defaults


@record
class Convolving(Operator, ABC):
    """Base of convolutions: their attributes, and what they compute without and with what is fused to them.

    Pads are explicit: onnxruntime errs in several ways where ``auto_pad`` leaves them to it, so that there is no such
    attribute.
    """

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}
    folds: ClassVar[bool] = False

    kernel_shape: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None
    dilations: tuple[int, ...] | None = None
    pads: tuple[int, ...] | None = None
    group: int = 1

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
        kernel = numbers(w.shape[2:], "the kernel")
        if self.kernel_shape not in (None, kernel):
            raise InvalidOperands(f"kernel_shape {self.kernel_shape} is not that of W, {kernel}")
        return (x.shape[0], w.shape[0], *slid(x.shape[2:], kernel, self.strides, self.dilations, self.pads))

    def convolved(self, x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
        """The sum over the places of the kernel, each a product of matrices for all positions at once; no flip."""
        kernel = w.shape[2:]
        strides, dilations, pads = spatial_defaults(len(kernel), self.strides, self.dilations, self.pads)
        padded, outputs = padded_for_windows(x, kernel, strides, dilations, pads)
        parts = np.split(padded, self.group, axis=1)
        results = [np.zeros((len(x), len(filters), *outputs), x.dtype) for filters in np.split(w, self.group)]
        for place, view in window_places(outputs, kernel, strides, dilations):
            for part, filters, result in zip(parts, np.split(w, self.group), results, strict=True):
                weights = filters[(slice(None), slice(None), *place)]
                seen = np.tensordot(weights, part[(slice(None), slice(None), *view)], axes=(1, 1))
                result += np.moveaxis(seen, 0, 1)
        y = np.concatenate(results, axis=1)
        return y if b is None else y + b.reshape(-1, *(1,) * len(kernel))


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
class Conv(Convolving):
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
