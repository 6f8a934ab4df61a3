"""How messages put names in a row, and forms of symbolic dimensions with which something would be certain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

#: For each symbol what to write instead of it: ``(("H", "2*H"),)``.
Forms: TypeAlias = tuple[tuple[str, str], ...]


def ticked(names: Iterable[str]) -> str:
    """The names, all of them: `a` and `b`; empty where there are none."""
    return " and ".join(f"`{name}`" for name in names)


def in_a_row(parts: Iterable[str]) -> str:
    """The parts as they are spoken, ``a, b and c``; empty where there are none."""
    found = list(parts)
    return " and ".join(part for part in (", ".join(found[:-1]), *found[-1:]) if part)


def declare_otherwise(forms: Forms) -> str:
    """What to write for symbols, as a remedy: "write `2*H` for `H` in the types of …"; empty for none."""
    if not forms:
        return ""
    written = " and ".join(f"`{form}` for `{name}`" for name, form in forms)
    return f"write {written} in the types of the inputs and elsewhere in the model"


def declare_otherwise_or(forms: Forms) -> str:
    """The same as a remedy to be followed by another one."""
    remedy = declare_otherwise(forms)
    return f"{remedy}, or " if remedy else ""
