"""Names that hide what they mean elsewhere in the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Label
from ..names.meanings import BOUND, Kind, of_language
from ..records import record
from ..source import Span
from ..syntax import tree
from .base import Lint, Subject


@record
class Shadowing(Lint):
    """A name that is bound in a body hides a const, or an initializer or element type that the file uses elsewhere.

    From there on the name means what is bound, in this body alone; whoever reads a line below takes it for the other.
    Within a body no name can be bound twice, and a call never looks among what is bound: so a value may be named like
    a layer or a block, `dropout: float`, and hides nothing. Who does not want that, either, selects L414.

    Bad:

    ```nn
    const width = 64
    model net(width: int = 8) {
        input x: float32[N, 16]
        output y = x -> dense(width)
    }
    model wide {
        input x: float32[N, 16]
        output y = x -> dense(width)
    }
    ```

    Good:

    ```nn
    const WIDTH = 64
    model net(width: int = 8) {
        input x: float32[N, 16]
        output y = x -> dense(width)
    }
    model wide {
        input x: float32[N, 16]
        output y = x -> dense(WIDTH)
    }
    ```
    """

    code: ClassVar[str] = "L409"
    message: ClassVar[str] = "the {kind} `{name}` hides the {hidden} `{name}`"
    label: ClassVar[str] = "means this from here on"
    remedy: ClassVar[str] = "give one of the two another name"

    kind: str
    name: str
    hidden: str
    place: Span | None = None

    def labels(self) -> tuple[Label, ...]:
        """Where what is hidden is defined, if a text defines it."""
        return () if self.place is None else (Label(self.place, f"the {self.hidden}"),)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every name of a body that means something in the whole file, as a value."""
        module = subject.module
        language = {one for one in module.names.meanings.values() if one.kind in _OF_LANGUAGE}
        for one in subject.uses.defined(*BOUND):
            found = module.items.get(one.name)
            if found is not None and isinstance(found.item, tree.Const):
                place = None if found.module.source.in_library else found.item.name.span
                yield cls(span=one.span, kind=str(one.kind), name=one.name, hidden="const", place=place)
                continue
            for kind in _OF_LANGUAGE:
                if found is None and of_language(one.name, kind) in language:
                    yield cls(span=one.span, kind=str(one.kind), name=one.name, hidden=str(kind))


_OF_LANGUAGE = (Kind.INITIALIZER, Kind.ELEMENT_TYPE)
