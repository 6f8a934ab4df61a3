"""Bindings and parameters that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..diagnostics import Fix, Safety
from ..diagnostics.fixes import replacing
from ..diagnostics.removals import without_lines
from ..names.meanings import Definition, Kind
from ..records import record
from ..syntax import tree
from .base import Lint, Subject
from .name_uses import NameUses

_NAMES_LAYERS = re.compile(r"\b(reuse|freeze)\b")


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
    statement: tree.Binding | tree.Parameter | None = None  #: what goes with it; None where others are bound as well
    may_be_named: bool = False  #: whether a ``reuse`` or a ``freeze`` may name its layers

    def fix(self) -> Fix | None:
        """Without its statement, or `_` beside others; layers would go with it, and all behind them be renamed.

        None where other lines may name its layers.
        """
        if self.statement is None:
            return replacing(self.span, "_")
        edits = (without_lines(self.statement.span),)
        if isinstance(self.statement, tree.Binding) and _is_plain(self.statement.value):
            return Fix(edits, Safety.SAFE)
        return None if self.may_be_named else Fix(edits, Safety.UNSAFE)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[UnusedBinding]:
        """Every one that stands only where it is bound."""
        uses, meanings = subject.uses, subject.module.names.meanings
        unused = [one for one in uses.defined(Kind.BINDING, Kind.PARAMETER, Kind.VARIABLE) if not uses.is_used(one)]
        if not unused:
            return
        alone = dict(_alone(subject.module.file, meanings, uses))
        bodies = (item for item in subject.module.file.items if isinstance(item, tree.Block | tree.Model))
        naming = {item.name.name for item in bodies if _NAMES_LAYERS.search(item.span.text)}
        for one in unused:
            statement = alone.get(id(one))
            other = UnusedVariable if one.kind is Kind.VARIABLE else SkippedResult
            kind = other if statement is None else UnusedBinding
            is_named = one.owner in naming
            yield kind(span=one.span, kind=str(one.kind), name=one.name, statement=statement, may_be_named=is_named)


@record
class SkippedResult(UnusedBinding):
    """One of several that a statement binds."""

    remedy: ClassVar[str] = "use it, or write `_` in its place"


@record
class UnusedVariable(UnusedBinding):
    """A variable of a loop."""

    remedy: ClassVar[str] = "write `_` in its place; `repeat(n) {{ … }}` is a loop that only counts"


def _alone(
    file: tree.File, meanings: Mapping[int, Definition], uses: NameUses
) -> Iterator[tuple[int, tree.Binding | tree.Parameter]]:
    """The identities of what is bound by statements that bind nothing of use, with those."""
    for item in file.items:
        for statement in item.body if isinstance(item, tree.Block | tree.Model) else ():
            if not isinstance(statement, tree.Binding | tree.Parameter):
                continue
            names = statement.targets if isinstance(statement, tree.Binding) else (statement.name,)
            bound = [one for name in names if (one := meanings.get(name.span.start)) is not None]
            if not any(map(uses.is_used, bound)):
                yield from ((id(one), statement) for one in bound)


def _is_plain(value: tree.Expression) -> bool:
    """Whether a value is certainly no layer's."""
    if isinstance(value, tree.ListExpression):
        return all(map(_is_plain, value.items))
    return isinstance(value, tree.Number | tree.String | tree.Boolean | tree.Name)
