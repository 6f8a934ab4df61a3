"""Trying remedies: a candidate is offered if the text with it has the mistake no more, and no new one."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from ..diagnostics import Diagnostic, Report
from ..diagnostics.fixes import Remedy, apply_fix
from ..measure.shape_history import ShapeHistory
from .candidates import candidates
from .situation import Situation

#: How many remedies are offered for a mistake, and how many candidates are tried for it, and for all of them.
MOST_OFFERED, MOST_TRIED, MOST_IN_ALL = 3, 8, 24
#: Characters of a text beyond which nothing is tried: each try checks all of it.
LONGEST_TEXT = 100_000
#: Nodes before a mistake beyond which nothing is tried.
MOST_NODES = 3_000

#: What checks another text in place of the one that has mistakes, with the same arguments.
Again = Callable[[str], Report]


def with_remedies(found: Iterable[Diagnostic], name: str, again: Again) -> list[Diagnostic]:
    """The diagnostics of a file, those of shapes with the remedies that mend them.

    Args:
        found: all that is wrong.
        name: what its text is called; nothing is tried in what it imports.
        again: checks another text in its place.
    """
    diagnostics, left = list(found), MOST_IN_ALL
    known = Counter(map(_told, diagnostics))
    offered: list[Diagnostic] = []
    for one in diagnostics:
        situation = _situation(one, name)
        remedies: tuple[Remedy, ...] = ()
        if situation is not None and left > 0:
            tried = _Tries(situation, again, known, min(left, MOST_TRIED))
            remedies = tuple(islice(tried.successful(), MOST_OFFERED))
            left -= tried.count
        offered.append(dataclasses.replace(one, remedies=remedies) if remedies else one)
    return offered


def _situation(one: Diagnostic, name: str) -> Situation | None:
    """What remedies are found from; None where there is nothing to find them from, or one is known."""
    is_open = isinstance(one.background, ShapeHistory) and one.span is not None and one.fix() is None
    if not is_open or one.span is None or not isinstance(one.background, ShapeHistory):
        return None
    source = one.span.source
    nodes = max((value.node for value in one.background.operands if value is not None), default=0)
    if source.name != name or len(source.text) > LONGEST_TEXT or nodes > MOST_NODES:
        return None
    return Situation(one, one.background, source)


def _told(one: Diagnostic) -> tuple[str, str]:
    """What tells a mistake from others where lines have moved and sizes are others."""
    return one.code, one.headline() if one.span is None else one.span.text


class _Tries:
    """The candidates for a mistake, tried one after the other."""

    def __init__(self, situation: Situation, again: Again, known: Counter[tuple[str, str]], most: int) -> None:
        self.count = 0
        self._situation = situation
        self._again = again
        self._allowed = known - Counter([_told(situation.fault)])
        self._most = most

    def successful(self) -> Iterator[Remedy]:
        """Those that mend it."""
        seen: set[str] = set()
        for remedy in candidates(self._situation):
            text = apply_fix(self._situation.source.text, remedy.fix)
            if text in seen:
                continue
            if self.count >= self._most:
                return
            seen.add(text)
            self.count += 1
            if not Counter(map(_told, self._again(text).errors)) - self._allowed:
                yield remedy
