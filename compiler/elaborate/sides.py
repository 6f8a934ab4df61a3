"""The two sides of a condition that does not hold, in words."""

from __future__ import annotations

from ..syntax import tree
from .evaluate import evaluate
from .state import Frame
from .values import describe, show

_WORDS = {"==": "", "!=": "other than ", "<": "below ", "<=": "at most ", ">": "above ", ">=": "at least "}


def sides(condition: tree.Expression, frame: Frame) -> tuple[str, str]:
    """What a false condition is, as a sentence that shows both sides, and what its left side is."""
    if not isinstance(condition, tree.Binary) or condition.operator in ("and", "or"):
        return "it is false", "false"
    left, right = evaluate(condition.left, frame), evaluate(condition.right, frame)
    said = f"{_name(condition.left, left)} is {show(left)}, not {_WORDS[condition.operator]}{show(right)}"
    return said, f"is {show(left)}"


def _name(expression: tree.Expression, value: object) -> str:
    text = expression.span.text
    return f"`{text}`" if len(text) <= 40 and "\n" not in text else describe(value)
