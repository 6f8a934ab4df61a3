"""What layers are in PyTorch and Keras: the tables of all modules in ``equivalents``, found by their files."""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent / "equivalents"

os.environ["KERAS_BACKEND"] = "torch"


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of equivalents, in the order of their names; they import PyTorch."""
    return tuple(map(_load, sorted(FOLDER.glob("*.py"))))


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"equivalents_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    names = ((module.__name__.removeprefix("equivalents_"), getattr(module, "KERAS", {})) for module in modules())
    return {f"{module}: {name}": entry for module, entries in names for name, entry in entries.items()}
