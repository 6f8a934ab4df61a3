"""The pages behind ``dotnn explain``: what each diagnostic means, from the docstring of its class."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from typing import NamedTuple

from .base import CATALOGUE, Diagnostic, Severity


class CodeSummary(NamedTuple):
    """One line of the list of codes."""

    code: str
    name: str
    summary: str
    severity: Severity


def load_all() -> None:
    """Import every module of this package, so that the catalogue is complete."""
    package = __package__ or ""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        importlib.import_module(module.name)


def explain(code: str) -> str | None:
    """The page of a code, in any case: a title line and the docstring; None for an unknown code."""
    load_all()
    kind = CATALOGUE.get(code.strip().upper())
    if kind is None:
        return None
    return f"{title_of(kind)}\n\n{page_of(kind)}"


def codes() -> list[CodeSummary]:
    """All codes with their classes, the first sentences of their pages and their severities, in order."""
    load_all()
    return [
        CodeSummary(code, kind.__name__, summary_of(kind), kind.severity) for code, kind in sorted(CATALOGUE.items())
    ]


def title_of(kind: type[Diagnostic]) -> str:
    """The first line of a page: the code, its name, and how bad it is."""
    return f"{kind.code} {kind.__name__} ({kind.severity})"


def page_of(kind: type[Diagnostic]) -> str:
    """What a code means, in Markdown."""
    return inspect.cleandoc(kind.__doc__ or "")


def summary_of(kind: type[Diagnostic]) -> str:
    """The first sentence of that."""
    paragraph = " ".join(page_of(kind).split("\n\n", 1)[0].split())
    # A full stop ends the sentence where a new word with a capital or nothing follows.
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", paragraph, maxsplit=1)[0]
