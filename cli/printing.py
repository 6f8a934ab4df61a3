"""How diagnostics and tables reach the terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from ..compiler.diagnostics import Diagnostic, Severity
from ..compiler.diagnostics.render import render_all

if TYPE_CHECKING:
    from rich.console import Console

#: Families of codes that blame the call, not the model: weight files, outputs, feeds, providers.
_CALL_FAMILIES = ("E8", "E9")
#: Single codes that do: no such model, wrong model arguments, an unreadable file.
_CALL_CODES = ("E605", "E606", "E607")


def exit_code(diagnostics: Sequence[Diagnostic]) -> int:
    """0 without errors, 2 if one of them blames the call, else 1."""
    errors = [one.code for one in diagnostics if one.severity is Severity.ERROR]
    if not errors:
        return 0
    wrong_call = any(code.startswith(_CALL_FAMILIES) or code in _CALL_CODES for code in errors)
    return 2 if wrong_call else 1


def print_diagnostics(diagnostics: Sequence[Diagnostic], stream: TextIO | None = None) -> None:
    """Print diagnostics for people, in colour where that is wanted; by default to standard error."""
    out = stream or sys.stderr
    if diagnostics:
        write(render_all(diagnostics, color=colored(out), width=_width(out)), out)


def write(text: str, stream: TextIO) -> None:
    """Print a line of text whatever the stream's encoding: what it cannot show is escaped."""
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)


def colored(stream: TextIO) -> bool:
    """Whether to use colours: on a terminal, unless ``NO_COLOR`` is set; ``FORCE_COLOR`` insists."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _width(stream: TextIO) -> int | None:
    return max(shutil.get_terminal_size().columns, 60) if stream.isatty() else None


def console(stream: TextIO | None = None) -> Console:
    """A console for tables; wide enough for every column where nobody's terminal limits it."""
    from rich.console import Console

    out = stream or sys.stdout
    return Console(file=out, width=None if out.isatty() else 200, highlight=False, no_color=not colored(out))
