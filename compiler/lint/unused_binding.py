"""Bindings and parameters that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..names.meanings import Kind
from ..records import record
from .base import Lint, Subject


@record
class UnusedBinding(Lint):
    """A binding, a variable of a loop or a parameter is never used.

    It may be a forgotten line, or a name that was meant elsewhere. A skipped result of several is written `_`, and so
    is the variable of a loop that only counts; a name that begins with `_` is taken to be unused on purpose.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        features = x -> dense(8) -> relu
        output y = x -> dense(8)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, T, 16]
        _, state = x -> gru(8)
        output y = state[0]
    }
    ```
    """

    code: ClassVar[str] = "L404"
    message: ClassVar[str] = "the {kind} `{name}` is never used"
    label: ClassVar[str] = "unused"
    remedy: ClassVar[str] = "use it, or remove it"

    kind: str
    name: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that stands only where it is bound."""
        for one in subject.uses.defined(Kind.BINDING, Kind.PARAMETER, Kind.VARIABLE):
            if not subject.uses.is_used(one):
                yield cls(span=one.span, kind=str(one.kind), name=one.name)
