"""Activations that bend smoothly: exponential linear units, softplus, and what multiplies a number by a gate.

onnxruntime's CPU provider has kernels of most operators here for float32, and casts numbers of 16 bits to it and back.
For float64 it has none, so that they are composed.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .activations import Elementwise, Sigmoid
from .attributes import Choice, Real, attribute
from .base import NO_DOUBLE_ON_CPU, Sample

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

_INPUTS = {"x": "float32[N, C, H]"}


# --- exponential linear units -----------------------------------------------------------------------------------------


def _bent_below_zero(b: Builder, x: Tensor, alpha: float, width: float = 1.0) -> Tensor:
    """``x`` from 0 on, ``alpha * (exp(x / width) - 1)`` below."""
    zero, one = b.constant(0, x.dtype), b.constant(1, x.dtype)
    scaled = x if width == 1 else b.op(ops.Div(), x, b.constant(width, x.dtype))
    below = b.op(ops.Mul(), b.op(ops.Sub(), b.op(ops.Exp(), scaled), one), b.constant(alpha, x.dtype))
    return b.op(ops.Where(), b.op(ops.GreaterOrEqual(), x, zero), x, below)


@final
@record
class Elu(Elementwise):
    """The exponential linear unit: negative numbers approach `-alpha`. Shape as the input's."""

    kind: ClassVar[str] = "elu"
    formula: ClassVar[str] = "y = x where x >= 0, else alpha * (exp(x) - 1)"
    source: ClassVar[str] = (
        "Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by ELUs (2015)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (Sample("elu", _INPUTS), Sample("elu(alpha=0.5)", _INPUTS))

    alpha: float = attribute(Real(), 1.0, doc="Minus what large negative numbers become.")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` or ``alpha * (exp(x) - 1)``."""
        return np.where(x >= 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Elu``; for float64 its formula."""
        return _bent_below_zero(b, x, self.alpha) if x.dtype is DType.FLOAT64 else b.op(ops.Elu(alpha=self.alpha), x)


@final
@record
class Celu(Elementwise):
    """An exponential linear unit whose slope is 1 on both sides of 0, whatever its `alpha`. Shape as the
    input's.
    """

    kind: ClassVar[str] = "celu"
    formula: ClassVar[str] = "y = x where x >= 0, else alpha * (exp(x / alpha) - 1)"
    source: ClassVar[str] = "Barron, Continuously Differentiable Exponential Linear Units (2017)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("celu", _INPUTS), Sample("celu(alpha=0.5)", _INPUTS))

    alpha: float = attribute(Real(0.0, above=True), 1.0, doc="Minus what large negative numbers become.")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` or ``alpha * (exp(x / alpha) - 1)``."""
        with np.errstate(over="ignore"):
            below = self.alpha * np.expm1(np.minimum(x, 0) / self.alpha)
        return np.where(x >= 0, x, below)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Celu``, which ONNX has for float32 alone: numbers of 16 bits are cast; for float64 its formula."""
        if x.dtype is DType.FLOAT64:
            return _bent_below_zero(b, x, self.alpha, self.alpha)
        if x.dtype is DType.FLOAT32:
            return b.op(ops.Celu(alpha=self.alpha), x)
        wide = b.op(ops.Celu(alpha=self.alpha), b.op(ops.Cast(to=DType.FLOAT32), x))
        return b.op(ops.Cast(to=x.dtype), wide)


@final
@record
class Selu(Elementwise):
    """The scaled exponential linear unit, whose two constants keep mean 0 and variance 1 from layer to layer.

    They do so behind dense layers that start with `init=lecun_normal`. Shape as the input's.
    """

    kind: ClassVar[str] = "selu"
    formula: ClassVar[str] = "y = 1.0507 * (x where x >= 0, else 1.67326 * (exp(x) - 1))"
    source: ClassVar[str] = "Klambauer and others, Self-Normalizing Neural Networks (2017)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("selu", _INPUTS),)

    ALPHA: ClassVar[float] = 1.6732632423543772848170429916717
    SCALE: ClassVar[float] = 1.0507009873554804934193349852946

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` or ``ALPHA * (exp(x) - 1)``, scaled."""
        with np.errstate(over="ignore"):
            return self.SCALE * np.where(x >= 0, x, self.ALPHA * np.expm1(np.minimum(x, 0)))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Selu``; for float64, in which its constants are not exact, the formula."""
        if x.dtype is not DType.FLOAT64:
            return b.op(ops.Selu(), x)
        return b.op(ops.Mul(), _bent_below_zero(b, x, self.ALPHA), b.constant(self.SCALE, x.dtype))


# --- soft forms of ReLU and sign --------------------------------------------------------------------------------------


@final
@record
class Softplus(Elementwise):
    """A ReLU with a smooth bend: the logarithm of `1 + exp(x)`. Shape as the input's.

    It does not overflow. PyTorch gives `x` itself above 20, where the difference is less than 1e-8.
    """

    kind: ClassVar[str] = "softplus"
    formula: ClassVar[str] = "y = log(1 + exp(x))"
    source: ClassVar[str] = (
        "Dugas and others, Incorporating Second-Order Functional Knowledge for Better Option Pricing (2000)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (Sample("softplus", _INPUTS),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``log(1 + exp(x))`` in a form that does not overflow."""
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Softplus``; for float64 the same form."""
        if x.dtype is not DType.FLOAT64:
            return b.op(ops.Softplus(), x)
        power = b.op(ops.Exp(), b.op(ops.Neg(), b.op(ops.Abs(), x)))
        rest = b.op(ops.Log(), b.op(ops.Add(), power, b.constant(1, x.dtype)))
        return b.op(ops.Add(), b.op(ops.Max(), x, b.constant(0, x.dtype)), rest)


@final
@record
class Softsign(Elementwise):
    """A curve from -1 to 1 like tanh that approaches its ends more slowly. Shape as the input's."""

    kind: ClassVar[str] = "softsign"
    formula: ClassVar[str] = "y = x / (1 + |x|)"
    source: ClassVar[str] = "Turian, Bergstra and Bengio, Quadratic Features and Deep Architectures for Chunking (2009)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("softsign", _INPUTS),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x / (1 + |x|)``."""
        with np.errstate(invalid="ignore"):
            return x / (1 + np.abs(x))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Softsign``; for float64 its formula."""
        if x.dtype is not DType.FLOAT64:
            return b.op(ops.Softsign(), x)
        return b.op(ops.Div(), x, b.op(ops.Add(), b.op(ops.Abs(), x), b.constant(1, x.dtype)))


# --- gates ------------------------------------------------------------------------------------------------------------


@record
class Gated(Elementwise, ABC):
    """Base of ``x * gate(x)``, where the gate opens from 0 to 1. At minus infinity that is no number."""

    def of(self, x: np.ndarray) -> np.ndarray:
        """The product."""
        with np.errstate(invalid="ignore"):
            return x * self.gate(x)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Mul`` of the operand and the gate."""
        return b.op(ops.Mul(), x, self.lower_gate(b, x))

    @abstractmethod
    def gate(self, x: np.ndarray) -> np.ndarray:
        """How far it is open for every element."""

    @abstractmethod
    def lower_gate(self, b: Builder, x: Tensor) -> Tensor:
        """The operators of the gate."""


@final
@record
class Silu(Gated):
    """The number times its own sigmoid, also called Swish. Shape as the input's.

    Keras calls it `silu` and `swish`, PyTorch `SiLU`. It is the activation of EfficientNet and of many language
    models.
    """

    kind: ClassVar[str] = "silu"
    foreign_names: ClassVar[tuple[str, ...]] = ("swish",)
    formula: ClassVar[str] = "y = x / (1 + exp(-x))"
    source: ClassVar[str] = (
        "Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units (2017); "
        "Ramachandran, Zoph and Le, Searching for Activation Functions (2017)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (Sample("silu", _INPUTS),)

    def gate(self, x: np.ndarray) -> np.ndarray:
        """The sigmoid."""
        return Sigmoid().of(x)

    def lower_gate(self, b: Builder, x: Tensor) -> Tensor:
        """``Sigmoid``; for float64 its formula.

        onnxruntime makes one operator of a product with ``Sigmoid``, for which 1.21 has no float64 kernel.
        """
        if x.dtype is not DType.FLOAT64:
            return b.op(ops.Sigmoid(), x)
        one = b.constant(1, x.dtype)
        return b.op(ops.Div(), one, b.op(ops.Add(), one, b.op(ops.Exp(), b.op(ops.Neg(), x))))


@final
@record
class Mish(Gated):
    """The number times the tanh of its softplus, the activation of YOLOv4. Shape as the input's."""

    kind: ClassVar[str] = "mish"
    formula: ClassVar[str] = "y = x * tanh(log(1 + exp(x)))"
    source: ClassVar[str] = "Misra, Mish: A Self Regularized Non-Monotonic Activation Function (2019)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("mish", _INPUTS),)

    def gate(self, x: np.ndarray) -> np.ndarray:
        """``tanh(softplus(x))``."""
        return np.tanh(Softplus().of(x))

    def lower_gate(self, b: Builder, x: Tensor) -> Tensor:
        """``Tanh`` of ``Softplus``."""
        return b.op(ops.Tanh(), Softplus().lower(b, x))


@final
@record
class Gelu(Elementwise):
    """The number times the probability that a normally distributed one is smaller: the activation of
    Transformers. Shape as the input's.

    `approximate="tanh"` is the approximation that BERT and GPT-2 were trained with; it differs from the exact
    function by less than 0.0005. PyTorch, Keras and ONNX compute the exact one by default, too.
    """

    kind: ClassVar[str] = "gelu"
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU
    formula: ClassVar[str] = "y = x/2 * (1 + erf(x / sqrt(2))), or x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))"
    source: ClassVar[str] = "Hendrycks and Gimpel, Gaussian Error Linear Units (2016)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("gelu", _INPUTS), Sample('gelu(approximate="tanh")', _INPUTS))

    approximate: str = attribute(Choice("none", "tanh", erf="none"), "none", doc="How the probability is computed.")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` times the probability."""
        with np.errstate(over="ignore", invalid="ignore"):
            return x * self._probability(x)

    def _probability(self, x: np.ndarray) -> np.ndarray:
        if self.approximate == "tanh":
            return (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
        # Far below 0 erf is -1 and 1 + erf is 0, where erfc is exact.
        return np.asarray(np.frompyfunc(math.erfc, 1, 1)(-x / math.sqrt(2)), dtype=x.dtype) / 2

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Gelu``."""
        return b.op(ops.Gelu(approximate=self.approximate), x)
