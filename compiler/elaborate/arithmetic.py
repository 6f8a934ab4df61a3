"""Arithmetic of compile-time values: exact on ints and dimensions, and bounded before anything is computed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from ..diagnostics import DotnnError
from ..diagnostics.values import BadArithmetic, Undecided, WrongOperands
from ..graph.dims import (
    Dim,
    DimExpr,
    DimTooComplex,
    ceil_div,
    decide_equal,
    decide_less,
    decide_less_equal,
    floor_div,
    format_dim,
    symbols,
)
from ..source import Span
from .state import Elaboration
from .values import CompileValue, Quotient, TensorConstant, TensorRef, describe, is_number, show

#: Comparisons that hold when the flipped one does.
_FLIPPED = {">": "<", ">=": "<="}


def binary(symbol: str, left: CompileValue, right: CompileValue, span: Span, state: Elaboration) -> CompileValue:
    """``left symbol right`` for two values, neither of them a tensor or unknown; raises ``DotnnError``."""
    if symbol in ("==", "!="):
        state.lists.walk(left, span)
        same = equal(left, right, span)
        return same if symbol == "==" else not same
    if symbol in ("<", "<=", ">", ">="):
        return _order(symbol, left, right, span)
    if isinstance(left, tuple) and isinstance(right, tuple) and symbol == "+":
        check_length(len(left) + len(right), span, state)
        return state.lists.made(left + right, span)
    if isinstance(left, str) and isinstance(right, str) and symbol == "+":
        check_length(len(left) + len(right), span, state)
        return left + right
    if isinstance(left, DimExpr) or isinstance(right, DimExpr):
        return _dimension_arithmetic(symbol, left, right, span)
    if is_number(left) and is_number(right):
        return _number_arithmetic(symbol, left, right, span, state)
    raise DotnnError(_wrong(symbol, left, right, span))


def _wrong(symbol: str, left: CompileValue, right: CompileValue, span: Span) -> WrongOperands:
    found = f"{describe(left)} and {describe(right)}"
    return WrongOperands(span=span, operator=symbol, found=found)


def check_length(length: int, span: Span, state: Elaboration) -> None:
    """Bound the length of a list or string about to be made, and count its elements as steps."""
    if length > state.limits.list_length:
        state.stop("list_length", span)
    state.step(length, span)


def _number_arithmetic(symbol: str, left: Any, right: Any, span: Span, state: Elaboration) -> int | float:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(symbol, left, right, span, state)
    try:
        result = _NUMBERS[symbol](left, right)
    except ZeroDivisionError:
        raise DotnnError(BadArithmetic(span=span, reason="division by zero")) from None
    except OverflowError:
        raise DotnnError(BadArithmetic(span=span, reason="the number is too large for a float")) from None
    if isinstance(result, complex):
        raise DotnnError(BadArithmetic(span=span, reason="a root of a negative number"))
    if isinstance(result, float) and not math.isfinite(result):
        raise DotnnError(BadArithmetic(span=span, reason="the number is too large for a float"))
    return result


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def _check_bits(symbol: str, left: int, right: int, span: Span, state: Elaboration) -> None:
    """Bound an integer before it is computed: a power may take minutes and cannot be interrupted."""
    if symbol == "**":
        bits = abs(left).bit_length() * max(right, 0) if abs(left) > 1 else 1
        if right < 0:
            bits = abs(left).bit_length() * -right if abs(left) > 1 else 1
    else:
        bits = left.bit_length() + right.bit_length() if symbol == "*" else 0
        bits = max(bits, left.bit_length(), right.bit_length())
    if bits > state.limits.integer_bits + 1:
        state.stop("integer_bits", span)


def _dimension_arithmetic(symbol: str, left: CompileValue, right: CompileValue, span: Span) -> CompileValue:
    if not all(isinstance(side, int | DimExpr) and not isinstance(side, bool) for side in (left, right)):
        hint = "a symbolic dimension is computed with ints only; `//` is the division of ints"
        found = f"{describe(left)} and {describe(right)}"
        raise DotnnError(WrongOperands(span=span, operator=symbol, found=found, hint=hint))
    try:
        return _DIMENSIONS[symbol](left, right)
    except DimTooComplex as error:
        raise DotnnError(BadArithmetic(span=span, reason=str(error), hint="simplify the dimension")) from None
    except (ValueError, ZeroDivisionError):
        reason = f"the divisor {show(right)} may be zero or negative"
        raise DotnnError(BadArithmetic(span=span, reason=reason, hint="divide by a positive number")) from None


def _power(base: Dim, exponent: Dim) -> Dim:
    if not isinstance(exponent, int) or exponent < 0 or exponent > 8:
        raise DimTooComplex("a power of a dimension needs an exponent from 0 to 8")
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
    raise DotnnError(WrongOperands(span=span, operator="-", found=describe(value)))


def equal(left: CompileValue, right: CompileValue, span: Span) -> bool:
    """Whether two values are equal; raises ``Undecided`` where that depends on a dimension."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            return False
        answers = [_decided_equal(a, b) for a, b in zip(left, right, strict=True)]
        if False in answers:
            return False
        for answer, a, b in zip(answers, left, right, strict=True):
            if answer is None:
                raise DotnnError(_undecided(f"{show(a)} == {show(b)}", a, b, span))
        return True
    answer = _decided_equal(left, right)
    if answer is None:
        raise DotnnError(_undecided(f"{show(left)} == {show(right)}", left, right, span))
    if answer is NotImplemented:
        raise DotnnError(_wrong("==", left, right, span))
    return answer


def _decided_equal(left: CompileValue, right: CompileValue) -> Any:
    if isinstance(left, DimExpr) or isinstance(right, DimExpr):
        if not all(isinstance(side, int | DimExpr) for side in (left, right)):
            return False
        return decide_equal(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        answers = [_decided_equal(a, b) for a, b in zip(left, right, strict=False)]
        if len(left) != len(right) or False in answers:
            return False
        return None if None in answers else True
    if is_number(left) and is_number(right):
        return left == right
    if isinstance(left, _TENSORS) or isinstance(right, _TENSORS):
        return NotImplemented
    return type(left) is type(right) and left == right


_TENSORS = (TensorRef, TensorConstant)


def _order(symbol: str, left: CompileValue, right: CompileValue, span: Span) -> bool:
    if symbol in _FLIPPED:
        return _order_up(_FLIPPED[symbol], right, left, span, symbol)
    return _order_up(symbol, left, right, span, symbol)


def _order_up(symbol: str, low: CompileValue, high: CompileValue, span: Span, written: str) -> bool:
    if isinstance(low, DimExpr) or isinstance(high, DimExpr):
        if not all(isinstance(side, int | DimExpr) and not isinstance(side, bool) for side in (low, high)):
            raise DotnnError(_wrong(written, low, high, span))
        answer = decide_less(low, high) if symbol == "<" else decide_less_equal(low, high)
        if answer is None:
            raise DotnnError(_undecided(f"{show(low)} {symbol} {show(high)}", low, high, span))
        return answer
    comparable = (is_number(low) and is_number(high)) or (type(low) is type(high) is str)
    if not comparable:
        raise DotnnError(_wrong(written, low, high, span))
    return low < high if symbol == "<" else low <= high


def _undecided(question: str, left: CompileValue, right: CompileValue, span: Span) -> Undecided:
    return undecided(question, (left, right), span)


def undecided(question: str, values: tuple[CompileValue, ...], span: Span) -> Undecided:
    """The diagnostic that names the symbols which would have to be known."""
    flat: set[str] = set()
    for value in values:
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, DimExpr):
                flat |= symbols(item)
    names = " and ".join(f"`{name}`" for name in sorted(flat))
    return Undecided(span=span, question=question, symbols=names or "a dimension")


def rounded(value: CompileValue, up: bool, span: Span) -> int | DimExpr:
    """``ceil`` or ``floor`` of a number, a dimension or a quotient of dimensions."""
    if isinstance(value, Quotient):
        divide = ceil_div if up else floor_div
        try:
            return divide(value.numerator, value.denominator)
        except (ValueError, ZeroDivisionError):
            reason = f"the divisor {format_dim(value.denominator)} may be zero or negative"
            raise DotnnError(BadArithmetic(span=span, reason=reason)) from None
    if isinstance(value, DimExpr):
        return value
    if is_number(value):
        return math.ceil(value) if up else math.floor(value)
    raise DotnnError(WrongOperands(span=span, operator="ceil" if up else "floor", found=describe(value)))
