"""Values named like what is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..layers.base import LAYERS
from ..names.meanings import BOUND
from ..names.project import FUNCTIONS
from ..records import record
from ..syntax import tree
from .base import Lint, Subject


@record
class NamedLikeCall(Lint):
    """A value has the name of a layer, a function or a block of the file.

    Both mean something: `dropout(dropout)` is the layer with the value. A call never looks among values, so nothing is
    hidden, and many find it natural. For those who do not.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        relu = x -> dense(8) -> relu
        output y = relu -> dense(2)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16]
        hidden = x -> dense(8) -> relu
        output y = hidden -> dense(2)
    }
    ```
    """

    code: ClassVar[str] = "L414"
    severity: ClassVar[Severity] = Severity.HINT
    enabled: ClassVar[bool] = False
    message: ClassVar[str] = "the {kind} `{name}` has the name of a {other}"
    label: ClassVar[str] = "`{name}(…)` is the {other} all the same"
    remedy: ClassVar[str] = "give it another name"

    kind: str
    name: str
    other: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every name of a body that is the name of something that is called."""
        items = subject.module.items
        for one in subject.uses.defined(*BOUND):
            found = items.get(one.name)
            if found is not None and isinstance(found.item, tree.Block):
                yield cls(span=one.span, kind=str(one.kind), name=one.name, other="block")
            elif found is None and one.name in FUNCTIONS:
                yield cls(span=one.span, kind=str(one.kind), name=one.name, other="function")
            elif found is None and one.name in LAYERS and LAYERS[one.name].callable:
                yield cls(span=one.span, kind=str(one.kind), name=one.name, other="layer")
