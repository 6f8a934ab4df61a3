"""Pooling over all positions of a channel: maxima and means, in one, two and three dimensions."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from ..graph.types import DType, TensorType
from ..records import record
from .base import Emitter, Layer, Operand, Sample, Site
from .reach import WHOLE, Along, Reach
from .rules import required
from .windows import need_spatial

if TYPE_CHECKING:
    import numpy as np

_LENGTHS = ({"N": 1, "L": 1}, {"N": 2, "L": 4}, {"N": 3, "L": 11})
_IMAGES = ({"N": 1, "H": 5, "W": 6}, {"N": 2, "H": 1, "W": 7}, {"N": 3, "H": 7, "W": 9})
_VOLUMES = (
    {"N": 1, "D": 3, "H": 4, "W": 5},
    {"N": 2, "D": 1, "H": 6, "W": 2},
    {"N": 3, "D": 5, "H": 3, "W": 4},
)


@record
class GlobalPooling(Layer, ABC):
    """Base of the poolings over all positions; the spatial axes stay, with size 1."""

    spatial_rank: ClassVar[int]
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "the input, channels first"),)
    onnx_operator: ClassVar[str]
    onnx_reduction: ClassVar[str]

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """``[N, C, 1, ...]``."""
        x = required(operands, 0)
        need_spatial(site, x, self.spatial_rank)
        return (x.with_shape(*x.shape[:2], *(1,) * self.spatial_rank),)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """All positions of every channel."""
        return (Along(0), Along(1), *(WHOLE,) * self.spatial_rank)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """One ONNX node; for float64, which onnxruntime lacks it for, the reduction that it is."""
        if required(e.operand_types, 0).dtype is not DType.FLOAT64:
            return (e.op(self.onnx_operator, e.operands[0]),)
        return (e.op(self.onnx_reduction, e.operands[0], e.constant(self._spatial_axes(), DType.INT64), keepdims=1),)

    def _spatial_axes(self) -> tuple[int, ...]:
        return tuple(range(2, 2 + self.spatial_rank))


@record
class GlobalMaxPooling(GlobalPooling, ABC):
    """Base of the poolings that take the greatest number of each channel."""

    onnx_operator: ClassVar[str] = "GlobalMaxPool"
    onnx_reduction: ClassVar[str] = "ReduceMax"
    formula: ClassVar[str] = "y[n, c] = max over all positions i of x[n, c, i]"
    foreign_names: ClassVar[tuple[str, ...]] = ("globalmaxpool", "globalmaxpooling", "globalmaxpooling{rank}d")
    source: ClassVar[str] = "ONNX, GlobalMaxPool; Keras, GlobalMaxPooling2D(keepdims=True)"

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The greatest number of each channel."""
        return (required(operands, 0).max(axis=self._spatial_axes(), keepdims=True),)


@record
class GlobalAveragePooling(GlobalPooling, ABC):
    """Base of the poolings that take the mean of each channel."""

    onnx_operator: ClassVar[str] = "GlobalAveragePool"
    onnx_reduction: ClassVar[str] = "ReduceMean"
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

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The mean of each channel."""
        return (required(operands, 0).mean(axis=self._spatial_axes(), keepdims=True),)


@final
@record
class GlobalMaxPool1d(GlobalMaxPooling):
    """Takes the greatest number of each channel of sequences: `[N, C, L]` becomes `[N, C, 1]`.

    `flatten` drops the axis of size 1. Embeddings and recurrent layers speak `[N, T, C]`: put
    `transpose([0, 2, 1])` before.
    """

    kind: ClassVar[str] = "global_max_pool1d"
    spatial_rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (Sample("global_max_pool1d", {"x": "float32[N, 2, L]"}, _LENGTHS),)


@final
@record
class GlobalMaxPool2d(GlobalMaxPooling):
    """Takes the greatest number of each channel of images: `[N, C, H, W]` becomes `[N, C, 1, 1]`.

    `flatten` drops the axes of size 1.
    """

    kind: ClassVar[str] = "global_max_pool2d"
    spatial_rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (Sample("global_max_pool2d", {"x": "float32[N, 2, H, W]"}, _IMAGES),)


@final
@record
class GlobalMaxPool3d(GlobalMaxPooling):
    """Takes the greatest number of each channel of volumes: `[N, C, D, H, W]` becomes `[N, C, 1, 1, 1]`.

    `flatten` drops the axes of size 1.
    """

    kind: ClassVar[str] = "global_max_pool3d"
    spatial_rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (Sample("global_max_pool3d", {"x": "float32[N, 2, D, H, W]"}, _VOLUMES),)


@final
@record
class GlobalAvgPool1d(GlobalAveragePooling):
    """Takes the mean of each channel of sequences: `[N, C, L]` becomes `[N, C, 1]`.

    `flatten` drops the axis of size 1. Embeddings and recurrent layers speak `[N, T, C]`: put
    `transpose([0, 2, 1])` before.
    """

    kind: ClassVar[str] = "global_avg_pool1d"
    spatial_rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (Sample("global_avg_pool1d", {"x": "float32[N, 2, L]"}, _LENGTHS),)


@final
@record
class GlobalAvgPool2d(GlobalAveragePooling):
    """Takes the mean of each channel of images: `[N, C, H, W]` becomes `[N, C, 1, 1]`.

    `flatten` drops the axes of size 1.
    """

    kind: ClassVar[str] = "global_avg_pool2d"
    spatial_rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (Sample("global_avg_pool2d", {"x": "float32[N, 2, H, W]"}, _IMAGES),)


@final
@record
class GlobalAvgPool3d(GlobalAveragePooling):
    """Takes the mean of each channel of volumes: `[N, C, D, H, W]` becomes `[N, C, 1, 1, 1]`.

    `flatten` drops the axes of size 1.
    """

    kind: ClassVar[str] = "global_avg_pool3d"
    spatial_rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (Sample("global_avg_pool3d", {"x": "float32[N, 2, D, H, W]"}, _VOLUMES),)
