"""All cases of all operators, in groups by operator and element type."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from dotnn.compiler.operators import OPERATORS

from tests.helpers.operators.operator_cases import Case, cases_of

#: Importing a module of cases registers its generators.
MODULES = tuple(
    importlib.import_module(f"{__package__}.{path.stem}") for path in sorted(Path(__file__).parent.glob("cases_*.py"))
)


@cache
def all_cases() -> dict[str, tuple[Case, ...]]:
    """Cases by group, ``Conv-float32``."""
    groups: dict[str, list[Case]] = {}
    for key in OPERATORS:
        for case in cases_of(key):
            kind, dtype, *_ = case.name.split("-")
            groups.setdefault(f"{kind}-{dtype}", []).append(case)
    return {name: tuple(cases) for name, cases in groups.items()}


GROUPS = sorted(all_cases())
