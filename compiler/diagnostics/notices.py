"""What a user should know while something goes on, and that is no part of a result.

Where files are written, a warning cannot wait for the end: somebody who waits for another process wants to know it now.
The command prints such diagnostics, as ``listening`` tells; without a listener they are Python's warnings.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .base import Diagnostic, DotnnWarning


def _warn(diagnostic: Diagnostic) -> None:
    warnings.warn(DotnnWarning(diagnostic), stacklevel=_callers_level())


def _callers_level() -> int:
    """How many calls above `_warn` the code stands that called dotnn."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("dotnn", "contextlib"):
        level, frame = level + 1, frame.f_back
    return level


_listener: ContextVar[Callable[[Diagnostic], None]] = ContextVar("listener", default=_warn)


def tell(diagnostic: Diagnostic) -> None:
    """Hand a diagnostic to whoever listens."""
    _listener.get()(diagnostic)


@contextmanager
def listening(listener: Callable[[Diagnostic], None]) -> Iterator[None]:
    """Let a function have all diagnostics that are told in here, each once."""
    heard: set[Diagnostic] = set()

    def once(diagnostic: Diagnostic) -> None:
        if diagnostic not in heard:
            heard.add(diagnostic)
            listener(diagnostic)

    token = _listener.set(once)
    try:
        yield
    finally:
        _listener.reset(token)
