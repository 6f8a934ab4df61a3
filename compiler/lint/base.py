"""What a rule of the linter is, and what it looks at.

A rule is one class in one file, named like it: a diagnostic, whose code begins with ``L``, that finds itself. Its
docstring is its page, and has a bad and a good sample, which are tests. From the class the index is written, by which
a rule is loaded only where there is something for it to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import ClassVar, Self, TypeVar

from ..diagnostics import Diagnostic, Severity
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
    """

    severity: ClassVar[Severity] = Severity.WARNING
    layers: ClassVar[tuple[str, ...]] = ()
    enabled: ClassVar[bool] = True

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every place that the rule is about."""
        raise NotImplementedError


class Subject:
    """A file that compiles, as rules see it.

    Attributes:
        module: the file: its tree (``module.file``), and what its names mean (``module.names``).
        networks: its models, with their layer graphs.
        budgets: the most of each cost that a model may have, by the name of the metric.
    """

    def __init__(self, module: Module, networks: Iterable[Network], budgets: Mapping[str, int] | None = None) -> None:
        self.module = module
        self.networks = tuple(networks)
        self.budgets = {} if budgets is None else budgets

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

    #: Layers that change no number while a network is used, or only where numbers stand.
    PASSING: ClassVar[frozenset[str]] = frozenset({"dropout", "spatial_dropout", "identity"})

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

    def before(self, node: Node, index: int = 0, *, passing: bool = False) -> Node | None:
        """What makes an operand of a layer; None where there is none.

        Args:
            node: the layer.
            index: which operand.
            passing: step over layers that change no number, such as ``dropout``.
        """
        value = node.operands[index] if index < len(node.operands) else None
        if value is None:
            return None
        found = self.graph.producer(value)
        return self.before(found, passing=True) if passing and found.kind in self.PASSING else found

    def after(self, node: Node) -> tuple[Node, ...]:
        """The layers that read the first result of a layer."""
        return self.graph.readers(node.value())

    def only_after(self, node: Node) -> Node | None:
        """The layer that reads the result of another, if it is the only one and the result is no output."""
        value = node.value()
        readers = self.graph.readers(value)
        return readers[0] if len(readers) == 1 and not self.is_output(value) else None

    def is_output(self, value: Value) -> bool:
        """Whether a value is an output of the model."""
        return bool(self.graph.output_names(value))


def place_of(node: Node) -> Span | None:
    """Where a layer is written, or where the block of the library is called that has it."""
    return node.origins[-1].place if node.origins else None


def is_own(node: Node) -> bool:
    """Whether a layer is written in a file of the user's, where a finding can be mended."""
    return bool(node.origins) and node.origins[-1].span is not None and not node.origins[-1].span.source.in_library
