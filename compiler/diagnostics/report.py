"""Collecting diagnostics, so that one run shows every mistake of a file."""

from __future__ import annotations

from collections.abc import Iterable

from .base import Diagnostic, DotnnError, Severity


class Report:
    """Diagnostics in the order they are found, each mistake once."""

    def __init__(self) -> None:
        self._diagnostics: list[Diagnostic] = []
        self._seen: set[tuple[object, ...]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a diagnostic, unless the same code already stands at the same place with the same sentence."""
        span = diagnostic.span
        place = (id(span.source), span.start, span.end) if span is not None else None
        key = (diagnostic.code, place, diagnostic.headline())
        if key in self._seen:
            return
        self._seen.add(key)
        self._diagnostics.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, by source file in the order met, then by place."""
        order: dict[int, int] = {}
        for diagnostic in self._diagnostics:
            if diagnostic.span is not None:
                order.setdefault(id(diagnostic.span.source), len(order))

        def place(diagnostic: Diagnostic) -> tuple[int, int, int]:
            span = diagnostic.span
            return (-1, 0, 0) if span is None else (order[id(span.source)], span.start, span.end)

        return tuple(sorted(self._diagnostics, key=place))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Only the errors, in the same order."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def has_errors(self) -> bool:
        """Whether there is no model."""
        return any(d.severity is Severity.ERROR for d in self._diagnostics)

    def raise_errors(self) -> None:
        """Raise ``DotnnError`` with all errors, if there are any."""
        errors = self.errors
        if errors:
            raise DotnnError(*errors)
