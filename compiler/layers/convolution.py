"""Convolutions, ``conv1d``, ``conv2d`` and ``conv3d``, and what all layers of their kind share."""

from __future__ import annotations

import dataclasses
from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.windows import FiltersNotDivisible
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import Flag, Integer, Padding, Pads, PerAxis, attribute
from .base import NO_DOUBLE_ON_CPU, Sample, Site, WeightSpec
from .channels import need_channels, need_even_groups
from .cost import Cost, product
from .reach import WHOLE, Along
from .shape_rules import known
from .spatial_families import ForEach, family, sample
from .weight_attributes import Weighted
from .windows import Sliding, need_spatial, onnx_pads, slide, sliding_view

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: What the pages say of how many numbers there are, and of how frameworks differ.
_DETAILS: ForEach[str] = (
    """Each filter reads `kernel` positions of all channels of its group and gives one number per position:
`L' = floor((L + before + after - dilation*(kernel - 1) - 1) / stride) + 1`.

Embeddings and recurrent layers speak `[N, T, C]`: put `transpose([0, 2, 1])` between. `padding="same"`
gives `ceil(L / stride)`, the odd position at the end, as in TensorFlow; a causal convolution is
`padding=[[dilation*(kernel - 1), 0]]`. The filters are not flipped (cross-correlation), as in every
framework.""",
    """Each filter reads a window of all channels of its group and gives one number per position; along each
axis there are `floor((n + before + after - dilation*(kernel - 1) - 1) / stride) + 1` of them.

Images are channels first; Keras's `[N, H, W, C]` becomes so by `transpose([0, 3, 1, 2])`.
`padding="same"` gives `ceil(n / stride)`, the odd position at the end, as in TensorFlow and unlike
PyTorch's symmetric padding. The filters are not flipped (cross-correlation), as in every framework.""",
    """Each filter reads a window of all channels of its group and gives one number per position; along each
axis there are `floor((n + before + after - dilation*(kernel - 1) - 1) / stride) + 1` of them. For a
video, `D` is the time.""",
)


#: Every attribute of a convolution, in the order of the signatures.
_SIGNATURE = (
    "filters",
    "kernel",
    "multiplier",
    "stride",
    "padding",
    "output_padding",
    "dilation",
    "groups",
    "bias",
    "init",
    "bias_init",
)


@record
class Convolving(Weighted, Sliding, ABC):
    """Base of all convolutions: a window of learned numbers, and a bias."""

    literal_weights: ClassVar[tuple[str, ...]] = ("weight", "bias")
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU
    channels: ClassVar[Along] = WHOLE

    kernel: tuple[int, ...] = attribute(PerAxis(), doc="Size of the window.")
    stride: tuple[int, ...] | None = attribute(PerAxis(), None, doc="By how much the window moves.", shown="1")
    padding: Pads | str | None = attribute(
        Padding(), None, doc="Zeros around the input: before and after each spatial axis.", shown="0"
    )
    dilation: tuple[int, ...] | None = attribute(
        PerAxis(), None, doc="Distance between the positions that the window reads.", shown="1"
    )
    bias: bool = attribute(Flag(), True, doc="Whether a learned number is added to each output channel.")

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes in signature order, whichever class declares them."""
        return tuple(sorted(super().attributes(), key=lambda one: _SIGNATURE.index(one.name)))

    def correlated(self, x: np.ndarray, weight: np.ndarray, groups: int) -> np.ndarray:
        """The windows of each group as columns, times its filters as a matrix; cross-correlation, no flip."""
        windows = sliding_view(x, self.window, self.pads(x.shape[2:]), fill=0.0)
        filters = weight.reshape(groups, len(weight) // groups, -1)
        y = np.empty((len(x), len(weight), *windows.shape[-self.spatial_rank :]), x.dtype)
        # One example at a time, so that the columns of a batch never stand in memory together.
        for example, result in zip(windows, y, strict=True):
            columns = example.reshape(groups, filters.shape[2], -1)
            result[...] = np.matmul(filters, columns).reshape(result.shape)
        return y

    def with_bias(self, y: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        """A number for each channel added, if there is one."""
        return y if bias is None else y + bias.reshape(-1, *(1,) * self.spatial_rank)

    def conv(self, b: Builder, x: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> Tensor:
        """``Conv`` with explicit pads."""
        window = self.window
        conv = ops.Conv(
            kernel_shape=window.kernel,
            strides=window.stride,
            dilations=window.dilation,
            pads=onnx_pads(self.pads(x.shape[2:])),
            group=groups,
        )
        return b.op(conv, x, weight, bias)


@record
class Grouped(Convolving, ABC):
    """Base of the convolutions that are told how many filters there are, and in how many groups."""

    filters: int = attribute(Integer(1), doc="How many output channels.", positional=True)
    groups: int = attribute(Integer(1), 1, doc="Parts that the channels are split into, each with its own filters.")

    def need_even_groups(self, site: Site, x: TensorType) -> None:
        """Demand channels and filters that the groups share evenly."""
        need_channels(site, x)
        need_even_groups(site, x, self.groups)
        if self.filters % self.groups:
            fault = FiltersNotDivisible(
                span=site.argument("filters"),
                kind=site.kind,
                filters=self.filters,
                groups=self.groups,
                groups_span=site.argument("groups"),
            )
            raise DotnnError(fault)


@record
class Convolution(Grouped, ABC):
    """Slides learned filters over {inputs}: `[N, C, {axes}]` becomes `[N, filters, {outputs}]`.

    {details}
    """

    foreign_names: ClassVar[tuple[str, ...]] = ("conv", "convolution", "convolution{rank}d")
    formula: ClassVar[str] = (
        "y[f, i{j}] = bias[f] + sum over c, k{l} of weight[f, c, k{l}] * x[c, i*stride + k*dilation - before{second}]"
        "{triples}"
    )
    source: ClassVar[str] = (
        "Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016); PyTorch, torch.nn.Conv2d"
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, filters, *outputs]``."""
        need_spatial(site, x, self.spatial_rank)
        self.need_even_groups(site, x)
        return x.with_shape(x.shape[0], self.filters, *slide(site, x, self.window, self.declared_padding))

    def specs(self, x: TensorType) -> tuple[WeightSpec, ...]:
        """``weight`` of shape ``[filters, C / groups, *kernel]``, and ``bias``."""
        return self.weight_and_bias((self.filters, self._channels_per_group(x), *self.kernel), self.bias)

    def cost(self, results: tuple[TensorType, ...], x: TensorType) -> Cost:
        """``3*3*32*64*26*26`` for one example: window, channels that it reads, filters, positions."""
        return product((*self.kernel, self._channels_per_group(x)), results[0].shape)

    def _channels_per_group(self, x: TensorType) -> int:
        return known(x.shape[1]) // self.groups

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """Every window times every filter of its group."""
        return self.with_bias(self.correlated(x, weights["weight"], self.groups), weights.get("bias"))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Conv``."""
        return self.conv(b, x, b.weight("weight"), b.weight_or_none("bias"), self.groups)


_IMAGES = ((5, 6), (8, 7), (3, 9))
_VOLUMES = ((2, 3, 4), (3, 6, 5), (5, 4, 2))

Conv1d, Conv2d, Conv3d = family(
    Convolution,
    "conv",
    sample("conv1d(4, kernel=3)", (3,), (8,), (11,)),
    sample("conv1d(3, kernel=4, stride=3, padding=[[2, 1]], bias=false, init=he_normal)", (5,), (8,), (12,)),
    sample('conv1d(4, kernel=2, padding="same", dilation=3, groups=2, bias_init=ones)', (1,), (4,), (7,), channels=6),
    Sample("conv1d(1, kernel=2, weight=[[[1, -1]]], bias=[0.5])", {"x": "float32[2, 1, 6]"}),
    sample("conv2d(4, kernel=3)", *_IMAGES, channels=3),
    sample("conv2d(4, kernel=[3, 2], stride=[2, 1], padding=1, bias=false)", *_IMAGES, channels=3),
    sample("conv2d(6, kernel=3, stride=2, padding=[[0, 1], [2, 0]], dilation=[1, 2], groups=3)", *_IMAGES, channels=3),
    sample('conv2d(2, kernel=[3, 4], padding="same", init=he_normal)', *_IMAGES),
    Sample('conv2d(2, kernel=[3, 4], stride=[2, 3], padding="same", bias_init=ones)', {"x": "float32[N, 2, 8, 7]"}),
    sample("conv2d(1, kernel=3, weight=[[[[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]]], bias=false)", *_IMAGES, channels=1),
    sample("conv3d(2, kernel=2)", *_VOLUMES),
    sample("conv3d(4, kernel=[2, 3, 1], stride=[1, 2, 2], padding=[[1, 0], 1, 0], groups=2, bias=false)", *_VOLUMES),
    sample(
        'conv3d(2, kernel=[2, 3, 2], dilation=[1, 2, 1], padding="same", init=he_normal, bias_init=ones)',
        *_VOLUMES,
        channels=1,
    ),
    sample("conv3d(1, kernel=[2, 1, 2], weight=[[[[[1, -1]], [[2, 0]]]]], bias=[0.5])", *_VOLUMES, channels=1),
    inputs=("sequences", "images", "volumes or videos"),
    details=_DETAILS,
    j=("", ", j", ""),
    l=("", ", l", ""),
    second=("", ", j*stride + l*dilation - before", ""),
    triples=("", "", ", with i and k triples"),
)
