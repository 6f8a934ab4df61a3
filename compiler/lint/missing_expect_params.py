"""Models that say nothing of how many parameters they have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Fix, Severity
from ..diagnostics.fixes import inserting
from ..measure.costs import params
from ..records import record
from ..source import Span
from ..syntax import tree
from .base import Lint, Subject

_LAST_LINE = re.compile(r"(?P<end>\r?\n)[ \t]*\Z")
_INDENT = re.compile(r"[ \t]*")


@record
class MissingExpectParams(Lint):
    """A model has no `expect` about `params`.

    The count is what tells soonest that a network is no longer the one that was meant: a bias, a kernel or a width that
    changes by mistake changes it, and weight files then fit no more.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> dense(8)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16]
        output y = x -> dense(8)
        expect params == 136
    }
    ```
    """

    code: ClassVar[str] = "L410"
    severity: ClassVar[Severity] = Severity.HINT
    enabled: ClassVar[bool] = False
    message: ClassVar[str] = "`{name}` does not say how many parameters it has"
    label: ClassVar[str] = "it has {number}"
    remedy: ClassVar[str] = "write `expect params == {number}` at its end"

    name: str
    count: int
    body: Span

    @property
    def number(self) -> str:
        """The count as the language writes it."""
        return f"{self.count:_}"

    def fix(self) -> Fix | None:
        """With that line, before the brace that closes the model."""
        source, closing = self.body.source, self.body.end - 1
        line = f"expect params == {self.number}"
        before = _LAST_LINE.search(source.text[self.body.start : closing])
        if before is None:
            return inserting(source, closing, f"{line} ")
        indent = (
            _INDENT.match(source.text, self.span.source.text.rfind("\n", 0, self.span.start) + 1) if self.span else None
        )
        written = f"{indent.group() if indent is not None else ''}    {line}{before['end']}"
        return inserting(source, self.body.start + before.end("end"), written)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every model with its default arguments, for which expectations are written."""
        for network in subject.networks:
            model = network.model
            expected = (one.condition for one in model.body if isinstance(one, tree.Expect))
            names = (name.name for condition in expected for name in tree.names_in(condition))
            if network.defaults and "params" not in names:
                name = model.name
                yield cls(span=name.span, name=name.name, count=params(network.graph), body=model.span)
