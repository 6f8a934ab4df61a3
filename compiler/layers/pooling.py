"""Pooling over sliding windows: maxima, means and sums, in one, two and three dimensions."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from ..diagnostics import DotnnError
from ..diagnostics.windows import PoolPaddingTooLarge, WindowInPadding
from ..graph.dims import Dim, format_dim
from ..graph.types import DType, TensorType
from ..records import record
from .attributes import Flag, Padding, Pads, PerAxis, attribute
from .base import NO_DOUBLE_ON_CPU, Emitter, Layer, Operand, Sample, Site, Window
from .reach import Along, Reach
from .rules import required
from .windows import (
    AxisWindow,
    axis_windows,
    need_spatial,
    onnx_pads,
    resolve_padding,
    slide,
    sliding_view,
    window_reach,
)

if TYPE_CHECKING:
    import numpy as np

_LENGTHS = ({"N": 1, "L": 6}, {"N": 2, "L": 9}, {"N": 3, "L": 11})
_IMAGES = ({"N": 1, "H": 5, "W": 6}, {"N": 2, "H": 8, "W": 7}, {"N": 3, "H": 7, "W": 9})
_VOLUMES = (
    {"N": 1, "D": 3, "H": 4, "W": 5},
    {"N": 2, "D": 4, "H": 6, "W": 3},
    {"N": 3, "D": 5, "H": 3, "W": 4},
)
_SEQUENCE = {"x": "float32[N, 2, L]"}
_IMAGE = {"x": "float32[N, 2, H, W]"}
_VOLUME = {"x": "float32[N, 2, D, H, W]"}


@record
class Pooling(Layer, ABC):
    """Base of the poolings over sliding windows; a class says how many spatial axes there are."""

    spatial_rank: ClassVar[int]
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "the input, channels first"),)

    kernel: tuple[int, ...] = attribute(PerAxis(), doc="Size of the window.", positional=True)
    stride: tuple[int, ...] | None = attribute(PerAxis(), None, doc="By how much the window moves.", shown="kernel")
    padding: Pads | str | None = attribute(
        Padding(),
        None,
        doc="Positions added before and after each spatial axis, at most half of the kernel.",
        shown="0",
    )
    ceil: bool = attribute(
        Flag(),
        False,
        doc="Whether a last window may overhang the end; it must start inside or in the padding before.",
    )

    @property
    def window(self) -> Window:
        """The window with its defaults filled in."""
        return Window(self.kernel, self.stride or self.kernel, (1,) * self.spatial_rank)

    @property
    def declared_padding(self) -> Pads | str:
        """The padding with its default filled in."""
        return ((0, 0),) * self.spatial_rank if self.padding is None else self.padding

    @property
    def overhangs(self) -> bool:
        """Whether a last window may overhang; with ``"same"`` as many windows fit in any case."""
        return self.ceil and self.padding != "same"

    def pads(self, sizes: Sequence[Dim]) -> Pads:
        """(before, after) of each spatial axis for an input of these spatial sizes."""
        return resolve_padding(sizes, self.window, self.declared_padding)

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """``[N, C, *outputs]``."""
        x = required(operands, 0)
        need_spatial(site, x, self.spatial_rank)
        self._need_small_padding(site)
        outputs = slide(site, x, self.window, self.declared_padding, self.ceil)
        return (x.with_shape(*x.shape[:2], *outputs),)

    def _need_small_padding(self, site: Site) -> None:
        """What ``"same"`` pads is at most half of what the window spans, by its definition."""
        if self.padding is None or isinstance(self.padding, str):
            return
        for number, (pad, kernel) in enumerate(zip(self.padding, self.kernel, strict=True), start=2):
            if max(pad) <= kernel // 2:
                continue
            raise DotnnError(
                PoolPaddingTooLarge(
                    span=site.argument("padding"), kind=site.kind, axis=number, amount=max(pad), kernel=kernel
                )
            )

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """Its window, in every channel."""
        return window_reach(self.window, self.pads(required(operands, 0).shape[2:]), Along(1))

    def _with_overhang(self, pads: Pads) -> Pads:
        """Padding with which as many windows fit whole as fit into ``pads`` with a last one overhanging."""
        if not self.overhangs:
            return pads
        axes = zip(axis_windows(self.window), pads, strict=True)
        return tuple((before, axis.whole_padding(after)) for axis, (before, after) in axes)

    def _windows(self, x: np.ndarray, fill: float) -> np.ndarray:
        return sliding_view(x, self.window, self.pads(x.shape[2:]), fill, self.overhangs)

    def _kernel_axes(self) -> tuple[int, ...]:
        return tuple(range(2, 2 + self.spatial_rank))


@record
class MaxPooling(Pooling, ABC):
    """Base of the poolings that take maxima; padding counts as minus infinity."""

    formula: ClassVar[str] = "y[n, c, i] = max over k of x[n, c, i*stride + k*dilation - before]"
    foreign_names: ClassVar[tuple[str, ...]] = ("maxpool", "maxpooling", "maxpooling{rank}d", "pool")
    source: ClassVar[str] = "PyTorch, torch.nn.MaxPool2d"

    dilation: tuple[int, ...] | None = attribute(
        PerAxis(), None, doc="Distance between the positions that the window reads.", shown="1"
    )

    @property
    def window(self) -> Window:
        """The window with its defaults filled in."""
        return Window(self.kernel, self.stride or self.kernel, self.dilation or (1,) * self.spatial_rank)

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """``[N, C, *outputs]``; no window may miss the input."""
        results = super().infer(operands, site)
        x = required(operands, 0)
        axes = zip(axis_windows(self.window), self.pads(x.shape[2:]), strict=True)
        for number, (axis, pad) in enumerate(axes, start=2):
            if not _always_meets_input(axis, pad):
                _need_long_axis(site, x, number, axis)
        return results

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The greatest number of each window."""
        windows = self._windows(required(operands, 0), fill=-math.inf)
        return (windows.max(axis=self._kernel_axes()),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """One ``MaxPool``; padding as wide as the kernel, which onnxruntime refuses, is a ``Pad`` before."""
        x, window = required(e.operand_types, 0), self.window
        value, pads = required(e.operands, 0), self.pads(x.shape[2:])
        if any(max(pad) >= kernel for pad, kernel in zip(pads, window.kernel, strict=True)):
            value = _padded(e, value, pads, e.constant(-math.inf, x.dtype))
            pads = ((0, 0),) * self.spatial_rank
        pooled = e.op(
            "MaxPool",
            value,
            kernel_shape=window.kernel,
            strides=window.stride,
            dilations=window.dilation,
            pads=onnx_pads(pads),
            ceil_mode=int(self.overhangs),
        )
        return (pooled,)


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
    size = x.shape[number]
    otherwise = WindowInPadding(
        span=site.argument("dilation"),
        kind=site.kind,
        found=str(x),
        axis=number,
        dilation=axis.dilation,
        size=format_dim(size),
    )
    site.at_least(size, axis.dilation, otherwise, f"`{site.kind}` steps by {axis.dilation} positions")


@record
class AveragePooling(Pooling, ABC):
    """Base of the poolings that take means."""

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

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The sum of each window over the number of its positions that count."""
        x = required(operands, 0)
        total = self._windows(x, fill=0.0).sum(axis=self._kernel_axes())
        pads = self.pads(x.shape[2:])
        for number, (axis, pad) in enumerate(zip(axis_windows(self.window), pads, strict=True), start=2):
            counts = self._counts(axis, pad, x.shape[number], total.shape[number])
            total = total / counts.reshape(-1, *(1,) * (total.ndim - number - 1)).astype(x.dtype)
        return (total,)

    def _counts(self, axis: AxisWindow, pad: tuple[int, int], size: int, windows: int) -> np.ndarray:
        """How many positions of each window count along an axis; an overhang never does."""
        import numpy as np

        before, after = pad if self.count_include_pad else (0, 0)
        starts = np.arange(windows) * axis.stride - pad[0]
        ends = np.minimum(starts + axis.kernel, size + after)
        return ends - np.maximum(starts, -before)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """One ``AveragePool``; padding that counts is a ``Pad`` before, so that it belongs to the input.

        onnxruntime 1.21 divides wrongly where ``count_include_pad`` is set in two and three dimensions.
        """
        x = required(e.operand_types, 0)
        value, pads = required(e.operands, 0), self.pads(x.shape[2:])
        if not self.count_include_pad or not _pads_anything(pads):
            return (_average(e, value, self.window, pads, self.overhangs),)
        value = _padded(e, value, pads)
        wider = self._with_overhang(pads)
        rest = tuple((0, end - after) for (_, end), (_, after) in zip(wider, pads, strict=True))
        return (_average(e, value, self.window, rest),)


@record
class SumPooling(Pooling, ABC):
    """Base of the poolings that take sums; padding counts as zeros."""

    formula: ClassVar[str] = "y[n, c, i] = sum over k of x[n, c, i*stride + k - before]"
    source: ClassVar[str] = "Average pooling times the size of the window"
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The sum of each window."""
        windows = self._windows(required(operands, 0), fill=0.0)
        return (windows.sum(axis=self._kernel_axes()),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """The mean over windows, times their size; padding and overhang are zeros put around the input before."""
        x, window = required(e.operand_types, 0), self.window
        value, pads = required(e.operands, 0), self._with_overhang(self.pads(x.shape[2:]))
        if _pads_anything(pads):
            value = _padded(e, value, pads)
        mean = _average(e, value, window, ((0, 0),) * self.spatial_rank)
        return (e.op("Mul", mean, e.constant(float(math.prod(window.kernel)), x.dtype)),)


def _pads_anything(pads: Pads) -> bool:
    return any(before or after for before, after in pads)


def _padded(e: Emitter, value: str, pads: Pads, fill: str | None = None) -> str:
    """The tensor with its spatial axes padded, with zeros unless ``fill`` names another number."""
    around = e.constant(onnx_pads(((0, 0), (0, 0), *pads)), DType.INT64)
    return e.op("Pad", value, around, fill)


def _average(e: Emitter, value: str, window: Window, pads: Pads, ceil: bool = False) -> str:
    """The means of the windows over what is neither padding nor overhang."""
    return e.op(
        "AveragePool",
        value,
        kernel_shape=window.kernel,
        strides=window.stride,
        pads=onnx_pads(pads),
        ceil_mode=int(ceil),
    )


@final
@record
class MaxPool1d(MaxPooling):
    """Takes the greatest number of each window of sequences: `[N, C, L]` becomes `[N, C, L']`.

    The stride is the kernel unless given, as in PyTorch and Keras; ONNX's default is 1. Padding counts as
    minus infinity, never as zeros, and is at most half of the kernel. `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    kind: ClassVar[str] = "max_pool1d"
    spatial_rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("max_pool1d(2)", _SEQUENCE, _LENGTHS),
        Sample("max_pool1d(3, stride=2, padding=[[1, 0]], ceil=true)", _SEQUENCE, _LENGTHS),
        Sample('max_pool1d(3, stride=1, padding="same", dilation=3)', _SEQUENCE, _LENGTHS),
    )


@final
@record
class MaxPool2d(MaxPooling):
    """Takes the greatest number of each window of images: `[N, C, H, W]` becomes `[N, C, H', W']`.

    The stride is the kernel unless given, as in PyTorch and Keras; ONNX's default is 1. Padding counts as
    minus infinity, never as zeros, and is at most half of the kernel. `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    kind: ClassVar[str] = "max_pool2d"
    spatial_rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("max_pool2d(2)", _IMAGE, _IMAGES),
        Sample("max_pool2d(3, stride=2, padding=1)", _IMAGE, _IMAGES),
        Sample("max_pool2d([3, 2], stride=[2, 3], padding=[[0, 1], [1, 0]], ceil=true)", _IMAGE, _IMAGES),
        Sample("max_pool2d([2, 3], stride=1, padding=[0, 1], dilation=[3, 2])", _IMAGE, _IMAGES),
    )


@final
@record
class MaxPool3d(MaxPooling):
    """Takes the greatest number of each window of volumes: `[N, C, D, H, W]` becomes `[N, C, D', H', W']`.

    The stride is the kernel unless given, as in PyTorch and Keras; ONNX's default is 1. Padding counts as
    minus infinity, never as zeros, and is at most half of the kernel. `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    kind: ClassVar[str] = "max_pool3d"
    spatial_rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("max_pool3d([1, 2, 2])", _VOLUME, _VOLUMES),
        Sample(
            "max_pool3d(2, stride=[1, 2, 1], padding=[[1, 0], 0, 1], dilation=[2, 1, 1], ceil=true)",
            _VOLUME,
            _VOLUMES,
        ),
    )


@final
@record
class AvgPool1d(AveragePooling):
    """Takes the mean of each window of sequences: `[N, C, L]` becomes `[N, C, L']`.

    The stride is the kernel unless given. The mean is taken over the positions inside the input, as in
    TensorFlow and ONNX; with `count_include_pad=true`, PyTorch's default, over declared padding too, as
    zeros. What a last window overhangs with `ceil=true` never counts. `padding="same"` gives `ceil(n /
    stride)`.
    """

    kind: ClassVar[str] = "avg_pool1d"
    spatial_rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("avg_pool1d(2)", _SEQUENCE, _LENGTHS),
        Sample("avg_pool1d(3, stride=2, padding=[[0, 1]], ceil=true)", _SEQUENCE, _LENGTHS),
        Sample("avg_pool1d(4, stride=3, padding=2, ceil=true, count_include_pad=true)", _SEQUENCE, _LENGTHS),
    )


@final
@record
class AvgPool2d(AveragePooling):
    """Takes the mean of each window of images: `[N, C, H, W]` becomes `[N, C, H', W']`.

    The stride is the kernel unless given. The mean is taken over the positions inside the input, as in
    TensorFlow and ONNX; with `count_include_pad=true`, PyTorch's default, over declared padding too, as
    zeros. What a last window overhangs with `ceil=true` never counts. `padding="same"` gives `ceil(n /
    stride)`.
    """

    kind: ClassVar[str] = "avg_pool2d"
    spatial_rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("avg_pool2d(2)", _IMAGE, _IMAGES),
        Sample('avg_pool2d(3, stride=1, padding="same")', _IMAGE, _IMAGES),
        Sample("avg_pool2d([3, 2], stride=[2, 3], padding=[[0, 1], [1, 0]], ceil=true)", _IMAGE, _IMAGES),
        Sample("avg_pool2d(3, stride=2, padding=1, ceil=true, count_include_pad=true)", _IMAGE, _IMAGES),
    )


@final
@record
class AvgPool3d(AveragePooling):
    """Takes the mean of each window of volumes: `[N, C, D, H, W]` becomes `[N, C, D', H', W']`.

    The stride is the kernel unless given. The mean is taken over the positions inside the input, as in
    TensorFlow and ONNX; with `count_include_pad=true`, PyTorch's default, over declared padding too, as
    zeros. What a last window overhangs with `ceil=true` never counts. `padding="same"` gives `ceil(n /
    stride)`.
    """

    kind: ClassVar[str] = "avg_pool3d"
    spatial_rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("avg_pool3d([1, 2, 2])", _VOLUME, _VOLUMES),
        Sample("avg_pool3d([3, 2, 2], stride=[1, 2, 3], padding=[[1, 0], 0, 1], ceil=true)", _VOLUME, _VOLUMES),
        Sample("avg_pool3d(2, stride=1, padding=1, count_include_pad=true)", _VOLUME, _VOLUMES),
    )


@final
@record
class SumPool1d(SumPooling):
    """Takes the sum of each window of sequences: `[N, C, L]` becomes `[N, C, L']`.

    The stride is the kernel unless given; padding counts as zeros, and `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    kind: ClassVar[str] = "sum_pool1d"
    spatial_rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("sum_pool1d(2)", _SEQUENCE, _LENGTHS),
        Sample("sum_pool1d(4, stride=3, padding=[[2, 1]], ceil=true)", _SEQUENCE, _LENGTHS),
    )


@final
@record
class SumPool2d(SumPooling):
    """Takes the sum of each window of images: `[N, C, H, W]` becomes `[N, C, H', W']`.

    The stride is the kernel unless given; padding counts as zeros, and `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    kind: ClassVar[str] = "sum_pool2d"
    spatial_rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("sum_pool2d(2)", _IMAGE, _IMAGES),
        Sample('sum_pool2d(3, stride=1, padding="same")', _IMAGE, _IMAGES),
        Sample("sum_pool2d([3, 2], stride=[2, 3], padding=[[0, 1], [1, 0]], ceil=true)", _IMAGE, _IMAGES),
    )


@final
@record
class SumPool3d(SumPooling):
    """Takes the sum of each window of volumes: `[N, C, D, H, W]` becomes `[N, C, D', H', W']`.

    The stride is the kernel unless given; padding counts as zeros, and `padding="same"` gives `ceil(n /
    stride)`. `ceil=true` follows PyTorch: a last window may overhang, if it starts inside the input or the
    padding before it.
    """

    kind: ClassVar[str] = "sum_pool3d"
    spatial_rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("sum_pool3d([1, 2, 2])", _VOLUME, _VOLUMES),
        Sample("sum_pool3d([3, 2, 2], stride=[1, 2, 3], padding=[[1, 0], 0, 1], ceil=true)", _VOLUME, _VOLUMES),
    )
