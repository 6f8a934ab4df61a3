"""Functions of one tensor that the language has for compile-time numbers as well: ``abs sqrt exp log``."""

from __future__ import annotations

from typing import ClassVar, final

from ..graph.types import TensorType
from ..lazy_imports import np
from ..records import record
from .activations import Elementwise
from .base import Operand, Sample, Site
from .shape_rules import need_number

_INPUTS = {"x": "float32[N, C, H]"}


@final
@record
class Abs(Elementwise):
    """Every element without its sign. Shape as the input's.

    Of a compile-time number, `abs` is a function. The least integer of a type has no positive counterpart and stays as
    it is, as in numpy.
    """

    kind: ClassVar[str] = "abs"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "numbers of any shape"),)
    formula: ClassVar[str] = "y = |x|"
    foreign_names: ClassVar[tuple[str, ...]] = ("absolute", "fabs")
    source: ClassVar[str] = "numpy.abs; ONNX Abs"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("abs", _INPUTS),
        Sample("abs(x - 3)", _INPUTS),
        Sample("abs", {"x": "int64[N, 3]"}),
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_number(site, 0, x)
        return x

    def of(self, x: np.ndarray) -> np.ndarray:
        """``|x|``."""
        return np.abs(x)


@final
@record
class Sqrt(Elementwise):
    """The square root. Shape as the input's.

    Of a negative number it is no number (NaN). Of a compile-time number, `sqrt` is a function.
    """

    kind: ClassVar[str] = "sqrt"
    formula: ClassVar[str] = "y = x ** 0.5"
    source: ClassVar[str] = "numpy.sqrt; ONNX Sqrt"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("sqrt(x * x)", _INPUTS),
        Sample("x * x + 1e-3 -> sqrt", {"x": "float32[2, 3]"}),
    )

    def of(self, x: np.ndarray) -> np.ndarray:
        """``sqrt(x)``."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(x)


@final
@record
class Exp(Elementwise):
    """The exponential function. Shape as the input's.

    It is infinite where it exceeds the element type: from 89 on for float32, from 12 on for float16. Of a compile-time
    number, `exp` is a function.
    """

    kind: ClassVar[str] = "exp"
    formula: ClassVar[str] = "y = e ** x"
    foreign_names: ClassVar[tuple[str, ...]] = ("exponential",)
    source: ClassVar[str] = "numpy.exp; ONNX Exp"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("exp", _INPUTS), Sample("exp(-x * x)", _INPUTS))

    def of(self, x: np.ndarray) -> np.ndarray:
        """``exp(x)``."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(x)


@final
@record
class Log(Elementwise):
    """The natural logarithm. Shape as the input's.

    Of 0 it is minus infinity, of a negative number no number (NaN). Of a compile-time number, `log` is a function.
    """

    kind: ClassVar[str] = "log"
    formula: ClassVar[str] = "y = log(x), so that e ** y = x"
    foreign_names: ClassVar[tuple[str, ...]] = ("logarithm",)
    source: ClassVar[str] = "numpy.log; ONNX Log"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("log(x * x + 0.01)", _INPUTS),
        Sample("x * x + 0.01 -> log", {"x": "float32[2, 3]"}),
    )

    def of(self, x: np.ndarray) -> np.ndarray:
        """``log(x)``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(x)
