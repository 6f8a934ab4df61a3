"""Values of a model's arguments as they are written on the command line."""

from __future__ import annotations

from .diagnostics import Report
from .elaborate.scope import Scope
from .elaborate.state import Elaboration, Frame, evaluate
from .graph.types import DTYPES
from .initializers import INITIALIZERS
from .limits import Limits
from .names.project import Project
from .names.resolve import resolve_value
from .source import Source
from .syntax import tree
from .syntax.parse import parse_value
from .values.budget import Budget, Stop
from .values.compile_values import KnownValue, Unknown


def parse_argument(name: str, text: str, limits: Limits, report: Report) -> KnownValue | None:
    """A value written on the command line, as in ``--set classes=5``; None where it is none."""
    source = Source(f"<{name}>", text)
    expression = parse_value(source, limits, report)
    if expression is None:
        return None
    if isinstance(expression, tree.Name) and expression.name not in (*INITIALIZERS, *DTYPES):
        # A shell takes quotes away: a bare word is a string.
        return expression.name
    module = Project(limits, report, None).add(Source(f"<{name}>", ""))
    if module is None:
        return None
    frame = Frame(Elaboration(Budget(limits, report)), module, Scope(), name)
    resolve_value(expression, module, report)
    try:
        value = evaluate(expression, frame)
    except Stop:
        return None
    return None if isinstance(value, Unknown) else value
