"""Asking the rules of the linter."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator

from ..diagnostics import CATALOGUE, Diagnostic
from .base import Lint, Subject
from .index import RULES


def lint(subject: Subject, select: Collection[str] = (), ignore: Collection[str] = ()) -> Iterator[Diagnostic]:
    """What the rules find, rule by rule.

    Args:
        subject: a file that compiles.
        select: codes of rules that are asked beside those that are asked by themselves, or beginnings of codes.
        ignore: likewise of rules that are not asked.
    """
    for code, row in RULES.items():
        wanted = row.enabled or code.startswith(tuple(select))
        if not wanted or code.startswith(tuple(ignore)):
            continue
        if not row.layers or not subject.kinds.isdisjoint(row.layers):
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
