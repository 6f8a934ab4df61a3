"""From ``.nn`` text to a checked graph and an ONNX model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .checking import check
    from .compiled import Compiled, compare
    from .diagnostics import Diagnostic, DotnnError, DotnnWarning
    from .driver import compile_file, compile_source
    from .limits import Limits
    from .weights.matching import Matching

__all__ = [
    "Compiled",
    "Diagnostic",
    "DotnnError",
    "DotnnWarning",
    "Limits",
    "Matching",
    "check",
    "compare",
    "compile_file",
    "compile_source",
]

_HOMES = {
    "Compiled": "compiled",
    "check": "checking",
    "compare": "compiled",
    "compile_file": "driver",
    "compile_source": "driver",
    "Diagnostic": "diagnostics",
    "DotnnError": "diagnostics",
    "DotnnWarning": "diagnostics",
    "Limits": "limits",
    "Matching": "weights.matching",
}


def __getattr__(name: str) -> object:
    # Parts of the compiler are of use without the whole: a diagnostic needs no grammar.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    from importlib import import_module

    return getattr(import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
