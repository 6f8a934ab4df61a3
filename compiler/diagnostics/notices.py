"""What a user should know while something goes on, and that is no part of a result.

Where files are written, a warning cannot wait for the end: somebody who waits for another process wants to know it now.
The command prints such diagnostics, as ``listening`` tells; without a listener they are Python's warnings.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .base import Diagnostic, DotnnError


class DotnnWarning(UserWarning):
    """A diagnostic as one of Python's warnings."""


def _warn(diagnostic: Diagnostic) -> None:
    warnings.warn(str(DotnnError(diagnostic)), DotnnWarning, stacklevel=2)


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
