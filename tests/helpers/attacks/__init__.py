"""Texts made to hang a compiler, to fill its memory or to crash it: for the tests and for ``benchmarks/fuzz_check.py``.

An attack is a function of a scale: at 1 it comes close to the largest source file that is read by default, tests take
a fraction of that.
"""

from . import characters, dimensions, networks, repetition, values
from .catalogue import ATTACKS, LARGEST, text_of
from .mutations import TOKEN, prefixes, without_single_tokens

__all__ = [
    "ATTACKS",
    "LARGEST",
    "TOKEN",
    "characters",
    "dimensions",
    "networks",
    "prefixes",
    "repetition",
    "text_of",
    "values",
    "without_single_tokens",
]
