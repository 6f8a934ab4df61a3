"""What is kept of a statement or an item with a mistake in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..source import Span
from . import tree
from .tokens import Token

#: Kinds of the keywords behind which stands the name that is defined.
_BEFORE_NAME = frozenset({"INPUT", "OUTPUT", "PARAMETER", "CONST", "BLOCK", "MODEL"})


class BrokenHead(list[tree.Formal]):
    """The arguments that were read of a head with a mistake in it.

    Attributes:
        broken: the head.
    """

    def __init__(self, broken: tree.Broken) -> None:
        super().__init__(part for part in broken.parts if isinstance(part, tree.Formal))
        self.broken = broken


def broken_part(values: Sequence[Any], span: Span) -> tree.Broken:
    """What can be kept.

    Args:
        values: what was read, as it stands on the parser's stack: tokens, nodes, lists of nodes.
        span: the whole place that is left out.
    """
    return tree.Broken(span=span, targets=tuple(_targets(values, span)), parts=tuple(_nodes(values)))


def _targets(values: Sequence[Any], span: Span) -> list[tree.Name]:
    """What is bound or defined: the names behind a keyword, or before an equals sign."""
    if not values:
        return []
    first = values[0]
    if isinstance(first, list):
        return [one for one in first if isinstance(one, tree.Name)]
    if not isinstance(first, Token):
        return []
    if first.kind == "IMPORT":
        listed = values[1] if len(values) > 1 and isinstance(values[1], list) else []
        return [one for one in listed if isinstance(one, tree.Name)]
    if first.kind == "NAME":
        return [_name(first, span)]
    behind = values[1] if len(values) > 1 else None
    if first.kind not in _BEFORE_NAME or not isinstance(behind, Token) or behind.kind != "NAME":
        return []
    return [_name(behind, span)]


def _name(token: Token, span: Span) -> tree.Name:
    return tree.Name(span=span.source.span(token.start, token.end), name=token.text)


def _nodes(values: Sequence[Any]) -> Iterator[tree.Node]:
    for value in values:
        if isinstance(value, list):
            yield from _nodes(value)
        elif isinstance(value, tree.Node):
            yield value
