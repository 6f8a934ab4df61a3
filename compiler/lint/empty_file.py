"""A file with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..records import record
from .base import Lint, Subject


@record
class EmptyFile(Lint):
    """The file defines nothing.

    There is nothing wrong with it, and nothing that could be built, run or imported. Mostly another file is meant, or
    it has not been saved.

    Bad:

    ```nn
    # to be written
    ```

    Good:

    ```nn
    const WIDTH = 64
    ```
    """

    code: ClassVar[str] = "L403"
    message: ClassVar[str] = "the file defines nothing"
    label: ClassVar[str] = "no model, no block, no const"
    remedy: ClassVar[str] = "write a model, `model name {{ input … output … }}`, or look whether another file is meant"

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The beginning of the file, if it has no items."""
        if not subject.module.file.items:
            source = subject.module.source
            yield cls(span=source.span(0, min(len(source.text), 1)))
