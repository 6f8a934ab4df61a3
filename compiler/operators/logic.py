"""Comparisons, logic, and the choice between tensors."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar, final

from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .base import ANY, BOOL, NUMBERS, Known, Operand, Operator, Result, Shape
from .shape_rules import broadcast


@record
class Comparison(Operator, ABC):
    """Base of what two tensors whose shapes broadcast tell at each place; nothing is true of what is no number."""

    operands: ClassVar[tuple[Operand, ...]] = (Operand("A"), Operand("B"))
    results: ClassVar[tuple[Result, ...]] = (Result("C", "T1"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS, "T1": BOOL}
    elementwise: ClassVar[bool] = True

    def shapes(self, a: Known, b: Known) -> tuple[Shape, ...]:
        """The broadcast shape."""
        return (broadcast(a.shape, b.shape),)


@final
@record
class Equal(Comparison):
    """``A == B``."""

    kind: ClassVar[str] = "Equal"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS | BOOL, "T1": BOOL}
    source: ClassVar[str] = "ONNX Equal-19"

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """Whether they are equal."""
        return (a == b,)


@final
@record
class Greater(Comparison):
    """``A > B``."""

    kind: ClassVar[str] = "Greater"
    source: ClassVar[str] = "ONNX Greater-13"

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """Whether the first is greater."""
        return (a > b,)


@final
@record
class GreaterOrEqual(Comparison):
    """``A >= B``."""

    kind: ClassVar[str] = "GreaterOrEqual"
    source: ClassVar[str] = "ONNX GreaterOrEqual-16"

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """Whether the first is at least the second."""
        return (a >= b,)


@final
@record
class Less(Comparison):
    """``A < B``."""

    kind: ClassVar[str] = "Less"
    source: ClassVar[str] = "ONNX Less-13"

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """Whether the first is less."""
        return (a < b,)


@final
@record
class And(Comparison):
    """Whether both are true."""

    kind: ClassVar[str] = "And"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": BOOL, "T1": BOOL}
    source: ClassVar[str] = "ONNX And-7"
    keeps_values: ClassVar[bool] = True

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """Whether both are true."""
        return (a & b,)


@final
@record
class Or(Comparison):
    """Whether one or both are true."""

    kind: ClassVar[str] = "Or"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": BOOL, "T1": BOOL}
    source: ClassVar[str] = "ONNX Or-7"
    keeps_values: ClassVar[bool] = True

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """Whether one or both are true."""
        return (a | b,)


@final
@record
class Not(Operator):
    """Whether an element is false."""

    kind: ClassVar[str] = "Not"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": BOOL}
    source: ClassVar[str] = "ONNX Not-1"
    elementwise: ClassVar[bool] = True

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """The operand's."""
        return (x.shape,)

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """Whether it is false."""
        return (~x,)


@final
@record
class Where(Operator):
    """``X`` where the condition is true, else ``Y``; all three broadcast."""

    kind: ClassVar[str] = "Where"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("condition", "B"), Operand("X"), Operand("Y"))
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"B": BOOL, "T": ANY}
    source: ClassVar[str] = "ONNX Where-16"
    keeps_values: ClassVar[bool] = True
    elementwise: ClassVar[bool] = True

    def shapes(self, condition: Known, x: Known, y: Known) -> tuple[Shape, ...]:
        """The broadcast shape."""
        return (broadcast(condition.shape, x.shape, y.shape),)

    def compute(self, condition: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[Any, ...]:
        """The chosen elements."""
        return (np.where(condition, x, y),)
