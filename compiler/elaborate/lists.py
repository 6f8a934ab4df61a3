"""How large lists are, those inside of them included: sharing makes sixty lines of lists of lists endless to walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..source import Span

if TYPE_CHECKING:
    from .state import Elaboration


class _Extent(NamedTuple):
    """Size and depth of a list, which is kept so that its identity stays its own."""

    items: tuple[Any, ...]
    size: int
    depth: int


class Lists:
    """The extents of the lists that an elaboration has made."""

    def __init__(self, state: Elaboration) -> None:
        self._state = state
        self._extents: dict[int, _Extent] = {}

    def made(self, items: tuple[Any, ...], span: Span) -> tuple[Any, ...]:
        """The list, if it may be so large and so deep."""
        state = self._state
        extent = self._measure(items)
        if extent.size > state.limits.list_length:
            state.stop("list_length", span)
        if extent.depth > state.limits.nesting:
            state.stop("nesting", span)
        return items

    def walk(self, value: Any, span: Span) -> None:
        """Count what walking through a value takes: a step for each element."""
        if isinstance(value, tuple):
            self._state.step(self._measure(value).size, span)

    def _measure(self, items: tuple[Any, ...]) -> _Extent:
        known = self._extents.get(id(items))
        if known is not None:
            return known
        size, depth = len(items), 1
        for item in items:
            if isinstance(item, tuple):
                inner = self._measure(item)
                size += inner.size
                depth = max(depth, inner.depth + 1)
            elif isinstance(item, str):
                size += len(item)
        extent = self._extents[id(items)] = _Extent(items, size, depth)
        return extent
