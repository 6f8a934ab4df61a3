"""What tells a finding from others, although lines are put in or taken out above it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable

from ..source import Source
from .base import Diagnostic


def identity(diagnostic: Diagnostic) -> Hashable:
    """What two diagnostics of one call have in common that say the same of one place, however its file was named."""
    span = diagnostic.span
    place = None if span is None else (_file(span.source), span.start)
    return diagnostic.code, place, diagnostic.headline()


def fingerprints(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """A fingerprint of each diagnostic, in their order; empty where it has no place.

    It is made of the code and of the text of the line, without the blanks around it. What is found several times in
    lines of one text is counted within its file, as in ``3f1c…:2``.
    """
    met: Counter[tuple[Hashable, str]] = Counter()
    found: list[str] = []
    for one in diagnostics:
        if one.span is None:
            found.append("")
            continue
        line = one.span.source.line(one.span.line).strip()
        digest = hashlib.sha256(f"{one.code}\0{line}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        place = _file(one.span.source), digest
        met[place] += 1
        found.append(f"{digest}:{met[place]}")
    return found


def _file(source: Source) -> Hashable:
    return source.path or source.name
