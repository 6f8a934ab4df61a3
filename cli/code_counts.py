"""What ``dotnn check --statistics`` prints: how often each code was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..compiler.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How often a code was found.

    Attributes:
        summary: the first sentence of its page.
    """

    code: str
    severity: str
    count: int
    summary: str


def code_counts(found: Iterable[Diagnostic]) -> list[CodeCount]:
    """The codes of what was found, the most frequent first."""
    from ..compiler.diagnostics.explain import codes
    from ..compiler.lint.asking import load_all

    load_all()
    summaries = {one.code: one.summary for one in codes()}
    counts = Counter((one.code, str(one.severity)) for one in found)
    rows = [CodeCount(code, severity, count, summaries[code]) for (code, severity), count in counts.items()]
    return sorted(rows, key=lambda row: (-row.count, row.code, row.severity))


def lines(rows: list[CodeCount]) -> list[str]:
    """A line for each code."""
    wide = max((len(f"{row.count:,}") for row in rows), default=0)
    long = max((len(row.severity) for row in rows), default=0)
    return [f"{row.count:>{wide},}  {row.code}  {row.severity:<{long}}  {row.summary}" for row in rows]
