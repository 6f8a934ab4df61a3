"""Pooling over sliding windows: maxima, means, sums and norms, in one, two and three dimensions."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.windows import PoolPaddingTooLarge, WindowInPadding
from ..dims import format_dim
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import Flag, Integer, Padding, Pads, PerAxis, attribute
from .base import NO_DOUBLE_ON_CPU, Site, Window
from .reach import Along
from .spatial_families import family, sample
from .windows import AxisWindow, Sliding, axis_windows, need_spatial, onnx_pads, slide, sliding_view

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

_LENGTHS = ((6,), (9,), (11,))
_IMAGES = ((5, 6), (8, 7), (7, 9))
_VOLUMES = ((3, 4, 5), (4, 6, 3), (5, 3, 4))

#: Beyond it hardly a number's power is in the range of float32.
_HIGHEST_POWER = 32


@record
class Pooling(Sliding, ABC):
    """Base of the poolings over sliding windows."""

    channels: ClassVar[Along] = Along(1)
    moves_by_kernel: ClassVar[bool] = True

    kernel: tuple[int, ...] = attribute(PerAxis(), doc="Size of the window.", positional=True)
    stride: tuple[int, ...] | None = attribute(PerAxis(), None, doc="By how much the window moves.", shown="kernel")
    padding: Pads | str | None = attribute(
        Padding(),
        None,
        doc="Positions added before and after each spatial axis, at most half of the kernel.",
        shown="0",
    )
    ceil: bool = attribute(
        Flag(), False, doc="Whether a last window may overhang the end; it must start inside or in the padding before."
    )

    @property
    def overhangs(self) -> bool:
        """Whether a last window may overhang; with ``"same"`` as many windows fit in any case."""
        return self.ceil and self.padding != "same"

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, C, *outputs]``."""
        return _pooled(self, site, x, self.ceil)

    def _with_overhang(self, pads: Pads) -> Pads:
        """Padding with which as many windows fit whole as fit into ``pads`` with a last one overhanging."""
        if not self.overhangs:
            return pads
        axes = zip(axis_windows(self.window), pads, strict=True)
        return tuple((before, axis.whole_padding(after)) for axis, (before, after) in axes)

    def _windows(self, x: np.ndarray, fill: float) -> np.ndarray:
        return sliding_view(x, self.window, self.pads(x.shape[2:]), fill, self.overhangs)


def _pooled(layer: Sliding, site: Site, x: TensorType, ceil: bool = False) -> TensorType:
    """``[N, C, *outputs]``."""
    need_spatial(site, x, layer.spatial_rank)
    _need_small_padding(layer, site)
    return x.with_shape(*x.shape[:2], *slide(site, x, layer.window, layer.declared_padding, ceil))


def _need_small_padding(layer: Sliding, site: Site) -> None:
    """What ``"same"`` pads is at most half of what the window spans, by its definition."""
    if layer.padding is None or isinstance(layer.padding, str):
        return
    span, largest = site.argument("padding"), map(max, layer.padding)
    for number, (amount, kernel) in enumerate(zip(largest, layer.kernel, strict=True), start=2):
        if amount > kernel // 2:
            fault = PoolPaddingTooLarge(span=span, kind=site.kind, axis=number, amount=amount, kernel=kernel)
            raise DotnnError(fault)


@record
class MaxPooling(Pooling, ABC):
    """Takes the greatest number of each window of {inputs}: `[N, C, {axes}]` becomes `[N, C, {outputs}]`.

    The stride is the kernel unless given, as in PyTorch and Keras; ONNX's default is 1. Padding counts as
    minus infinity, never as zeros, and is at most half of the kernel. `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    formula: ClassVar[str] = "y[n, c, i] = max over k of x[n, c, i*stride + k*dilation - before]"
    foreign_names: ClassVar[tuple[str, ...]] = ("maxpool", "maxpooling", "maxpooling{rank}d", "pool")
    source: ClassVar[str] = "PyTorch, torch.nn.MaxPool2d"

    dilation: tuple[int, ...] | None = attribute(
        PerAxis(), None, doc="Distance between the positions that the window reads.", shown="1"
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, C, *outputs]``; no window may miss the input."""
        result = super().types(site, x)
        axes = zip(axis_windows(self.window), self.pads(x.shape[2:]), strict=True)
        for number, (axis, pad) in enumerate(axes, start=2):
            if not _always_meets_input(axis, pad):
                _need_long_axis(site, x, number, axis)
        return result

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The greatest number of each window."""
        return self._windows(x, fill=-math.inf).max(axis=self.spatial_axes)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``MaxPool``; padding as wide as the kernel, which onnxruntime refuses, is a ``Pad`` before."""
        window, pads = self.window, self.pads(x.shape[2:])
        if any(max(pad) >= kernel for pad, kernel in zip(pads, window.kernel, strict=True)):
            x = _padded(b, x, pads, b.constant(-math.inf, x.dtype))
            pads = ((0, 0),) * self.spatial_rank
        pool = ops.MaxPool(
            kernel_shape=window.kernel,
            strides=window.stride,
            dilations=window.dilation,
            pads=onnx_pads(pads),
            ceil_mode=int(self.overhangs),
        )
        return b.op(pool, x)


def _always_meets_input(axis: AxisWindow, pad: tuple[int, int]) -> bool:
    """Whether every window reads a position of the input, however long that is.

    A window that starts in the padding before may step over a short input. It does not where one of its
    positions is always the one with the number of the output, as with odd kernels and ``"same"``.
    """
    if pad[0] == 0 or axis.dilation == 1:
        return True
    return axis.stride == 1 and pad[0] % axis.dilation == 0 and sum(pad) <= axis.extent - 1


def _need_long_axis(site: Site, x: TensorType, number: int, axis: AxisWindow) -> None:
    """Demand an input of at least ``dilation`` positions, which no window steps over."""
    size, facts = x.shape[number], site.about_argument("dilation", x)
    otherwise = WindowInPadding(**facts, axis=number, dilation=axis.dilation, size=format_dim(size))
    site.at_least(size, axis.dilation, otherwise)


@record
class AveragePooling(Pooling, ABC):
    """Takes the mean of each window of {inputs}: `[N, C, {axes}]` becomes `[N, C, {outputs}]`.

    The stride is the kernel unless given. The mean is taken over the positions inside the input, as in
    TensorFlow and ONNX; with `count_include_pad=true`, PyTorch's default, over declared padding too, as
    zeros. What a last window overhangs with `ceil=true` never counts. `padding="same"` gives `ceil(n /
    stride)`.
    """

    formula: ClassVar[str] = (
        "y[n, c, i] = (sum over k of x[n, c, i*stride + k - before]) / (number of positions that count)"
    )
    foreign_names: ClassVar[tuple[str, ...]] = (
        "avgpool",
        "averagepool",
        "averagepool{rank}d",
        "averagepooling",
        "averagepooling{rank}d",
        "avgpooling{rank}d",
    )
    source: ClassVar[str] = "PyTorch, torch.nn.AvgPool2d; divisor as in ONNX and TensorFlow unless told otherwise"
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU

    count_include_pad: bool = attribute(
        Flag(), False, doc="Whether padding counts as zeros in the mean, as in PyTorch's default."
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The sum of each window over the number of its positions that count."""
        total = self._windows(x, fill=0.0).sum(axis=self.spatial_axes)
        pads = self.pads(x.shape[2:])
        for number, (axis, pad) in enumerate(zip(axis_windows(self.window), pads, strict=True), start=2):
            counts = self._counts(axis, pad, x.shape[number], total.shape[number])
            total = total / counts.reshape(-1, *(1,) * (total.ndim - number - 1)).astype(x.dtype)
        return total

    def _counts(self, axis: AxisWindow, pad: tuple[int, int], size: int, windows: int) -> np.ndarray:
        """How many positions of each window count along an axis; an overhang never does."""
        before, after = pad if self.count_include_pad else (0, 0)
        starts = np.arange(windows) * axis.stride - pad[0]
        ends = np.minimum(starts + axis.kernel, size + after)
        return ends - np.maximum(starts, -before)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``AveragePool``; padding that counts is a ``Pad`` before, so that it belongs to the input.

        onnxruntime 1.21 divides wrongly where ``count_include_pad`` is set in two and three dimensions.
        """
        pads = self.pads(x.shape[2:])
        if not self.count_include_pad or not any(onnx_pads(pads)):
            return _average(b, x, self.window, pads, self.overhangs)
        wider = self._with_overhang(pads)
        rest = tuple((0, end - after) for (_, end), (_, after) in zip(wider, pads, strict=True))
        return _average(b, _padded(b, x, pads), self.window, rest)


@record
class SumPooling(Pooling, ABC):
    """Takes the sum of each window of {inputs}: `[N, C, {axes}]` becomes `[N, C, {outputs}]`.

    The stride is the kernel unless given; padding counts as zeros, and `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    formula: ClassVar[str] = "y[n, c, i] = sum over k of x[n, c, i*stride + k - before]"
    source: ClassVar[str] = "Average pooling times the size of the window"
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The sum of each window."""
        return self._windows(x, fill=0.0).sum(axis=self.spatial_axes)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The mean over windows, times their size; padding and overhang are zeros put around the input before."""
        return _total(b, x, self.window, self._with_overhang(self.pads(x.shape[2:])))


@record
class LpPooling(Sliding, ABC):
    """Takes the p-norm of each window of {inputs}: `[N, C, {axes}]` becomes `[N, C, {outputs}]`.

    The stride is the kernel unless given; padding counts as zeros, and `padding="same"` gives `ceil(n / stride)`. With
    `p=1` it is the sum of the absolute values. As in ONNX, absolute values are taken for odd `p` too, where PyTorch
    takes the root of what is left of positive and negative powers.
    """

    channels: ClassVar[Along] = Along(1)
    moves_by_kernel: ClassVar[bool] = True
    formula: ClassVar[str] = "y[n, c, i] = (sum over k of |x[n, c, i*stride + k - before]|^p)^(1/p)"
    foreign_names: ClassVar[tuple[str, ...]] = ("lppool", "powerpool", "powerpool{rank}d")
    source: ClassVar[str] = "ONNX, LpPool; PyTorch, torch.nn.LPPool2d"
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU

    kernel: tuple[int, ...] = attribute(PerAxis(), doc="Size of the window.", positional=True)
    p: int = attribute(Integer(1, _HIGHEST_POWER), 2, doc="The power; of larger ones max pooling is the limit.")
    stride: tuple[int, ...] | None = attribute(PerAxis(), None, doc="By how much the window moves.", shown="kernel")
    padding: Pads | str | None = attribute(
        Padding(),
        None,
        doc="Positions added before and after each spatial axis, at most half of the kernel.",
        shown="0",
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, C, *outputs]``."""
        return _pooled(self, site, x)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The root of the sum of the powers of each window."""
        windows = sliding_view(np.abs(x) ** self.p, self.window, self.pads(x.shape[2:]), 0.0)
        return windows.sum(axis=self.spatial_axes) ** x.dtype.type(1 / self.p)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The sums over windows, between powers; floats of 16 bits, which powers soon leave, become wider first.

        onnxruntime's ``LpPool`` is of float32 alone.
        """
        if x.dtype in (DType.FLOAT16, DType.BFLOAT16):
            return b.op(ops.Cast(to=x.dtype), self.lower(b, b.op(ops.Cast(to=DType.FLOAT32), x)))
        window, pads = self.window, self.pads(x.shape[2:])
        if self.p == 1:
            return _total(b, b.op(ops.Abs(), x), window, pads)
        if self.p == 2:
            return b.op(ops.Sqrt(), _total(b, b.op(ops.Mul(), x, x), window, pads))
        powers = b.op(ops.Pow(), b.op(ops.Abs(), x), b.constant(float(self.p), x.dtype))
        return b.op(ops.Pow(), _total(b, powers, window, pads), b.constant(1 / self.p, x.dtype))


def _total(b: Builder, x: Tensor, window: Window, pads: Pads) -> Tensor:
    """The sums of the windows, with zeros around the input."""
    around = _padded(b, x, pads) if any(onnx_pads(pads)) else x
    mean = _average(b, around, window, ((0, 0),) * len(window.kernel))
    return b.op(ops.Mul(), mean, b.constant(float(math.prod(window.kernel)), x.dtype))


def _padded(b: Builder, x: Tensor, pads: Pads, fill: Tensor | None = None) -> Tensor:
    """The tensor with its spatial axes padded, with zeros unless ``fill`` is another number."""
    return b.op(ops.Pad(), x, b.ints(*onnx_pads(((0, 0), (0, 0), *pads))), fill)


def _average(b: Builder, x: Tensor, window: Window, pads: Pads, ceil: bool = False) -> Tensor:
    """The means of the windows over what is neither padding nor overhang."""
    pool = ops.AveragePool(kernel_shape=window.kernel, strides=window.stride, pads=onnx_pads(pads), ceil_mode=int(ceil))
    return b.op(pool, x)


MaxPool1d, MaxPool2d, MaxPool3d = family(
    MaxPooling,
    "max_pool",
    sample("max_pool1d(2)", *_LENGTHS),
    sample("max_pool1d(3, stride=2, padding=[[1, 0]], ceil=true)", *_LENGTHS),
    sample('max_pool1d(3, stride=1, padding="same", dilation=3)', *_LENGTHS),
    sample("max_pool2d(2)", *_IMAGES),
    sample("max_pool2d(3, stride=2, padding=1)", *_IMAGES),
    sample("max_pool2d([3, 2], stride=[2, 3], padding=[[0, 1], [1, 0]], ceil=true)", *_IMAGES),
    sample("max_pool2d([2, 3], stride=1, padding=[0, 1], dilation=[3, 2])", *_IMAGES),
    sample("max_pool3d([1, 2, 2])", *_VOLUMES),
    sample("max_pool3d(2, stride=[1, 2, 1], padding=[[1, 0], 0, 1], dilation=[2, 1, 1], ceil=true)", *_VOLUMES),
)
AvgPool1d, AvgPool2d, AvgPool3d = family(
    AveragePooling,
    "avg_pool",
    sample("avg_pool1d(2)", *_LENGTHS),
    sample("avg_pool1d(3, stride=2, padding=[[0, 1]], ceil=true)", *_LENGTHS),
    sample("avg_pool1d(4, stride=3, padding=2, ceil=true, count_include_pad=true)", *_LENGTHS),
    sample("avg_pool2d(2)", *_IMAGES),
    sample('avg_pool2d(3, stride=1, padding="same")', *_IMAGES),
    sample("avg_pool2d([3, 2], stride=[2, 3], padding=[[0, 1], [1, 0]], ceil=true)", *_IMAGES),
    sample("avg_pool2d(3, stride=2, padding=1, ceil=true, count_include_pad=true)", *_IMAGES),
    sample("avg_pool3d([1, 2, 2])", *_VOLUMES),
    sample("avg_pool3d([3, 2, 2], stride=[1, 2, 3], padding=[[1, 0], 0, 1], ceil=true)", *_VOLUMES),
    sample("avg_pool3d(2, stride=1, padding=1, count_include_pad=true)", *_VOLUMES),
)
SumPool1d, SumPool2d, SumPool3d = family(
    SumPooling,
    "sum_pool",
    sample("sum_pool1d(2)", *_LENGTHS),
    sample("sum_pool1d(4, stride=3, padding=[[2, 1]], ceil=true)", *_LENGTHS),
    sample("sum_pool2d(2)", *_IMAGES),
    sample('sum_pool2d(3, stride=1, padding="same")', *_IMAGES),
    sample("sum_pool2d([3, 2], stride=[2, 3], padding=[[0, 1], [1, 0]], ceil=true)", *_IMAGES),
    sample("sum_pool3d([1, 2, 2])", *_VOLUMES),
    sample("sum_pool3d([3, 2, 2], stride=[1, 2, 3], padding=[[1, 0], 0, 1], ceil=true)", *_VOLUMES),
)
LpPool1d, LpPool2d, LpPool3d = family(
    LpPooling,
    "lp_pool",
    sample("lp_pool1d(2)", *_LENGTHS),
    sample("lp_pool1d(4, p=3, stride=3, padding=[[2, 1]])", *_LENGTHS),
    sample("lp_pool2d(2)", *_IMAGES),
    sample('lp_pool2d(3, p=1, stride=1, padding="same")', *_IMAGES),
    sample("lp_pool2d([3, 2], p=3, stride=[2, 3], padding=[[0, 1], [1, 0]])", *_IMAGES),
    sample("lp_pool3d([1, 2, 2])", *_VOLUMES),
    sample("lp_pool3d([3, 2, 2], p=1, stride=[1, 2, 3], padding=[[1, 0], 0, 1])", *_VOLUMES),
)
