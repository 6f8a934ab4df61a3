"""Normalizations of every example by itself: ``instance_norm`` and ``group_norm``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..dims import Dim, DimExpr
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import HIGHEST_RANK, Integer, Real, attribute
from .base import Operand, Read, Sample, Site, WeightSpec
from .channels import need_channels, need_channels_first, need_even_groups
from .normalization_base import Standardizing, along, center, standardize, standardized
from .reach import Reach, aligned
from .shape_rules import known, need_float, need_rank

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@final
@record
class InstanceNorm(Standardizing):
    """Brings every channel of every example to mean 0 and variance 1, then to a learned scale and shift.

    Reads `[N, C, *spatial]`; shape as the input's. The statistics are those of the channel over its positions,
    when training as when not. PyTorch's default has no weights (`affine=False`, `scale=false, bias=false`
    here), and may keep running statistics, for which there is `batch_norm`. Keras has it as
    `GroupNormalization(groups=-1)`, with an `eps` of 1e-3.
    """

    kind: ClassVar[str] = "instance_norm"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "`[N, C, *spatial]`"),)
    formula: ClassVar[str] = "y = weight * (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) + bias"
    foreign_names: ClassVar[tuple[str, ...]] = (
        "instancenorm1d",
        "instancenorm2d",
        "instancenorm3d",
        "instancenormalization",
    )
    source: ClassVar[str] = "Ulyanov, Vedaldi and Lempitsky, Instance Normalization (2016); PyTorch InstanceNorm"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("instance_norm", {"x": "float32[N, 3, H, W]"}),
        Sample("instance_norm(eps=0.5, weight=[2, -1], bias=[0.25, 1])", {"x": "float32[N, 2, L]"}),
        Sample("instance_norm(scale=false, bias_init=constant(0.5))", {"x": "float32[2, 3, 2, 4, 5]"}),
        Sample("instance_norm(bias=false, init=constant(0.5))", {"x": "float32[N, 1, 7]"}),
        Sample("instance_norm(scale=false, bias=false)", {"x": "float32[N, C, H, W]"}),
    )

    eps: float = attribute(Real(0.0), 1e-5, doc="What is added to the variance, so that nothing is divided by 0.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_rank(site, 0, x, 3, HIGHEST_RANK, "[N, C, *spatial]")
        need_float(site, 0, x)
        need_channels_first(site, x)
        if self.scale or self.bias:
            need_channels(site, x)
        return x

    def averaged(self, x: TensorType) -> Sequence[Dim]:
        """The positions of a channel."""
        return x.shape[2:]

    def specs(self, x: TensorType) -> Iterator[WeightSpec]:
        """``weight`` and ``bias``, each ``[C]``."""
        return self.scale_and_shift(x.shape[1:2])

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The spatial axes as a whole, in every channel."""
        return aligned(x.shape, x.shape, whole=range(2, x.rank))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The formula."""
        y = standardized(x, tuple(range(2, x.ndim)), self.eps)
        return self.rescaled(y, weights, along(x.shape[1:2], (1,), x.ndim))

    def lower_wide(self, b: Builder, x: Tensor) -> Tensor:
        """``InstanceNormalization`` of what is centered, constants standing for weights that are left out.

        Where the channels are symbolic the formula, since the operator has weights always, and in float64, which
        onnxruntime lacks it for.
        """
        channels, spatial = x.shape[1], tuple(range(2, x.rank))
        if x.dtype is DType.FLOAT64 or isinstance(channels, DimExpr):
            y = standardize(b, x, spatial, self.eps)
            return self.rescale(b, y, along((known(channels),), (1,), x.rank)) if self.scale or self.bias else y
        scale = self.learned(b, "weight") or b.constant([1.0] * channels, x.dtype)
        shift = self.learned(b, "bias") or b.constant([0.0] * channels, x.dtype)
        return b.op(ops.InstanceNormalization(epsilon=self.eps), center(b, x, spatial), scale, shift)


@final
@record
class GroupNorm(Standardizing):
    """Brings groups of channels of every example to mean 0 and variance 1, then to a learned scale and shift.

    Reads `[N, C, *spatial]` or `[N, C]`; shape as the input's. The channels are shared out in blocks: with
    `groups=2` the first half and the second. The statistics are those of a block over all of its positions; the
    weights are `[C]`. With one group it is close to `layer_norm`, with `C` groups it is `instance_norm`.

    `eps` is PyTorch's and ONNX's 1e-5; Keras has 1e-3, and 32 groups unless written.
    """

    kind: ClassVar[str] = "group_norm"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "`[N, C, *spatial]` or `[N, C]`"),)
    formula: ClassVar[str] = "y = weight * (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) + bias"
    foreign_names: ClassVar[tuple[str, ...]] = ("groupnormalization",)
    source: ClassVar[str] = "Wu and He, Group Normalization (2018); PyTorch GroupNorm"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("group_norm(2)", {"x": "float32[N, 6, H, W]"}),
        Sample("group_norm(groups=1, eps=0.5, weight=[2, 0.5, -1], bias=[0.25, 0, 1])", {"x": "float32[N, 3]"}),
        Sample("group_norm(4, scale=false, bias_init=constant(0.5))", {"x": "float32[2, 4, 2, 3, 5]"}),
        Sample("group_norm(3, bias=false, init=constant(0.5))", {"x": "float32[N, 6, L]"}),
        Sample("group_norm(2, scale=false, bias=false)", {"x": "float32[N, 4, H, 1, W]"}),
    )

    groups: int = attribute(Integer(1), doc="How many blocks the channels are shared out to.", positional=True)
    eps: float = attribute(Real(0.0), 1e-5, doc="What is added to the variance, so that nothing is divided by 0.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_rank(site, 0, x, 2, HIGHEST_RANK, "[N, C, *spatial] or [N, C]")
        need_float(site, 0, x)
        need_channels_first(site, x)
        need_channels(site, x)
        need_even_groups(site, x, self.groups)
        return x

    def averaged(self, x: TensorType) -> Sequence[Dim]:
        """The channels of a group, and their positions."""
        return known(x.shape[1]) // self.groups, *x.shape[2:]

    def specs(self, x: TensorType) -> Iterator[WeightSpec]:
        """``weight`` and ``bias``, each ``[C]``."""
        return self.scale_and_shift(x.shape[1:2])

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Everything of an example; that a channel reads its own group alone is more than can be said."""
        return aligned(x.shape, x.shape, whole=range(1, x.rank))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The formula, with the groups as an axis of their own."""
        grouped = x.reshape(x.shape[0], self.groups, -1)
        y = standardized(grouped, (2,), self.eps).reshape(x.shape)
        return self.rescaled(y, weights, along(x.shape[1:2], (1,), x.ndim))

    def lower_wide(self, b: Builder, x: Tensor) -> Tensor:
        """``InstanceNormalization`` of the groups as channels, centered; behind it the weights.

        Not ``GroupNormalization``: onnxruntime has no kernel for it, and what it computes instead takes the variance as
        the mean of squares less the square of the mean, which numbers around 1000 make worthless.
        """
        channels = known(x.shape[1])
        each = channels // self.groups * math.prod(x.shape[2:], start=1)
        grouped = b.reshape(x, (x.shape[0], self.groups, each))
        y = standardize(b, grouped, (2,), self.eps) if x.dtype is DType.FLOAT64 else self._by_instances(b, grouped)
        several = sum(isinstance(size, DimExpr) for size in x.shape[1:]) > 1
        # Several sizes that are not known are those of the operand, which need not be computed.
        y = b.op(ops.Reshape(), y, b.op(ops.ShapeOf(), x)) if several else b.reshape(y, x.shape)
        return self.rescale(b, y, along((channels,), (1,), x.rank))

    def _by_instances(self, b: Builder, grouped: Tensor) -> Tensor:
        one, zero = (b.constant([number] * self.groups, grouped.dtype) for number in (1.0, 0.0))
        return b.op(ops.InstanceNormalization(epsilon=self.eps), center(b, grouped, (2,)), one, zero)
