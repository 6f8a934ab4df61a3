"""Transposed convolutions: ``conv_transpose1d``, ``conv_transpose2d``, ``conv_transpose3d``."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.windows import NothingLeft, OutputPaddingTooLarge, OutputPaddingWithSame
from ..dims import Dim, format_dim
from ..graph.types import TensorType
from ..graph.window_arithmetic import AxisWindow
from ..lazy_imports import np
from ..records import record
from .attributes import Padding, Pads, PerAxis, attribute
from .base import Read, Sample, Site, WeightSpec
from .convolution import Grouped
from .cost import Cost, product, product_text
from .reach import Along, Reach
from .shape_rules import known
from .sizes import Asked, Size, around, factor
from .spatial_families import family, sample
from .windows import axis_windows, need_spatial, onnx_pads

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@record
class TransposedConvolution(Grouped, ABC):
    """Spreads {inputs} with learned filters: `[N, C, {axes}]` becomes `[N, filters, {outputs}]`.

    Each input position adds its multiple of a filter to a window of the output, and windows are `stride` apart: a
    convolution read backwards, as its gradient is. Along each axis it gives `(n - 1)*stride + dilation*(kernel - 1) + 1
    - before - after + output_padding` positions. `padding` is what is cut off the ends; `output_padding` adds positions
    at the end, or cuts off less there, and is smaller than the stride or the dilation, as in PyTorch.

    `padding="same"` gives `n * stride`, cutting `max(dilation*(kernel - 1) + 1 - stride, 0)`, half of it, rounded down,
    at the start: TensorFlow's `SAME`. With stride 2 and kernel 3 that is `padding=[[0, 1], ...]`, and not PyTorch's
    usual `padding=1, output_padding=1`, which is one position off. Keras's `"valid"` with a stride above the kernel has
    `output_padding=stride - kernel`, and here it must be written.

    The weight is `[C, filters/groups, *kernel]`, PyTorch's and ONNX's layout; filters are not flipped. Initializers
    count by that shape, as PyTorch and Keras do, so that their fan of inputs is `filters/groups` times the kernel.
    """

    spreads: ClassVar[bool] = True
    foreign_names: ClassVar[tuple[str, ...]] = (
        "convtranspose",
        "conv{rank}dtranspose",
        "convolution{rank}dtranspose",
        "deconv",
        "deconv{rank}d",
        "deconvolution",
        "deconvolution{rank}d",
        "transposedconv",
        "transposedconv{rank}d",
        "transposeconv{rank}d",
        "upconv",
        "upconv{rank}d",
        "fractionallystridedconv",
    )
    formula: ClassVar[str] = (
        "y[f, o{p}] = bias[f] + sum over c, i{j}, k{l} with o = i*stride + k*dilation - before{second} of "
        "weight[c, f, k{l}] * x[c, i{j}]{triples}"
    )
    source: ClassVar[str] = (
        "Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016); PyTorch, "
        "torch.nn.ConvTranspose2d; ONNX ConvTranspose"
    )

    stride: tuple[int, ...] | None = attribute(PerAxis(), None, doc="How far apart the windows are.", shown="1")
    padding: Pads | str | None = attribute(
        Padding(), None, doc="What is cut off before and after each spatial axis of the output.", shown="0"
    )
    output_padding: tuple[int, ...] | None = attribute(
        PerAxis(0), None, doc="Positions added at the end of each spatial axis of the output.", shown="0"
    )
    dilation: tuple[int, ...] | None = attribute(
        PerAxis(), None, doc="Distance between the positions that a window adds to.", shown="1"
    )

    @property
    def crops(self) -> Pads:
        """(before, after): what is cut off each axis of all that the windows cover; ``"same"`` cuts more at the end."""
        padding = self.declared_padding
        if isinstance(padding, tuple):
            return padding
        totals = [max(one.extent - one.stride, 0) for one in axis_windows(self.window)]
        return tuple((total // 2, total - total // 2) for total in totals)

    @property
    def added(self) -> tuple[int, ...]:
        """What is added at the end of each axis; with ``"same"`` what a stride above the window leaves over."""
        if self.padding == "same":
            return tuple(max(one.stride - one.extent, 0) for one in axis_windows(self.window))
        return self.output_padding or (0,) * self.spatial_rank

    def pads(self, sizes: Sequence[Dim]) -> Pads:
        """The crops, which no size changes."""
        return self.crops

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, filters, *outputs]``."""
        need_spatial(site, x, self.spatial_rank)
        self.need_even_groups(site, x)
        self._need_small_output_padding(site)
        axes = zip(axis_windows(self.window), x.shape[2:], self.crops, self.added, strict=True)
        outputs = (self._output(site, x, number, *one) for number, one in enumerate(axes, start=2))
        return x.with_shape(x.shape[0], self.filters, *outputs)

    def size_of(self, asked: Asked, x: TensorType) -> Size | None:
        """How many positions the windows cover along a spatial axis, less what is cut off."""
        if asked.axis < 2:
            return None
        place, size = asked.axis - 2, x.shape[asked.axis]
        one, crop, added = axis_windows(self.window)[place], self.crops[place], self.added[place]
        if self.padding == "same":
            return Size(f"{factor(size)}*{one.stride}", ((0, asked.axis),))
        moved = f"({format_dim(size)} - 1)*{one.stride}" if one.stride > 1 else f"{format_dim(size)} - 1"
        window = f"{one.kernel}" if one.dilation == 1 else f"{one.dilation}*({one.kernel} - 1) + 1"
        return Size(f"{moved} + {window}{around(crop, '-')}{around((0, added))}", ((0, asked.axis),))

    def _need_small_output_padding(self, site: Site) -> None:
        span, written = site.argument("output_padding"), self.output_padding or ()
        if any(written) and self.padding == "same":
            raise DotnnError(OutputPaddingWithSame(span=span, kind=site.kind, padding_span=site.argument("padding")))
        for number, (added, one) in enumerate(zip(written, axis_windows(self.window), strict=False), start=2):
            if added >= max(one.stride, one.dilation):
                fault = OutputPaddingTooLarge(
                    span=span, kind=site.kind, axis=number, added=added, stride=one.stride, dilation=one.dilation
                )
                raise DotnnError(fault)

    def _output(
        self, site: Site, x: TensorType, number: int, axis: AxisWindow, size: Dim, crop: tuple[int, int], added: int
    ) -> Dim:
        least = axis.least_transposed_size(crop, added)
        if least > 1:
            otherwise = NothingLeft(
                **site.about_argument("padding", x),
                axis=number,
                covered=format_dim(axis.transposed_size(size, (0, 0), added)),
                before=crop[0],
                after=crop[1],
                least=least,
                operand=site.operand(0),
            )
            site.at_least(size, least, otherwise)
        return axis.transposed_size(size, crop, added)

    def specs(self, x: TensorType) -> tuple[WeightSpec, ...]:
        """``weight`` of shape ``[C, filters / groups, *kernel]``, and ``bias``."""
        weight = self.weight_spec((known(x.shape[1]), self.filters // self.groups, *self.kernel))
        if self.groups > 1:
            # Keras has no groups here.
            weight = replace(weight, keras=())
        return (weight, self.bias_spec(self.filters)) if self.bias else (weight,)

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """``3*3*32*16 + 16``: the kernel, the channels, the filters of a group, the bias."""
        weight, *bias = specs
        channels, filters, *kernel = weight.shape
        return " + ".join([product_text((*kernel, channels, filters)), *(str(one.elements) for one in bias)])

    def cost(self, results: tuple[TensorType, ...], x: TensorType) -> Cost:
        """``3*3*16*32*7*7`` for one example: window, filters of a group, channels, positions of the input."""
        return product((*self.kernel, self.filters // self.groups), x.shape)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """With stride 1 a window; else as many neighbours as windows can overlap at one position.

        A result moves by ``1 / stride`` of the input, for which there is no form: it is said to move by 1.
        """
        axes = zip(axis_windows(self.window), self.crops, strict=True)
        return (Along(0), self.channels, *(_read(axis, *one) for axis, one in enumerate(axes, start=2)))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """Every input position times every number of the filters, added where it belongs."""
        windows, sizes = axis_windows(self.window), x.shape[2:]
        triples = list(zip(windows, sizes, self.added, strict=True))
        covered = [known(one.transposed_size(size, (0, 0), added)) for one, size, added in triples]
        columns = x.reshape(len(x), self.groups, x.shape[1] // self.groups, -1)
        filters = weights["weight"].reshape(*columns.shape[1:3], self.filters // self.groups, *self.kernel)
        y = np.zeros((len(x), self.filters, *covered), x.dtype)
        for place in np.ndindex(*self.kernel):
            starts = [k * one.dilation for k, one in zip(place, windows, strict=True)]
            reached = zip(starts, sizes, self.window.stride, strict=True)
            target = tuple(slice(start, start + (size - 1) * step + 1, step) for start, size, step in reached)
            products = np.matmul(filters[(..., *place)].swapaxes(1, 2), columns)
            y[(..., *target)] += products.reshape(len(x), self.filters, *sizes)
        pairs = zip(self.crops, covered, strict=True)
        kept = tuple(slice(before, size - after) for (before, after), size in pairs)
        return self.with_bias(y[(..., *kept)], weights.get("bias"))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``ConvTranspose``; what is cut off and added at one end is first set off against each other.

        onnxruntime adds less than a stride only, where a dilation allows more: the rest are zeros behind the input.
        """
        window, pairs = self.window, zip(self.crops, self.added, strict=True)
        crops = tuple((before, max(after - added, 0)) for (before, after), added in pairs)
        left = [max(added - after, 0) for (_, after), added in zip(self.crops, self.added, strict=True)]
        behind = tuple((0, added // stride) for added, stride in zip(left, window.stride, strict=True))
        if any(onnx_pads(behind)):
            x = b.op(ops.Pad(), x, b.ints(*onnx_pads(((0, 0), (0, 0), *behind))))
        conv = ops.ConvTranspose(
            kernel_shape=window.kernel,
            strides=window.stride,
            dilations=window.dilation,
            pads=onnx_pads(crops),
            output_padding=tuple(added % stride for added, stride in zip(left, window.stride, strict=True)),
            group=self.groups,
        )
        return b.op(conv, x, b.weight("weight"), b.weight_or_none("bias"))


def _read(axis: int, window: AxisWindow, crop: tuple[int, int]) -> Along:
    """What a position of the result reads along an axis."""
    if window.stride == 1:
        # Place k of the kernel reads position i + before - k*dilation.
        return Along(axis, window.kernel, dilation=window.dilation, shift=crop[0] + 1 - window.extent)
    return Along(axis, (window.extent - 1) // window.stride + 1, shift=None)


_LENGTHS = ((3,), (1,), (6,))
_IMAGES = ((3, 4), (1, 5), (6, 2))
_VOLUMES = ((2, 3, 1), (1, 2, 4), (3, 1, 2))

ConvTranspose1d, ConvTranspose2d, ConvTranspose3d = family(
    TransposedConvolution,
    "conv_transpose",
    sample("conv_transpose1d(4, kernel=3)", *_LENGTHS),
    sample("conv_transpose1d(3, kernel=4, stride=3, padding=[[2, 1]], output_padding=2, bias=false)", *_LENGTHS),
    sample('conv_transpose1d(4, kernel=2, padding="same", dilation=3, groups=2, init=he_normal)', *_LENGTHS),
    sample('conv_transpose1d(2, kernel=2, stride=3, padding="same", bias_init=ones)', *_LENGTHS),
    sample("conv_transpose1d(2, kernel=3, stride=2, dilation=5, output_padding=4, bias_init=ones)", *_LENGTHS),
    Sample("conv_transpose1d(1, kernel=2, stride=2, weight=[[[1, -1]]], bias=[0.5])", {"x": "float32[2, 1, 3]"}),
    sample("conv_transpose2d(4, kernel=3)", *_IMAGES, channels=3),
    sample("conv_transpose2d(4, kernel=[3, 2], stride=[2, 1], padding=[1, 0], bias=false)", *_IMAGES, channels=3),
    sample(
        "conv_transpose2d(6, kernel=3, stride=[2, 1], padding=[[0, 1], [1, 0]], output_padding=1, dilation=[1, 2], "
        "groups=3, bias_init=ones)",
        *_IMAGES,
        channels=3,
    ),
    sample('conv_transpose2d(2, kernel=[3, 4], stride=2, padding="same", init=he_normal)', *_IMAGES),
    sample('conv_transpose2d(2, kernel=[2, 1], stride=[4, 2], padding="same")', *_IMAGES),
    sample("conv_transpose2d(1, kernel=[1, 2], stride=2, weight=[[[[1, -1]]]], bias=false)", *_IMAGES, channels=1),
    sample("conv_transpose3d(2, kernel=2)", *_VOLUMES),
    sample(
        "conv_transpose3d(4, kernel=[2, 3, 1], stride=[1, 2, 2], padding=[[1, 0], 1, 0], output_padding=[0, 1, 0], "
        "groups=2, bias=false)",
        (2, 3, 1),
        (3, 2, 4),
        (4, 1, 2),
    ),
    sample(
        'conv_transpose3d(2, kernel=[2, 3, 2], dilation=[1, 2, 1], stride=[3, 1, 2], padding="same", init=he_normal, '
        "bias_init=ones)",
        *_VOLUMES,
        channels=1,
    ),
    sample(
        "conv_transpose3d(1, kernel=[2, 1, 2], weight=[[[[[1, -1]], [[2, 0]]]]], bias=[0.5])", *_VOLUMES, channels=1
    ),
    j=("", ", j", ""),
    l=("", ", l", ""),
    p=("", ", p", ""),
    second=("", ", p = j*stride + l*dilation - before", ""),
    triples=("", "", ", with o, i and k triples"),
)
