"""The value of a printed dimension, such as ``ceil(H / 2) + 1``, for given sizes of its symbols.

The text comes out of a model file, so nothing is trusted: it is read by the few rules below, never by ``eval``, and
its length, nesting and numbers are bounded.

    sum     = product (("+" | "-") product)*
    product = power (("*" | "//" | "/" | "%") power)*
    power   = "-" power | atom ("**" integer)?
    atom    = integer | name | function "(" sum ("," sum)* ")" | "(" sum ")"

``/`` is the exact quotient and is rounded by ``floor`` or ``ceil`` around it; functions are ``floor ceil min max``.

Why the text is computed as it stands, and not made a `Dim` first, though `canonical.evaluate` computes those: the text
may be of another maker, whose symbols are fed 0 where the algebra knows them to be at least 1. There ``max(N, 1)`` is
``N``, and no longer 1 for an empty batch; ``H // (W - 5)``, a divisor that may be below 1, is refused, as are 300
symbols in one sum, 17 members of a maximum, a 40th power and numbers beyond 256 bits, all of which are computed here;
``H / 2 * 4`` is rounded nowhere; and to find canonical forms takes bounds of bounds, more work for a hostile text than
a walk over its length. So this is one parser for all texts and a few rules of exact arithmetic; what it finds about one
symbol is a `LinearForm` like that of the algebra.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias, final

from .linear import LinearForm

#: Bounds of a text that is read at all.
MAX_CHARACTERS, MAX_NESTING, MAX_EXPONENT = 50_000, 60, 64
#: Longer texts are read every time, since what they are read as takes a hundred times their length.
MAX_REMEMBERED = 1000
#: Bound of the numbers met on the way, in bits.
MAX_BITS = 4096

Sizes: TypeAlias = Mapping[str, int]

_TOKEN = re.compile(r"\s*(?:(?P<integer>[0-9]+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|//|[-+*/%(),]))", re.ASCII)
_FUNCTIONS: dict[str, tuple[Callable[..., Fraction], int]] = {
    "floor": (lambda value: Fraction(math.floor(value)), 1),
    "ceil": (lambda value: Fraction(math.ceil(value)), 1),
    # Of one number, too, as other makers print it.
    "min": (lambda *values: min(values), 0),
    "max": (lambda *values: max(values), 0),
}


class ExpressionError(ValueError):
    """A text is no dimension, or its value is no integer of reasonable size."""


@dataclass(frozen=True, slots=True)
class _Line:
    """``slope * x + start``, the value of an expression in which one symbol is open."""

    slope: Fraction
    start: Fraction


_Number: TypeAlias = Fraction | _Line
_Open: TypeAlias = Mapping[str, int | _Line]
_Value: TypeAlias = Callable[[_Open], _Number]


@final
class Expression:
    """A dimension that was read from text.

    Attributes:
        symbols: the names that its value depends on, in the order in which they appear.
    """

    def __init__(self, text: str) -> None:
        """Read a text; raises `ExpressionError` if it is no dimension."""
        reader = _Reader(text)
        self._value = reader.read()
        self.symbols = tuple(reader.names)

    def value(self, sizes: Sizes) -> int:
        """The dimension for these sizes.

        Raises:
            ExpressionError: for a division by zero, a value that is no integer, or one beyond `MAX_BITS` bits.
            KeyError: for a symbol without a size.
        """
        value = self._value(sizes)
        if isinstance(value, _Line) or value.denominator != 1:
            raise ExpressionError(f"{value} is not an integer")
        return int(value)

    def linear_form(self, symbol: str, sizes: Sizes) -> LinearForm | None:
        """The value as ``factor * symbol + offset``, the factor at least 1, for these sizes of the other symbols.

        None for anything else, and where another symbol has no size.
        """
        try:
            value = self._value({**sizes, symbol: _Line(Fraction(1), Fraction(0))})
        except (ExpressionError, KeyError):
            return None
        if not isinstance(value, _Line) or value.slope.denominator != 1 or value.start.denominator != 1:
            return None
        return LinearForm(symbol, int(value.slope), int(value.start)) if value.slope > 0 else None


def expression(text: str) -> Expression:
    """Read a text, or remember what it was read as; raises `ExpressionError` if it is no dimension."""
    return _remembered(text) if len(text) <= MAX_REMEMBERED else Expression(text)


@lru_cache(maxsize=1024)
def _remembered(text: str) -> Expression:
    return Expression(text)


class _Reader:
    """One reading of one text, by recursive descent."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARACTERS:
            raise ExpressionError(f"more than {MAX_CHARACTERS} characters")
        self.names: dict[str, None] = {}
        self._tokens = _tokens(text)
        self._position = 0
        self._nesting = 0

    def read(self) -> _Value:
        value = self._sum()
        if self._next() is not None:
            raise ExpressionError(f"`{self._next()}` is not expected there")
        return value

    def _next(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, *wanted: str) -> str | None:
        token = self._next()
        if token is None or token not in wanted:
            return None
        self._position += 1
        return token

    def _expect(self, wanted: str) -> None:
        if self._take(wanted) is None:
            raise ExpressionError(f"`{wanted}` is missing")

    def _sum(self) -> _Value:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise ExpressionError(f"more than {MAX_NESTING} levels of nesting")
        first, rest = self._product(), []
        while sign := self._take("+", "-"):
            rest.append((sign, self._product()))
        self._nesting -= 1
        return _folded(first, rest)

    def _product(self) -> _Value:
        first, rest = self._power(), []
        while sign := self._take("*", "//", "/", "%"):
            rest.append((sign, self._power()))
        return _folded(first, rest)

    def _power(self) -> _Value:
        negative = False
        while self._take("-"):
            negative = not negative
        value = self._atom()
        if self._take("**"):
            value = _raised(value, self._exponent())
        return _negated(value) if negative else value

    def _exponent(self) -> int:
        token = self._next()
        # Two digits are more than any exponent has.
        if token is None or not token.isdigit() or len(token) > 2 or int(token) > MAX_EXPONENT:
            raise ExpressionError(f"an exponent is an integer up to {MAX_EXPONENT}")
        self._position += 1
        return int(token)

    def _atom(self) -> _Value:
        token = self._next()
        if token is None:
            raise ExpressionError("it ends too early")
        self._position += 1
        if token == "(":
            value = self._sum()
            self._expect(")")
            return value
        if token.isdigit():
            return _constant(token)
        if token in _FUNCTIONS and self._take("("):
            return self._call(token)
        if not (token[0].isalpha() or token[0] == "_"):
            raise ExpressionError(f"`{token}` is not expected there")
        self.names[token] = None
        return lambda sizes: _number(sizes[token])

    def _call(self, name: str) -> _Value:
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._expect(")")
        function, count = _FUNCTIONS[name]
        if count and len(arguments) != count:
            raise ExpressionError(f"`{name}` takes {count} argument")
        return lambda sizes: function(*[_plain(argument(sizes)) for argument in arguments])


def _tokens(text: str) -> list[str]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"`{text[position : position + 10].strip()}` is not expected there")
        tokens.append(match.group(match.lastgroup or 0))
        position = match.end()
    return tokens


def _constant(digits: str) -> _Value:
    if len(digits) > 100:
        raise ExpressionError("a number has more than 100 digits")
    value = Fraction(int(digits))
    return lambda sizes: value


def _folded(first: _Value, rest: list[tuple[str, _Value]]) -> _Value:
    """The operations from left to right, in one loop, so that long sums need no deep calls."""
    if not rest:
        return first

    def value(sizes: _Open) -> _Number:
        result = first(sizes)
        for sign, operand in rest:
            result = _apply(sign, result, operand(sizes))
        return result

    return value


def _number(size: int | _Line) -> _Number:
    return size if isinstance(size, _Line) else Fraction(size)


def _plain(number: _Number) -> Fraction:
    """A number that does not depend on the open symbol."""
    if isinstance(number, _Line):
        raise ExpressionError("it is no line")
    return number


def _apply(sign: str, left: _Number, right: _Number) -> _Number:
    if isinstance(left, _Line) or isinstance(right, _Line):
        return _apply_to_lines(sign, _line(left), _line(right))
    if sign == "+":
        return _bounded(left + right)
    if sign == "-":
        return _bounded(left - right)
    if sign == "*":
        return _bounded(left * right)
    if right == 0:
        raise ExpressionError("division by zero")
    if sign == "/":
        return _bounded(left / right)
    quotient = Fraction(left // right)
    return _bounded(quotient if sign == "//" else left - right * quotient)


def _line(number: _Number) -> _Line:
    return number if isinstance(number, _Line) else _Line(Fraction(0), number)


def _apply_to_lines(sign: str, left: _Line, right: _Line) -> _Line:
    if sign in ("+", "-"):
        factor = 1 if sign == "+" else -1
        return _Line(_bounded(left.slope + factor * right.slope), _bounded(left.start + factor * right.start))
    if sign != "*" or (left.slope and right.slope):
        raise ExpressionError("it is no line")
    slope = left.slope * right.start + left.start * right.slope
    return _Line(_bounded(slope), _bounded(left.start * right.start))


def _raised(base: _Value, exponent: int) -> _Value:
    def value(sizes: _Open) -> _Number:
        number = base(sizes)
        if exponent == 1:
            return number
        plain = _plain(number)
        if plain.numerator.bit_length() * exponent > MAX_BITS:
            raise ExpressionError(f"a number has more than {MAX_BITS} bits")
        return _bounded(plain**exponent)

    return value


def _negated(value: _Value) -> _Value:
    return lambda sizes: _apply("-", Fraction(0), value(sizes))


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
        raise ExpressionError(f"a number has more than {MAX_BITS} bits")
    return value
