"""Arithmetic of compile-time values: exact on ints and dimensions, and bounded before anything is computed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import TypeVar

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
from ..dims.formatting import format_forms
from ..dims.linear import equalizing_forms
from ..initializers import Initializer
from ..source import Span
from .budget import Budget
from .compile_values import KnownValue, Quotient, describe, is_dimension, is_number, is_string, is_tensor, show
from .exact_functions import power

Result = TypeVar("Result")
_Ordered = TypeVar("_Ordered", float, str)


def binary(symbol: str, left: KnownValue, right: KnownValue, span: Span, budget: Budget) -> KnownValue:
    """``left symbol right`` for two values, neither of them a tensor; raises ``DotnnError``."""
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
        budget.reserve(len(left) + len(right), span)
        return budget.bounded(left + right, span)
    if is_string(left) and is_string(right) and symbol == "+":
        budget.reserve(len(left) + len(right), span)
        return left + right
    if isinstance(left, DimExpr) or isinstance(right, DimExpr):
        return _dimension_arithmetic(symbol, left, right, span)
    if Quotient in (type(left), type(right)):
        raise _wrong(symbol, left, right, span)
    if is_number(left) and is_number(right):
        return _number_arithmetic(symbol, left, right, span, budget)
    raise _wrong(symbol, left, right, span)


def _wrong(
    symbol: str, left: KnownValue, right: KnownValue, span: Span, fault: type[WrongOperands] = WrongOperands
) -> DotnnError:
    """The fault of two operands; of one that is a quotient, that it is."""
    kind = QuotientAsOperand if Quotient in (type(left), type(right)) else fault
    return DotnnError(kind(span=span, operator=symbol, operands=(describe(left), describe(right))))


def _number_arithmetic(symbol: str, left: float, right: float, span: Span, budget: Budget) -> int | float:
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


_NUMBERS: Mapping[str, Callable[[float, float], int | float | complex]] = {
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
    if _most_bits(symbol, left, right) > budget.limits.integer_bits + 1:
        budget.stop("integer_bits", span)


def _most_bits(symbol: str, left: int, right: int) -> int:
    """A bound of the bits of the result; of a power to a negative exponent, of its reciprocal."""
    if symbol == "**":
        # All powers of 0, 1 and -1 are small.
        return left.bit_length() * abs(right) if abs(left) > 1 else 1
    if symbol == "*":
        return left.bit_length() + right.bit_length()
    return max(left.bit_length(), right.bit_length())


def _dimension_arithmetic(symbol: str, left: KnownValue, right: KnownValue, span: Span) -> Dim | Quotient:
    if not (is_dimension(left) and is_dimension(right)):
        raise _wrong(symbol, left, right, span, DimensionWithOthers)
    if symbol == "**":
        if not (isinstance(right, int) and 0 <= right <= _LARGEST_EXPONENT):
            raise DotnnError(PowerOfDimension(span=span, largest=_LARGEST_EXPONENT))
        return of_dimensions(_power, left, right, span=span)
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


def _modulo(left: Dim, right: Dim) -> Dim:
    return left - floor_div(left, right) * right


def _power(base: Dim, exponent: int) -> Dim:
    """By repeated products, as the algebra has no powers."""
    return math.prod([base] * exponent)


_DIMENSIONS: Mapping[str, Callable[[Dim, Dim], Dim | Quotient]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": Quotient,
    "//": floor_div,
    "%": _modulo,
}


def negate(value: KnownValue, span: Span) -> int | float | DimExpr:
    """``-value``."""
    if is_number(value) or isinstance(value, DimExpr):
        return -value
    raise DotnnError(WrongOperands(span=span, operator="-", operands=(describe(value),)))


def equal(symbol: str, left: KnownValue, right: KnownValue, span: Span) -> bool:
    """Whether two values are equal.

    Raises:
        DotnnError: ``Undecided`` where that depends on a dimension, ``WrongOperands`` for values of different kinds,
            which nobody compares on purpose.
    """
    pairs = _pairs(left, right)
    answers = [_decided_equal(symbol, one, other, span) for one, other in pairs]
    if False in answers or _differ_in_length(left, right):
        return False
    for answer, (one, other) in zip(answers, pairs, strict=True):
        if answer is None:
            forms = _equal_forms(one, other)
            raise _undecided(symbol, one, other, span, forms)
    return True


def _pairs(left: KnownValue, right: KnownValue) -> list[tuple[KnownValue, KnownValue]]:
    """What is compared with what: the items of two lists one by one, of anything else the values themselves."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return list(zip(left, right, strict=False))
    return [(left, right)]


def _differ_in_length(left: KnownValue, right: KnownValue) -> bool:
    return isinstance(left, tuple) and isinstance(right, tuple) and len(left) != len(right)


def _equal_forms(left: KnownValue, right: KnownValue) -> Mapping[str, Dim]:
    """What to write for symbols so that two dimensions, or those of two lists, are equal."""
    pairs = _pairs(left, right)
    return equalizing_forms([(one, other) for one, other in pairs if is_dimension(one) and is_dimension(other)])


def _decided_equal(symbol: str, left: KnownValue, right: KnownValue, span: Span) -> bool | None:
    if isinstance(left, tuple) and isinstance(right, tuple):
        answers = [_decided_equal(symbol, one, other, span) for one, other in zip(left, right, strict=False)]
        if False in answers or len(left) != len(right):
            return False
        return None if None in answers else True
    kind = _kind(left)
    if kind is None or kind is not _kind(right):
        raise _wrong(symbol, left, right, span, UnlikeValues)
    if isinstance(left, DimExpr) or isinstance(right, DimExpr):
        # No dimension is a float.
        return decide_equal(left, right) if is_dimension(left) and is_dimension(right) else False
    return left == right


def _kind(value: KnownValue) -> type | None:
    """Values of one kind can be compared; None for what has no equals: tensors and quotients."""
    if is_number(value) or isinstance(value, DimExpr):
        return int
    if is_tensor(value) or isinstance(value, Quotient):
        return None
    return Initializer if isinstance(value, Initializer) else type(value)


def _order(symbol: str, left: KnownValue, right: KnownValue, span: Span) -> bool:
    if is_number(left) and is_number(right):
        return _in_order(symbol, left, right)
    if is_string(left) and is_string(right):
        return _in_order(symbol, left, right)
    if not (is_dimension(left) and is_dimension(right)):
        raise _wrong(symbol, left, right, span, UnlikeValues)
    low, high = (left, right) if symbol in ("<", "<=") else (right, left)
    answer = decide_less(low, high) if symbol in ("<", ">") else decide_less_equal(low, high)
    if answer is None:
        raise _undecided(symbol, left, right, span)
    return answer


def _in_order(symbol: str, left: _Ordered, right: _Ordered) -> bool:
    low, high = (left, right) if symbol in ("<", "<=") else (right, left)
    return low < high if symbol in ("<", ">") else low <= high


def _undecided(
    symbol: str, left: KnownValue, right: KnownValue, span: Span, forms: Mapping[str, Dim] | None = None
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


def rounded(value: KnownValue, up: bool, span: Span) -> int | DimExpr:
    """``ceil`` or ``floor`` of a number, a dimension or a quotient of dimensions."""
    if isinstance(value, Quotient):
        return of_dimensions(ceil_div if up else floor_div, value.numerator, value.denominator, span=span)
    if isinstance(value, DimExpr):
        return value
    if is_number(value):
        return math.ceil(value) if up else math.floor(value)
    raise DotnnError(WrongOperands(span=span, operator="ceil" if up else "floor", operands=(describe(value),)))
