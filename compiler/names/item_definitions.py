"""The definitions that the items of files are, and the arguments of blocks, which are used across files."""

from __future__ import annotations

from collections.abc import Iterable

from ..syntax import tree
from .meanings import Definition, Kind
from .project import Module


class Items:
    """The definitions of the items of files, and of the arguments of blocks, which are used across files."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._items: dict[int, Definition] = {}
        self._formals: dict[tuple[int, str], Definition] = {}
        for module in modules:
            for item in module.file.items:
                if not isinstance(item, tree.Import | tree.Broken):
                    self._add(item)

    def _add(self, item: tree.Const | tree.Block | tree.Model) -> None:
        name = item.name
        self._items[id(item)] = Definition(name.name, _KINDS[type(item)], name.span)
        if not isinstance(item, tree.Const):
            for formal in item.formals:
                made = Definition(formal.name.name, Kind.ARGUMENT, formal.name.span, name.name)
                self._formals.setdefault((id(item), formal.name.name), made)

    def of(self, item: tree.Const | tree.Block | tree.Model) -> Definition:
        """The definition that an item is."""
        return self._items[id(item)]

    def formal(self, item: tree.Block | tree.Model, name: str) -> Definition | None:
        """The argument of a block or model."""
        return self._formals.get((id(item), name))

    def visible(self, module: Module, name: str) -> Definition | None:
        """The block or const that a name means in a file."""
        found = module.items.get(name)
        return None if found is None else self._items.get(id(found.item))


_KINDS = {tree.Const: Kind.CONST, tree.Block: Kind.BLOCK, tree.Model: Kind.MODEL}
