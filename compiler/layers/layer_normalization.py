"""Normalizations of every position by itself: ``layer_norm`` and ``rms_norm``."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..diagnostics.shapes import UndecidedFeatures
from ..dims import DimExpr
from ..graph.tensors import Initializer
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import IntegerList, Real, attribute
from .base import Operand, Read, Sample, Site, WeightSpec
from .normalization_base import Standardizing, along, center, standardize, standardized
from .reach import Reach, aligned
from .shape_rules import axis_or_last, known, need_float, need_known, resolve_axes

if TYPE_CHECKING:
    from ..dims import Dim
    from ..operators.graph_builder import Builder, Tensor


@record
class _OverAxes(Standardizing, ABC):
    """Base of normalizations over axes that are chosen, with a weight of their sizes."""

    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "features along one or more axes"),)

    axis: tuple[int, ...] | None = attribute(
        IntegerList(single=True),
        None,
        doc="The axis, or a list of axes, that is normalized; it must be written from rank 4 on.",
        shown="-1",
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_float(site, 0, x)
        axes = (axis_or_last(site, None, x),) if self.axis is None else resolve_axes(site, self.axis, x)
        for axis in axes if self.scale or self.bias else ():
            need_known(site, 0, x.shape[axis], x, UndecidedFeatures)
        return x

    def averaged(self, x: TensorType) -> Sequence[Dim]:
        """The axes."""
        return [x.shape[axis] for axis in self.axes_of(x.rank)]

    def specs(self, x: TensorType) -> Iterator[WeightSpec]:
        """``weight`` and ``bias`` of the normalized axes, in ascending order."""
        axes = self.axes_of(x.rank)
        # Images have their channels last in Keras.
        there = sorted(axes, key=lambda axis: axis == 1) if x.rank > 3 else axes
        return self.scale_and_shift([x.shape[axis] for axis in axes], [there.index(axis) for axis in axes])

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The whole of the axes at every position of the others."""
        return aligned(x.shape, x.shape, whole=self.axes_of(x.rank))

    def axes_of(self, rank: int) -> tuple[int, ...]:
        """The axes of a tensor of that rank that are normalized, counted from 0, in ascending order."""
        return tuple(sorted(axis % rank for axis in self.axis or (-1,)))

    def beside(self, shape: Sequence[Dim]) -> tuple[int, ...]:
        """The shape of the weights beside a tensor of that shape."""
        axes = self.axes_of(len(shape))
        return along([known(shape[axis]) for axis in axes], axes, len(shape))


@final
@record
class LayerNorm(_OverAxes):
    """Brings the features of every position to mean 0 and variance 1, then to a learned scale and shift.

    The statistics are those of the position itself, along one axis: `[N, C]`, or `[N, T, C]`; shape as the
    input's. From rank 4 on the axis must be written: `axis=1` normalizes the channels of an image `[N, C, H,
    W]` at every pixel, as ConvNeXt does, `axis=-1` those of `[N, H, W, C]`. A list of axes is normalized
    together: `axis=[-3, -2, -1]` is PyTorch's `LayerNorm([C, H, W])` and Keras's `axis=[1, 2, 3]`. The
    weights have the shape of these axes, in ascending order.

    `eps` is PyTorch's and ONNX's 1e-5; Keras has 1e-3.
    """

    kind: ClassVar[str] = "layer_norm"
    formula: ClassVar[str] = "y = weight * (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) + bias"
    foreign_names: ClassVar[tuple[str, ...]] = ("ln", "layernormalization")
    source: ClassVar[str] = "Ba, Kiros and Hinton, Layer Normalization (2016); PyTorch LayerNorm"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("layer_norm", {"x": "float32[N, T, 6]"}),
        Sample("layer_norm(eps=0.5, init=constant(0.5), bias_init=constant(2.0))", {"x": "float32[N, 5]"}),
        Sample("layer_norm(weight=[2, 0.5, -1], bias=[0.25, 0, 1])", {"x": "float32[N, 3]"}),
        Sample("layer_norm(axis=1)", {"x": "float32[N, 4, H, W]"}),
        Sample("layer_norm(axis=-1, bias=false)", {"x": "float32[N, H, W, 5]"}),
        Sample("layer_norm(axis=[-2, 1, 3], scale=false)", {"x": "float32[N, 3, 2, 4]"}),
        Sample("layer_norm(axis=[1, -1])", {"x": "float32[N, 3, H, 4]"}),
        Sample("layer_norm(scale=false, bias=false)", {"x": "float32[N, T, D]"}),
        Sample("layer_norm(axis=0)", {"x": "float32[4]"}),
    )

    eps: float = attribute(Real(0.0), 1e-5, doc="What is added to the variance, so that nothing is divided by 0.")

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The formula."""
        return self.rescaled(standardized(x, self.axes_of(x.ndim), self.eps), weights, self.beside(x.shape))

    def lower_wide(self, b: Builder, x: Tensor) -> Tensor:
        """``LayerNormalization`` of what is centered, along the last axes, to which the normalized ones are moved.

        Where a size is symbolic the formula, since the operator has a weight always; in float64, for which the
        operator's ``epsilon``, a float32, is not exact enough; and of single elements, which onnxruntime 1.21 refuses.
        """
        axes = self.axes_of(x.rank)
        sizes = tuple(size for size in (x.shape[axis] for axis in axes) if not isinstance(size, DimExpr))
        if x.dtype is DType.FLOAT64 or len(sizes) < len(axes) or math.prod(sizes) == 1:
            y = standardize(b, x, axes, self.eps)
            return self.rescale(b, y, self.beside(x.shape)) if self.scale or self.bias else y
        order = (*(axis for axis in range(x.rank) if axis not in axes), *axes)
        if order == tuple(range(x.rank)):
            return self._along_last(b, x, sizes)
        y = self._along_last(b, b.op(ops.Transpose(perm=order), x), sizes)
        return b.op(ops.Transpose(perm=tuple(order.index(axis) for axis in range(x.rank))), y)

    def _along_last(self, b: Builder, x: Tensor, sizes: tuple[int, ...]) -> Tensor:
        first = x.rank - len(sizes)
        scale = self.learned(b, "weight") or b.op(ops.Expand(), b.constant(1.0, x.dtype), b.ints(*sizes))
        operator = ops.LayerNormalization(axis=first, epsilon=self.eps)
        return b.op(operator, center(b, x, range(first, x.rank)), scale, self.learned(b, "bias"))


@final
@record
class RmsNorm(_OverAxes):
    """Divides the features of every position by their root mean square, then multiplies by a learned scale.

    It is `layer_norm` without the mean and without a shift, as in Llama and T5. The axis, or a list of axes, is
    chosen as for `layer_norm`. `eps` is Keras's 1e-6. PyTorch's is that of the element type unless written,
    1.2e-7 for float32.
    """

    kind: ClassVar[str] = "rms_norm"
    keras_scale: ClassVar[str] = "scale"
    literal_weights: ClassVar[tuple[str, ...]] = ("weight",)
    formula: ClassVar[str] = "y = weight * x / sqrt(mean(x^2) + eps)"
    foreign_names: ClassVar[tuple[str, ...]] = ("rmsnormalization", "simplifiedlayernormalization")
    source: ClassVar[str] = "Zhang and Sennrich, Root Mean Square Layer Normalization (2019); PyTorch RMSNorm"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("rms_norm", {"x": "float32[N, T, 6]"}),
        Sample("rms_norm(eps=0.5, init=constant(0.5))", {"x": "float32[N, 5]"}),
        Sample("rms_norm(weight=[2, 0.5, -1])", {"x": "float32[N, 3]"}),
        Sample("rms_norm(axis=1)", {"x": "float32[N, 4, H, W]"}),
        Sample("rms_norm(axis=[1, -1])", {"x": "float32[N, 3, H, 4]"}),
        Sample("rms_norm(scale=false)", {"x": "float32[N, T, D]"}),
    )

    eps: float = attribute(Real(0.0), 1e-6, doc="What is added to the mean square, so that nothing is divided by 0.")
    # There is no shift, and nothing to say of one.
    bias: bool = False
    bias_init: Initializer | None = None

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The formula."""
        # Where all elements are 0, and eps is too, the result is no number.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            y = x / np.sqrt(np.square(x).mean(self.axes_of(x.ndim), keepdims=True) + self.eps)
        return self.rescaled(y, weights, self.beside(x.shape))

    def lower_wide(self, b: Builder, x: Tensor) -> Tensor:
        """The formula; the operator set has no operator for it.

        A square by ``Pow`` is what the optimizer of onnxruntime knows, to make one operator of all in half the time. It
        shall not in float64, since that one has ``epsilon`` in float32, and of single elements, which 1.21 refuses.
        """
        is_single = all(x.shape[axis] == 1 for axis in self.axes_of(x.rank))
        by_product = x.dtype is DType.FLOAT64 or is_single
        squared = b.op(ops.Mul(), x, x) if by_product else b.op(ops.Pow(), x, b.constant(2, x.dtype))
        mean = b.op(ops.ReduceMean(), squared, b.ints(*self.axes_of(x.rank)))
        root = b.op(ops.Sqrt(), b.op(ops.Add(), mean, b.constant(self.eps, x.dtype)))
        y = b.op(ops.Div(), x, root)
        return self.rescale(b, y, self.beside(x.shape)) if self.scale else y
