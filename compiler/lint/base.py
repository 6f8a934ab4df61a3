"""What a rule of the linter is, and what it looks at.

A rule is one class in one file, named like it: a diagnostic, whose code begins with ``L``, that finds itself. Its
docstring is its page, and has a bad and a good sample, which are tests. From the class the index is written, by which
a rule is loaded only where there is something for it to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import ClassVar, Self, TypeVar

from ..diagnostics import Diagnostic, Edit, Fix, Safety, Severity
from ..elaborate.models import Network
from ..graph.graph import Graph, Node, Value
from ..layers.base import Layer
from ..names.project import Module
from ..records import record
from ..source import Span

_Kind = TypeVar("_Kind", bound=Layer)


@record
class Lint(Diagnostic):
    """Base of all rules.

    Attributes:
        layers: the kinds of layers that the rule is about: it is asked only where a network has one of them. Empty for
            a rule about names, text or whole networks.
        enabled: whether it is asked unless it is chosen; rules of style and taste are not.
        safety: how certain the fix is, where there is one; what changes a network is never safe.
        edits: what mends it; empty where it is not certain what to write.
    """

    severity: ClassVar[Severity] = Severity.WARNING
    layers: ClassVar[tuple[str, ...]] = ()
    enabled: ClassVar[bool] = True
    safety: ClassVar[Safety] = Safety.UNSAFE

    edits: tuple[Edit, ...] = ()

    def fix(self) -> Fix | None:
        """The edits, if there are any."""
        return Fix(self.edits, self.safety) if self.edits else None

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every place that the rule is about."""
        raise NotImplementedError


class Subject:
    """A file that compiles, as rules see it.

    Attributes:
        module: the file: its tree (``module.file``), and what its names mean (``module.names``).
        networks: its models, with their layer graphs.
    """

    def __init__(self, module: Module, networks: Iterable[Network]) -> None:
        self.module = module
        self.networks = tuple(networks)

    @cached_property
    def graphs(self) -> tuple[LayerGraph, ...]:
        """The layer graphs of the models."""
        return tuple(LayerGraph(network.graph) for network in self.networks)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of layers that any of the models has."""
        return frozenset(nodes[0].kind for graph in self.graphs for nodes in graph.by_class.values())

    def always(self, nodes: Iterable[Node]) -> frozenset[Span]:
        """The calls of which every layer is among some layers: in all models, and in all calls of the block around.

        Only there something is right for all that a call makes.
        """
        found = Counter(span for node in nodes if (span := node.origins[-1].span) is not None)
        return frozenset(span for span, count in found.items() if count == self._made[span])

    @cached_property
    def _made(self) -> Counter[Span | None]:
        """How many layers each call makes."""
        return Counter(node.origins[-1].span for graph in self.graphs for node in graph.layers if node.origins)

    def all_of(self, *kinds: type[_Kind]) -> Iterator[tuple[LayerGraph, Node, _Kind]]:
        """The layers of some classes, with the graphs in which they stand, in the order of the text."""
        for graph in self.graphs:
            groups = [nodes for kind, nodes in graph.by_class.items() if issubclass(kind, kinds)]
            found = groups[0] if len(groups) == 1 else sorted(chain(*groups), key=lambda node: node.order)
            for node in found:
                if isinstance(node.op, kinds):
                    yield graph, node, node.op


class LayerGraph:
    """A layer graph with what rules ask of it.

    Attributes:
        graph: the graph.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def layers(self) -> tuple[Node, ...]:
        """The nodes that are layers, not inputs, parameters or constants, in the order of the text."""
        return tuple(node for node in self.graph.nodes() if isinstance(node.op, Layer))

    @cached_property
    def by_class(self) -> dict[type, list[Node]]:
        """The layers by their classes, so that no rule goes through those that it is not about."""
        found: dict[type, list[Node]] = {}
        for node in self.layers:
            found.setdefault(type(node.op), []).append(node)
        return found

    @cached_property
    def shared(self) -> frozenset[str]:
        """The names of the weights that several layers have."""
        names = Counter(weight.name for node in self.layers for weight in node.owned)
        return frozenset(name for name, count in names.items() if count > 1)

    @cached_property
    def learns(self) -> bool:
        """Whether it has any weight."""
        return bool(self.graph.weights())

    @cached_property
    def uses(self) -> Mapping[Value, int]:
        """How often each value is read, outputs of the model included."""
        return self.graph.uses()

    def before(self, node: Node, *, passing: bool = False) -> Node | None:
        """What makes the first operand of a layer; None where there is none.

        Args:
            node: the layer.
            passing: step over dropout, which changes no number while a network is used.
        """
        value = node.operands[0] if node.operands else None
        found = None if value is None else self.graph.producer(value)
        return self._passed.get(found.id, found) if passing and found is not None else found

    @cached_property
    def _passed(self) -> dict[int, Node | None]:
        """For each dropout what stands before it and all dropouts before it: found in one walk, operands first."""
        from ..layers.regularization import Dropping

        found: dict[int, Node | None] = {}
        for node in self.layers:
            if isinstance(node.op, Dropping):
                before = self.before(node)
                found[node.id] = before if before is None else found.get(before.id, before)
        return found

    def is_read_once(self, node: Node) -> bool:
        """Whether the first result of a layer is read by one layer, once, and is no output."""
        return self.uses.get(node.value(), 0) == 1 and not self.is_output(node.value())

    def is_output(self, value: Value) -> bool:
        """Whether a value is an output of the model."""
        return bool(self.graph.output_names(value))


def place_of(node: Node) -> Span | None:
    """Where a layer is written, or where the block of the library is called that has it."""
    return node.origins[-1].place if node.origins else None


def is_own(node: Node) -> bool:
    """Whether a layer is written in a file of the user's, where a finding can be mended."""
    return bool(node.origins) and node.origins[-1].span is not None and not node.origins[-1].span.source.in_library
