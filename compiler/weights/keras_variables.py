"""Which tensor in a layer of a Keras file is which: by names where the file has them, else by Keras's order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ..layers.base import KerasTensor
from .keras_model import KerasVariable

#: Words in the names of layers inside of layers that tell nothing: ``query_dense`` is ``query``.
_EMPTY_WORDS: Final = frozenset({"layer", "dense", "attention", "cell", ""})
#: Layers have fewer tensors; combinations of more are not tried.
_MOST_TENSORS: Final = 8


@dataclass(frozen=True)
class Assigned:
    """The tensors of a layer in a file.

    Attributes:
        found: by the keys of those that the layer is to have; shapes may differ.
        unused: what is left over in the file.
    """

    found: Mapping[str, KerasVariable]
    unused: tuple[KerasVariable, ...]


def assign(wanted: Sequence[KerasTensor], variables: Sequence[KerasVariable]) -> Assigned:
    """Find the tensors that a layer is to have among those that it has in the file."""
    found: dict[str, KerasVariable] = {}
    unused: list[KerasVariable] = []
    parts = dict.fromkeys(_part(tensor) for tensor in wanted)
    rest = list(variables)
    for part in parts:
        here = [one for one in rest if _is_in(one, part)]
        rest = [one for one in rest if not _is_in(one, part)]
        one = _assign_part([tensor for tensor in wanted if _part(tensor) == part], here)
        found |= one.found
        unused += one.unused
    return Assigned(found, (*unused, *rest))


def _part(tensor: KerasTensor) -> str:
    return tensor.name.rpartition("/")[0]


def _local(tensor: KerasTensor) -> str:
    return tensor.name.rpartition("/")[2]


def _is_in(variable: KerasVariable, part: str) -> bool:
    """Whether a tensor belongs to a layer inside of its layer, which Keras's objects and files call differently."""
    return not part or not _words(part).isdisjoint(_words(variable.part))


def _words(part: str) -> set[str]:
    return set(re.split(r"[/_]", part)) - _EMPTY_WORDS


def _assign_part(wanted: Sequence[KerasTensor], here: Sequence[KerasVariable]) -> Assigned:
    names = {one.name: one for one in here if one.name}
    if len(names) == len(here) and any(_local(tensor) in names for tensor in wanted):
        found = {tensor.key: names[_local(tensor)] for tensor in wanted if _local(tensor) in names}
        return Assigned(found, tuple(one for one in here if one not in found.values()))
    if len(wanted) == len(here):
        return Assigned({tensor.key: one for tensor, one in zip(wanted, here, strict=True)}, ())
    return _by_shapes(wanted, here)


def _by_shapes(wanted: Sequence[KerasTensor], here: Sequence[KerasVariable]) -> Assigned:
    """Those whose shapes leave no doubt, in their order, where there are not equally many; none where they do."""
    size = min(len(wanted), len(here))
    if max(len(wanted), len(here)) > _MOST_TENSORS:
        return Assigned({}, tuple(here))
    pairs = [
        list(zip(some, others, strict=True))
        for some in combinations(wanted, size)
        for others in combinations(here, size)
    ]
    fitting = [one for one in pairs if all(tensor.shape == variable.shape for tensor, variable in one)]
    if len(fitting) != 1:
        return Assigned({}, tuple(here))
    found = {tensor.key: variable for tensor, variable in fitting[0]}
    return Assigned(found, tuple(one for one in here if one not in found.values()))
