"""Arithmetic of compile-time values: exact on ints and dimensions, and bounded before anything is computed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..diagnostics import DotnnError
from ..diagnostics.arithmetic import (
    DimensionTooComplex,
    DimensionWithOthers,
    DivisionByZero,
    DivisorNotPositive,
    MatrixProductOfValues,
    PowerOfDimension,
    QuotientAsOperand,
    RootOfNegative,
    TooLargeForFloat,
    Undecided,
    UnlikeValues,
    WrongOperands,
)
from ..dims import (
    Dim,
    DimExpr,
    DimTooComplex,
    ceil_div,
    decide_equal,
    decide_less,
    decide_less_equal,
    floor_div,
    symbols,
)
from ..dims.linear import equalizing_forms
from ..dims.printing import format_forms
from ..initializers import Initializer
from ..source import Span
from .budget import Budget
from .exact import power
from .kinds import CompileValue, Quotient, TensorConstant, TensorRef, describe, is_number, show

Result = TypeVar("Result")

#: Comparisons whose right side is the smaller one.
_FLIPPED = (">", ">=")


def binary(symbol: str, left: CompileValue, right: CompileValue, span: Span, budget: Budget) -> CompileValue:
    """``left symbol right`` for two values, neither of them a tensor or unknown; raises ``DotnnError``."""
    if symbol == "@":
        operands = (describe(left), describe(right))
        raise DotnnError(MatrixProductOfValues(span=span, operator=symbol, operands=operands))
    if symbol in ("==", "!="):
        budget.walk(left, span)
        same = equal(symbol, left, right, span)
        return same if symbol == "==" else not same
    if symbol in ("<", "<=", ">", ">="):
        return _order(symbol, left, right, span)
    if isinstance(left, tuple) and isinstance(right, tuple) and symbol == "+":
        budget.make(len(left) + len(right), span)
        return budget.made(left + right, span)
    if isinstance(left, str) and isinstance(right, str) and symbol == "+":
        budget.make(len(left) + len(right), span)
        return left + right
    if isinstance(left, DimExpr) or isinstance(right, DimExpr):
        return _dimension_arithmetic(symbol, left, right, span)
    if Quotient in (type(left), type(right)):
        raise _wrong(symbol, left, right, span)
    if is_number(left) and is_number(right):
        return _number_arithmetic(symbol, left, right, span, budget)
    raise _wrong(symbol, left, right, span)


def _wrong(
    symbol: str, left: CompileValue, right: CompileValue, span: Span, fault: type[WrongOperands] = WrongOperands
) -> DotnnError:
    """The fault of two operands; of one that is a quotient, that it is."""
    kind = QuotientAsOperand if Quotient in (type(left), type(right)) else fault
    return DotnnError(kind(span=span, operator=symbol, operands=(describe(left), describe(right))))


def _number_arithmetic(symbol: str, left: Any, right: Any, span: Span, budget: Budget) -> int | float:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(symbol, left, right, span, budget)
    try:
        result = _NUMBERS[symbol](left, right)
    except ZeroDivisionError:
        raise DotnnError(DivisionByZero(span=span)) from None
    except OverflowError:
        raise DotnnError(TooLargeForFloat(span=span)) from None
    if isinstance(result, complex):
        raise DotnnError(RootOfNegative(span=span))
    if isinstance(result, float) and not math.isfinite(result):
        raise DotnnError(TooLargeForFloat(span=span))
    return result


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": power,
}


def _check_bits(symbol: str, left: int, right: int, span: Span, budget: Budget) -> None:
    """Bound an integer before it is computed: a power may take minutes and cannot be interrupted."""
    if symbol == "**":
        bits = abs(left).bit_length() * max(right, 0) if abs(left) > 1 else 1
        if right < 0:
            bits = abs(left).bit_length() * -right if abs(left) > 1 else 1
    else:
        bits = left.bit_length() + right.bit_length() if symbol == "*" else 0
        bits = max(bits, left.bit_length(), right.bit_length())
    if bits > budget.limits.integer_bits + 1:
        budget.stop("integer_bits", span)


def _dimension_arithmetic(symbol: str, left: CompileValue, right: CompileValue, span: Span) -> CompileValue:
    if not all(isinstance(side, int | DimExpr) and not isinstance(side, bool) for side in (left, right)):
        raise _wrong(symbol, left, right, span, DimensionWithOthers)
    if symbol == "**" and not (isinstance(right, int) and 0 <= right <= _LARGEST_EXPONENT):
        raise DotnnError(PowerOfDimension(span=span, largest=_LARGEST_EXPONENT))
    return of_dimensions(_DIMENSIONS[symbol], left, right, span=span)


def of_dimensions(function: Callable[..., Result], *values: Dim, span: Span) -> Result:
    """A function of dimensions; raises ``DotnnError`` where it has no value, or none that can be written."""
    try:
        return function(*values)
    except DimTooComplex as error:
        raise DotnnError(DimensionTooComplex(span=span, limit=str(error))) from None
    except (ValueError, ZeroDivisionError):
        raise DotnnError(DivisorNotPositive(span=span, divisor=show(values[-1]))) from None


#: Of a power of a dimension.
_LARGEST_EXPONENT = 8


def _power(base: Dim, exponent: int) -> Dim:
    result: Dim = 1
    for _ in range(exponent):
        result = result * base
    return result


def _modulo(left: Dim, right: Dim) -> Dim:
    return left - floor_div(left, right) * right


_DIMENSIONS: dict[str, Callable[[Any, Any], CompileValue]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": Quotient,
    "//": floor_div,
    "%": _modulo,
    "**": _power,
}


def negate(value: CompileValue, span: Span) -> CompileValue:
    """``-value``."""
    if is_number(value) or isinstance(value, DimExpr):
        return -value
    raise DotnnError(WrongOperands(span=span, operator="-", operands=(describe(value),)))


def equal(symbol: str, left: CompileValue, right: CompileValue, span: Span) -> bool:
    """Whether two values are equal.

    Raises:
        DotnnError: ``Undecided`` where that depends on a dimension, ``WrongOperands`` for values of different kinds,
            which nobody compares on purpose.
    """
    pairs = list(zip(left, right, strict=False)) if _are_lists(left, right) else [(left, right)]
    answers = [_decided_equal(symbol, one, other, span) for one, other in pairs]
    if False in answers or (_are_lists(left, right) and len(left) != len(right)):
        return False
    for answer, (one, other) in zip(answers, pairs, strict=True):
        if answer is None:
            forms = _equal_forms(one, other)
            raise _undecided(symbol, one, other, span, forms)
    return True


def _equal_forms(left: CompileValue, right: CompileValue) -> Mapping[str, Dim]:
    """What to write for symbols so that two dimensions, or those of two lists, are equal."""
    pairs = zip(left, right, strict=False) if _are_lists(left, right) else [(left, right)]
    dims = [(one, other) for one, other in pairs if isinstance(one, int | DimExpr) and isinstance(other, int | DimExpr)]
    return equalizing_forms(dims)


def _are_lists(left: CompileValue, right: CompileValue) -> bool:
    return isinstance(left, tuple) and isinstance(right, tuple)


def _decided_equal(symbol: str, left: CompileValue, right: CompileValue, span: Span) -> bool | None:
    if _are_lists(left, right):
        answers = [_decided_equal(symbol, one, other, span) for one, other in zip(left, right, strict=False)]
        if False in answers or len(left) != len(right):
            return False
        return None if None in answers else True
    kind = _kind(left)
    if kind is None or kind is not _kind(right):
        raise _wrong(symbol, left, right, span, UnlikeValues)
    if isinstance(left, DimExpr) or isinstance(right, DimExpr):
        if isinstance(left, float) or isinstance(right, float):
            return False
        return decide_equal(left, right)
    return left == right


def _kind(value: CompileValue) -> type | None:
    """Values of one kind can be compared; None for what has no equals: tensors and quotients."""
    if is_number(value) or isinstance(value, DimExpr):
        return int
    if isinstance(value, TensorRef | TensorConstant | Quotient):
        return None
    return Initializer if isinstance(value, Initializer) else type(value)


def _order(symbol: str, left: CompileValue, right: CompileValue, span: Span) -> bool:
    low, high = (right, left) if symbol in _FLIPPED else (left, right)
    strict = symbol in ("<", ">")
    if (is_number(left) and is_number(right)) or type(left) is type(right) is str:
        return low < high if strict else low <= high
    if not all(isinstance(side, int | DimExpr) and not isinstance(side, bool) for side in (left, right)):
        raise _wrong(symbol, left, right, span, UnlikeValues)
    answer = decide_less(low, high) if strict else decide_less_equal(low, high)
    if answer is None:
        raise _undecided(symbol, left, right, span)
    return answer


def _undecided(
    symbol: str, left: CompileValue, right: CompileValue, span: Span, forms: Mapping[str, Dim] | None = None
) -> DotnnError:
    """The fault that names the symbols which would have to be known, or be of other forms."""
    names: set[str] = set()
    for value in (left, right):
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, DimExpr):
                names |= symbols(item)
    return DotnnError(
        Undecided(
            span=span,
            left=show(left),
            operator=symbol,
            right=show(right),
            names=tuple(sorted(names)),
            forms=format_forms(forms or {}),
        )
    )


def rounded(value: CompileValue, up: bool, span: Span) -> int | DimExpr:
    """``ceil`` or ``floor`` of a number, a dimension or a quotient of dimensions."""
    if isinstance(value, Quotient):
        return of_dimensions(ceil_div if up else floor_div, value.numerator, value.denominator, span=span)
    if isinstance(value, DimExpr):
        return value
    if is_number(value):
        return math.ceil(value) if up else math.floor(value)
    raise DotnnError(WrongOperands(span=span, operator="ceil" if up else "floor", operands=(describe(value),)))
