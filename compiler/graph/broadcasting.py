"""Which shapes fit each other: the rules that layers and operators share, and that raise nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ..dims import Dim, decide_equal


def broadcasts(left: Dim, right: Dim) -> bool | None:
    """Whether two dimensions are equal or one of them is 1, as numpy broadcasts; None where that is not certain."""
    if left == 1 or right == 1:
        return True
    equal = decide_equal(left, right)
    if equal is False and (decide_equal(left, 1) is None or decide_equal(right, 1) is None):
        return None
    return equal


def misfit(fits: Sequence[bool | None]) -> tuple[int, bool] | None:
    """The axis to blame, and whether it certainly does not fit; None where all axes certainly fit.

    Args:
        fits: of each axis, whether it fits for all values of the symbols, for none, or None where that depends.
    """
    for answer in (False, None):
        if answer in fits:
            return fits.index(answer), answer is False
    return None
