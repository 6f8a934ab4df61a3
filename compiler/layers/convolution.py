"""Convolutions in one, two and three dimensions: ``conv1d``, ``conv2d``, ``conv3d``."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from ..diagnostics import DotnnError
from ..diagnostics.windows import ChannelsNotDivisible, FiltersNotDivisible
from ..graph.dims import Dim, DimExpr
from ..graph.types import DType, TensorType
from ..records import record
from .attributes import Flag, Integer, Padding, Pads, PerAxis, attribute
from .base import NO_DOUBLE_ON_CPU, Emitter, Operand, Sample, Site, WeightSpec, Window
from .reach import WHOLE, Reach
from .rules import counted, need_known, product_text, required
from .weighted import Weighted
from .windows import channels_first_order, need_spatial, onnx_pads, resolve_padding, slide, sliding_view, window_reach

if TYPE_CHECKING:
    import numpy as np

_SOURCE = "Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016); PyTorch, torch.nn.Conv2d"

_IMAGES = ({"N": 1, "H": 5, "W": 6}, {"N": 2, "H": 8, "W": 7}, {"N": 3, "H": 3, "W": 9})
_VOLUMES = (
    {"N": 1, "D": 2, "H": 3, "W": 4},
    {"N": 2, "D": 3, "H": 6, "W": 5},
    {"N": 3, "D": 5, "H": 4, "W": 2},
)


def _lengths(*lengths: int) -> tuple[dict[str, int], ...]:
    """Sizes for batches of 1, 2, 3 and so on."""
    return tuple({"N": number, "L": length} for number, length in enumerate(lengths, start=1))


@record
class Convolution(Weighted, ABC):
    """Base of the convolutions; a class says how many spatial axes there are.

    The weight has the shape ``[filters, C / groups, *kernel]``, the bias ``[filters]``.
    """

    spatial_rank: ClassVar[int]
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "the input, channels first"),)
    literal_weights: ClassVar[tuple[str, ...]] = ("weight", "bias")
    foreign_names: ClassVar[tuple[str, ...]] = ("conv", "convolution", "convolution{rank}d")
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU
    source: ClassVar[str] = _SOURCE

    filters: int = attribute(Integer(1), doc="How many output channels.", positional=True)
    kernel: tuple[int, ...] = attribute(PerAxis(), doc="Size of the window.")
    stride: tuple[int, ...] | None = attribute(PerAxis(), None, doc="By how much the window moves.", shown="1")
    padding: Pads | str | None = attribute(
        Padding(), None, doc="Zeros around the input: before and after each spatial axis.", shown="0"
    )
    dilation: tuple[int, ...] | None = attribute(
        PerAxis(), None, doc="Distance between the positions that the window reads.", shown="1"
    )
    groups: int = attribute(Integer(1), 1, doc="Parts that the channels are split into, each with its own filters.")
    bias: bool = attribute(Flag(), True, doc="Whether a learned number is added to each output channel.")

    @property
    def window(self) -> Window:
        """The window with its defaults filled in."""
        ones = (1,) * self.spatial_rank
        return Window(self.kernel, self.stride or ones, self.dilation or ones)

    @property
    def declared_padding(self) -> Pads | str:
        """The padding with its default filled in."""
        return ((0, 0),) * self.spatial_rank if self.padding is None else self.padding

    def pads(self, sizes: Sequence[Dim]) -> Pads:
        """(before, after) of each spatial axis for an input of these spatial sizes."""
        return resolve_padding(sizes, self.window, self.declared_padding)

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """``[N, filters, *outputs]``."""
        x = required(operands, 0)
        need_spatial(site, x, self.spatial_rank)
        channels = need_known(site, 0, x.shape[1], "the number of channels", x)
        self._need_even_groups(site, x, channels)
        outputs = slide(site, x, self.window, self.declared_padding)
        return (x.with_shape(x.shape[0], self.filters, *outputs),)

    def _need_even_groups(self, site: Site, x: TensorType, channels: int) -> None:
        if channels % self.groups:
            last = x.shape[-1]
            fits_last = isinstance(last, int) and last % self.groups == 0
            raise DotnnError(
                ChannelsNotDivisible(
                    span=site.argument("groups"),
                    kind=site.kind,
                    found=str(x),
                    channels=channels,
                    groups=self.groups,
                    order=channels_first_order(x.rank) if fits_last else "",
                    operand=site.operand(0),
                )
            )
        if self.filters % self.groups:
            raise DotnnError(
                FiltersNotDivisible(
                    span=site.argument("filters"),
                    kind=site.kind,
                    filters=self.filters,
                    groups=self.groups,
                    groups_span=site.argument("groups"),
                )
            )

    def weights(self, operands: Sequence[TensorType | None]) -> tuple[WeightSpec, ...]:
        """``weight`` of shape ``[filters, C / groups, *kernel]``, and ``bias``."""
        shape = (self.filters, self._channels_per_group(operands), *self.kernel)
        return self.weight_and_bias(shape, self.bias)

    def _channels_per_group(self, operands: Sequence[TensorType | None]) -> int:
        channels = required(operands, 0).shape[1]
        if isinstance(channels, DimExpr):
            raise ValueError(f"the number of channels {channels} is undecided")
        return channels // self.groups

    def macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """``prod(kernel) * C / groups`` for every element of the output."""
        return math.prod(self.kernel) * self._channels_per_group(operands) * results[0].elements

    def explain_params(self, operands: Sequence[TensorType | None]) -> str:
        """``(3*3*32+1)*32``: the window, the channels it reads, the bias, the filters."""
        inputs = product_text((*self.kernel, self._channels_per_group(operands)))
        return f"({inputs}+1)*{self.filters}" if self.bias else f"{inputs}*{self.filters}"

    def explain_macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> str:
        """``3*3*32*64*26*26`` for one example: window, channels that it reads, filters, positions."""
        reads = (*self.kernel, self._channels_per_group(operands))
        return product_text((*reads, *counted(results[0].shape)))

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """Its window of all channels."""
        return window_reach(self.window, self.pads(required(operands, 0).shape[2:]), WHOLE)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The windows of each group as columns, times its filters as a matrix; cross-correlation, no flip."""
        import numpy as np

        x = required(operands, 0)
        windows = sliding_view(x, self.window, self.pads(x.shape[2:]), fill=0.0)
        filters = weights["weight"].reshape(self.groups, self.filters // self.groups, -1)
        y = np.empty((x.shape[0], self.filters, *windows.shape[-self.spatial_rank :]), x.dtype)
        # One example at a time, so that the columns of a batch never stand in memory together.
        for example, result in zip(windows, y, strict=True):
            columns = example.reshape(self.groups, filters.shape[2], -1)
            result[...] = np.matmul(filters, columns).reshape(result.shape)
        if "bias" in weights:
            y += weights["bias"].reshape(-1, *(1,) * self.spatial_rank)
        return (y,)

    def onnx_attributes(self, x: TensorType) -> dict[str, Any]:
        """The attributes of an ONNX ``Conv`` for an operand of this type."""
        window = self.window
        return {
            "kernel_shape": window.kernel,
            "strides": window.stride,
            "dilations": window.dilation,
            "pads": onnx_pads(self.pads(x.shape[2:])),
            "group": self.groups,
        }

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """One ``Conv`` with explicit pads."""
        bias = [e.weight("bias")] if e.has_weight("bias") else []
        attributes = self.onnx_attributes(required(e.operand_types, 0))
        return (e.op("Conv", e.operands[0], e.weight("weight"), *bias, **attributes),)


@final
@record
class Conv1d(Convolution):
    """Slides learned filters over sequences: `[N, C, L]` becomes `[N, filters, L']`.

    Each filter reads `kernel` positions of all channels of its group and gives one number per position:
    `L' = floor((L + before + after - dilation*(kernel - 1) - 1) / stride) + 1`.

    Embeddings and recurrent layers speak `[N, T, C]`: put `transpose([0, 2, 1])` between. `padding="same"`
    gives `ceil(L / stride)`, the odd position at the end, as in TensorFlow; a causal convolution is
    `padding=[[dilation*(kernel - 1), 0]]`. The filters are not flipped (cross-correlation), as in every
    framework.
    """

    kind: ClassVar[str] = "conv1d"
    spatial_rank: ClassVar[int] = 1
    formula: ClassVar[str] = (
        "y[f, i] = bias[f] + sum over c, k of weight[f, c, k] * x[c, i*stride + k*dilation - before]"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("conv1d(4, kernel=3)", {"x": "float32[N, 2, L]"}, _lengths(3, 8, 11)),
        Sample(
            "conv1d(3, kernel=4, stride=3, padding=[[2, 1]], bias=false, init=he_normal)",
            {"x": "float32[N, 2, L]"},
            _lengths(5, 8, 12),
        ),
        Sample(
            'conv1d(4, kernel=2, padding="same", dilation=3, groups=2, bias_init=ones)',
            {"x": "float32[N, 6, L]"},
            _lengths(1, 4, 7),
        ),
        Sample("conv1d(1, kernel=2, weight=[[[1, -1]]], bias=[0.5])", {"x": "float32[2, 1, 6]"}),
    )


@final
@record
class Conv2d(Convolution):
    """Slides learned filters over images: `[N, C, H, W]` becomes `[N, filters, H', W']`.

    Each filter reads a window of all channels of its group and gives one number per position; along each
    axis there are `floor((n + before + after - dilation*(kernel - 1) - 1) / stride) + 1` of them.

    Images are channels first; Keras's `[N, H, W, C]` becomes so by `transpose([0, 3, 1, 2])`.
    `padding="same"` gives `ceil(n / stride)`, the odd position at the end, as in TensorFlow and unlike
    PyTorch's symmetric padding. The filters are not flipped (cross-correlation), as in every framework.
    """

    kind: ClassVar[str] = "conv2d"
    spatial_rank: ClassVar[int] = 2
    formula: ClassVar[str] = (
        "y[f, i, j] = bias[f] + sum over c, k, l of weight[f, c, k, l] * "
        "x[c, i*stride + k*dilation - before, j*stride + l*dilation - before]"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("conv2d(4, kernel=3)", {"x": "float32[N, 3, H, W]"}, _IMAGES),
        Sample(
            "conv2d(4, kernel=[3, 2], stride=[2, 1], padding=1, bias=false)",
            {"x": "float32[N, 3, H, W]"},
            _IMAGES,
        ),
        Sample(
            "conv2d(6, kernel=3, stride=2, padding=[[0, 1], [2, 0]], dilation=[1, 2], groups=3)",
            {"x": "float32[N, 3, H, W]"},
            _IMAGES,
        ),
        Sample('conv2d(2, kernel=[3, 4], padding="same", init=he_normal)', {"x": "float32[N, 2, H, W]"}, _IMAGES),
        Sample(
            'conv2d(2, kernel=[3, 4], stride=[2, 3], padding="same", bias_init=ones)',
            {"x": "float32[N, 2, 8, 7]"},
            ({"N": 1}, {"N": 2}, {"N": 3}),
        ),
        Sample(
            "conv2d(1, kernel=3, weight=[[[[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]]], bias=false)",
            {"x": "float32[N, 1, H, W]"},
            _IMAGES,
        ),
    )


@final
@record
class Conv3d(Convolution):
    """Slides learned filters over volumes or videos: `[N, C, D, H, W]` becomes `[N, filters, D', H', W']`.

    Each filter reads a window of all channels of its group and gives one number per position; along each
    axis there are `floor((n + before + after - dilation*(kernel - 1) - 1) / stride) + 1` of them. For a
    video, `D` is the time.
    """

    kind: ClassVar[str] = "conv3d"
    spatial_rank: ClassVar[int] = 3
    formula: ClassVar[str] = (
        "y[f, i] = bias[f] + sum over c, k of weight[f, c, k] * x[c, i*stride + k*dilation - before], "
        "with i and k triples"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("conv3d(2, kernel=2)", {"x": "float32[N, 2, D, H, W]"}, _VOLUMES),
        Sample(
            "conv3d(4, kernel=[2, 3, 1], stride=[1, 2, 2], padding=[[1, 0], 1, 0], groups=2, bias=false)",
            {"x": "float32[N, 2, D, H, W]"},
            _VOLUMES,
        ),
        Sample(
            'conv3d(2, kernel=[2, 3, 2], dilation=[1, 2, 1], padding="same", init=he_normal, bias_init=ones)',
            {"x": "float32[N, 1, D, H, W]"},
            _VOLUMES,
        ),
        Sample(
            "conv3d(1, kernel=[2, 1, 2], weight=[[[[[1, -1]], [[2, 0]]]]], bias=[0.5])",
            {"x": "float32[N, 1, D, H, W]"},
            _VOLUMES,
        ),
    )
