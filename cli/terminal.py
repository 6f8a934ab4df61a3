"""How diagnostics, notes and tables reach the terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ..compiler.byte_counts import decimal_bytes
from ..compiler.diagnostics import Diagnostic, Severity
from ..compiler.diagnostics.fingerprints import identity
from ..compiler.visible_text import visible
from .streams import write

#: Families of codes that blame the call, not the model: weight files, outputs, feeds, providers.
_CALL_FAMILIES = ("E8", "E9")
#: Single codes that do: no such model, wrong model arguments, an unreadable file.
_CALL_CODES = ("E605", "E606", "E607")
#: Text for people is not laid out narrower than this, nor prose wider than that.
_NARROWEST, _WIDEST = 40, 100


def exit_code(diagnostics: Sequence[Diagnostic]) -> int:
    """0 without errors, 2 if one of them blames the call, else 1."""
    errors = [one.code for one in diagnostics if one.severity is Severity.ERROR]
    if not errors:
        return 0
    wrong_call = any(code.startswith(_CALL_FAMILIES) or code in _CALL_CODES for code in errors)
    return 2 if wrong_call else 1


def each_once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics of several files: what is wrong with one that others import is found often, and said once."""
    found: dict[Hashable, Diagnostic] = {}
    for one in diagnostics:
        found.setdefault(identity(one), one)
    return list(found.values())


def print_diagnostics(diagnostics: Sequence[Diagnostic], stream: TextIO | None = None) -> None:
    """Print diagnostics for people, in colour where that is wanted; by default to standard error."""
    out = stream or sys.stderr
    if diagnostics:
        from ..compiler.diagnostics.render import render_all

        write(render_all(diagnostics, color=colored(out), width=text_width(out)), out)


def print_note(text: str) -> None:
    """Print what is good to know to standard error, where it does not mix with results."""
    from ..compiler.diagnostics.terminal_cells import LONGEST_SENTENCE, clip

    width = text_width(sys.stderr)
    note = f"note: {visible(clip(text, LONGEST_SENTENCE))}"
    write(note if width is None else hanging(note, width, len("note: ")), sys.stderr)


def print_file(path: Path, size: int) -> None:
    """Print which file was written, and its bytes."""
    write(f"{visible(str(path))}: {decimal_bytes(size)}", sys.stdout)


def hanging(text: str, width: int, indent: int) -> str:
    """Text in lines of a width, all but the first indented."""
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def colored(stream: TextIO) -> bool:
    """Whether to use colours: on a terminal, unless ``NO_COLOR`` is set; ``FORCE_COLOR`` insists."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def text_width(stream: TextIO) -> int | None:
    """Columns of a terminal; None for everything else, where lines are not broken."""
    return max(shutil.get_terminal_size().columns, _NARROWEST) if stream.isatty() else None


def prose_width(stream: TextIO) -> int | None:
    """Like `text_width`, but no wider than is good to read."""
    width = text_width(stream)
    return None if width is None else min(width, _WIDEST)


@contextmanager
def working(what: str) -> Iterator[None]:
    """A sign of life on a terminal while something takes long."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.text import Text

    with Console(file=sys.stderr, no_color=not colored(sys.stderr)).status(Text(visible(what))):
        yield
