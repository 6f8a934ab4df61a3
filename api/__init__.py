"""dotnn compiles neural networks written as text and runs them.

``dotnn.compile_file`` and ``dotnn.compile_source`` give a checked model; ``dotnn.Session`` runs it on onnxruntime.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The package's folders stand beside this one in the checkout; only the installed package has them below it.
    from . import compiler, runtime  # pyright: ignore[reportAttributeAccessIssue]
    from .compiler import (  # pyright: ignore[reportMissingImports]
        Compiled,
        Diagnostic,
        DotnnError,
        DotnnWarning,
        Limits,
        Matching,
        check,
        compare,
        compile_file,
        compile_source,
    )
    from .runtime import Session  # pyright: ignore[reportMissingImports]

    __version__: str

__all__ = [
    "Compiled",
    "Diagnostic",
    "DotnnError",
    "DotnnWarning",
    "Limits",
    "Matching",
    "Session",
    "check",
    "compare",
    "compile_file",
    "compile_source",
    "compiler",
    "runtime",
]


def __getattr__(name: str) -> object:
    # Each name is loaded when it is used: checking a file must not load onnxruntime.
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("dotnn")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    if name in ("compiler", "runtime"):
        return import_module(f".{name}", __name__)
    home = ".runtime" if name == "Session" else ".compiler"
    return getattr(import_module(home, __name__), name)


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__, "__version__"})
