"""All cases of all operators, in groups by operator and element type."""

from __future__ import annotations

from functools import cache

import cases_elementwise
import cases_layout
import cases_recurrent
import cases_reductions
import cases_windows
from dotnn.compiler.operators import OPERATORS
from operator_cases import Case, cases_of

#: Importing a module of cases registers its generators.
MODULES = (cases_elementwise, cases_layout, cases_recurrent, cases_reductions, cases_windows)


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
