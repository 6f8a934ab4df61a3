"""Values as the language writes them: what is printed here reads back as the same value."""

from __future__ import annotations

from enum import Enum

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: Above it not every whole number is a float.
_LARGEST_WHOLE = 2**53


def value_text(value: object) -> str:
    """A compile-time value as the text of an expression.

    Dimensions, element types, tensor types and initializers print themselves. A float that is infinite or no number
    cannot be written; of those the text is Python's.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str) and not isinstance(value, Enum):
        return _string(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(value_text, value))}]"
    return str(value)


def number_text(number: float) -> str:
    """A number where ints and floats mean the same: without a fraction if it has none."""
    is_whole = abs(number) <= _LARGEST_WHOLE and number == int(number)
    return str(int(number)) if is_whole else _float(float(number))


def _float(value: float) -> str:
    """The shortest text of a float, and its exponent as people write it: ``1e-5``, where Python has ``1e-05``."""
    mantissa, sign, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if sign else mantissa


def _string(text: str) -> str:
    return f'"{"".join(map(_character, text))}"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\u{{{ord(character):X}}}"
