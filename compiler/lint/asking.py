"""Asking the rules of the linter."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator

from ..diagnostics import CATALOGUE, Diagnostic
from .base import Lint, Subject
from .index import RULES


def chosen(select: Collection[str] = (), ignore: Collection[str] = (), said: Collection[str] = ()) -> list[str]:
    """The codes of the rules that are asked.

    Args:
        select: codes of rules that are asked beside those that are asked by themselves, or beginnings of codes.
        ignore: likewise of rules that are not asked.
        said: `target` and `provider`, as far as they are known; some rules are about one of them.
    """
    known = [code for code, row in RULES.items() if not row.needs or not set(said).isdisjoint(row.needs)]
    wanted = (code for code in known if RULES[code].enabled or code.startswith(tuple(select)))
    return [code for code in wanted if not code.startswith(tuple(ignore))]


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
