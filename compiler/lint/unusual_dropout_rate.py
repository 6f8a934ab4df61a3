"""Rates of dropout that drop nothing, or most."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics import Severity
from ..layers.regularization import Dropping
from ..records import record
from .base import Lint, Subject, is_own
from .layer_kinds import DROPPING

#: Above it, more is dropped than kept.
HIGHEST = 0.5

_NUMBER = re.compile(r"[0-9][0-9_.eE+-]*")


@record
class UnusualDropoutRate(Lint):
    """The rate of dropout is 0, or above a half.

    The rate is the part that is set to 0, not the part that is kept: `dropout(0.9)` drops nine numbers of ten, and
    whoever read of a probability of 0.9 to keep a number means `dropout(0.1)`. With a rate of 0 the layer does nothing.
    Rates that are no numbers in the text, but arguments of a block or model, are left alone.

    Bad:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64) -> relu -> dropout(0.9) -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64) -> relu -> dropout(0.1) -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L114"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`{kind}` with a rate of {rate} {clause}"
    label: ClassVar[str] = "the part that is set to 0"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(DROPPING))

    kind: str
    rate: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[UnusualDropoutRate]:
        """Every rate that is written as a number, and 0 or above a half."""
        for _, node, layer in subject.all_of(Dropping):
            written = node.origin.arguments.get("rate")
            if 0 < layer.rate <= HIGHEST or written is None or not is_own(node):
                continue
            rate = written.value.text
            if _NUMBER.fullmatch(rate) is None:
                continue
            if layer.rate:
                kept = f"{round(1 - layer.rate, 6):g}"
                yield DropoutOfMost(span=written.value, kind=node.kind, rate=rate, kept=kept)
            else:
                yield DropoutOfNothing(span=written.value, kind=node.kind, rate=rate)


@record
class DropoutOfNothing(UnusualDropoutRate):
    """The rate is 0."""

    clause: ClassVar[str] = "does nothing"
    remedy: ClassVar[str] = "leave it out"


@record
class DropoutOfMost(UnusualDropoutRate):
    """The rate is above a half."""

    clause: ClassVar[str] = "keeps {kept} of the numbers alone"
    remedy: ClassVar[str] = "write {kept} if that is the part to drop; rates are mostly between 0.1 and 0.5"

    kept: str
