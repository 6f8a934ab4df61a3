"""Symbolic dimensions: an exact integer algebra with one canonical form.

A dimension is a plain `int` where it is known and a `DimExpr` where it is not. Operators `+ - * // % **`
work on both, give an `int` as soon as the value is one, and expressions that mean the same compare equal
wherever the canonical form shows it (`decide_equal` sees more). Every symbol stands for an integer that is
at least 1. Nothing is ever guessed: what cannot be decided is None. Expressions and numbers beyond fixed
limits raise `DimTooComplex`.
"""

from __future__ import annotations

from .algebra import Dim, DimExpr, DimTooComplex, watched
from .canonical import ceil_div, dim_max, dim_min, evaluate, exact_div, floor_div, substitute, symbol, symbols
from .deciding import (
    decide_equal,
    decide_less,
    decide_less_equal,
    is_known,
    lower_bound,
    solve_at_least,
    spare,
    upper_bound,
)
from .formatting import format_dim

__all__ = [
    "Dim",
    "DimExpr",
    "DimTooComplex",
    "ceil_div",
    "decide_equal",
    "decide_less",
    "decide_less_equal",
    "dim_max",
    "dim_min",
    "evaluate",
    "exact_div",
    "floor_div",
    "format_dim",
    "is_known",
    "lower_bound",
    "solve_at_least",
    "spare",
    "substitute",
    "symbol",
    "symbols",
    "upper_bound",
    "watched",
]
