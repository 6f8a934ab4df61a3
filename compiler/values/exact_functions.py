"""Powers, exponentials and logarithms of compile-time numbers, the same to the last bit on every machine.

The functions of Python's ``math`` and its ``**`` are those of the platform's C library, and these differ in the last
bit. What is computed here becomes shapes, attributes and initial weights, which promise to be the same everywhere. So
it is computed in decimals, by software, with more digits than a float needs to be told from its neighbours, and rounded
once. A square root needs none of this: IEEE 754 demands the nearest number of it.
"""

from __future__ import annotations

import math
import operator

#: Digits: the worst cases of exp and log of a float are told apart by 37.
_DIGITS = 60

#: Beyond this size of its argument the exponential is certainly infinite, or 0.
_EXP_FARTHEST = 1000


def power(base: float, exponent: float) -> int | float | complex:
    """``base ** exponent``: exact for ints that stay ints; complex for a root of a negative number.

    Raises:
        OverflowError: it is too large for a float.
        ZeroDivisionError: 0 to a negative power.
    """
    rough = operator.pow(base, exponent)
    if not isinstance(rough, float) or base == 0:
        return rough
    from decimal import Context, Decimal

    return float(Context(prec=_DIGITS).power(Decimal(base), Decimal(exponent)))


def exponential(number: float) -> float:
    """``e ** number``; ``OverflowError`` where that is too large for a float."""
    from decimal import Context, Decimal

    near = max(-_EXP_FARTHEST, min(number, _EXP_FARTHEST))
    found = float(Context(prec=_DIGITS).exp(Decimal(near)))
    if math.isinf(found):
        raise OverflowError
    return found


def logarithm(number: float) -> float:
    """The natural logarithm; ``ValueError`` of a number that is not above 0."""
    if number <= 0:
        raise ValueError
    from decimal import Context, Decimal

    return float(Context(prec=_DIGITS).ln(Decimal(number)))


def root(number: float) -> float:
    """The square root; ``ValueError`` of a negative number, ``OverflowError`` of an int too large for a float."""
    return math.sqrt(number)
