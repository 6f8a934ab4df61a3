"""Layers that give channels other places: ``pixel_shuffle channel_shuffle``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.resizing import ChannelsMakeNoBlocks
from ..dims import exact_div
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .any_spatial import ANY_SPATIAL, need_any_spatial
from .attributes import Integer, attribute
from .base import Operand, Read, Rearranging, Sample, Site
from .channels import need_channels, need_channels_first, need_even_groups, order_if_last_divides
from .reach import WHOLE, Along, Reach, aligned
from .shape_rules import need_rank

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: Floats for which onnxruntime has a kernel of ``DepthToSpace``.
_WITH_KERNEL = (DType.FLOAT32, DType.FLOAT16, DType.FLOAT64)


@final
@record
class PixelShuffle(Rearranging):
    """Lays channels out as blocks of positions: `[N, C * r * r, H, W]` becomes `[N, C, H * r, W * r]`.

    The channels of one block follow each other, row by row, as in PyTorch; in TensorFlow's `depth_to_space` those of
    one place in the blocks do.
    """

    kind: ClassVar[str] = "pixel_shuffle"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "`[N, C, H, W]`, of any elements"),)
    formula: ClassVar[str] = "y[n, c, h * r + i, w * r + j] = x[n, (c * r + i) * r + j, h, w]"
    foreign_names: ClassVar[tuple[str, ...]] = ("depthtospace", "subpixelconv2d")
    source: ClassVar[str] = "Shi et al., Real-Time Single Image and Video Super-Resolution (2016); ONNX DepthToSpace"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("pixel_shuffle(2)", {"x": "float32[N, 8, H, W]"}),
        Sample("pixel_shuffle(factor=3)", {"x": "float32[N, 9, 2, W]"}),
        Sample("pixel_shuffle(2)", {"x": "int32[N, 4, H, W]"}),
        Sample("pixel_shuffle(1)", {"x": "float32[2, 3, 2, 4]"}),
    )

    factor: int = attribute(Integer(1), doc="The rows and columns of a block.", positional=True)

    def types(self, site: Site, x: TensorType) -> TensorType:
        """Fewer channels, and more rows and columns."""
        need_rank(site, 0, x, 4, 4, "[N, C, H, W]")
        need_channels_first(site, x)
        batch, channels, height, width = x.shape
        left = exact_div(channels, self.factor * self.factor)
        if left is not None:
            return x.with_shape(batch, left, height * self.factor, width * self.factor)
        count, order = need_channels(site, x), order_if_last_divides(x, self.factor * self.factor)
        facts = site.about_argument("factor", x)
        axes = ((0, 1),)
        raise DotnnError(
            ChannelsMakeNoBlocks(**facts, faulty_axes=axes, factor=self.factor, channels=count, order=order)
        )

    def positions(self, read: Read, x: TensorType) -> Reach:
        """A position of the block's channels; neighbours may read the same one."""
        if self.factor == 1:
            return aligned(x.shape, x.shape)
        block = self.factor * self.factor
        return (Along(0), Along(1, block, block), Along(2, shift=None), Along(3, shift=None))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The axes of the blocks taken out of the channels and put behind rows and columns."""
        batch, channels, height, width = x.shape
        size = self.factor
        blocks = x.reshape(batch, channels // (size * size), size, size, height, width)
        return blocks.transpose(0, 1, 4, 2, 5, 3).reshape(batch, -1, height * size, width * size)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``DepthToSpace``; of elements that onnxruntime lacks it for, ``Transpose`` between two ``Reshape``."""
        if x.dtype in _WITH_KERNEL:
            return b.op(ops.DepthToSpace(blocksize=self.factor, mode="CRD"), x)
        batch, channels, height, width = x.shape
        size = self.factor
        left = channels // (size * size)
        blocks = b.reshape(x, (batch, left, size, size, height, width))
        moved = b.op(ops.Transpose(perm=(0, 1, 4, 2, 5, 3)), blocks)
        return b.reshape(moved, (batch, left, height * size, width * size))


@final
@record
class ChannelShuffle(Rearranging):
    """Deals the channels of groups out to one another: of two groups, `a b c | d e f` becomes `a d b e c f`.

    Shape as the input's. Between two convolutions in groups it lets every group read all of those before.
    """

    kind: ClassVar[str] = "channel_shuffle"
    operands: ClassVar[tuple[Operand, ...]] = (ANY_SPATIAL,)
    formula: ClassVar[str] = "y[n, c * groups + g] = x[n, g * (C / groups) + c]"
    foreign_names: ClassVar[tuple[str, ...]] = ("shufflechannel", "shufflechannels")
    source: ClassVar[str] = "Zhang et al., ShuffleNet (2018); PyTorch ChannelShuffle"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("channel_shuffle(2)", {"x": "float32[N, 6, H, W]"}),
        Sample("channel_shuffle(groups=3)", {"x": "float32[N, 12, 4, W]"}),
        Sample("channel_shuffle(2)", {"x": "int64[2, 4, 3]"}),
    )

    groups: int = attribute(Integer(1), doc="How many groups the channels are in; it divides them.", positional=True)

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_any_spatial(site, x)
        need_even_groups(site, x, self.groups)
        return x

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Position by position; a channel may come from anywhere."""
        channels = Along(1) if self.groups == 1 else WHOLE
        return (Along(0), channels, *(Along(axis) for axis in range(2, x.rank)))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The channels in their new order."""
        order = np.arange(x.shape[1]).reshape(self.groups, -1).T.ravel()
        return x[:, order]

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Transpose`` between two ``Reshape``, which give the groups an axis and take it away."""
        batch, channels, *spatial = x.shape
        each = channels // self.groups
        apart = b.reshape(x, (batch, self.groups, each, *spatial))
        order = (0, 2, 1, *range(3, x.rank + 1))
        return b.reshape(b.op(ops.Transpose(perm=order), apart), x.shape)
