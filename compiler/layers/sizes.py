"""How the size of one axis of a result comes about, in numbers: what shape histories are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from ..dims import Dim, DimExpr, format_dim
from ..graph.types import TensorType
from ..records import positional_record


@positional_record
class Asked:
    """Which axis of which result is asked for.

    Attributes:
        axis: counted from 0.
        number: the index of the result.
        result: its type.
    """

    axis: int
    number: int
    result: TensorType

    @property
    def dim(self) -> Dim:
        """The size that is to be explained."""
        return self.result.shape[self.axis]


@positional_record
class Size:
    """How the size of an axis comes about.

    Attributes:
        formula: with numbers, ``(28 - 2)/2 + 1``, or what was written, ``units=128``; empty where it is the size of the
            first of the axes, or nothing is known.
        axes: the axes of operands that it depends on, each with the index of the operand; the first one is followed.
    """

    formula: str = ""
    axes: tuple[tuple[int, int], ...] = ()


def factor(dim: Dim) -> str:
    """A dimension as part of a product or quotient, in parentheses where it is a sum."""
    text = format_dim(dim)
    return f"({text})" if isinstance(dim, DimExpr) and _is_sum(text) else text


def _is_sum(text: str) -> bool:
    """Whether there are signs between terms outside of all parentheses."""
    depth = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == " " and depth == 0:
            return True
    return False


def product_text(dims: Iterable[Dim]) -> str:
    """Dimensions that are multiplied: ``64*7*7``."""
    return "*".join(map(factor, dims))


def sum_text(dims: Iterable[Dim]) -> str:
    """Dimensions that are added, equal neighbours as a product: ``64 + 3*32``."""
    runs = [(dim, len(list(run))) for dim, run in groupby(dims)]
    return " + ".join(format_dim(dim) if count == 1 else f"{count}*{factor(dim)}" for dim, count in runs)


def around(pair: Sequence[int], sign: str = "+") -> str:
    """What is put at both ends of an axis, or cut off there: `` + 2*1``, `` + 1 + 2``; empty for nothing."""
    before, after = pair
    if before == after:
        return f" {sign} 2*{before}" if before else ""
    return "".join(f" {sign} {one}" for one in pair if one)
