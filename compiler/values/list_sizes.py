"""How large lists are, those inside of them included: sharing makes sixty lines of lists of lists endless to walk."""

from __future__ import annotations

from typing import NamedTuple

from .compile_values import KnownValue


class Extent(NamedTuple):
    """Size and depth of a list, which is kept so that its identity stays its own."""

    items: tuple[KnownValue, ...]
    size: int
    depth: int


class Extents:
    """The extents of lists, each measured once."""

    def __init__(self) -> None:
        self._known: dict[int, Extent] = {}

    def of(self, items: tuple[KnownValue, ...]) -> Extent:
        """The extent of a list."""
        known = self._known.get(id(items))
        if known is not None:
            return known
        size, depth = len(items), 1
        for item in items:
            if isinstance(item, tuple):
                inner = self.of(item)
                size += inner.size
                depth = max(depth, inner.depth + 1)
            elif isinstance(item, str):
                size += len(item)
        extent = self._known[id(items)] = Extent(items, size, depth)
        return extent
