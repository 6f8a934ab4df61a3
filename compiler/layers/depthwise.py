"""Convolutions of each channel by itself: ``depthwise_conv1d/2d``, and ``separable_conv1d/2d``, which then mix them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from .. import operators as ops
from ..graph.types import TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import Integer, attribute
from .base import KerasTensor, Read, Sample, Site, WeightSpec
from .channels import need_channels
from .convolution import Convolving
from .cost import Cost, product, product_text
from .reach import Along, Reach
from .shape_rules import known
from .spatial_families import flat_family, sample
from .windows import need_spatial, slide

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@record
class Depthwise(Convolving, ABC):
    """Base of layers that convolve each channel with filters of its own."""

    multiplier: int = attribute(Integer(1), 1, doc="How many filters each input channel has.")

    def copies(self, x: TensorType) -> int:
        """How many channels the filters give."""
        return known(x.shape[1]) * self.multiplier

    def convolved(self, site: Site, x: TensorType) -> TensorType:
        """``[N, C * multiplier, *outputs]``."""
        need_spatial(site, x, self.spatial_rank)
        outputs = slide(site, x, self.window, self.declared_padding)
        return x.with_shape(x.shape[0], need_channels(site, x) * self.multiplier, *outputs)

    def filters_spec(self, x: TensorType, keras: str) -> WeightSpec:
        """``[C * multiplier, 1, *kernel]``; Keras has ``[*kernel, C, multiplier]``."""
        rank, shape = self.spatial_rank, (self.copies(x), 1, *self.kernel)
        theirs = (*self.kernel, known(x.shape[1]), self.multiplier)
        return replace(self.weight_spec(shape), keras=(KerasTensor(keras, theirs, (rank, rank + 1, *range(rank))),))


@record
class DepthwiseConvolution(Depthwise, ABC):
    """Slides filters of its own over each channel of {inputs}: `[N, C, {axes}]` becomes `[N, C*multiplier, {outputs}]`.

    Channel `c` gives the channels `c*multiplier` to `c*multiplier + multiplier - 1`. It is a convolution with as many
    groups as channels, as PyTorch writes it (`groups=C`); the weight is `[C*multiplier, 1, *kernel]`, and Keras's
    kernel `[*kernel, C, multiplier]`. Sizes and `padding` are those of `conv{rank}d`.

    Initializers count as in PyTorch, by the shape of the weight: each output is fed by the `kernel` inputs of one
    channel. Keras counts all channels.
    """

    foreign_names: ClassVar[tuple[str, ...]] = ("depthwiseconv", "depthwiseconvolution", "dwconv", "dwconv{rank}d")
    formula: ClassVar[str] = (
        "y[c*multiplier + m, i{j}] = bias[c*multiplier + m] + sum over k{l} of weight[c*multiplier + m, 0, k{l}] "
        "* x[c, i*stride + k*dilation - before{second}]"
    )
    source: ClassVar[str] = "Howard et al., MobileNets (2017); Keras DepthwiseConv2D; PyTorch, torch.nn.Conv2d"

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, C * multiplier, *outputs]``."""
        return self.convolved(site, x)

    def specs(self, x: TensorType) -> tuple[WeightSpec, ...]:
        """``weight`` of shape ``[C * multiplier, 1, *kernel]``, and ``bias``."""
        weight = self.filters_spec(x, "kernel")
        return (weight, self.bias_spec(self.copies(x))) if self.bias else (weight,)

    def cost(self, results: tuple[TensorType, ...], x: TensorType) -> Cost:
        """``3*3*32*26*26`` for one example: window, channels of the result, positions."""
        return product(self.kernel, results[0].shape)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """A channel each, and the window along the spatial axes."""
        examples, _, *spatial = super().positions(read, x)
        return (examples, Along(1, shift=0 if self.multiplier == 1 else None), *spatial)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """Each channel's windows times its filters."""
        return self.with_bias(self.correlated(x, weights["weight"], x.shape[1]), weights.get("bias"))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Conv`` with a group for each channel."""
        return self.conv(b, x, b.weight("weight"), b.weight_or_none("bias"), known(x.shape[1]))


@record
class SeparableConvolution(Depthwise, ABC):
    """A depthwise convolution over {inputs}, then one with kernel 1 that mixes the channels.

    `[N, C, {axes}]` becomes `[N, C*multiplier, {outputs}]` and then `[N, filters, {outputs}]`, with far fewer numbers
    than one convolution that does both. `stride`, `padding` and `dilation` are those of the first; the bias, one, is
    added at the end, as in Keras. Where something shall stand between the two, write `depthwise_conv{rank}d` and
    `conv{rank}d(filters, kernel=1)`.

    Its tensors are `depthwise.weight`, `pointwise.weight` and `pointwise.bias`; written as numbers in a call they are
    `depthwise_weight`, `pointwise_weight` and `bias`. `init` starts both weights.
    """

    literal_weights: ClassVar[tuple[str, ...]] = ("depthwise_weight", "pointwise_weight", "bias")
    foreign_names: ClassVar[tuple[str, ...]] = ("separableconv", "separableconvolution{rank}d", "sepconv{rank}d")
    formula: ClassVar[str] = (
        "y[f, i{j}] = bias[f] + sum over c, m of pointwise[f, c*multiplier + m] * sum over k{l} of "
        "depthwise[c*multiplier + m, k{l}] * x[c, i*stride + k*dilation - before{second}]"
    )
    source: ClassVar[str] = "Chollet, Xception (2017); Keras SeparableConv2D"

    filters: int = attribute(Integer(1), doc="How many output channels.", positional=True)

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, filters, *outputs]``."""
        between = self.convolved(site, x)
        return between.with_shape(between.shape[0], self.filters, *between.shape[2:])

    def specs(self, x: TensorType) -> tuple[WeightSpec, ...]:
        """``depthwise.weight`` as above, ``pointwise.weight`` and ``pointwise.bias``.

        Their shapes are ``[C * multiplier, 1, *kernel]``, ``[filters, C * multiplier, 1, ...]`` and ``[filters]``.
        """
        ones, copies = (1,) * self.spatial_rank, self.copies(x)
        depthwise = replace(
            self.filters_spec(x, "depthwise_kernel"), name="depthwise.weight", argument="depthwise_weight"
        )
        pointwise = replace(
            self.weight_spec((self.filters, copies, *ones)), name="pointwise.weight", argument="pointwise_weight"
        )
        (kernel,) = pointwise.keras
        pointwise = replace(pointwise, keras=(replace(kernel, name="pointwise_kernel"),))
        bias = replace(self.bias_spec(self.filters), name="pointwise.bias", argument="bias")
        return (depthwise, pointwise, bias) if self.bias else (depthwise, pointwise)

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """``3*3*32 + (32+1)*64``."""
        depthwise, pointwise, *bias = specs
        copies, _, *kernel = depthwise.shape
        read = f"({copies}+1)" if bias else f"{copies}"
        return f"{product_text((*kernel, copies))} + {read}*{pointwise.shape[0]}"

    def cost(self, results: tuple[TensorType, ...], x: TensorType) -> Cost:
        """``3*3*32*26*26 + 32*64*26*26`` for one example: both convolutions."""
        copies, shape = self.copies(x), results[0].shape
        depthwise = product(self.kernel, (shape[0], copies, *shape[2:]))
        pointwise = product((copies,), shape)
        return Cost(depthwise.number + pointwise.number, f"{depthwise.text} + {pointwise.text}")

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """Each channel's windows times its filters, then a product of matrices at every position."""
        between = self.correlated(x, weights["depthwise.weight"], x.shape[1])
        pointwise = weights["pointwise.weight"].reshape(self.filters, -1)
        mixed = np.matmul(pointwise, between.reshape(*between.shape[:2], -1))
        y = mixed.reshape(len(x), self.filters, *between.shape[2:])
        return self.with_bias(y, weights.get("pointwise.bias"))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """Two ``Conv``."""
        between = self.conv(b, x, b.weight("depthwise.weight"), None, known(x.shape[1]))
        pointwise = ops.Conv(kernel_shape=(1,) * self.spatial_rank)
        return b.op(pointwise, between, b.weight("pointwise.weight"), b.weight_or_none("pointwise.bias"))


_WORDS = {"j": ("", ", j"), "l": ("", ", l"), "second": ("", ", j*stride + l*dilation - before"), "rank": ("1", "2")}
_LENGTHS = ((8,), (9,), (12,))
_IMAGES = ((5, 6), (8, 7), (6, 9))

DepthwiseConv1d, DepthwiseConv2d = flat_family(
    DepthwiseConvolution,
    "depthwise_conv",
    sample("depthwise_conv1d(kernel=3)", *_LENGTHS, channels=4),
    sample("depthwise_conv1d(kernel=4, multiplier=3, stride=3, padding=[[2, 1]], bias=false)", *_LENGTHS),
    sample('depthwise_conv1d(kernel=2, padding="same", dilation=3, init=he_normal, bias_init=ones)', *_LENGTHS),
    Sample("depthwise_conv1d(kernel=2, weight=[[[1, -1]], [[2, 0]]], bias=[0.5, -1])", {"x": "float32[2, 2, 6]"}),
    sample("depthwise_conv2d(kernel=3)", *_IMAGES, channels=3),
    sample("depthwise_conv2d(kernel=[3, 2], multiplier=2, stride=[2, 1], padding=1, bias=false)", *_IMAGES),
    sample("depthwise_conv2d(kernel=3, padding=[[0, 1], [2, 0]], dilation=[1, 2], bias_init=ones)", *_IMAGES),
    sample('depthwise_conv2d(kernel=[3, 4], padding="same", multiplier=3, init=he_normal)', *_IMAGES, channels=1),
    sample("depthwise_conv2d(kernel=[1, 2], weight=[[[[1, -1]]], [[[3, 1]]]], bias=false)", *_IMAGES),
    **_WORDS,
)
SeparableConv1d, SeparableConv2d = flat_family(
    SeparableConvolution,
    "separable_conv",
    sample("separable_conv1d(5, kernel=3)", *_LENGTHS, channels=4),
    sample("separable_conv1d(3, kernel=4, multiplier=2, stride=3, padding=[[2, 1]], bias=false)", *_LENGTHS),
    sample('separable_conv1d(2, kernel=2, padding="same", dilation=3, init=he_normal, bias_init=ones)', *_LENGTHS),
    sample(
        "separable_conv1d(1, kernel=2, depthwise_weight=[[[1, -1]]], pointwise_weight=[[[2]]], bias=[0.5])",
        *_LENGTHS,
        channels=1,
    ),
    sample("separable_conv2d(4, kernel=3)", *_IMAGES, channels=3),
    sample("separable_conv2d(3, kernel=[3, 2], multiplier=2, stride=[2, 1], padding=1, bias=false)", *_IMAGES),
    sample("separable_conv2d(2, kernel=3, padding=[[0, 1], [2, 0]], dilation=[1, 2], bias_init=ones)", *_IMAGES),
    sample('separable_conv2d(6, kernel=[3, 4], padding="same", init=he_normal)', *_IMAGES, channels=1),
    sample(
        "separable_conv2d(1, kernel=[1, 2], depthwise_weight=[[[[1, -1]]], [[[3, 1]]]], "
        "pointwise_weight=[[[[2]], [[1]]]], bias=[0.5])",
        *_IMAGES,
    ),
    **_WORDS,
)
