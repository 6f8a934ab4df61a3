"""Evaluation of expressions: one function, and a table of what each kind of expression does.

An expression that fails reports why and has the value ``UNKNOWN``; everything independent of it is still checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..diagnostics import DotnnError
from ..diagnostics.names import BadLabel
from ..diagnostics.values import PartsNotTaken
from ..source import Span
from ..syntax import tree
from ..values.kinds import UNKNOWN, CompileValue, Several, Unknown, first, show
from .state import Frame

Evaluator = Callable[[Any, Frame], CompileValue]
_EVALUATORS: dict[type, Evaluator] = {}
_Function = TypeVar("_Function", bound=Evaluator)


def evaluates(kind: type) -> Callable[[_Function], _Function]:
    """Register what evaluates a kind of expression."""

    def register(function: _Function) -> _Function:
        _EVALUATORS[kind] = function
        return function

    return register


def evaluate_all(expression: tree.Expression, frame: Frame) -> CompileValue:
    """The value of an expression, with all its results if it has several."""
    budget = frame.budget
    budget.step(1, expression.span)
    budget.enter(expression.span)
    try:
        return _EVALUATORS[type(expression)](expression, frame)
    except DotnnError as error:
        frame.fail_all(error)
        return UNKNOWN
    finally:
        budget.depth -= 1


def evaluate(expression: tree.Expression, frame: Frame) -> CompileValue:
    """The value of an expression; of several results the first."""
    return single(evaluate_all(expression, frame), expression.span, frame)


def single(value: CompileValue, span: Span, frame: Frame) -> CompileValue:
    """One value: the first of several, unless all must be taken, which is reported."""
    if isinstance(value, Several) and value.take_all and len(value.values) > 1:
        frame.fail(PartsNotTaken(span=span, source=value.source, count=len(value.values), names=1))
        return UNKNOWN
    return first(value)


def label_text(label: tree.Label, frame: Frame) -> str:
    """A label with its computed parts filled in; raises ``DotnnError``."""
    text = ".".join("".join(_piece(piece, frame) for piece in component) for component in label.components)
    if len(text) > frame.budget.limits.name_length:
        frame.budget.stop("name_length", label.span)
    return text


def _piece(piece: str | tree.Expression, frame: Frame) -> str:
    if isinstance(piece, str):
        return piece
    value = evaluate(piece, frame)
    if isinstance(value, Unknown):
        raise DotnnError()
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.replace("_", "a").isalnum() and len(value) <= 200:
        return str(value)
    raise DotnnError(BadLabel(span=piece.span, found=show(value)))
