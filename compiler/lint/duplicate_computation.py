"""The same computation twice."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar, NamedTuple, Self

from ..diagnostics import Label, Severity
from ..graph.graph import Node, Value
from ..graph.operations import Constant
from ..layers.base import Layer
from ..layers.regularization import Dropping
from ..records import record
from ..source import Span
from .base import LayerGraph, Lint, Subject, is_own, place_of


@record
class DuplicateComputation(Lint):
    """A layer without weights computes of the same values what another one has computed, in the same body.

    The compiler computes it once. In the text it is said twice, and whoever changes one of the two may forget the
    other. Of a chain only the last layer is told. Layers with weights are different ones, and so are dropouts.

    Bad:

    ```nn
    model net {
        input x: float32[N, 16]
        left = x -> tanh -> dense(8)
        right = x -> tanh -> dense(8)
        output y = left * right
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 16]
        bounded = x -> tanh
        left = bounded -> dense(8)
        right = bounded -> dense(8)
        output y = left * right
    }
    ```
    """

    code: ClassVar[str] = "L411"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`{name}` computes what `{first}` has computed"
    label: ClassVar[str] = "the same once more"
    remedy: ClassVar[str] = "bind it to a name, and use that twice"

    name: str
    first: str
    place: Span

    def labels(self) -> tuple[Label, ...]:
        """The other one."""
        return (Label(self.place, "computed here"),)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The last layer of every chain that stands twice in one body, within the same call of it."""
        for graph in subject.graphs:
            again = _again(graph)
            inner = _read_by_others_of(again, graph)
            told: set[Span | None] = set()
            for node, first in again.values():
                place = first.origin.span
                if node.id not in inner and place is not None and node.origin.span not in told:
                    told.add(node.origin.span)
                    yield cls(span=place_of(node), name=node.name, first=first.name, place=place)


class _Pair(NamedTuple):
    """A layer, and the first one in its body that computes the same."""

    node: Node
    first: Node


def _again(graph: LayerGraph) -> dict[int, _Pair]:
    """The layers that compute what another one in the same body does, written at another place."""
    values: dict[Hashable, Node] = {}
    bodies: dict[Hashable, Node] = {}
    same: dict[Value, Value] = {}
    found: dict[int, _Pair] = {}
    for node in graph.graph.nodes():
        if not _is_function(node):
            continue
        operands = tuple(None if value is None else same.get(value, value) for value in node.operands)
        key = node.op, operands, node.results
        other = values.setdefault(key, node)
        same |= (
            {node.value(index): other.value(index) for index in range(len(node.results))} if other is not node else {}
        )
        first = bodies.setdefault((key, node.origin.calls), node)
        # To name a part of a value twice is no computation.
        if (
            node.kind != "index"
            and isinstance(node.op, Layer)
            and first.origin.span != node.origin.span
            and is_own(node)
        ):
            found[node.id] = _Pair(node, first)
    return found


def _is_function(node: Node) -> bool:
    """Whether a node is determined by what it reads."""
    if isinstance(node.op, Layer):
        return not node.weights and not isinstance(node.op, Dropping)
    return isinstance(node.op, Constant)


def _read_by_others_of(again: dict[int, _Pair], graph: LayerGraph) -> set[int]:
    """Those that are read by such layers alone, and are no output."""
    read = {value.node for node in graph.graph.nodes() if node.id not in again for value in node.operands if value}
    read |= {value.node for value in graph.graph.outputs.values()}
    by_others = {value.node for node, _ in again.values() for value in node.operands if value is not None}
    return (again.keys() & by_others) - read
