"""Operators of onnxruntime alone: a product and what follows it in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .activation_functions import OF_FUSED_CONV, OF_FUSED_GEMM, named
from .base import FLOATS, InvalidOperands, Known, Operand, Result, Shape
from .convolution import Correlating
from .matrix_products import GeneralProduct
from .shape_rules import need_shape

#: The domain of onnxruntime's own operators.
DOMAIN = "com.microsoft"

_ELEMENTS = {"T": FLOATS - {DType.BFLOAT16}}


@final
@record
class FusedConv(Correlating):
    """``activation(Conv(X, W, B) + Z)``, where ``Z`` has exactly the shape of the convolution.

    Activations are ``Relu``, ``Tanh``, ``Sigmoid``, ``LeakyRelu`` (alpha), ``HardSigmoid`` (alpha, beta) and ``Clip``
    (least, greatest), with all their parameters; empty, it is none.
    """

    kind: ClassVar[str] = "FusedConv"
    domain: ClassVar[str] = DOMAIN
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("X"),
        Operand("W"),
        Operand("B", optional=True),
        Operand("Z", optional=True),
    )
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _ELEMENTS
    source: ClassVar[str] = "onnxruntime, com.microsoft.FusedConv"

    activation: str | None = None
    activation_params: tuple[float, ...] | None = None

    def shapes(self, x: Known, w: Known, b: Known | None, z: Known | None) -> tuple[Shape, ...]:
        """``[N, M, *spatial]``."""
        convolved = self.convolved_shape(x, w, b)
        need_shape(z, "Z", *convolved)
        if self.activation is not None:
            wanted, given = named(OF_FUSED_CONV, self.activation).defaults, self.activation_params or ()
            if len(given) != len(wanted):
                raise InvalidOperands(f"{self.activation} takes {len(wanted)} parameters, not {len(given)}")
        return (convolved,)

    def compute(self, x: np.ndarray, w: np.ndarray, b: np.ndarray | None, z: np.ndarray | None) -> tuple[Any, ...]:
        """The activation of the sum."""
        y = self.convolved(x, w, b)
        if z is not None:
            y = y + z
        if self.activation is None:
            return (y,)
        return (named(OF_FUSED_CONV, self.activation).with_parameters(*self.activation_params or ())(y),)


@final
@record
class FusedGemm(GeneralProduct):
    """``activation(alpha * A B + beta * C)``; the activation's parameters are named alpha, beta and gamma."""

    kind: ClassVar[str] = "FusedGemm"
    domain: ClassVar[str] = DOMAIN
    operands: ClassVar[tuple[Operand, ...]] = (Operand("A"), Operand("B"), Operand("C", optional=True))
    results: ClassVar[tuple[Result, ...]] = (Result("Y"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _ELEMENTS
    source: ClassVar[str] = "onnxruntime, com.microsoft.FusedGemm"

    activation: str | None = None
    activation_alpha: float | None = None
    activation_beta: float | None = None
    activation_gamma: float | None = None

    def compute(self, a: np.ndarray, b: np.ndarray, c: np.ndarray | None) -> tuple[Any, ...]:
        """The activation of the sum."""
        y = self.product(a, b, c)
        if self.activation is None:
            return (y,)
        return (named(OF_FUSED_GEMM, self.activation).with_parameters(*self._parameters())(y),)

    def shapes(self, a: Known, b: Known, c: Known | None) -> tuple[Shape, ...]:
        """``[rows of A, columns of B]``."""
        if self.activation is not None:
            named(OF_FUSED_GEMM, self.activation).with_parameters(*self._parameters())
        return super().shapes(a, b, c)

    def _parameters(self) -> tuple[float, ...]:
        given = (self.activation_alpha, self.activation_beta, self.activation_gamma)
        return tuple(one for one in given if one is not None)
