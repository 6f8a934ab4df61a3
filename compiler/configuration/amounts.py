"""Numbers of budgets as they are written: whole numbers, or texts such as ``5M`` and ``20 MB``."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from ..diagnostics.configuration import AmountFault, toml_kind
from ..diagnostics.phrases import Phrase

#: Bits of the largest number.
_MOST_BITS: Final = 200
_LONGEST: Final = 60
_WRITTEN: Final = re.compile(r"(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?) ?(?P<factor>[KkMGT]?)(?P<unit>i?B)?")
_DECIMAL: Final = {"": 1, "K": 10**3, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY: Final = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def read_amount(value: object, metric: str) -> int | Phrase:
    """A number of a budget, or why it is none.

    Args:
        value: as TOML has it.
        metric: what it is for; those that count bytes take units.
    """
    if isinstance(value, str):
        return _written(value, metric)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return AmountFault.IS_NO_NUMBER(found=toml_kind(value))
    if isinstance(value, float) and value not in (float("inf"), float("-inf")):
        return _whole(Fraction(value)) if value == value else AmountFault.IS_NOT_WHOLE()
    return _whole(Fraction(value)) if isinstance(value, int) else AmountFault.IS_TOO_LARGE()


def counts_bytes(metric: str) -> bool:
    """Whether a metric is a number of bytes."""
    return metric.endswith("_bytes")


def _written(text: str, metric: str) -> int | Phrase:
    found = _WRITTEN.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None or (found["unit"] == "iB" and found["factor"] not in _BINARY):
        return AmountFault.IS_NOT_WRITTEN_SO(text=text)
    if found["unit"] and not counts_bytes(metric):
        return AmountFault.COUNTS_NO_BYTES(metric=metric)
    factors = _BINARY if found["unit"] == "iB" else _DECIMAL
    return _whole(Fraction(found["number"].replace("_", "")) * factors[found["factor"]])


def _whole(number: Fraction) -> int | Phrase:
    if number < 0:
        return AmountFault.IS_NEGATIVE()
    if number.denominator != 1:
        return AmountFault.IS_NOT_WHOLE()
    return int(number) if int(number).bit_length() <= _MOST_BITS else AmountFault.IS_TOO_LARGE()
