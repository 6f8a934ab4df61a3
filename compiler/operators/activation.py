"""Activations that networks put behind their layers, beside the simplest ones of ``elementwise``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, final

from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from . import activation_functions
from .base import (
    FLOATS,
    NUMBERS,
    WORDS,
    InvalidOperands,
    Known,
    Numbers,
    Operand,
    Operator,
    Result,
    RuntimeActivation,
    Shape,
)
from .elementwise import Unary
from .shape_rules import broadcast, need_shape


@final
@record
class Elu(Unary):
    """``x`` from 0 on, ``alpha * (exp(x) - 1)`` below."""

    kind: ClassVar[str] = "Elu"
    source: ClassVar[str] = "ONNX Elu-22"

    alpha: float = 1.0

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name, with ``alpha``."""
        return RuntimeActivation("Elu", (self.alpha,))

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` or ``alpha * (exp(x) - 1)``."""
        return activation_functions.elu(x, self.alpha)


@final
@record
class Celu(Unary):
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``; ONNX has it for float32 alone."""

    kind: ClassVar[str] = "Celu"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": frozenset({DType.FLOAT32})}
    source: ClassVar[str] = "ONNX Celu-12"

    alpha: float = 1.0

    def of(self, x: np.ndarray) -> np.ndarray:
        """The sum of both."""
        return np.maximum(x, 0) + np.minimum(self.alpha * np.expm1(x / self.alpha), 0)


@final
@record
class Selu(Unary):
    """``gamma * x`` above 0, ``gamma * alpha * (exp(x) - 1)`` below; the defaults are the paper's in float32."""

    kind: ClassVar[str] = "Selu"
    source: ClassVar[str] = "ONNX Selu-22"

    alpha: float = 1.67326319217681884765625
    gamma: float = 1.05070102214813232421875

    def of(self, x: np.ndarray) -> np.ndarray:
        """``gamma`` times ``x`` or ``alpha * (exp(x) - 1)``."""
        return self.gamma * activation_functions.elu(x, self.alpha)


@final
@record
class Softplus(Unary):
    """``log(1 + exp(x))``."""

    kind: ClassVar[str] = "Softplus"
    source: ClassVar[str] = "ONNX Softplus-22"

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name."""
        return RuntimeActivation("Softplus")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``log(1 + exp(x))``."""
        return activation_functions.softplus(x)


@final
@record
class Softsign(Unary):
    """``x / (1 + |x|)``; of infinities it is no number."""

    kind: ClassVar[str] = "Softsign"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"),)
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    source: ClassVar[str] = "ONNX Softsign-22"

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name."""
        return RuntimeActivation("Softsign")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x / (1 + |x|)``."""
        return activation_functions.softsign(x)


@final
@record
class HardSigmoid(Unary):
    """``alpha * x + beta``, but at least 0 and at most 1."""

    kind: ClassVar[str] = "HardSigmoid"
    source: ClassVar[str] = "ONNX HardSigmoid-22"

    alpha: float = 0.2
    beta: float = 0.5

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name, with ``alpha`` and ``beta``."""
        return RuntimeActivation("HardSigmoid", (self.alpha, self.beta))

    def of(self, x: np.ndarray) -> np.ndarray:
        """The line between its bounds."""
        return activation_functions.hard_sigmoid(x, self.alpha, self.beta)


@final
@record
class Gelu(Unary):
    """``x`` times the probability that a normal number is below it, exact or ``approximate="tanh"``."""

    kind: ClassVar[str] = "Gelu"
    source: ClassVar[str] = "ONNX Gelu-20"

    approximate: str = "none"

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """The operand's."""
        if self.approximate not in ("none", "tanh"):
            raise InvalidOperands(f"there is no approximation {self.approximate!r}")
        return super().shapes(x)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x / 2 * (1 + erf(x / sqrt(2)))``, or the same with a hyperbolic tangent."""
        if self.approximate == "tanh":
            curve = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
        else:
            curve = np.frompyfunc(math.erf, 1, 1)(x / math.sqrt(2))
        return x / 2 * (1 + np.asarray(curve, dtype=x.dtype))


@final
@record
class PRelu(Operator):
    """``x`` from 0 on, ``slope * x`` below; the slopes broadcast to the shape of ``x``."""

    kind: ClassVar[str] = "PRelu"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("X"), Operand("slope"))
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS | WORDS}
    source: ClassVar[str] = "ONNX PRelu-16"
    elementwise: ClassVar[bool] = True

    def shapes(self, x: Known, slope: Known) -> tuple[Shape, ...]:
        """That of ``x``."""
        need_shape(x, "X", *broadcast(x.shape, slope.shape))
        return (x.shape,)

    def compute(self, x: np.ndarray, slope: np.ndarray) -> tuple[Any, ...]:
        """``x`` or ``slope * x``."""
        return (np.where(x < 0, x * slope, x),)


@final
@record
class Clip(Operator):
    """Every element, but at least ``min`` and at most ``max``; where these have changed places, it is ``max``."""

    kind: ClassVar[str] = "Clip"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("input"),
        Operand("min", optional=True),
        Operand("max", optional=True),
    )
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS}
    source: ClassVar[str] = "ONNX Clip-13"
    keeps_values: ClassVar[bool] = True
    elementwise: ClassVar[bool] = True

    def shapes(self, x: Known, low: Known | None, high: Known | None) -> tuple[Shape, ...]:
        """The operand's; the bounds are scalars."""
        need_shape(low, "min")
        need_shape(high, "max")
        return (x.shape,)

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation | None:
        """By its name, with both bounds, where they are constants."""
        bounds = [one.elements[0] for one in constants[1:] if one is not None]
        return RuntimeActivation("Clip", tuple(map(float, bounds))) if len(bounds) == 2 else None

    def compute(self, x: np.ndarray, low: np.ndarray | None, high: np.ndarray | None) -> tuple[Any, ...]:
        """The elements between the bounds."""
        raised = x if low is None else np.maximum(x, low)
        return (raised if high is None else np.minimum(raised, high),)
