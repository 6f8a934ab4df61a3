"""Collecting diagnostics, so that one run shows every mistake of a file."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable

from ..reprs import quantity, several, short_repr
from ..source import Span
from .base import Diagnostic, DotnnError, Severity
from .limits import TooManyErrors, TooManyWarnings

#: More errors, and more warnings, than anybody reads; the parser says more of its own, and gives a file up at 100.
MAXIMUM = 120
#: How often mistakes may be met again (in a block that is called often) before the rest is given up.
MAXIMUM_REPEATED = 200


class Report:
    """Diagnostics in the order they are found, each mistake once, and no more than helps.

    Args:
        maximum: how many errors, and how many warnings, are taken.

    Attributes:
        is_full: there are so many errors that looking for more is of no use; further diagnostics are not taken.
    """

    def __init__(self, maximum: int = MAXIMUM) -> None:
        self.is_full = False
        self._maximum = maximum
        self._diagnostics: list[Diagnostic] = []
        self._seen: set[Hashable] = set()
        self._errors = 0
        self._repeated = 0

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a diagnostic, unless it is there already: by default the same code and sentence at the same place."""
        if self.is_full:
            return
        identities = diagnostic.identities()
        if not self._seen.isdisjoint(identities):
            self._repeated += diagnostic.severity is Severity.ERROR
        elif diagnostic.severity is Severity.ERROR:
            self._seen.update(identities)
            self._errors += 1
            self._diagnostics.append(diagnostic)
        else:
            self._add_warning(diagnostic, identities)
        if self._errors >= self._maximum or self._repeated >= MAXIMUM_REPEATED:
            self.is_full = True
            self._diagnostics.append(TooManyErrors(span=diagnostic.span))

    def _add_warning(self, diagnostic: Diagnostic, identities: tuple[Hashable, ...]) -> None:
        warnings = len(self._diagnostics) - self._errors
        if warnings > self._maximum:
            return
        self._seen.update(identities)
        self._diagnostics.append(diagnostic if warnings < self._maximum else TooManyWarnings())

    def withdraw(self, span: Span, codes: Collection[str]) -> None:
        """Take errors with these codes back that lie in a place of which something better was said."""
        kept = [one for one in self._diagnostics if one.code not in codes or not _lies_in(one.span, span)]
        self._errors -= len(self._diagnostics) - len(kept)
        self._diagnostics = kept

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def empty(self) -> Report:
        """Another one that takes as many."""
        return Report(self._maximum)

    def __repr__(self) -> str:
        warnings = len(self._diagnostics) - self._errors
        found = quantity(self._errors, "error"), quantity(warnings, "warning")
        return short_repr(self, *found, *several(one.code for one in self.diagnostics))

    def __str__(self) -> str:
        """A line for each diagnostic, as in ``str(DotnnError)``."""
        return "\n".join(map(str, self.diagnostics)) or "no errors, no warnings"

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
        return self._errors > 0

    def raise_errors(self) -> None:
        """Raise ``DotnnError`` with all errors, if there are any."""
        errors = self.errors
        if errors:
            raise DotnnError(*errors)


def _lies_in(inner: Span | None, outer: Span) -> bool:
    """Whether a place is part of another one of the same text."""
    if inner is None or inner.source is not outer.source:
        return False
    return outer.start <= inner.start and inner.end <= outer.end
