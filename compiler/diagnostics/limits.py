"""Diagnostics of the bounds that keep every input text from hanging or exhausting the machine (codes E501 to E509)."""

from __future__ import annotations

from typing import ClassVar

from ..limits import Limits
from ..records import record
from .base import Diagnostic, Severity


@record
class LimitExceeded(Diagnostic):
    """The file needs more of something than one compilation may use.

    The compiler answers every text in bounded time and memory. What it may use is bounded by limits, generous for
    networks that people write; a slip such as `repeat(10**9)` runs into one of them instead of hanging the machine.

    ```nn
    model endless() {
        input x: float32[N, 8]
        output y = x -> repeat(10 ** 9) { dense(8) }   # more nodes than one graph may have
    }
    ```

    Where the number is meant, raise the limit: `dotnn check --limit nodes=2000000 endless.nn`.

    Attributes:
        limit: the name of the limit, a field of ``Limits``.
        maximum: its value, the largest that is allowed.
    """

    code: ClassVar[str] = "E501"
    message: ClassVar[str] = "too much for the limit `{limit}`: at most {maximum:,} {meaning}"
    label: ClassVar[str] = "the limit is exceeded here"
    remedy: ClassVar[str] = "where this is meant, raise the limit with `--limit {limit}=N`"

    limit: str
    maximum: int

    @property
    def meaning(self) -> str:
        """What the limit counts."""
        return Limits.meanings()[self.limit]


@record
class TooManyErrors(Diagnostic):
    """There are more errors than it helps to list, or the same ones are met again and again.

    What follows was not checked. A mistake in a block is one mistake, however often the block is called; but where it
    is called very often, the rest is not looked at either.
    """

    code: ClassVar[str] = "E502"
    message: ClassVar[str] = "too many errors: what follows is not checked"
    label: ClassVar[str] = "stopped here"
    remedy: ClassVar[str] = "mend the first ones and check again"


@record
class TooManyWarnings(Diagnostic):
    """There are more warnings than it helps to list; errors are still reported, all of them."""

    code: ClassVar[str] = "W501"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "too many warnings: further ones are not shown"
    remedy: ClassVar[str] = "mend the first ones and check again"
