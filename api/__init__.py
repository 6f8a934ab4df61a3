"""dotnn compiles neural networks written as text and runs them.

``dotnn.compile_file`` and ``dotnn.compile_source`` give a checked model; ``dotnn.Session`` runs it on onnxruntime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The package's folders stand beside this one in the checkout; only the installed package has them below it.
    from .compiler import (  # pyright: ignore[reportMissingImports]
        Compiled,
        Diagnostic,
        DotnnError,
        Limits,
        check,
        compile_file,
        compile_source,
    )
    from .runtime import Session  # pyright: ignore[reportMissingImports]

__all__ = [
    "Compiled",
    "Diagnostic",
    "DotnnError",
    "Limits",
    "Session",
    "check",
    "compile_file",
    "compile_source",
]


def __getattr__(name: str) -> object:
    # Each name is loaded when it is used: checking a file must not load onnxruntime.
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = ".runtime" if name == "Session" else ".compiler"
    return getattr(import_module(home, __name__), name)
