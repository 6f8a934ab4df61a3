"""Where the names of a file are used, as rules about unused names ask it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from ..names.meanings import Definition, Kind
from ..names.project import Module
from ..source import Span
from ..syntax import tree

_ATTRIBUTE = re.compile(r"\s*\.")


class NameUses:
    """The uses of the names of one file, found in one walk over its tables.

    What stands behind a ``return`` is not resolved, because it is never reached; the names in it count as used, since
    the statement itself is reported.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._names = module.names
        self._places: dict[int, list[int]] = {}
        for start, one in module.names.meanings.items():
            if one.span is not None and not self._defines(one, start):
                self._places.setdefault(id(one), []).append(start)
        self._unreached = set(_unreached_names(module.file))
        self._expects = Places(one.span for one in _statements(module.file) if isinstance(one, tree.Expect))

    def defined(self, *kinds: Kind) -> Iterator[Definition]:
        """What the file defines of some kinds, in the order of the text, without what is meant to be unused: `_a`."""
        for one in self._names.definitions:
            if one.kind in kinds and one.span is not None and not one.name.startswith("_"):
                yield one

    def places(self, definition: Definition, within: Span | None = None) -> Sequence[int]:
        """The offsets at which a definition is used, in the file or in a part of it."""
        found = self._places.get(id(definition), ())
        return found if within is None else [start for start in found if within.start <= start < within.end]

    def is_used(self, definition: Definition, within: Span | None = None) -> bool:
        """Whether anything uses a definition, in the file or in a part of it."""
        return bool(self.places(definition, within)) or self._is_unreached(definition)

    def is_computed_with(self, definition: Definition) -> bool:
        """Whether a value is used otherwise than in an ``expect``, or by an attribute, which asks for its type."""
        text, width = self._names.source.text, len(definition.name)
        places = self.places(definition)
        is_read = any(place not in self._expects and not _ATTRIBUTE.match(text, place + width) for place in places)
        return is_read or self._is_unreached(definition)

    @cached_property
    def dimensions_of_callers(self) -> frozenset[str]:
        """The names of dimensions in blocks, imported ones too, that mean those of the model that calls."""
        meanings = (one for module in self._module.with_imports() for one in module.names.meanings.values())
        return frozenset(one.name for one in meanings if one.kind is Kind.DIMENSION and one.span is None)

    def _is_unreached(self, definition: Definition) -> bool:
        return (definition.owner, definition.name) in self._unreached

    def _defines(self, definition: Definition, start: int) -> bool:
        span = definition.span
        return span is not None and span.source is self._names.source and span.start == start


class Places:
    """Parts of a text, none within another, which are asked whether an offset lies in one."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans, key=lambda span: span.start)
        self._starts = [span.start for span in self._spans]

    def __contains__(self, offset: object) -> bool:
        return isinstance(offset, int) and self.number(offset) is not None

    def number(self, offset: int) -> int | None:
        """Which of them, by their order in the text, an offset lies in; None if it lies in none."""
        number = bisect_right(self._starts, offset) - 1
        return number if number >= 0 and offset < self._spans[number].end else None


def _statements(file: tree.File) -> Iterator[tree.Statement]:
    for item in file.items:
        if isinstance(item, tree.Block | tree.Model):
            yield from item.body


def _unreached_names(file: tree.File) -> Iterator[tuple[str, str]]:
    """The blocks and names of all that stands behind a ``return``."""
    for item in file.items:
        if isinstance(item, tree.Block):
            for name in tree.names_in(item.body[len(item.reached) :]):
                yield item.name.name, name.name
