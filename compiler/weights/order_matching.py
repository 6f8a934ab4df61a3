"""Tensors of a file and weights of a model, paired by their order where names say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from ..diagnostics import DotnnError
from ..diagnostics.weight_matching import MatchedByOrder, NoCounterpart, OrderDiffers, PairDiffers
from ..graph.tensors import Literal, Weight
from .weight_file import WeightFile

#: How many pairs before the first misfit are shown.
SHOWN_BEFORE: Final = 3


def match_in_order(
    file: WeightFile, weights: Sequence[Weight], names: Mapping[str, str]
) -> tuple[dict[str, str], MatchedByOrder]:
    """The names in the file by those of the weights, and what to show of it.

    Args:
        file: the file.
        weights: those of the model, in its order.
        names: the names in the file by what they were renamed to, in its order.

    Raises:
        DotnnError: the shapes differ somewhere, or the numbers of tensors.
    """
    weights = without_literals(weights, len(names))
    ours = [(weight.name, weight.shape) for weight in weights]
    theirs = [(stored, file.shape(stored)) for stored in names.values()]
    lines = paired(file.path, ours, theirs, by_name=list(names))
    found = {weight.name: stored for weight, stored in zip(weights, names.values(), strict=True)}
    return found, MatchedByOrder(path=file.path, pairs=lines)


def without_literals(weights: Iterable[Weight], count: int) -> tuple[Weight, ...]:
    """The weights that a file of so many tensors is to have: those that the source gives only if it has all."""
    weights = tuple(weights)
    if len(weights) == count:
        return weights
    return tuple(weight for weight in weights if not isinstance(weight.initializer, Literal))


def paired(
    path: str,
    ours: Sequence[tuple[str, tuple[int, ...]]],
    theirs: Sequence[tuple[str, tuple[int, ...]]],
    by_name: Sequence[str] = (),
) -> tuple[str, ...]:
    """A line for each pair of a name and a shape in the model and in the file.

    Args:
        path: of the file.
        ours: in the order of the model.
        theirs: in the order of the file.
        by_name: what tells whether the file is sorted; empty where its order is sure.

    Raises:
        DotnnError: the first pair whose shapes differ.
    """
    lines: list[str] = []
    for place, (here, there) in enumerate(zip_longest(ours, theirs)):
        lines.append(_line(here, there))
        if here is None or there is None or here[1] != there[1]:
            around = tuple(lines[max(0, place - SHOWN_BEFORE) :])
            is_sorted = len(by_name) > 2 and list(by_name) == sorted(by_name)
            facts = {"theirs": len(theirs), "ours": len(ours), "around": around, "is_sorted": is_sorted}
            raise DotnnError(_misfit(place, here, there, path=path, **facts))
    return tuple(lines)


def _line(here: tuple[str, tuple[int, ...]] | None, there: tuple[str, tuple[int, ...]] | None) -> str:
    return f"{_named(here)} <- {_named(there)}"


def _named(one: tuple[str, tuple[int, ...]] | None) -> str:
    return "nothing" if one is None else f"`{one[0]}` {list(one[1])}"


def _misfit(
    place: int, here: tuple[str, tuple[int, ...]] | None, there: tuple[str, tuple[int, ...]] | None, **facts: Any
) -> OrderDiffers:
    """What is wrong with the first pair that does not fit."""
    if here is None or there is None:
        return NoCounterpart(alone=_named(there or here), **facts)
    return PairDiffers(number=place + 1, there=_named(there), here=_named(here), **facts)
