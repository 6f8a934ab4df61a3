"""What a compilation may use up, counted before the work is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NoReturn, TypeVar

from ..deep_calls import on_new_stack
from ..diagnostics import Label, Report
from ..diagnostics.limits import LimitExceeded
from ..limits import Limits
from ..source import Span
from .compile_values import KnownValue
from .list_sizes import Extents

#: Expressions and stages that may be evaluated inside each other, for each level of nesting: those of a block and of
#: its callers.
DEPTH_PER_LEVEL = 4
#: How many of them one of Python's stacks takes: each needs up to 20 frames, and a thread has 1,000.
DEPTH_PER_STACK = 32

_Result = TypeVar("_Result")


class Stop(Exception):
    """A limit is used up, or the report is full: elaboration ends, with what was reported so far."""


class Budget:
    """The limits of an elaboration, and what it has used up.

    Attributes:
        report: takes what is said of a limit that is used up.
        steps: a step is some microseconds of work; those of all models of a file together.
        stopped: a limit was exceeded, so that the next model would exceed it too.
        depth: how many expressions and stages are being evaluated inside each other.
        place: the expression or stage that is being evaluated, or was last.
        calls: the calls of blocks that are being run, innermost first.
    """

    def __init__(self, limits: Limits, report: Report) -> None:
        self.limits = limits
        self.report = report
        self.steps = 0
        self.stopped = False
        self.depth = 0
        self.place: Span | None = None
        self.calls: tuple[Label, ...] = ()
        self._extents = Extents()

    def step(self, count: int = 1, span: Span | None = None) -> None:
        """Count steps of evaluation; an element of a list made or walked through counts as one."""
        self.steps += count
        if self.steps > self.limits.steps:
            self.stop("steps", span)

    def inside(self, span: Span, function: Callable[..., _Result], *arguments: object) -> _Result:
        """Evaluate something inside of something else: how deep that may go, neither Python nor the machine decides.

        Args:
            span: what is evaluated.
            function: what evaluates it.
            arguments: what it takes.
        """
        self.depth += 1
        self.place = span
        try:
            if self.depth > DEPTH_PER_LEVEL * self.limits.nesting:
                self.stop("nesting", span)
            if self.depth % DEPTH_PER_STACK:
                return function(*arguments)
            return on_new_stack(function, *arguments)
        finally:
            self.depth -= 1

    def bounded(self, items: tuple[KnownValue, ...], span: Span) -> tuple[KnownValue, ...]:
        """A list, if it may be so large and so deep, lists inside of it included."""
        extent = self._extents.of(items)
        if extent.size > self.limits.list_length:
            self.stop("list_length", span)
        if extent.depth > self.limits.nesting:
            self.stop("nesting", span)
        return items

    def reserve(self, length: int, span: Span) -> None:
        """Bound the length of a list or string about to be made, and count its elements as steps."""
        if length > self.limits.list_length:
            self.stop("list_length", span)
        self.step(length, span)

    def walk(self, value: KnownValue, span: Span) -> None:
        """Count what walking through a value takes: a step for each element."""
        if isinstance(value, tuple):
            self.step(self._extents.of(value).size, span)

    def stop(self, limit: str, span: Span | None) -> NoReturn:
        """End the elaboration because a limit is used up."""
        maximum = getattr(self.limits, limit)
        found = LimitExceeded(span=span or self.place, limit=limit, maximum=maximum)
        if found.span is not None and found.span.source.in_library:
            from ..diagnostics.library_mistakes import told_at_call

            found = told_at_call(dataclasses.replace(found, trace=self.calls))
        self.report.add(found)
        self.stopped = True
        raise Stop
