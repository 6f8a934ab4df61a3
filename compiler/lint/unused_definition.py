"""Blocks, constants and imports that nothing uses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from typing import ClassVar, Self

from ..diagnostics import Safety
from ..diagnostics.removals import without_item, without_lines
from ..names.meanings import Definition, Kind
from ..names.project import Module
from ..records import record
from ..syntax import tree
from .base import Lint, Subject
from .suppression import suppressed_lines


@record
class UnusedDefinition(Lint):
    """A block, a constant or an imported name is used nowhere in a file with models.

    What only unused blocks and constants use is unused as well. In a file without models, blocks and constants are
    there for others to import, and nothing is said of them.

    Bad:

    ```nn
    const WIDTH = 64
    model net {
        input x: float32[N, 16]
        output y = x -> dense(8)
    }
    ```

    Good:

    ```nn
    const WIDTH = 64
    model net {
        input x: float32[N, 16]
        output y = x -> dense(WIDTH)
    }
    ```
    """

    code: ClassVar[str] = "L402"
    message: ClassVar[str] = "the {kind} `{name}` is never used"
    label: ClassVar[str] = "not used in this file"
    remedy: ClassVar[str] = "remove it, or use it"
    safety: ClassVar[Safety] = Safety.SAFE

    kind: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that no model uses, directly or through others."""
        module = subject.module
        if not module.models:
            return
        used, meanings = _used(module), module.names.meanings
        for item in module.file.items:
            if isinstance(item, tree.Import):
                yield from cls._of_import(item, [_is_unused(meanings.get(one.span.start), used) for one in item.names])
            elif isinstance(item, tree.Const | tree.Block):
                meaning = meanings.get(item.name.span.start)
                if meaning is not None and meaning.kind in (Kind.CONST, Kind.BLOCK) and _is_unused(meaning, used):
                    edits = (without_lines(item.span),)
                    yield cls(span=item.name.span, kind=str(meaning.kind), name=item.name.name, edits=edits)

    @classmethod
    def _of_import(cls, item: tree.Import, unused: Sequence[bool]) -> Iterator[Self]:
        """The unused names of an import; if none is used, the import goes as a whole."""
        places = [name.span for name in item.names]
        for index, name in enumerate(item.names):
            if unused[index]:
                edit = without_lines(item.span) if all(unused) else without_item(places, index)
                yield cls(span=name.span, kind="import", name=name.name, edits=(edit,))


def _is_unused(meaning: Definition | None, used: Collection[int]) -> bool:
    return meaning is not None and id(meaning) not in used


def _used(module: Module) -> set[int]:
    """The identities of the definitions that models lead to, and those that are left unused on purpose."""
    items = [one for one in module.file.items if isinstance(one, tree.Const | tree.Block | tree.Model)]
    inside = _names_inside(module, items)
    meanings = module.names.meanings
    places = {id(meanings.get(item.name.span.start)): number for number, item in enumerate(items)}
    suppressed = suppressed_lines(module.file, UnusedDefinition.code)
    pending = [
        number for number, item in enumerate(items) if isinstance(item, tree.Model) or item.name.span.line in suppressed
    ]
    used: set[int] = set()
    while pending:
        for meaning in inside[pending.pop()]:
            if id(meaning) not in used:
                used.add(id(meaning))
                pending += [places[id(meaning)]] if id(meaning) in places else []
    return used


def _names_inside(module: Module, items: Sequence[tree.Const | tree.Block | tree.Model]) -> list[list[Definition]]:
    """For each item what the names in it mean, but for its own name."""
    starts = [item.span.start for item in items]
    found: list[list[Definition]] = [[] for _ in items]
    for offset, meaning in module.names.meanings.items():
        number = bisect_right(starts, offset) - 1
        if number >= 0 and offset < items[number].span.end and offset != items[number].name.span.start:
            found[number].append(meaning)
    return found
