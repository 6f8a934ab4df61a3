"""Layers that are computed for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple, Self

from ..graph.graph import Node, walk_back
from ..names.meanings import Definition
from ..records import record
from ..source import Source, Span
from ..syntax import tree
from .base import LayerGraph, Lint, Subject
from .name_uses import Places


@record
class ReachesNoOutput(Lint):
    """What layers compute goes into no output: nothing but its type is asked for.

    An `expect` changes nothing, and `x.shape` is known without computing `x`. So the layers have no influence on any
    result, and their weights are never trained. Mostly the line that should read them reads another name.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        features = image -> conv2d(8, kernel=3) -> relu
        expect features.shape == [N, 8, 30, 30]
        output y = image -> flatten -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        features = image -> conv2d(8, kernel=3) -> relu
        expect features.shape == [N, 8, 30, 30]
        output y = features -> flatten -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L408"
    message: ClassVar[str] = "`{name}` goes into no output: nothing but its type is asked for"
    label: ClassVar[str] = "{amount} computed for nothing"
    remedy: ClassVar[str] = "let something read it that becomes an output, or remove it"

    name: str
    count: int

    @property
    def amount(self) -> str:
        """How many layers, as a phrase."""
        return "1 layer is" if self.count == 1 else f"{self.count} layers are"

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every binding that has layers of which none reaches an output; what these read alone is not told again."""
        unread = list(_unread(subject))
        if not unread:
            return
        counts = [0] * len(unread)
        for graph in subject.graphs:
            for number in _dead(graph, Places(one.value for one in unread), subject.module.source):
                counts[number] += 1
        for one, count in zip(unread, counts, strict=True):
            if count:
                yield cls(span=one.definition.span, name=one.definition.name, count=count)


class _Unread(NamedTuple):
    """A binding whose value nothing computes with, and the expression of that value."""

    definition: Definition
    value: Span


def _unread(subject: Subject) -> Iterator[_Unread]:
    """The first name of every binding of which only types are asked; one that nothing uses has a rule of its own."""
    meanings, uses = subject.module.names.meanings, subject.uses
    for item in subject.module.file.items:
        for statement in item.body if isinstance(item, tree.Block | tree.Model) else ():
            if not isinstance(statement, tree.Binding):
                continue
            bound = [meanings.get(one.span.start) for one in statement.targets if one.name != "_"]
            found = [one for one in bound if one is not None]
            used = [one for one in found if uses.is_used(one)]
            if used and not any(map(uses.is_computed_with, found)):
                yield _Unread(used[0], statement.value.span)


def _dead(graph: LayerGraph, values: Places, source: Source) -> Iterator[int]:
    """For each layer that reaches no output, and shares no weight with one that does, the value that it is part of."""
    alive = list(walk_back(graph.graph, graph.graph.outputs.values()))
    reaching = {node.id for node in alive}
    needed = {weight.name for node in alive for weight in node.owned}
    for node in graph.layers:
        if node.id in reaching or any(weight.name in needed for weight in node.owned):
            continue
        numbers = (values.number(place.start) for place in _places(node) if place.source is source)
        yield from list(dict.fromkeys(number for number in numbers if number is not None))[:1]


def _places(node: Node) -> Iterable[Span]:
    """Where a layer is written, and the calls around it."""
    span = node.origin.span
    return node.origin.calls if span is None else (span, *node.origin.calls)
