"""Operators that act on every element by itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ..dims import Dim, DimExpr, DimTooComplex, dim_max, dim_min
from ..graph.tensors import numpy_name
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from . import activation_functions
from .base import (
    ANY,
    FLOATS,
    NUMBERS,
    WORDS,
    Content,
    InvalidOperands,
    Known,
    Numbers,
    Operand,
    Operator,
    Result,
    RuntimeActivation,
    Shape,
    Types,
)
from .shape_rules import broadcast, quotient, remainder

_INPUT = (Operand("input"),)
_OUTPUT = (Result("output"),)


# --- of one operand ---------------------------------------------------------------------------------------------------


@record
class Unary(Operator, ABC):
    """Base of the functions of one tensor: the result has its shape."""

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}
    elementwise: ClassVar[bool] = True

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """The operand's."""
        return (x.shape,)

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The function of every element."""
        return (self.of(x),)

    @abstractmethod
    def of(self, x: np.ndarray) -> Any:
        """The function of every element of an array."""


@final
@record
class Identity(Unary):
    """The operand itself."""

    kind: ClassVar[str] = "Identity"
    operands: ClassVar[tuple[Operand, ...]] = _INPUT
    results: ClassVar[tuple[Result, ...]] = _OUTPUT
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY}
    source: ClassVar[str] = "ONNX Identity-21"
    keeps_values: ClassVar[bool] = True

    def content(self, x: Known) -> Content | None:
        """The operand's."""
        return x.content

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The operand."""
        return 0

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x``."""
        return x


@final
@record
class Cast(Unary):
    """Every element as another type: floats become ints towards zero, and all but 0 is true.

    A float beyond the range of ints, and one that is no number, has no defined int. ``saturate`` is about types of 8
    bits, which there are none of.
    """

    kind: ClassVar[str] = "Cast"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input", "T1"),)
    results: ClassVar[tuple[Result, ...]] = (Result("output", "T2"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T1": ANY, "T2": ANY}
    source: ClassVar[str] = "ONNX Cast-21"

    to: DType

    def result_dtypes(self) -> Mapping[str, DType]:
        """What it casts to."""
        return {"T2": self.to}

    def content(self, x: Known) -> Content | None:
        """The operand's ints; an expression may be too large for the smaller type."""
        if x.content is None or self.to not in WORDS:
            return None
        narrows = x.dtype is DType.INT64 and self.to is DType.INT32
        return None if narrows and any(isinstance(one, DimExpr) for one in x.content) else x.content

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The operand, where it has the wanted type already."""
        return 0

    def of(self, x: np.ndarray) -> np.ndarray:
        """The elements in numpy's type of that name."""
        return x.astype(numpy_name(self.to))


@final
@record
class Neg(Unary):
    """Every element with the other sign; the least int of a type stays as it is."""

    kind: ClassVar[str] = "Neg"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS | WORDS | {DType.INT8}}
    source: ClassVar[str] = "ONNX Neg-13"

    def of(self, x: np.ndarray) -> np.ndarray:
        """``-x``."""
        return -x


@final
@record
class Abs(Unary):
    """Every element without its sign."""

    kind: ClassVar[str] = "Abs"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS}
    source: ClassVar[str] = "ONNX Abs-13"

    def of(self, x: np.ndarray) -> np.ndarray:
        """``|x|``."""
        return np.abs(x)


@final
@record
class Sqrt(Unary):
    """The square root; of a negative number it is no number."""

    kind: ClassVar[str] = "Sqrt"
    source: ClassVar[str] = "ONNX Sqrt-13"

    def of(self, x: np.ndarray) -> np.ndarray:
        """``sqrt(x)``."""
        return np.sqrt(x)


@final
@record
class Reciprocal(Unary):
    """``1 / x``."""

    kind: ClassVar[str] = "Reciprocal"
    source: ClassVar[str] = "ONNX Reciprocal-13"

    def of(self, x: np.ndarray) -> np.ndarray:
        """``1 / x``."""
        return 1 / x


@final
@record
class Exp(Unary):
    """The exponential function."""

    kind: ClassVar[str] = "Exp"
    operands: ClassVar[tuple[Operand, ...]] = _INPUT
    results: ClassVar[tuple[Result, ...]] = _OUTPUT
    source: ClassVar[str] = "ONNX Exp-13"

    def of(self, x: np.ndarray) -> np.ndarray:
        """``exp(x)``."""
        return np.exp(x)


@final
@record
class Log(Unary):
    """The natural logarithm."""

    kind: ClassVar[str] = "Log"
    operands: ClassVar[tuple[Operand, ...]] = _INPUT
    results: ClassVar[tuple[Result, ...]] = _OUTPUT
    source: ClassVar[str] = "ONNX Log-13"

    def of(self, x: np.ndarray) -> np.ndarray:
        """``log(x)``."""
        return np.log(x)


@final
@record
class Relu(Unary):
    """``max(x, 0)``; what is no number stays so."""

    kind: ClassVar[str] = "Relu"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS | WORDS | {DType.INT8}}
    source: ClassVar[str] = "ONNX Relu-14"

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name."""
        return RuntimeActivation("Relu")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``max(x, 0)``."""
        return activation_functions.relu(x)


@final
@record
class LeakyRelu(Unary):
    """``x`` from 0 on, ``alpha * x`` below."""

    kind: ClassVar[str] = "LeakyRelu"
    source: ClassVar[str] = "ONNX LeakyRelu-16"

    alpha: float = 0.01

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name, with ``alpha``."""
        return RuntimeActivation("LeakyRelu", (self.alpha,))

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` or ``alpha * x``."""
        return activation_functions.leaky_relu(x, self.alpha)


@final
@record
class Sigmoid(Unary):
    """The logistic function ``1 / (1 + exp(-x))``."""

    kind: ClassVar[str] = "Sigmoid"
    source: ClassVar[str] = "ONNX Sigmoid-13"

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name."""
        return RuntimeActivation("Sigmoid")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``1 / (1 + exp(-x))``."""
        return activation_functions.sigmoid(x)


@final
@record
class Tanh(Unary):
    """The hyperbolic tangent."""

    kind: ClassVar[str] = "Tanh"
    operands: ClassVar[tuple[Operand, ...]] = _INPUT
    results: ClassVar[tuple[Result, ...]] = _OUTPUT
    source: ClassVar[str] = "ONNX Tanh-13"

    def runtime_activation(self, constants: Numbers) -> RuntimeActivation:
        """By its name."""
        return RuntimeActivation("Tanh")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``tanh(x)``."""
        return np.tanh(x)


# --- of two operands and more -----------------------------------------------------------------------------------------


@record
class Binary(Operator, ABC):
    """Base of the arithmetic between two tensors, whose shapes broadcast.

    Class attributes:
        neutral: the number that changes nothing as the second operand, to the sign of zeros, if there is one.
        commutes: whether it is that as the first operand, too.
    """

    operands: ClassVar[tuple[Operand, ...]] = (Operand("A"), Operand("B"))
    results: ClassVar[tuple[Result, ...]] = (Result("C"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS}
    elementwise: ClassVar[bool] = True
    neutral: ClassVar[float | None] = None
    commutes: ClassVar[bool] = False

    def shapes(self, a: Known, b: Known) -> tuple[Shape, ...]:
        """The broadcast shape."""
        return (broadcast(a.shape, b.shape),)

    def content(self, a: Known, b: Known) -> Content | None:
        """The results of every pair, where all of them are known."""
        return _combined(self.of_dims, a, b)

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The operand of the result's type beside a constant that is the neutral number in all places."""
        for place in (0, 1) if self.commutes else (0,):
            other, constant = operands[1 - place], constants[1 - place]
            if other is None or constant is None or operands[place] != results[0]:
                continue
            if all(_is_number(element, self.neutral, other.dtype.is_float) for element in constant.elements):
                return place
        return None

    @abstractmethod
    def of_dims(self, a: Dim, b: Dim) -> Dim | None:
        """The function of two elements that are symbolic; None where it cannot be said."""


def _is_number(element: float, number: float | None, signed: bool) -> bool:
    """Whether an element is this number; where zeros have signs, to the sign."""
    if number is None or element != number:
        return False
    return not signed or math.copysign(1, element) == math.copysign(1, number)


def _combined(function: Any, *operands: Known) -> Content | None:
    """A function of the elements of operands that broadcast, all of rank 0 or 1."""
    contents = [one.content for one in operands if one.content is not None]
    if len(contents) < len(operands):
        return None
    lengths = {len(one) for one in contents}
    length = 0 if 0 in lengths else max(lengths)
    columns = (one * length if len(one) == 1 else one for one in contents)
    try:
        found = tuple(function(*elements) for elements in zip(*columns, strict=True))
    except DimTooComplex:
        return None
    return None if None in found else found


@final
@record
class Add(Binary):
    """``A + B``. The sum of ``-0.0`` and ``0.0`` is ``0.0``, so that of the two ``-0.0`` is neutral."""

    kind: ClassVar[str] = "Add"
    source: ClassVar[str] = "ONNX Add-14"
    neutral: ClassVar[float | None] = -0.0
    commutes: ClassVar[bool] = True

    def of_dims(self, a: Dim, b: Dim) -> Dim:
        """The sum."""
        return a + b

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """The sum."""
        return (a + b,)


@final
@record
class Sub(Binary):
    """``A - B``."""

    kind: ClassVar[str] = "Sub"
    source: ClassVar[str] = "ONNX Sub-14"
    neutral: ClassVar[float | None] = 0.0

    def of_dims(self, a: Dim, b: Dim) -> Dim:
        """The difference."""
        return a - b

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """The difference."""
        return (a - b,)


@final
@record
class Mul(Binary):
    """``A * B``."""

    kind: ClassVar[str] = "Mul"
    source: ClassVar[str] = "ONNX Mul-14"
    neutral: ClassVar[float | None] = 1.0
    commutes: ClassVar[bool] = True

    def of_dims(self, a: Dim, b: Dim) -> Dim:
        """The product."""
        return a * b

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """The product."""
        return (a * b,)


@final
@record
class Div(Binary):
    """``A / B``; between ints it is rounded towards zero, and nothing is defined for a divisor of 0."""

    kind: ClassVar[str] = "Div"
    source: ClassVar[str] = "ONNX Div-14"
    neutral: ClassVar[float | None] = 1.0

    def of_dims(self, a: Dim, b: Dim) -> Dim | None:
        """The quotient, rounded towards zero."""
        return quotient(a, b)

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """The quotient."""
        if a.dtype.kind == "f":
            return (a / b,)
        rounded_up = (np.mod(a, b) != 0) & ((a < 0) != (b < 0))
        return (np.floor_divide(a, b) + rounded_up,)


@final
@record
class Mod(Binary):
    """The remainder: with the sign of the divisor, or, with ``fmod``, that of the dividend. Floats want ``fmod``."""

    kind: ClassVar[str] = "Mod"
    source: ClassVar[str] = "ONNX Mod-13"

    fmod: int = 0

    def shapes(self, a: Known, b: Known) -> tuple[Shape, ...]:
        """The broadcast shape."""
        if a.dtype.is_float and not self.fmod:
            raise InvalidOperands("floats have a remainder with fmod=1 only")
        return super().shapes(a, b)

    def of_dims(self, a: Dim, b: Dim) -> Dim | None:
        """The remainder."""
        if not self.fmod:
            return remainder(a, b)
        rounded = quotient(a, b)
        return None if rounded is None else a - rounded * b

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """The remainder."""
        return (np.fmod(a, b) if self.fmod else np.mod(a, b),)


@final
@record
class Pow(Operator):
    """``X`` to the power of ``Y``, in the element type of ``X``.

    An int to a negative power is what is left of the fraction, mostly 0.
    """

    kind: ClassVar[str] = "Pow"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("X"), Operand("Y", "T1"))
    results: ClassVar[tuple[Result, ...]] = (Result("Z"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS | WORDS, "T1": NUMBERS}
    source: ClassVar[str] = "ONNX Pow-15"
    elementwise: ClassVar[bool] = True

    def shapes(self, x: Known, y: Known) -> tuple[Shape, ...]:
        """The broadcast shape."""
        return (broadcast(x.shape, y.shape),)

    def compute(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, ...]:
        """The power; between ints it is exact where that is an int."""
        if x.dtype.kind == "f" or y.dtype.kind == "f" or np.any(y < 0):
            return (np.power(x.astype("float64"), y) if x.dtype.kind != "f" else np.power(x, y.astype(x.dtype)),)
        return (np.power(x, y.astype(x.dtype)),)


@record
class Extreme(Operator, ABC):
    """Base of the greatest and the least of tensors whose shapes broadcast."""

    operands: ClassVar[tuple[Operand, ...]] = (Operand("data_0", variadic=True),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS}
    keeps_values: ClassVar[bool] = True
    elementwise: ClassVar[bool] = True

    def shapes(self, *operands: Known) -> tuple[Shape, ...]:
        """The broadcast shape."""
        return (broadcast(*(one.shape for one in operands)),)


@final
@record
class Max(Extreme):
    """The greatest element at each place; no number, where one of them is none."""

    kind: ClassVar[str] = "Max"
    results: ClassVar[tuple[Result, ...]] = (Result("max"),)
    source: ClassVar[str] = "ONNX Max-13"

    def content(self, *operands: Known) -> Content | None:
        """The greatest elements."""
        return _combined(dim_max, *operands)

    def compute(self, *arrays: np.ndarray) -> tuple[Any, ...]:
        """The greatest elements."""
        result = arrays[0]
        for array in arrays[1:]:
            result = np.maximum(result, array)
        return (result,)


@final
@record
class Min(Extreme):
    """The least element at each place; no number, where one of them is none."""

    kind: ClassVar[str] = "Min"
    results: ClassVar[tuple[Result, ...]] = (Result("min"),)
    source: ClassVar[str] = "ONNX Min-13"

    def content(self, *operands: Known) -> Content | None:
        """The least elements."""
        return _combined(dim_min, *operands)

    def compute(self, *arrays: np.ndarray) -> tuple[Any, ...]:
        """The least elements."""
        result = arrays[0]
        for array in arrays[1:]:
            result = np.minimum(result, array)
        return (result,)
