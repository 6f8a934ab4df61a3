"""What stands behind a ``return``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Fix, Safety
from ..diagnostics.removals import without_lines
from ..records import record
from ..syntax import tree
from .base import Lint, Subject


@record
class UnreachableStatement(Lint):
    """A statement stands behind the `return` of its block, which ends it.

    What it binds is never computed, and its names are not even looked up.

    Bad:

    ```nn
    block head(x) {
        return x -> dense(10)
        y = x -> softmax
    }
    ```

    Good:

    ```nn
    block head(x) {
        y = x -> dense(10)
        return y -> softmax
    }
    ```
    """

    code: ClassVar[str] = "L405"
    message: ClassVar[str] = "this statement is never reached"
    label: ClassVar[str] = "after the `return` of `{block}`"
    remedy: ClassVar[str] = "remove it, or move it before the `return`"

    block: str

    def fix(self) -> Fix | None:
        """Without the statement; it may have to stand before the `return`."""
        return None if self.span is None else Fix((without_lines(self.span),), Safety.UNSAFE)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The first one of every block that has some."""
        for item in subject.module.file.items:
            if isinstance(item, tree.Block) and len(item.reached) < len(item.body):
                yield cls(span=item.body[len(item.reached)].span, block=item.name.name)
