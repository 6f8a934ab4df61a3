"""What names mean: definitions, uses and scopes, as tables of a file.

They are found once, by ``resolve``, before anything is elaborated. Elaboration computes values; which definition a
name leads to is said here, to it and to whoever asks of the text: diagnostics, lint, an editor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from ..records import positional_record
from ..reprs import quoted, short_repr
from ..source import Source, Span


class Kind(StrEnum):
    """What a name stands for."""

    MODEL = "model"
    BLOCK = "block"
    CONST = "const"
    INPUT = "input"
    ARGUMENT = "argument"
    PARAMETER = "parameter"
    OUTPUT = "output"
    BINDING = "binding"
    VARIABLE = "variable of a loop"
    DIMENSION = "dimension"
    LABEL = "label"
    LAYER = "layer"
    FUNCTION = "function"
    INITIALIZER = "initializer"
    METRIC = "metric"
    ELEMENT_TYPE = "element type"
    VALUE_TYPE = "type of values"
    ATTRIBUTE = "attribute"


#: What has a value in the body that binds it.
BOUND = frozenset((Kind.INPUT, Kind.ARGUMENT, Kind.PARAMETER, Kind.OUTPUT, Kind.BINDING, Kind.VARIABLE))


class Definition(NamedTuple):
    """Where a name gets its meaning.

    Attributes:
        span: the name where it is defined; None for what the language has, and for a dimension of whatever model calls.
        owner: what it belongs to, if that is not the whole file: a block, a model, or the layer whose argument it is.
    """

    name: str
    kind: Kind
    span: Span | None = None
    owner: str = ""

    def __repr__(self) -> str:
        return short_repr(self, quoted(self.name), self.kind)


@cache
def of_language(name: str, kind: Kind, owner: str = "") -> Definition:
    """The definition of what the language itself has."""
    return Definition(name, kind, None, owner)


@positional_record
class Use:
    """A name that leads to a definition.

    Attributes:
        definition: None where it means nothing, or where values decide what it means.
    """

    name: str
    span: Span
    definition: Definition | None


@positional_record
class NameScope:
    """A part of a file in which names are bound: an item, or the body of a loop.

    Attributes:
        span: from where to where.
        definitions: those made in it, in the order of the text.
    """

    span: Span
    definitions: tuple[Definition, ...]


@dataclass(eq=False, repr=False)
class FileNames:
    """Every name of one file.

    Attributes:
        definitions: in the order in which they were met.
        scopes: the inner ones behind those around them.
        meanings: by the offset at which a name starts, what it is or leads to.
        unknown: the uses that lead nowhere, in the order in which they were met.
    """

    source: Source
    definitions: list[Definition] = field(default_factory=list)
    scopes: list[NameScope] = field(default_factory=list)
    meanings: dict[int, Definition] = field(default_factory=dict)
    unknown: list[Use] = field(default_factory=list)
    _kinds: dict[tuple[int, int], frozenset[Kind]] = field(default_factory=dict)

    def __repr__(self) -> str:
        counts = f"{len(self.definitions)} definitions", f"{len(self.meanings)} names"
        return short_repr(self, quoted(self.source.name), *counts)

    def define(self, definition: Definition) -> None:
        """Note a definition."""
        self.definitions.append(definition)
        if definition.span is not None:
            self.meanings[definition.span.start] = definition

    def use(self, name: str, span: Span, definition: Definition | None) -> None:
        """Note that a name is used."""
        if definition is None:
            self.unknown.append(Use(name, span, None))
        else:
            self.meanings[span.start] = definition

    def kind(self, span: Span) -> Kind | None:
        """What the name at a place stands for; None where it means nothing, which is reported."""
        found = self.meanings.get(span.start)
        return None if found is None else found.kind

    def kinds_in(self, span: Span) -> frozenset[Kind]:
        """What the names of a part of the file stand for; a block may ask for the same part in each of its calls."""
        place = span.start, span.end
        if place not in self._kinds:
            within = (one.kind for start, one in self.meanings.items() if span.start <= start < span.end)
            self._kinds[place] = frozenset(within)
        return self._kinds[place]

    def uses(self) -> list[Use]:
        """Every use of a name, in the order of the text."""
        found = [self._use(start, one) for start, one in self.meanings.items() if not self._is_place(one, start)]
        return sorted([*found, *self.unknown], key=lambda use: use.span.start)

    def uses_of(self, definition: Definition) -> Iterator[Use]:
        """Where a definition is used in this file."""
        return (use for use in self.uses() if use.definition is definition)

    def at(self, offset: int) -> Definition | None:
        """What the name at a place of the text means; None where there is no name, or one that means nothing."""
        names = self.meanings.items()
        return next((one for start, one in names if start <= offset < start + len(one.name)), None)

    def _use(self, start: int, definition: Definition) -> Use:
        """A name is spelt like what it leads to."""
        return Use(definition.name, self.source.span(start, start + len(definition.name)), definition)

    def _is_place(self, definition: Definition, start: int) -> bool:
        """Whether a definition stands at an offset of this file."""
        span = definition.span
        return span is not None and span.source is self.source and span.start == start
