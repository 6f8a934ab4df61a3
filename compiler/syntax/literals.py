"""From the text of a number, a string or a label to what it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: An escape of a string, known or not.
_ESCAPE = re.compile(r"\\(?:u\{(?P<number>[0-9A-Fa-f]{1,6})\}|(?P<simple>.))", re.DOTALL)
_SIMPLE = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}

_SUFFIXES = {"K": 10**3, "M": 10**6, "G": 10**9}

#: Python converts at most 4300 digits at once.
_CHUNK = 4000

#: A computed part of a label, or a run of its letters, or the dot between two components.
_LABEL_PIECE = re.compile(r"\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z0-9_]+|\.")


def integer_value(text: str, maximum_bits: int) -> int | None:
    """Value of an integer literal; None if it has more than ``maximum_bits`` bits. Takes linear time to say so."""
    digits = text.replace("_", "")
    factor = _SUFFIXES.get(digits[-1], 1)
    digits = digits.rstrip("KMG").lstrip("0") or "0"
    # A decimal digit holds more than 3.32 bits, the first one at least 1.
    if (len(digits) - 1) * 3.32 > maximum_bits:
        return None
    value = 0
    for start in range(0, len(digits), _CHUNK):
        chunk = digits[start : start + _CHUNK]
        value = value * 10 ** len(chunk) + int(chunk)
    value *= factor
    return value if value.bit_length() <= maximum_bits else None


def float_value(text: str) -> float:
    """Value of a float literal; infinite if it is too large."""
    return float(text.replace("_", ""))


def is_zero(text: str) -> bool:
    """Whether a float literal is written as zero, so that its value may be zero."""
    mantissa = re.split("[eE]", text, maxsplit=1)[0]
    return not mantissa.strip("0._")


def string_value(text: str) -> str | tuple[int, int]:
    """Value of a string literal; where it holds an unknown escape, the offsets of that within the literal."""
    if "\\" not in text:
        return text[1:-1]
    parts, position = [], 1
    for match in _ESCAPE.finditer(text, 1, len(text) - 1):
        character = _unescaped(match)
        if character is None:
            return match.span()
        parts += [text[position : match.start()], character]
        position = match.end()
    return "".join([*parts, text[position:-1]])


def _unescaped(match: re.Match[str]) -> str | None:
    if match["number"] is None:
        return _SIMPLE.get(match["simple"])
    number = int(match["number"], 16)
    valid = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if valid else None


def label_pieces(text: str) -> Iterator[list[tuple[int, int]]]:
    """The components of a label, each as the offsets of its pieces; a piece in braces is computed."""
    component: list[tuple[int, int]] = []
    for match in _LABEL_PIECE.finditer(text):
        if match.group() != ".":
            component.append(match.span())
            continue
        yield component
        component = []
    yield component
