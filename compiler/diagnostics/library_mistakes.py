"""Mistakes that show inside of a block of the library, told of the call in the user's own file."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any

from ..records import record
from ..source import Span
from .base import Diagnostic, Label, Severity


@record
class InLibrary(Diagnostic):
    """A diagnostic whose place lies in the library: the innermost call outside of it becomes the primary place.

    The library is right, so the call is wrong. What the block says of it stands below: its line, and its own advice.

    Attributes:
        fault: the diagnostic as it is at its place in the library.
        call: what the trace says of the call that is the primary place now.
        block: the block of the library that the place lies in; empty where it is not known.
        entered: the block that was called; empty where it cannot matter what it was given.
        arguments: what it was given.
    """

    fault: Diagnostic
    call: Label
    block: str = ""
    entered: str = ""
    arguments: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name in ("code", "severity", "background", "faulty_axes"):
            object.__setattr__(self, name, getattr(self.fault, name))

    def __getattr__(self, name: str) -> Any:
        """The facts of the case are those of the fault."""
        if name.startswith("_") or "fault" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.fault, name)

    @property
    def given(self) -> str:
        """To give other arguments to the block that was called, and what they are; empty where it cannot matter."""
        if not self.entered:
            return ""
        listed = ", ".join(f"`{name}` is {value}" for name, value in self.arguments)
        return f"change what `{self.entered}` is given" + (f": {listed}" if listed else "")

    def headline(self) -> str:
        """What is wrong, which does not depend on where it is said."""
        return self.fault.headline()

    def caret(self) -> str:
        """Which block is called there."""
        return self.call.text

    def advice(self) -> str:
        """What the call gives, which decides; where it does not, what the fault advises."""
        return self.given or self.fault.advice()

    def labels(self) -> tuple[Label, ...]:
        """The place in the library, and whatever the fault points at."""
        within = f"here, in `{self.block}`" if self.block else "here"
        said = self.fault.caret()
        place = () if self.fault.span is None else (Label(self.fault.span, f"{within}: {said}" if said else within),)
        return (*place, *(label for label in self.fault.labels() if label.span != self.span))

    def notes(self) -> tuple[str, ...]:
        """Those of the fault, and what would mend the line in the library: it may tell what is wanted of the call."""
        advice = self.fault.advice() if self.given and self.fault.advises_callers else ""
        return (*self.fault.notes(), *([f"the advice for that line: {advice}"] if advice else []))

    def identities(self) -> tuple[Hashable, ...]:
        """Of a call with a mistake only the first is told: what else fails in the block mostly follows from it."""
        places = (self.span, *(label.span for label in self.trace if not label.span.source.in_library))
        found = tuple((id(one.source), one.start, one.end) for one in places if one is not None)
        first = () if self.severity is Severity.WARNING else ((self.severity, found),)
        return (*super().identities(), *first)


def told_at_call(
    diagnostic: Diagnostic, block: str = "", entered: str = "", arguments: tuple[tuple[str, str], ...] = ()
) -> Diagnostic:
    """A diagnostic as its reader can use it: where its place lies in the library, told of the call that led there.

    Args:
        diagnostic: what is wrong, with the calls that led there.
        block: the block that its place lies in.
        entered: the block of the library that was called from outside of it.
        arguments: what it was given.
    """
    if diagnostic.span is None or not diagnostic.span.source.in_library:
        return diagnostic
    for index, call in enumerate(diagnostic.trace):
        if not call.span.source.in_library:
            trace = (*diagnostic.trace[:index], *diagnostic.trace[index + 1 :])
            fault = dataclasses.replace(diagnostic, trace=())
            facts = {"fault": fault, "call": call, "block": block, "entered": entered, "arguments": arguments}
            return InLibrary(span=call.span, trace=trace, **facts)
    return diagnostic


def called(spans: tuple[Span, ...]) -> tuple[Label, ...]:
    """The trace of calls of which only the places are known."""
    return tuple(Label(span, "called here") for span in spans)
