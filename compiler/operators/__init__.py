"""The operators: one class each, one file per family. Importing the package registers them all."""

from __future__ import annotations

import importlib
import os

from .base import OPERATORS, InvalidOperands, Known, Operator

for _file in sorted(os.listdir(os.path.dirname(__file__))):
    if _file.endswith(".py") and _file != "__init__.py":
        importlib.import_module(f".{_file.removesuffix('.py')}", __name__)

__all__ = ["OPERATORS", "InvalidOperands", "Known", "Operator"]
