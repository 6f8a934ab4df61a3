"""Edits that leave out what a body binds and never uses."""

from __future__ import annotations

from collections.abc import Collection

from ..diagnostics import Edit, Safety
from ..diagnostics.removals import without_lines
from ..syntax import tree


def unused_edit(name: tree.Name, statement: tree.Statement, used: Collection[str]) -> tuple[Edit | None, Safety]:
    """What leaves an unused name out, and how certain that is.

    Args:
        name: the name.
        statement: what binds it.
        used: the names that something uses.

    Returns:
        The edit; None for an input, which callers feed, and for a statement with a mistake in it.
    """
    if isinstance(statement, tree.Parameter):
        return without_lines(statement.span), Safety.UNSAFE
    if not isinstance(statement, tree.Binding):
        return None, Safety.UNSAFE
    if any(target.name in used for target in statement.targets):
        return Edit(name.span, "_"), Safety.SAFE
    # Layers would go with it, and those behind them could get other names.
    return without_lines(statement.span), Safety.SAFE if _is_plain(statement.value) else Safety.UNSAFE


def _is_plain(value: tree.Expression) -> bool:
    """Whether a value is certainly no layer's."""
    if isinstance(value, tree.ListExpression):
        return all(map(_is_plain, value.items))
    return isinstance(value, tree.Number | tree.String | tree.Boolean | tree.Name)
