"""Layers that do something while training only."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..diagnostics.shapes import WithoutSpatialAxes
from ..graph.types import DType, TensorType
from ..records import record
from .activations import Elementwise
from .attributes import HIGHEST_RANK, Real, attribute
from .base import MOVED_ON_CPU, Operand, Sample, Site
from .channels import need_channels_first
from .shape_rules import need_float, need_rank

if TYPE_CHECKING:
    import numpy as np

    from ..operators.graph_builder import Builder, Tensor


@record
class Dropping(Elementwise, ABC):
    """Base of layers that set a part of the elements to 0 while training, and are the identity otherwise."""

    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU

    rate: float = attribute(
        Real(0.0, 1.0, below=True), doc="The probability of an element to become 0.", positional=True
    )

    def of(self, x: np.ndarray) -> np.ndarray:
        """The operand itself."""
        return x

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Identity``, which it is in inference, the only purpose that there is."""
        return b.op(ops.Identity(), x)


@final
@record
class Dropout(Dropping):
    """Sets a random part of the elements to 0 while training and scales the others up; the identity
    otherwise.

    Built and run, it does nothing, and an optimized model does not hold it. The rate is the part that is set
    to 0, as in PyTorch, Keras and ONNX. Shape as the input's.
    """

    kind: ClassVar[str] = "dropout"
    formula: ClassVar[str] = "y = x (training: x * m / (1 - rate), m = 0 with probability rate, else 1)"
    source: ClassVar[str] = (
        "Srivastava and others, Dropout: A Simple Way to Prevent Neural Networks from Overfitting (2014)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("dropout(0.5)", {"x": "float32[N, 6]"}),
        Sample("dropout(rate=0.0)", {"x": "float32[2, 3, 4]"}),
    )


@final
@record
class SpatialDropout(Dropping):
    """Sets whole channels of random examples to 0 while training and scales the others up; the identity
    otherwise.

    Neighbours in a feature map are alike, so that dropping single ones would change little. Reads `[N, C,
    *spatial]`; shape as the input's. Built and run, it does nothing, and an optimized model does not hold it.
    PyTorch calls it `Dropout1d`, `Dropout2d` and `Dropout3d`. Keras's `SpatialDropout1D` reads `[N, T, C]`: put
    `transpose([0, 2, 1])` before and behind it.
    """

    kind: ClassVar[str] = "spatial_dropout"
    foreign_names: ClassVar[tuple[str, ...]] = (
        *("dropout1d", "dropout2d", "dropout3d"),
        *("spatialdropout1d", "spatialdropout2d", "spatialdropout3d"),
    )
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "`[N, C, *spatial]`, of floating point elements"),)
    formula: ClassVar[str] = "y = x (training: x * m / (1 - rate), m one number per channel, 0 with probability rate)"
    source: ClassVar[str] = (
        "Tompson and others, Efficient Object Localization Using Convolutional Networks (2015), section 3.2"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("spatial_dropout(0.5)", {"x": "float32[N, C, H, W]"}),
        Sample("spatial_dropout(rate=0.25)", {"x": "float32[2, 3, 4]"}),
    )

    rate: float = attribute(
        Real(0.0, 1.0, below=True), doc="The probability of a channel to become 0.", positional=True
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_rank(site, 0, x, 3, HIGHEST_RANK, "[N, C, *spatial]", WithoutSpatialAxes)
        need_float(site, 0, x)
        need_channels_first(site, x)
        return x
