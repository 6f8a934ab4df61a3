"""Layers that reduce a tensor along axes: ``mean variance norm sum max min argmax``."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import Flag, Integer, IntegerList, attribute
from .base import Layer, Operand, Read, Sample, Site
from .reach import Reach, aligned, kept
from .shape_rules import axis_or_last, need_float, need_number, resolve_axes

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

_NUMBERS = (Operand("x", "numbers of any shape"),)


@record
class Reduction(Layer, ABC):
    """Base of the reductions over one or more axes, which vanish or stay with size 1.

    Class attributes:
        operator: ONNX's name.
    """

    operands: ClassVar[tuple[Operand, ...]] = _NUMBERS
    operator: ClassVar[str]

    axis: tuple[int, ...] = attribute(IntegerList(single=True), doc="The axis, or a list of axes, to reduce.")
    keepdims: bool = attribute(Flag(), False, doc="Whether the axes stay, with size 1.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The shape without the axes, or with 1 in their place."""
        need_number(site, 0, x)
        axes = resolve_axes(site, self.axis, x)
        left = [1 if axis in axes else dim for axis, dim in enumerate(x.shape) if self.keepdims or axis not in axes]
        return x.with_shape(*left)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The whole of the axes at every position of the others."""
        axes = {axis % x.rank for axis in self.axis}
        return aligned(x.shape, x.shape, whole=axes) if self.keepdims else kept(x.rank, axes, reduced=True)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The operator."""
        return b.op(getattr(ops, self.operator)(keepdims=int(self.keepdims)), x, b.ints(*self.axis))


@record
class FloatReduction(Reduction, ABC):
    """Base of the reductions of floating point numbers: of integers, they would have to round."""

    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "any shape, of floating point elements"),)

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The shape without the axes, or with 1 in their place."""
        need_float(site, 0, x)
        return super().types(site, x)


@final
@record
class Mean(FloatReduction):
    """The mean over one or more axes.

    The axes vanish, or stay with size 1 with `keepdims=true`: `[N, T, C]` becomes `[N, C]` with `axis=1`. Floating
    point only: the mean of integers would have to round.
    """

    kind: ClassVar[str] = "mean"
    operator: ClassVar[str] = "ReduceMean"
    formula: ClassVar[str] = "y = sum(x) / n over the axes"
    foreign_names: ClassVar[tuple[str, ...]] = ("reducemean",)
    source: ClassVar[str] = "numpy.mean; ONNX ReduceMean"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("mean(axis=1)", {"x": "float32[N, T, 5]"}),
        Sample("mean(axis=[2, -1], keepdims=true)", {"x": "float32[N, 3, H, W]"}),
        Sample("mean(axis=[-1, 0])", {"x": "float32[N, 3, H, W]"}),
        Sample("mean(axis=0)", {"x": "float32[4]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The mean."""
        return np.asarray(np.mean(x, axis=self.axis, keepdims=self.keepdims))


@final
@record
class Variance(FloatReduction):
    """The variance over one or more axes: the mean of the squared distances from the mean.

    The axes vanish, or stay with size 1 with `keepdims=true`: `[N, T, C]` becomes `[N, C]` with `axis=1`. It is that
    of the whole population, divided by `n`, as in numpy and Keras; PyTorch's divides by `n - 1` unless it is called
    with `correction=0`. It is as exact where the mean is far from zero.
    """

    kind: ClassVar[str] = "variance"
    operator: ClassVar[str] = "ReduceMean"
    formula: ClassVar[str] = "y = sum((x - mean(x))^2) / n over the axes"
    foreign_names: ClassVar[tuple[str, ...]] = ("var", "reducevariance")
    source: ClassVar[str] = "numpy.var; PyTorch var with correction=0"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("variance(axis=1)", {"x": "float32[N, T, 5]"}),
        Sample("variance(x, axis=[2, -1], keepdims=true)", {"x": "float32[N, 3, H, W]"}),
        Sample("variance(axis=[-1, 0])", {"x": "float32[N, 3, H, W]"}),
        Sample("variance(axis=0)", {"x": "float32[4]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The variance in float64, of what the mean was taken away from, since that mean is rounded."""
        with np.errstate(over="ignore", invalid="ignore"):
            wide = x.astype(np.float64)
            centered = wide - np.mean(wide, axis=self.axis, keepdims=True)
            return np.asarray(np.var(centered, axis=self.axis, keepdims=self.keepdims), dtype=x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The mean square of the distances from the mean, less the square of their mean.

        That would be zero, but for the rounding of the mean, whose share it takes away: the corrected two-pass
        algorithm of Chan, Golub and LeVeque, Algorithms for Computing the Sample Variance (1983).
        """
        mean = b.op(ops.ReduceMean(keepdims=1), x, b.ints(*self.axis))
        distance = b.op(ops.Sub(), x, mean)
        square, rest = super().lower(b, b.op(ops.Mul(), distance, distance)), super().lower(b, distance)
        return b.op(ops.Sub(), square, b.op(ops.Mul(), rest, rest))


@final
@record
class Norm(FloatReduction):
    """The Euclidean norm over one or more axes: the length of the vector of all numbers along them.

    The axes vanish, or stay with size 1 with `keepdims=true`: `[N, T, C]` becomes `[N, T]` with `axis=-1`. As with
    numpy and PyTorch, squares must be within the range of float32. `x / norm(x, axis=-1, keepdims=true)` has length 1.
    """

    kind: ClassVar[str] = "norm"
    formula: ClassVar[str] = "y = sqrt(sum(x^2)) over the axes"
    foreign_names: ClassVar[tuple[str, ...]] = ("reducel2", "vectornorm", "reduceeuclideannorm")
    source: ClassVar[str] = "PyTorch linalg.vector_norm; ONNX ReduceL2"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("norm(axis=-1)", {"x": "float32[N, T, 5]"}),
        Sample("norm(x, axis=[2, -1], keepdims=true)", {"x": "float32[N, 3, H, W]"}),
        Sample("norm(axis=[-1, 0])", {"x": "float32[N, 3, H, W]"}),
        Sample("norm(axis=0)", {"x": "float32[4]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The root of the sum of the squares."""
        with np.errstate(over="ignore"):
            squares = np.square(x.astype(np.result_type(x.dtype, np.float32), copy=False))
            return np.asarray(np.sqrt(np.sum(squares, axis=self.axis, keepdims=self.keepdims)), dtype=x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The root of the sum of the squares; of 16 bits in float32, because squares leave float16 soon."""
        wide = b.op(ops.Cast(to=DType.FLOAT32), x) if x.dtype.size == 2 else x
        total = b.op(ops.ReduceSum(keepdims=int(self.keepdims)), b.op(ops.Mul(), wide, wide), b.ints(*self.axis))
        norm = b.op(ops.Sqrt(), total)
        return norm if wide is x else b.op(ops.Cast(to=x.dtype), norm)


@final
@record
class Sum(Reduction):
    """The sum over one or more axes: `x -> sum(axis=1)`, or `sum(x, axis=1)`.

    The axes vanish, or stay with size 1 with `keepdims=true`: `[N, T, C]` becomes `[N, C]` with `axis=1`. Integers keep
    their type, as in ONNX; numpy and PyTorch sum int32 as int64. Of compile-time values, `sum` is a function; the sum
    of two tensors is `a + b`.
    """

    kind: ClassVar[str] = "sum"
    operator: ClassVar[str] = "ReduceSum"
    formula: ClassVar[str] = "y = sum(x) over the axes"
    foreign_names: ClassVar[tuple[str, ...]] = ("reducesum",)
    source: ClassVar[str] = "numpy.sum; ONNX ReduceSum"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("sum(axis=1)", {"x": "float32[N, T, 5]"}),
        Sample("sum(x, axis=[2, -1], keepdims=true)", {"x": "float32[N, 3, H, W]"}),
        Sample("sum(axis=[-1, 0])", {"x": "int64[N, 3, H]"}),
        Sample("sum(axis=0)", {"x": "int32[4]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The sum, in the element type of the operand."""
        return np.asarray(np.sum(x, axis=self.axis, keepdims=self.keepdims, dtype=x.dtype))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``ReduceSum``; onnxruntime sums integers in float64, so that of int32 as int64, and of int64 in halves.

        Thus sums of up to 2^21 integers are exact, and wrap around where they are too large, as numpy's do.
        """
        if x.dtype is DType.INT32:
            return b.op(ops.Cast(to=x.dtype), super().lower(b, b.op(ops.Cast(to=DType.INT64), x)))
        if x.dtype is not DType.INT64:
            return super().lower(b, x)
        half = b.constant(2**32, x.dtype)
        low = b.op(ops.Mod(), x, half)
        high = b.op(ops.Div(), b.op(ops.Sub(), x, low), half)
        return b.op(ops.Add(), b.op(ops.Mul(), super().lower(b, high), half), super().lower(b, low))


@final
@record
class Max(Reduction):
    """The greatest element along one or more axes: `x -> max(axis=1)`, or `max(x, axis=1)`.

    The axes vanish, or stay with size 1 with `keepdims=true`: `[N, T, C]` becomes `[N, C]` with `axis=1`. Of
    compile-time values, `max` is a function; the greater of two tensors is `maximum(a, b)`. Where an element is no
    number (NaN), so is the greatest, as in numpy and PyTorch; onnxruntime's CPU provider may pass over it.
    """

    kind: ClassVar[str] = "max"
    keeps_values: ClassVar[bool] = True
    operator: ClassVar[str] = "ReduceMax"
    formula: ClassVar[str] = "y = max(x) over the axes"
    foreign_names: ClassVar[tuple[str, ...]] = ("reducemax", "amax")
    source: ClassVar[str] = "numpy.max; ONNX ReduceMax"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("max(axis=1)", {"x": "float32[N, T, 5]"}),
        Sample("max(x, axis=[2, -1], keepdims=true)", {"x": "float32[N, 3, H, W]"}),
        Sample("max(axis=[-1, 0])", {"x": "int64[N, 3, H]"}),
        Sample("max(axis=0)", {"x": "int32[4]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The greatest element."""
        return np.asarray(np.max(x, axis=self.axis, keepdims=self.keepdims))


@final
@record
class Min(Reduction):
    """The least element along one or more axes: `x -> min(axis=1)`, or `min(x, axis=1)`.

    The axes vanish, or stay with size 1 with `keepdims=true`: `[N, T, C]` becomes `[N, C]` with `axis=1`. Of
    compile-time values, `min` is a function; the smaller of two tensors is `minimum(a, b)`. Where an element is no
    number (NaN), so is the least, as in numpy and PyTorch; onnxruntime's CPU provider may pass over it.
    """

    kind: ClassVar[str] = "min"
    keeps_values: ClassVar[bool] = True
    operator: ClassVar[str] = "ReduceMin"
    formula: ClassVar[str] = "y = min(x) over the axes"
    foreign_names: ClassVar[tuple[str, ...]] = ("reducemin", "amin")
    source: ClassVar[str] = "numpy.min; ONNX ReduceMin"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("min(axis=1)", {"x": "float32[N, T, 5]"}),
        Sample("min(x, axis=[2, -1], keepdims=true)", {"x": "float32[N, 3, H, W]"}),
        Sample("min(axis=[-1, 0])", {"x": "int64[N, 3, H]"}),
        Sample("min(axis=0)", {"x": "int32[4]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The least element."""
        return np.asarray(np.min(x, axis=self.axis, keepdims=self.keepdims))


@final
@record
class ArgMax(Layer):
    """The index of the greatest element along an axis, which vanishes: `[N, classes]` becomes int64 `[N]`.

    The axis is the last one; from rank 4 on it must be written, and of an image `axis=1` is meant: the class of every
    pixel. Of several greatest elements it is the first, as in numpy, PyTorch and Keras.
    """

    kind: ClassVar[str] = "argmax"
    operands: ClassVar[tuple[Operand, ...]] = _NUMBERS
    formula: ClassVar[str] = "y = the least i with x[i] = max(x) along the axis"
    source: ClassVar[str] = "numpy.argmax; ONNX ArgMax"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("argmax", {"x": "float32[N, 10]"}),
        Sample("argmax", {"x": "float32[N, C, H]"}),
        Sample("argmax(axis=1)", {"x": "float32[N, 3, H, W]"}),
        Sample("argmax(x, axis=-2)", {"x": "int64[N, T, 3]"}),
        Sample("argmax(axis=0)", {"x": "int32[7]"}),
    )

    axis: int | None = attribute(
        Integer(), None, doc="The axis along which it is searched; it must be written from rank 4 on.", shown="-1"
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """int64, without the axis."""
        need_number(site, 0, x)
        axis = axis_or_last(site, self.axis, x)
        return TensorType(DType.INT64, (*x.shape[:axis], *x.shape[axis + 1 :]))

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The whole axis at every position of the others."""
        return kept(x.rank, {self._axis % x.rank}, reduced=True)

    @property
    def _axis(self) -> int:
        return -1 if self.axis is None else self.axis

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The index of the first greatest element."""
        return np.asarray(np.argmax(x, axis=self._axis), dtype=np.int64)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``ArgMax``; of int64, for which old versions of onnxruntime lack it, of what equals the greatest element."""
        find = ops.ArgMax(axis=self._axis, keepdims=0)
        if x.dtype is not DType.INT64:
            return b.op(find, x)
        greatest = b.op(ops.ReduceMax(), x, b.ints(self._axis))
        return b.op(find, b.op(ops.Cast(to=DType.INT32), b.op(ops.Equal(), x, greatest)))
