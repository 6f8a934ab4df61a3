"""Blocks, constants and imports that nothing uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, Self

from ..names.meanings import Definition, Kind
from ..records import record
from ..syntax import tree
from .base import Lint, Subject


@record
class UnusedDefinition(Lint):
    """A block, a constant or an imported name is used nowhere in a file with models.

    In a file without models, blocks and constants are there for others to import, and nothing is said of them.

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

    kind: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that only the line has which brings it."""
        module = subject.module
        if not module.models:
            return
        uses = Counter(map(id, module.names.meanings.values()))
        for item in module.file.items:
            if isinstance(item, tree.Import):
                for name in item.names:
                    meaning = module.names.meanings.get(name.span.start)
                    # One of them is the import itself.
                    if meaning is not None and uses[id(meaning)] <= 1:
                        yield cls(span=name.span, kind="import", name=name.name)
            elif isinstance(item, tree.Const | tree.Block):
                meaning = module.names.meanings.get(item.name.span.start)
                if _is_own(meaning) and uses[id(meaning)] <= 1:
                    yield cls(span=item.name.span, kind=str(meaning.kind) if meaning else "", name=item.name.name)


def _is_own(meaning: Definition | None) -> bool:
    return meaning is not None and meaning.kind in (Kind.CONST, Kind.BLOCK)
