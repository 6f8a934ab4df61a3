"""Conditions of ``expect``: what a block of the library demands of its arguments, and how a false one reads."""

from __future__ import annotations

from ..diagnostics.expectations import Comparison, ExpectationFailed
from ..names.meanings import Kind
from ..syntax import tree
from ..values.compile_values import KnownValue, Unknown, describe, show
from .state import Frame, evaluate


def comparison(condition: tree.Expression, frame: Frame) -> Comparison | None:
    """What a false condition compares; None where it is no comparison."""
    if not isinstance(condition, tree.Binary) or condition.operator in ("and", "or"):
        return None
    left, right = evaluate(condition.left, frame), evaluate(condition.right, frame)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    return Comparison(_name(condition.left, left), show(left), condition.operator, show(right))


def _name(expression: tree.Expression, value: KnownValue) -> str:
    text = expression.span.text
    return f"`{text}`" if len(text) <= 40 and "\n" not in text else describe(value)


def is_demand(statement: tree.Expect, frame: Frame) -> bool:
    """Whether what a block expects is a matter of its arguments, so that it can be judged at once: it has no metric."""
    return Kind.METRIC not in frame.module.names.kinds_in(statement.condition.span)


def is_met(demand: tree.Expect, frame: Frame) -> bool:
    """Whether a demand is met, asked before what would fail deeper inside; where it is not, that is reported."""
    condition = demand.condition
    if evaluate(condition, frame) is not False:
        return True
    found = comparison(condition, frame)
    frame.fail(ExpectationFailed(span=condition.span, block=frame.block, comparison=found))
    return False
