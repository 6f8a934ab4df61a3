"""How the positions of a result depend on those of an operand, axis by axis: what receptive fields are made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from ..dims import Dim
from ..records import positional_record


@positional_record
class Along:
    """What one position of a result reads along one axis of an operand.

    At position ``i`` of the result's ``axis`` it reads the positions ``stride * i + shift + dilation * k`` for ``k``
    from 0 to ``kernel - 1``.

    Attributes:
        axis: the axis of the result along which the positions that are read move; None if they are always the same.
        shift: None where the positions lie elsewhere in a way that this form cannot say: they are as many, but nothing
            is known of where.
        whole: every position may be read, whatever the rest says.
    """

    axis: int | None
    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    shift: int | None = 0
    whole: bool = False


#: Every position of the axis may be read.
WHOLE = Along(None, whole=True)

#: One ``Along`` for every axis of the operand.
Reach: TypeAlias = tuple[Along, ...]


def aligned(operand: Sequence[Dim], result: Sequence[Dim], whole: Collection[int] = ()) -> Reach:
    """Position by position, shapes aligned at their last axes; an axis of size 1 that grows is read at its one place.

    Args:
        operand: a shape that broadcasts to the result's; any other is read as a whole.
        result: the result's shape.
        whole: axes of the operand, counted from 0, that every position reads as a whole.
    """
    added = len(result) - len(operand)
    if added < 0:
        return (WHOLE,) * len(operand)
    pairs = enumerate(zip(operand, result[added:], strict=True))
    return tuple(
        WHOLE if axis in whole else Along(None if one == 1 and other != 1 else axis + added)
        for axis, (one, other) in pairs
    )


def kept(rank: int, gone: Collection[int], reduced: bool) -> Reach:
    """The axes that stay, in their order, where others vanish.

    Args:
        rank: of the operand.
        gone: the axes that vanish, counted from 0.
        reduced: whether they are read as a whole; else they have the size 1.
    """
    places = iter(range(rank))
    vanished = WHOLE if reduced else Along(None)
    return tuple(vanished if axis in gone else Along(next(places)) for axis in range(rank))


def refolded(operand: Sequence[Dim], result: Sequence[Dim]) -> Reach:
    """The same elements in the same order: axes that both shapes begin or end with stay, the others may be anywhere."""
    shorter = min(len(operand), len(result))
    first = next((axis for axis in range(shorter) if operand[axis] != result[axis]), shorter)
    room = shorter - first
    last = next((back for back in range(room) if operand[-1 - back] != result[-1 - back]), room)
    moved = len(result) - len(operand)
    return tuple(
        Along(axis) if axis < first else Along(axis + moved) if axis >= len(operand) - last else WHOLE
        for axis in range(len(operand))
    )
