"""Calls of blocks of the library: what is said where one fails, and what such a block demands of its arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ..diagnostics import Diagnostic
from ..diagnostics.expectations import ExpectationFailed
from ..diagnostics.in_library import called, told_at_call
from ..metrics import METRICS
from ..source import Span
from ..syntax import tree
from .evaluate import evaluate
from .sides import sides
from .state import Frame
from .values import Unknown, show


def at_call(diagnostic: Diagnostic, frame: Frame, calls: tuple[Span, ...]) -> Diagnostic:
    """A diagnostic whose place lies in the library, told of the call that led there.

    Args:
        diagnostic: what is wrong.
        frame: of the block where it was found, or of a model whose blocks have been run.
        calls: the calls that led to the place, in the latter case.
    """
    if calls:
        return told_at_call(dataclasses.replace(diagnostic, trace=called(calls)))
    return told_at_call(diagnostic, frame.block, _remedy(frame))


def _remedy(frame: Frame) -> str:
    """To give other arguments to the block that was called from outside of the library, and what they are."""
    if frame.entered is None:
        return ""
    block, inner = frame.entered
    found = [(formal.name.name, inner.bindings.get(formal.name.name)) for formal in block.formals]
    given = [
        f"`{name}` is {show(bound.value)}"
        for name, bound in found
        if bound is not None and not isinstance(bound.value, Unknown)
    ]
    return f"change what `{block.name.name}` is given" + (f": {', '.join(given)}" if given else "")


def is_demand(statement: tree.Expect) -> bool:
    """Whether what a block expects is a matter of its arguments, so that it can be judged at once: it has no metric."""
    return not any(name in METRICS for name in _names(statement.condition))


def _names(part: object) -> Iterator[str]:
    """The names of values and of what is called in an expression."""
    if isinstance(part, tree.Name):
        yield part.name
    elif isinstance(part, tuple):
        for one in part:
            yield from _names(one)
    elif isinstance(part, tree.Node):
        if isinstance(part, tree.Call):
            yield part.function
        for one in dataclasses.fields(part):
            yield from _names(getattr(part, one.name))


def is_met(demand: tree.Expect, frame: Frame) -> bool:
    """Whether a demand is met, asked before what would fail deeper inside; where it is not, that is reported."""
    condition = demand.condition
    if evaluate(condition, frame) is not False:
        return True
    said, found = sides(condition, frame)
    frame.fail(ExpectationFailed(span=condition.span, block=frame.block, sides=said, found=found))
    return False
