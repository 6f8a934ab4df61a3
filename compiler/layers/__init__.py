"""The layers: one class each, one file per family. Importing the package registers them all."""

from __future__ import annotations

import importlib
import pkgutil

from .base import LAYERS, Layer

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f".{_module}", __name__)

__all__ = ["LAYERS", "Layer"]
