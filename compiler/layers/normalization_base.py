"""What normalizations share: learned scales and shifts, and statistics that stay exact far from zero."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .. import initializers
from .. import operators as ops
from ..graph.tensors import Fan, Initializer
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import Flag, InitializerKind, attribute
from .base import MOVED_ON_CPU, Difference, KerasTensor, WeightSpec
from .shape_rules import known
from .weight_attributes import Weighted

if TYPE_CHECKING:
    import dataclasses

    from ..dims import Dim
    from ..operators.graph_builder import Builder, Tensor

#: What stands behind a layer's own attributes, in this order.
_LAST = ("scale", "bias", "init", "bias_init")
#: Too narrow for squares and sums; statistics of these are taken in float32, as PyTorch does.
_NARROW = frozenset({DType.FLOAT16, DType.BFLOAT16})


@record
class Normalizing(Weighted, ABC):
    """Base of layers that bring features to a common scale, then to a learned one.

    Class attributes:
        known_by: tensors of which one shows that a layer is of this kind.
        keras_scale: Keras's name of the scale.
    """

    literal_weights: ClassVar[tuple[str, ...]] = ("weight", "bias")
    default_init: ClassVar[Initializer] = initializers.Ones()
    known_by: ClassVar[tuple[str, ...]] = ("weight", "bias")
    keras_scale: ClassVar[str] = "gamma"
    keras_bias: ClassVar[str] = "beta"

    scale: bool = attribute(Flag(), True, doc="Whether there is a learned factor, `weight`.")
    bias: bool = attribute(Flag(), True, doc="Whether there is a learned shift, `bias`.")
    init: Initializer | None = attribute(InitializerKind(), None, doc="How the factor starts.", shown="ones")

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes in signature order, those that all normalizations have last."""
        order = {name: place for place, name in enumerate(_LAST)}
        return tuple(sorted(super().attributes(), key=lambda one: order.get(one.name, -1)))

    @classmethod
    def attribute_for(cls, difference: Difference) -> str:
        """A scale or a shift that one side has; both have one shape."""
        name, shape = difference.tensor, difference.having[difference.tensor]
        flag = {"weight": "scale", "bias": "bias"}.get(name)
        fits = any(difference.lacking.get(one) == shape for one in cls.known_by)
        return f"{flag}={difference.wanted}" if flag and fits else ""

    def scale_and_shift(self, shape: Sequence[Dim], there: Sequence[int] = (0,)) -> Iterator[WeightSpec]:
        """``weight`` and ``bias`` of this shape, as far as there are; ``there`` says where Keras has their axes."""
        if self.scale:
            yield self._spec("weight", shape, self.init or self.default_init, self.keras_scale, there)
        if self.bias:
            yield self._spec("bias", shape, self.bias_init or initializers.Zeros(), self.keras_bias, there)

    def _spec(
        self, name: str, shape: Sequence[Dim], start: Initializer, keras: str, there: Sequence[int]
    ) -> WeightSpec:
        sizes = tuple(map(known, shape))
        in_keras = KerasTensor(keras, tuple(sizes[there.index(place)] for place in range(len(sizes))), tuple(there))
        return WeightSpec(name, sizes, start, Fan.of(sizes), keras=(in_keras,))

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """``2*C``."""
        return f"{len(specs)}*{specs[0].elements}" if specs else ""


@record
class Standardizing(Normalizing, ABC):
    """Base of normalizations that take their statistics from what they read, when training or not."""

    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU

    @abstractmethod
    def averaged(self, x: TensorType) -> Sequence[Dim]:
        """The sizes of the axes, or parts of axes, over which each mean is taken."""

    def rescaled(self, y: np.ndarray, weights: Mapping[str, np.ndarray], shape: Sequence[int]) -> np.ndarray:
        """The learned scale and shift, of this shape beside the result."""
        y = y * weights["weight"].reshape(shape) if self.scale else y
        return y + weights["bias"].reshape(shape) if self.bias else y

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The operators for float32 and float64; other elements are cast to float32 and back."""
        if x.dtype not in _NARROW:
            return self.lower_wide(b, x)
        y = self.lower_wide(b, b.op(ops.Cast(to=DType.FLOAT32), x))
        return b.op(ops.Cast(to=x.dtype), y)

    @abstractmethod
    def lower_wide(self, b: Builder, x: Tensor) -> Tensor:
        """The operators for a tensor of float32 or float64."""

    def learned(self, b: Builder, name: str) -> Tensor | None:
        """``weight`` or ``bias`` as elements that are computed with, if there is one."""
        found = b.weight_or_none(name)
        if found is None or found.dtype not in _NARROW:
            return found
        return b.op(ops.Cast(to=DType.FLOAT32), found, name=b.weight_name(name, "float32"))

    def rescale(self, b: Builder, y: Tensor, shape: Sequence[int]) -> Tensor:
        """The learned scale and shift as operators."""
        for name, operator in (("weight", ops.Mul()), ("bias", ops.Add())):
            factor = self.learned(b, name)
            if factor is not None and factor.shape != tuple(shape):
                factor = b.op(ops.Reshape(), factor, b.ints(*shape), name=b.weight_name(name, "reshaped"))
            y = y if factor is None else b.op(operator, y, factor)
        return y


def standardized(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    """The array with mean 0 and variance 1 over the axes."""
    centered = x - x.mean(axes, keepdims=True)
    # Where all elements are equal and eps is 0, the result is no number.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return centered / np.sqrt(np.square(centered).mean(axes, keepdims=True) + eps)


def center(b: Builder, x: Tensor, axes: Sequence[int]) -> Tensor:
    """A tensor less its mean over the axes, put before whatever takes statistics.

    Kernels compute the variance as the mean of squares less the square of the mean (older LayerNormalization of
    onnxruntime, its issue 28463), or take the mean away last (InstanceNormalization): numbers around 1000 lose three
    digits by that, and equal ones may give a variance below 0. What has been centered loses nothing, and whoever takes
    its mean a second time corrects the first one: far from zero the results are more exact than PyTorch's.
    """
    mean = b.op(ops.ReduceMean(), x, b.ints(*axes))
    return b.op(ops.Sub(), x, mean)


def standardize(b: Builder, x: Tensor, axes: Sequence[int], eps: float) -> Tensor:
    """``standardized`` of operators that every element type and every size has."""
    # Twice, because the first mean is rounded as coarsely as the numbers are large.
    centered = center(b, center(b, x, axes), axes)
    variance = b.op(ops.ReduceMean(), b.op(ops.Mul(), centered, centered), b.ints(*axes))
    deviation = b.op(ops.Sqrt(), b.op(ops.Add(), variance, b.constant(eps, x.dtype)))
    return b.op(ops.Div(), centered, deviation)


def along(shape: Sequence[int], axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """The shape in which weights of these axes, in ascending order, broadcast to a tensor of that rank."""
    sizes = dict(zip(axes, shape, strict=True))
    # Without leading ones, which would hide the weight of the last axis from the optimizer of onnxruntime.
    return tuple(sizes.get(axis, 1) for axis in range(axes[0], rank))
