"""Arguments that the block or model does not use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..names.meanings import Kind
from ..records import record
from ..syntax import tree
from .base import Lint, Subject


@record
class UnusedArgument(Lint):
    """An argument of a block or a model is used nowhere in it.

    Whoever sets it changes nothing. In a type, in a default, in a label or in an `expect` it is used. A name that
    begins with `_` is taken to be unused on purpose.

    Bad:

    ```nn
    block unit(x, width: int, stride: int = 1) {
        return x -> conv2d(width, kernel=3) -> relu
    }
    ```

    Good:

    ```nn
    block unit(x, width: int, stride: int = 1) {
        return x -> conv2d(width, kernel=3, stride=stride) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L406"
    message: ClassVar[str] = "the argument `{name}` of `{owner}` is never used"
    label: ClassVar[str] = "changes nothing"
    remedy: ClassVar[str] = "use it, or remove it here and where `{owner}` is given it"

    name: str
    owner: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that stands in no statement, type or default of what it belongs to."""
        items = (item for item in subject.module.file.items if isinstance(item, tree.Block | tree.Model))
        spans = {item.name.name: item.span for item in items}
        for one in subject.uses.defined(Kind.ARGUMENT):
            # Callers give it by its name, which is no use of it.
            if not subject.uses.is_used(one, spans[one.owner]):
                yield cls(span=one.span, name=one.name, owner=one.owner)
