"""What a rule of the linter is, and what it looks at.

A rule is one class in one file, named like it: a diagnostic, whose code begins with ``L``, that finds itself. Its
docstring is its page, and has a bad and a good sample, which are tests. From the class the index is written, by which
a rule is loaded only where there is something for it to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from ..diagnostics import Diagnostic, Severity
from ..elaborate.models import Network
from ..graph.graph import Graph, Node, Value
from ..layers.base import Layer
from ..names.project import Module
from ..records import record
from ..source import Span

if TYPE_CHECKING:
    from ..measure.receptive_fields import Field
    from ..passes.targets import CheckedProvider, Target

_Kind = TypeVar("_Kind", bound=Layer)


@record
class Lint(Diagnostic):
    """Base of all rules.

    Attributes:
        layers: the kinds of layers that the rule is about: it is asked only where a network has one of them. Empty for
            a rule about names, text or whole networks.
        enabled: whether it is asked unless it is chosen; rules of style and taste are not.
        needs: `target` or `provider`, or both: it is asked only where one of them is said.
    """

    severity: ClassVar[Severity] = Severity.WARNING
    layers: ClassVar[tuple[str, ...]] = ()
    enabled: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every place that the rule is about."""
        raise NotImplementedError


class Subject:
    """A file that compiles, as rules see it.

    Attributes:
        module: the file: its tree (``module.file``), and what its names mean (``module.names``).
        networks: its models, with their layer graphs.
        target: what the models are to be built for; None where nobody says.
        provider: what is to compute them; None likewise.
    """

    target: Target | None = None
    provider: CheckedProvider | None = None

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
        self._lowered: dict[str, Graph] = {}

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
    def learns(self) -> bool:
        """Whether it has any weight."""
        return bool(self.graph.weights())

    def lowered(self, target: Target) -> Graph:
        """The operators that are built for a target."""
        if target not in self._lowered:
            from ..passes.pass_pipeline import optimize

            self._lowered[target] = optimize(self.graph, target).graph
        return self._lowered[target]

    def layer_of(self, operator: Node) -> Node | None:
        """The first of the layers that an operator comes from; None of one that no layer stands for."""
        return next((self._by_path[one.path] for one in operator.origins if one.path in self._by_path), None)

    @cached_property
    def _by_path(self) -> dict[str, Node]:
        return {node.origin.path: node for node in self.layers if node.origins}

    @cached_property
    def fields(self) -> Mapping[Value, Field]:
        """The receptive field of every value."""
        from ..measure.receptive_fields import receptive_fields

        return receptive_fields(self.graph)

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
