"""What a layer costs: a number, and the text that says how it comes about."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..dims import Dim, format_dim
from ..records import positional_record


@positional_record
class Cost:
    """A count of multiply-accumulates and how it comes about: ``3*3*32*64*26*26``."""

    number: Dim
    text: str


def product(factors: Iterable[Dim], shape: Iterable[Dim] = ()) -> Cost:
    """The product of factors, and of the dimensions of a shape; a batch of one is not shown."""
    factors, dims = tuple(factors), tuple(shape)
    shown = dims[1:] if dims[:1] == (1,) else dims
    return Cost(math.prod((*factors, *dims), start=1), product_text((*factors, *shown)))


def product_text(factors: Iterable[Dim]) -> str:
    """A product as text: ``3*3*32*64*(H - 2)``."""
    return "*".join(_factor_text(factor) for factor in factors)


def _factor_text(factor: Dim) -> str:
    text = format_dim(factor)
    return f"({text})" if _is_sum(text) else text


def _is_sum(text: str) -> bool:
    """Whether signs with blanks around them stand outside of all parentheses."""
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == " " and not depth:
            return True
    return False
