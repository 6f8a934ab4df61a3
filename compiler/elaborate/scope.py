"""Hierarchical names: scopes, their entries, and how automatic names are given.

A scope is opened by a block, or by a group or a loop with a label. Its entries are layers, operators and inner scopes.
Entries without a label are named when the scope closes: by their kind, numbered, stepping around labels; and an entry
that is all a scope has, and bears no label, takes the scope's own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..diagnostics import DotnnError
from ..diagnostics.names import DuplicateLabel, Obstacle, ReuseDiffers
from ..diagnostics.placement import LayerOutsideBody
from ..graph.types import TensorType
from ..records import positional_record
from ..source import Span
from ..values.compile_values import UNKNOWN, Unknown


@positional_record
class GivenName:
    """A label with its computed parts filled in, or the name of a parameter, and where it is written."""

    text: str
    span: Span


class Applied:
    """What ``reuse`` applies again, as data: the base of the kinds of it, which ``state`` has."""


@dataclass(eq=False, repr=False)
class Entry:
    """Something that has a name in a scope.

    Attributes:
        kind: what an automatic name is made of.
        label: the label, or None.
        label_span: where it is written.
        inner: the scope that it opens, if any.
        name: the name within the scope; empty where it takes the scope's own; given when the scope closes.
        owner: the entry whose weights this one uses: itself, or an earlier one through ``reuse``.
        applied: what ``reuse`` applies again, with the same weights, or why it cannot; unknown if it has failed.
        weight_types: the types of its own weights, by local name.
    """

    scope: Scope
    kind: str
    label: str | None
    span: Span
    label_span: Span | None = None
    inner: Scope | None = None
    name: str = ""
    owner: Entry = field(init=False)
    applied: Applied | Obstacle | Unknown = Obstacle.UNFINISHED
    weight_types: dict[str, TensorType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.owner = self

    @property
    def path(self) -> str:
        """The full name; final only after every enclosing scope has closed."""
        outer = self.scope.path
        return f"{outer}.{self.name}" if outer and self.name else outer or self.name


class Scope:
    """A list of entries under one name.

    Attributes:
        parent: the scope in which labels are looked for next; None at a block or model, whose labels are its own.
        entry: the entry of the enclosing scope that opened this one; None for the model.
        original: the scope that this one repeats through ``reuse``: entry by entry, with the same weights.
        obscured: a label here could not be read, which was reported, so that an unknown one may have been meant.
    """

    def __init__(self, entry: Entry | None = None, parent: Scope | None = None, original: Scope | None = None) -> None:
        self.entry = entry
        self.parent = parent
        self.original = original
        self.entries: list[Entry] = []
        self.labels: dict[str, Entry] = {}
        self.closed = False
        self.obscured = False
        self._path = "" if entry is None else None

    @property
    def path(self) -> str:
        """The full name; empty for the model."""
        if self.entry is None:
            return ""
        if self._path is not None:
            return self._path
        path = self.entry.path
        if self.entry.scope.closed and self.entry.scope._path is not None:
            # Every enclosing scope has closed: it is final.
            self._path = path
        return path

    def add(self, kind: str, label: GivenName | None, span: Span) -> Entry:
        """A new entry; raises ``DotnnError`` where the label is taken or a reused scope turns out different."""
        if self.closed:
            raise DotnnError(LayerOutsideBody(span=span, kind=kind))
        if label is None:
            entry = Entry(self, kind, None, span)
        else:
            entry = Entry(self, kind, label.text, span, label.span)
            earlier = self.labels.setdefault(label.text, entry)
            if earlier is not entry:
                raise DotnnError(DuplicateLabel(span=span, name=label.text, earlier=earlier.span))
        if self.original is not None:
            entry.owner = self._counterpart(entry).owner
        self.entries.append(entry)
        return entry

    def give_up(self, label: str, span: Span) -> None:
        """Let what stands under a label be reused quietly: it has failed, and that is reported."""
        self.labels.setdefault(label, Entry(self, "", label, span)).applied = UNKNOWN

    def _counterpart(self, entry: Entry) -> Entry:
        if self.original is None:
            return entry
        place = len(self.entries)
        others = self.original.entries
        other = others[place] if place < len(others) else None
        if other is None or (other.kind, other.label) != (entry.kind, entry.label):
            opener = self.original.entry
            path = entry.kind if opener is None else opener.label or opener.kind
            raise DotnnError(ReuseDiffers(span=entry.span, path=path))
        return other

    def open(self, entry: Entry, *, boundary: bool) -> Scope:
        """The scope inside an entry; labels of this scope are not seen from behind a boundary.

        What is reused sees the labels that stood around it where it was written.
        """
        original = entry.owner.inner if entry.owner is not entry else None
        around = self if original is None else original.parent
        entry.inner = Scope(entry, None if boundary else around, original)
        return entry.inner

    def close(self) -> None:
        """Give the automatic names."""
        self.closed = True
        if self.entry is not None and len(self.entries) == 1 and self.entries[0].label is None:
            return
        # Automatic names have no dots.
        taken = {label.partition(".")[0] for label in self.labels}
        counts: dict[str, int] = {}
        for entry in self.entries:
            entry.name = entry.label if entry.label is not None else _next_name(entry.kind, counts, taken)
            taken.add(entry.name)

    def find(self, path: str, step: Callable[[], None]) -> Entry | None:
        """The entry that a path of labels leads to, seen from here; ``step`` is called for every scope looked into."""
        scope: Scope | None = self
        while scope is not None:
            found = scope._descend(path, step)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def _descend(self, path: str, step: Callable[[], None]) -> Entry | None:
        step()
        whole = self.labels.get(path)
        if whole is not None:
            return whole
        for head in reversed(list(prefixes(path))[:-1]):
            entry = self.labels.get(head)
            if entry is not None and entry.inner is None and entry.applied is UNKNOWN:
                return entry
            if entry is None or entry.inner is None:
                continue
            found = entry.inner._descend(path[len(head) + 1 :], step)
            if found is not None:
                return found
        return None

    def is_obscured(self) -> bool:
        """Whether a label that could be seen from here could not be read."""
        scope: Scope | None = self
        while scope is not None and not scope.obscured:
            scope = scope.parent
        return scope is not None

    def visible_labels(self) -> Iterator[str]:
        """Every path of labels that ``find`` would find, nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope._labels_below("")
            scope = scope.parent

    def _labels_below(self, prefix: str) -> Iterator[str]:
        for label, entry in self.labels.items():
            yield prefix + label
            if entry.inner is not None:
                yield from entry.inner._labels_below(f"{prefix}{label}.")


def prefixes(path: str) -> Iterator[str]:
    """The paths that a path lies below, the outermost first, and the path itself."""
    position = path.find(".")
    while position != -1:
        yield path[:position]
        position = path.find(".", position + 1)
    yield path


def _next_name(kind: str, counts: dict[str, int], taken: set[str]) -> str:
    while True:
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        name = f"{kind}_{number}" if number else kind
        if name not in taken:
            return name
