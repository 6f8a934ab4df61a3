"""What the parts of the parser say about one text: into the report, and no more than helps."""

from __future__ import annotations

from typing import NoReturn

from ..diagnostics import Diagnostic, Report
from ..diagnostics.limits import LimitExceeded
from ..diagnostics.spelling import TooManySyntaxErrors
from ..limits import Limits
from ..source import Source

#: More errors than anybody reads; the rest of the file is not parsed.
MAXIMUM_ERRORS = 100


class AbandonError(Exception):
    """The statement is given up; why has been reported."""


class StopError(Exception):
    """The rest of the text is not parsed; why has been reported."""


class ErrorCollector:
    """Diagnostics of one text on their way to the report.

    Attributes:
        source: the text.
        limits: what the compilation may use.
        count: how many there are so far.
    """

    def __init__(self, source: Source, limits: Limits, report: Report) -> None:
        self.source = source
        self.limits = limits
        self.count = 0
        self._report = report
        self._exceeded: set[str] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        """Report one; raises ``StopError`` when there are too many."""
        self._report.add(diagnostic)
        self.count += 1
        if self.count < MAXIMUM_ERRORS:
            return
        self._report.add(TooManySyntaxErrors(span=diagnostic.span, count=self.count))
        raise StopError

    def exceeded(self, limit: str, start: int, end: int) -> NoReturn:
        """Report that a limit is exceeded, once for each limit; give the statement up, or with its tokens the text."""
        if limit not in self._exceeded:
            self._exceeded.add(limit)
            span = self.source.span(start, end)
            self.add(LimitExceeded(span=span, limit=limit, maximum=getattr(self.limits, limit)))
        raise StopError if limit == "tokens" else AbandonError
