"""What is found while names are resolved: each place is reported once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..diagnostics import Diagnostic, Report
from ..source import Span

#: What the parser says of values of Python, which a call that is written anew no longer has: `True`, `(3, 3)`, `'a'`.
_WRITTEN_ANEW: Final = frozenset({"E105", "E132", "E142"})


class Findings:
    """Where findings go: each place is reported once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        spans = (one.span for one in report.diagnostics)
        self._places = {_place(span) for span in spans if span is not None}

    def add(self, span: Span, make: Callable[[], Diagnostic], covers: Span | None = None) -> None:
        """Report a diagnostic; near names take a while to find, so that it is made only if it is wanted.

        Args:
            span: its place.
            make: makes it.
            covers: a part of the text that it says how to write anew, so that nothing more need be said of it.
        """
        if _place(span) in self._places or self._report.is_full:
            return
        self._places.add(_place(span))
        self._report.add(make())
        if covers is not None:
            self._report.withdraw(covers, _WRITTEN_ANEW)


def _place(span: Span) -> tuple[int, int, int]:
    return id(span.source), span.start, span.end
