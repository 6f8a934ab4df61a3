"""Inputs that no layer reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from ..diagnostics import Fix, Safety
from ..diagnostics.removals import without_lines
from ..names.meanings import Definition, Kind
from ..records import record
from ..source import Span
from ..syntax import tree
from .base import Lint, Subject
from .name_uses import Places


@record
class UnusedInput(Lint):
    """An input of a model is read by no layer, and is no output.

    It must be fed all the same. To ask for its shape is not to read it, unless the shape tells a dimension that the
    model computes with, and no other input does.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        input mask: float32[N, 1, 32, 32]
        output y = image -> conv2d(8, kernel=3)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        input mask: float32[N, 1, 32, 32]
        output y = image * mask -> conv2d(8, kernel=3)
    }
    ```
    """

    code: ClassVar[str] = "L407"
    message: ClassVar[str] = "no layer reads the input `{name}`"
    label: ClassVar[str] = "fed for nothing"
    remedy: ClassVar[str] = "use it, or remove it"

    name: str
    statement: Span | None = None

    def fix(self) -> Fix | None:
        """Without the input, if nothing names it; whoever feeds it must not do so any longer."""
        return None if self.statement is None else Fix((without_lines(self.statement),), Safety.UNSAFE)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one of which nothing but its type is asked, in the models that are looked at."""
        meanings, uses = subject.module.names.meanings, subject.uses
        for network in subject.networks:
            inputs = [one for one in network.model.body if isinstance(one, tree.Input)]
            types = Places(one.type.span for one in inputs)
            for one in inputs:
                meaning = meanings.get(one.name.span.start)
                if meaning is None or meaning.name.startswith("_") or uses.is_computed_with(meaning):
                    continue
                told = (_is_told_here(dimension, types, subject) for dimension in _introduced(one, meanings))
                if not any(told):
                    place = None if uses.is_used(meaning) else one.span
                    yield cls(span=meaning.span, name=meaning.name, statement=place)


def _introduced(statement: tree.Input, meanings: Mapping[int, Definition]) -> Iterator[Definition]:
    """The dimensions that a type introduces."""
    for name in tree.names_in(statement.type.shape or ()):
        meaning = meanings.get(name.span.start)
        if meaning is not None and meaning.kind is Kind.DIMENSION and meaning.span is name.span:
            yield meaning


def _is_told_here(dimension: Definition, types: Places, subject: Subject) -> bool:
    """Whether the model, or a block, computes with a dimension that a single type tells."""
    introducing = types.number(dimension.span.start) if dimension.span is not None else None
    found = {types.number(place) for place in subject.uses.places(dimension)} - {introducing}
    return found == {None} or (not found and dimension.name in subject.uses.dimensions_of_callers)
