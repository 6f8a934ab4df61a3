"""Asking the rules of the linter."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator

from ..diagnostics import CATALOGUE, Diagnostic
from ..records import positional_record
from .base import Lint, Subject
from .index import RULES


@positional_record
class Choice:
    """Which rules somebody wants to be asked, by codes or beginnings of codes.

    Attributes:
        select: those that are asked, too.
        ignore: those that are not asked, and warnings that are not given.
    """

    select: Collection[str] = ()
    ignore: Collection[str] = ()

    def asks(self, code: str, by_itself: bool) -> bool:
        """Whether a code is asked: the longest beginning that names it decides, and of two equal ones `ignore`."""
        selected, ignored = (
            max((len(one) for one in codes if code.startswith(one)), default=0) for codes in (self.select, self.ignore)
        )
        return by_itself if selected == ignored == 0 else selected > ignored


def asks(code: str, choices: Iterable[Choice], by_itself: bool = True) -> bool:
    """Whether a code is asked: the last of some choices that says something of it decides."""
    for choice in choices:
        by_itself = choice.asks(code, by_itself)
    return by_itself


def chosen(*choices: Choice, known: Collection[str] = ()) -> list[str]:
    """The codes of the rules that are asked, the last choice overruling those before.

    Args:
        choices: which are wanted.
        known: which of a network's surroundings are known; some rules are about these.
    """
    possible = {code: row for code, row in RULES.items() if not row.needs or not set(known).isdisjoint(row.needs)}
    return [code for code, row in possible.items() if asks(code, choices, row.enabled)]


def lint(subject: Subject, codes: Iterable[str]) -> Iterator[Diagnostic]:
    """What some rules find in a file that compiles, rule by rule."""
    for code in codes:
        layers = RULES[code].layers
        if not layers or not subject.kinds.isdisjoint(layers):
            yield from rule(code).find(subject)


def load_all() -> None:
    """Load every rule, so that the catalogue has them."""
    for code in RULES:
        rule(code)


def rule(code: str) -> type[Lint]:
    """The rule of a code; KeyError if there is none."""
    importlib.import_module(f"{__package__}.{RULES[code].module}")
    found = CATALOGUE[code]
    if not issubclass(found, Lint):
        raise KeyError(code)
    return found
