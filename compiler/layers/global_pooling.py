"""Pooling over all positions of a channel: maxima and means, in one, two and three dimensions."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from .. import operators as ops
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .base import Read, Site
from .reach import WHOLE, Along, Reach
from .spatial_families import ForEach, Spatial, family, sample
from .windows import need_spatial

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

_DROPPED: ForEach[str] = (
    "axis of size 1. Embeddings and recurrent layers speak `[N, T, C]`: put\n`transpose([0, 2, 1])` before.",
    "axes of size 1.",
    "axes of size 1.",
)


@record
class GlobalPooling(Spatial, ABC):
    """Base of the poolings over all positions; the spatial axes stay, with size 1.

    Class attributes:
        function: the name of numpy's method.
        operator: the name of ONNX's operator.
        reduction: the name of the operator that reduces axes, of which it is a case.
    """

    function: ClassVar[str]
    operator: ClassVar[str]
    reduction: ClassVar[str]

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, C, 1, ...]``."""
        need_spatial(site, x, self.spatial_rank)
        return x.with_shape(*x.shape[:2], *(1,) * self.spatial_rank)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """All positions of every channel."""
        return (Along(0), Along(1), *(WHOLE,) * self.spatial_rank)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The greatest number or the mean of each channel."""
        return getattr(x, self.function)(axis=self.spatial_axes, keepdims=True)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The operator; for float64, which onnxruntime lacks it for, the reduction that it is."""
        if x.dtype is DType.FLOAT64:
            return b.op(getattr(ops, self.reduction)(), x, b.ints(*self.spatial_axes))
        return b.op(getattr(ops, self.operator)(), x)


@record
class GlobalMaxPooling(GlobalPooling, ABC):
    """Takes the greatest number of each channel of {inputs}: `[N, C, {axes}]` becomes `[N, C, {ones}]`.

    `flatten` drops the {dropped}
    """

    function: ClassVar[str] = "max"
    operator: ClassVar[str] = "GlobalMaxPool"
    reduction: ClassVar[str] = "ReduceMax"
    formula: ClassVar[str] = "y[n, c] = max over all positions i of x[n, c, i]"
    foreign_names: ClassVar[tuple[str, ...]] = ("globalmaxpool", "globalmaxpooling", "globalmaxpooling{rank}d")
    source: ClassVar[str] = "ONNX, GlobalMaxPool; Keras, GlobalMaxPooling2D(keepdims=True)"


@record
class GlobalAveragePooling(GlobalPooling, ABC):
    """Takes the mean of each channel of {inputs}: `[N, C, {axes}]` becomes `[N, C, {ones}]`.

    `flatten` drops the {dropped}
    """

    function: ClassVar[str] = "mean"
    operator: ClassVar[str] = "GlobalAveragePool"
    reduction: ClassVar[str] = "ReduceMean"
    formula: ClassVar[str] = "y[n, c] = mean over all positions i of x[n, c, i]"
    foreign_names: ClassVar[tuple[str, ...]] = (
        "globalaveragepool",
        "globalaveragepooling",
        "globalaveragepooling{rank}d",
        "globalavgpool",
        "globalavgpooling{rank}d",
        "gap",
    )
    source: ClassVar[str] = "Lin, Chen and Yan, Network in network (2013); ONNX, GlobalAveragePool"


GlobalMaxPool1d, GlobalMaxPool2d, GlobalMaxPool3d = family(
    GlobalMaxPooling,
    "global_max_pool",
    sample("global_max_pool1d"),
    sample("global_max_pool2d"),
    sample("global_max_pool3d"),
    dropped=_DROPPED,
)
GlobalAvgPool1d, GlobalAvgPool2d, GlobalAvgPool3d = family(
    GlobalAveragePooling,
    "global_avg_pool",
    sample("global_avg_pool1d"),
    sample("global_avg_pool2d"),
    sample("global_avg_pool3d"),
    dropped=_DROPPED,
)
