"""What layers are in PyTorch and Keras: the tables of all modules in ``equivalents``, found by their files."""

from __future__ import annotations

import os
import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from tests.parity import equivalents

NAMES = sorted(module.name for module in pkgutil.iter_modules(equivalents.__path__))

os.environ["KERAS_BACKEND"] = "torch"


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of equivalents, in the order of their names; they import PyTorch."""
    return tuple(import_module(f"{equivalents.__name__}.{name}") for name in NAMES)


def table(name: str) -> dict[str, Any]:
    """A table of all modules by kind of layer: ``PYTORCH``, ``MODULES``, ``NOT_IN_PYTORCH``; no two have the same."""
    found: dict[str, Any] = {}
    for module in modules():
        entries = getattr(module, name, {})
        assert not found.keys() & entries.keys(), f"{module.__file__} has again {found.keys() & entries.keys()}"
        found |= entries
    return found


def keras_cases() -> dict[str, Any]:
    """The entries of ``KERAS``, by the names of their modules and their own."""
    names = ((name, getattr(module, "KERAS", {})) for name, module in zip(NAMES, modules(), strict=True))
    return {f"{module}: {name}": entry for module, entries in names for name, entry in entries.items()}
