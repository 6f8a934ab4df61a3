"""Activations: functions of one tensor that keep its shape and have no weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import Integer, Real, attribute
from .base import Layer, Operand, Read, Sample, Site
from .reach import Reach, aligned
from .shape_rules import axis_or_last, need_float

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

_OPERANDS = (Operand("x", "any shape, of floating point elements"),)
_INPUTS = {"x": "float32[N, C, H]"}


@record
class Elementwise(Layer, ABC):
    """Base of functions that act on every element by itself."""

    operands: ClassVar[tuple[Operand, ...]] = _OPERANDS

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_float(site, 0, x)
        return x

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The function of every element."""
        return np.asarray(self.of(x), dtype=x.dtype)

    @abstractmethod
    def of(self, x: np.ndarray) -> np.ndarray:
        """The function of every element of an array."""


@final
@record
class Relu(Elementwise):
    """The rectified linear unit: negative numbers become 0. Shape as the input's."""

    kind: ClassVar[str] = "relu"
    formula: ClassVar[str] = "y = max(x, 0)"
    source: ClassVar[str] = "Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines (2010)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("relu", _INPUTS), Sample("relu", {"x": "float32[2, 3, 4, 5]"}))

    def of(self, x: np.ndarray) -> np.ndarray:
        """``max(x, 0)``."""
        return np.maximum(x, 0)


@final
@record
class LeakyRelu(Elementwise):
    """A ReLU that lets a little of negative numbers through. Shape as the input's.

    The slope is 0.01 as in PyTorch and ONNX. Keras's layer has 0.3, its function 0.2, and darknet 0.1.
    """

    kind: ClassVar[str] = "leaky_relu"
    formula: ClassVar[str] = "y = x where x >= 0, else slope * x"
    source: ClassVar[str] = (
        "Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (Sample("leaky_relu", _INPUTS), Sample("leaky_relu(slope=0.2)", _INPUTS))

    slope: float = attribute(Real(), 0.01, doc="Factor of negative numbers.")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` or ``slope * x``."""
        return np.where(x >= 0, x, x * self.slope)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``LeakyRelu``; for float64, which onnxruntime lacks it for, a choice between ``x`` and ``slope * x``."""
        if x.dtype is not DType.FLOAT64:
            return b.op(ops.LeakyRelu(alpha=self.slope), x)
        scaled = b.op(ops.Mul(), x, b.constant(self.slope, x.dtype))
        return b.op(ops.Where(), b.op(ops.GreaterOrEqual(), x, b.constant(0, x.dtype)), x, scaled)


@final
@record
class Sigmoid(Elementwise):
    """The logistic function, which maps every number between 0 and 1. Shape as the input's."""

    kind: ClassVar[str] = "sigmoid"
    formula: ClassVar[str] = "y = 1 / (1 + exp(-x))"
    foreign_names: ClassVar[tuple[str, ...]] = ("logistic",)
    source: ClassVar[str] = "ONNX Sigmoid; PyTorch Sigmoid"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("sigmoid", _INPUTS),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``1 / (1 + exp(-x))`` in a form that does not overflow."""
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, small) / (1 + small)


@final
@record
class Tanh(Elementwise):
    """The hyperbolic tangent, which maps every number between -1 and 1. Shape as the input's."""

    kind: ClassVar[str] = "tanh"
    formula: ClassVar[str] = "y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))"
    source: ClassVar[str] = "ONNX Tanh; PyTorch Tanh"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("tanh", _INPUTS),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``tanh(x)``."""
        return np.tanh(x)


@final
@record
class Step(Elementwise):
    """The threshold of the first neurons: 1 from 0 on, 0 below. Shape as the input's.

    `step(0)` is 1. Its derivative is 0 everywhere, so nothing before it learns by gradients.
    """

    kind: ClassVar[str] = "step"
    formula: ClassVar[str] = "y = 1 where x >= 0, else 0"
    foreign_names: ClassVar[tuple[str, ...]] = ("heaviside",)
    source: ClassVar[str] = "McCulloch and Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity (1943)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("step", _INPUTS),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """Whether each element is at least 0, as a number."""
        return (x >= 0).astype(x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``GreaterOrEqual`` with 0, and a choice between two constants."""
        one, zero = b.constant(1, x.dtype), b.constant(0, x.dtype)
        return b.op(ops.Where(), b.op(ops.GreaterOrEqual(), x, zero), one, zero)


@record
class _AlongAxis(Layer, ABC):
    """Base of softmax and its logarithm."""

    operands: ClassVar[tuple[Operand, ...]] = _OPERANDS

    axis: int | None = attribute(
        Integer(), None, doc="The axis that is normalized; it must be written from rank 4 on.", shown="-1"
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_float(site, 0, x)
        axis_or_last(site, self.axis, x)
        return x

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The whole axis at every position of the others."""
        return aligned(x.shape, x.shape, whole=(self._axis % x.rank,))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """The operator of the class's name."""
        return b.op(getattr(ops, type(self).__name__)(axis=self._axis), x)

    @property
    def _axis(self) -> int:
        return -1 if self.axis is None else self.axis

    def _shifted(self, x: np.ndarray) -> np.ndarray:
        """The operand less its greatest element along the axis, so that no power overflows."""
        return x - x.max(axis=self._axis, keepdims=True)


@final
@record
class Softmax(_AlongAxis):
    """Turns scores into probabilities: positive numbers that add up to 1 along the axis. Shape as the
    input's.

    The axis is the last one. Of an image `[N, C, H, W]` it must be written, and `axis=1` is meant: a choice
    among channels at every pixel.
    """

    kind: ClassVar[str] = "softmax"
    formula: ClassVar[str] = "y = exp(x) / sum(exp(x))"
    source: ClassVar[str] = "ONNX Softmax (13 and later); PyTorch Softmax"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("softmax", {"x": "float32[N, 10]"}),
        Sample("softmax(axis=1)", _INPUTS),
        Sample("softmax", _INPUTS),
        Sample("softmax(axis=-3)", {"x": "float32[2, 3, 4, 5]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The powers over their sum."""
        powers = np.exp(self._shifted(x))
        return powers / powers.sum(axis=self._axis, keepdims=True)


@final
@record
class LogSoftmax(_AlongAxis):
    """The logarithm of softmax, computed without its rounding errors. Shape as the input's.

    The axis is chosen as for `softmax`.
    """

    kind: ClassVar[str] = "log_softmax"
    formula: ClassVar[str] = "y = x - log(sum(exp(x)))"
    source: ClassVar[str] = "ONNX LogSoftmax (13 and later); PyTorch LogSoftmax"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("log_softmax", {"x": "float32[N, 10]"}),
        Sample("log_softmax(axis=1)", _INPUTS),
        Sample("log_softmax(axis=1)", {"x": "float32[2, 3, 4, 5]"}),
    )

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The logarithm of softmax."""
        shifted = self._shifted(x)
        return shifted - np.log(np.exp(shifted).sum(axis=self._axis, keepdims=True))
