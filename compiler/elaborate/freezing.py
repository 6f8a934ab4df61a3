"""What the ``freeze`` statements of a model hold: everything at or below the full names that they give."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import TypeAlias

from ..diagnostics.names import FreezesNothing, UnknownFrozenPath
from ..diagnostics.suggest import near_names
from ..graph.tensors import Role
from ..layers.base import WeightSpec
from ..source import Span
from .scope import Entry
from .state import Frame

#: Paths beyond this many are not suggested for one that is unknown.
MOST_PATHS = 20_000

#: A weight: the entry that owns it, and its local name.
Owned: TypeAlias = tuple[Entry, str]


def frozen_weights(frame: Frame) -> frozenset[Owned]:
    """The weights that are held, by their full names, by those of what they belong to, or of what reuses that.

    Names of nothing are reported, and so are those under which nothing is learned.
    """
    if not frame.state.freezes:
        return frozenset()
    weights = dict(_named_weights(frame))
    names = sorted({*weights, *(draft.entry.path for draft in frame.state.drafts if draft.entry is not None)})
    learned = list(accumulate((name in weights and _is_learned(weights[name]) for name in names), initial=0))
    frozen: set[str] = set()
    last = None
    for path, span in sorted(frame.state.freezes, key=lambda one: one[0]):
        below = _at_or_below(names, path)
        if not below:
            frame.fail(_unknown(path, names, span))
            continue
        if learned[below.start] == learned[below.stop]:
            frame.fail(FreezesNothing(span=span, path=path))
        if last is None or not path.startswith(f"{last}."):
            frozen.update(names[below.start : below.stop])
            last = path
    return frozenset((owner, spec.name) for name, (owner, spec) in weights.items() if name in frozen)


def _named_weights(frame: Frame) -> Iterator[tuple[str, tuple[Entry, WeightSpec]]]:
    """Every weight by its full names: one, and one more for each ``reuse`` of its layer."""
    for draft in frame.state.drafts:
        if draft.entry is None:
            continue
        path = draft.entry.path
        for spec in draft.weights:
            yield f"{path}.{spec.name}" if spec.name else path, (draft.entry.owner, spec)


def _is_learned(weight: tuple[Entry, WeightSpec]) -> bool:
    return weight[1].role is Role.PARAMETER


def _unknown(path: str, names: Sequence[str], span: Span) -> UnknownFrozenPath:
    outer = path.rpartition(".")[0]
    inside = (names[index][len(outer) + 1 :] for index in _at_or_below(names, outer)) if outer else iter(())
    parts = dict.fromkeys(name.partition(".")[0] for name in islice(inside, MOST_PATHS))
    near = near_names(path, _with_prefixes(names))
    return UnknownFrozenPath(span=span, path=path, near=near, outer=outer, inside=tuple(filter(None, parts)))


def _at_or_below(names: Sequence[str], path: str) -> range:
    """Which of the sorted names are a path or lie below it: in labels, the dot comes before all other characters."""
    return range(bisect_left(names, path), bisect_left(names, f"{path}/"))


def _with_prefixes(names: Sequence[str]) -> list[str]:
    """The names and those that they lie below, the outermost first."""
    found = (prefix for name in names for prefix in (*_prefixes(name), name))
    return sorted(set(islice(found, MOST_PATHS)), key=lambda path: (path.count("."), path))


def _prefixes(path: str) -> Iterator[str]:
    position = path.find(".")
    while position > 0:
        yield path[:position]
        position = path.find(".", position + 1)
