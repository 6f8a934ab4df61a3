"""What a rule of the linter is, and what it looks at.

A rule is one class in one file, named like it: a diagnostic, whose code begins with ``L``, that finds itself. Its
docstring is its page, and has a bad and a good sample, which are tests. From the class the index is written, by which
a rule is loaded only where there is something for it to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from ..diagnostics import Diagnostic, Edit, Fix, Safety, Severity
from ..elaborate.models import Network
from ..graph.graph import Graph, Node, Value
from ..graph.tensors import Literal
from ..layers.base import Layer
from ..measure.budgets import Budget
from ..names.project import Module
from ..records import positional_record, record
from ..source import Span
from .layer_kinds import DROPPING, LEARNING
from .name_uses import NameUses

if TYPE_CHECKING:
    from ..measure.receptive_fields import Field
    from ..passes.targets import CheckedProvider, Target
    from .tensor_names import TensorNames

_Kind = TypeVar("_Kind", bound=Layer)


@record
class Lint(Diagnostic):
    """Base of all rules.

    Attributes:
        layers: the kinds of layers that the rule is about: it is asked only where a network has one of them. Empty for
            a rule about names, text or whole networks.
        enabled: whether it is asked unless it is chosen; rules of style and taste are not.
        needs: which of a network's surroundings it is about: it is asked only where one of them is known.
        safety: how certain the fix is, where there is one; what changes a network is never safe.
        edits: what mends it; empty where it is not certain what to write.
    """

    severity: ClassVar[Severity] = Severity.WARNING
    layers: ClassVar[tuple[str, ...]] = ()
    enabled: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()
    safety: ClassVar[Safety] = Safety.UNSAFE

    edits: tuple[Edit, ...] = ()

    def fix(self) -> Fix | None:
        """The edits, if there are any."""
        return Fix(self.edits, self.safety) if self.edits else None

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every place that the rule is about."""
        raise NotImplementedError


@positional_record
class Surroundings:
    """What is known beside the text of a network.

    Attributes:
        budgets: what its models may cost.
        target: what they are to be built for; None where nobody says.
        provider: what is to compute them; None likewise.
        weights: the names in the file of their weights; None without one.
    """

    budgets: tuple[Budget, ...] = ()
    target: Target | None = None
    provider: CheckedProvider | None = None
    weights: TensorNames | None = None

    @property
    def known(self) -> list[str]:
        """The names of those that are known: see ``Lint.needs``."""
        return [one.name for one in fields(self) if getattr(self, one.name)]


class Subject:
    """A file that compiles, as rules see it.

    Attributes:
        module: the file: its tree (``module.file``), and what its names mean (``module.names``).
        networks: its models, with their layer graphs.
        surroundings: what is known of where the models go.
    """

    def __init__(self, module: Module, networks: Iterable[Network], surroundings: Surroundings | None = None) -> None:
        self.module = module
        self.networks = tuple(networks)
        self.surroundings = surroundings or Surroundings()

    @cached_property
    def graphs(self) -> tuple[LayerGraph, ...]:
        """The layer graphs of the models."""
        return tuple(LayerGraph(network.graph) for network in self.networks)

    @cached_property
    def uses(self) -> NameUses:
        """Where the names of the file are used."""
        return NameUses(self.module)

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

    def of_kinds(self, kinds: Collection[str]) -> Iterator[tuple[LayerGraph, Node]]:
        """The layers of some kinds, whose classes need not be loaded for it, in the order of the text."""
        for graph in self.graphs:
            groups = [nodes for nodes in graph.by_class.values() if nodes[0].kind in kinds]
            found = groups[0] if len(groups) == 1 else sorted(chain(*groups), key=lambda node: node.order)
            yield from ((graph, node) for node in found)


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
    def shared(self) -> frozenset[str]:
        """The names of the weights that several layers have."""
        names = Counter(weight.name for node in self.layers for weight in node.owned)
        return frozenset(name for name, count in names.items() if count > 1)

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

    def readers(self, value: Value) -> Sequence[Node]:
        """The nodes that read a value, each once, in the order of the text."""
        return self._readers.get(value, ())

    @cached_property
    def _readers(self) -> Mapping[Value, Sequence[Node]]:
        """Those of all values, from one walk: to ask the graph for one goes through all that its readers read."""
        found: dict[Value, list[Node]] = {}
        for node in self.graph.nodes():
            for value in dict.fromkeys(node.operands):
                if value is not None:
                    found.setdefault(value, []).append(node)
        return {value: sorted(nodes, key=lambda node: (node.order, node.id)) for value, nodes in found.items()}

    def before(self, node: Node, *, passing: bool = False) -> Node | None:
        """What makes the first operand of a layer; None where there is none.

        Args:
            node: the layer.
            passing: step over dropout, which changes no number while a network is used.
        """
        if passing:
            return self.through(node, DROPPING)
        value = node.operands[0] if node.operands else None
        return None if value is None else self.graph.producer(value)

    def through(self, node: Node, kinds: frozenset[str], *, alone: bool = False) -> Node | None:
        """What stands before a layer, and before all layers of some kinds that it reads through; None if nothing does.

        Args:
            node: the layer.
            kinds: what is seen through, each by its first operand.
            alone: also None where a value on the way is an output of the model, or read by a second layer.
        """
        if (kinds, alone) not in self._sources:
            # In one walk, operands first, so that no chain is walked twice.
            found = self._sources.setdefault((kinds, alone), {})
            for one in self.layers:
                if one.kind in kinds:
                    found[one.id] = self._behind(one, found, alone)
        return self._behind(node, self._sources[kinds, alone], alone)

    @cached_property
    def _sources(self) -> dict[tuple[frozenset[str], bool], dict[int, Node | None]]:
        """For each way to see through layers: what stands before each of those that are seen through."""
        return {}

    def _behind(self, node: Node, found: Mapping[int, Node | None], alone: bool) -> Node | None:
        value = node.operands[0] if node.operands else None
        if value is None or (alone and not self._is_sole(value)):
            return None
        return found.get(value.node, self.graph.producer(value))

    @cached_property
    def feeds_learning(self) -> frozenset[int]:
        """The nodes whose results reach a layer that learns."""
        found: set[int] = set()
        for node in reversed(self.layers):
            if node.kind in LEARNING or node.id in found:
                found.update(value.node for value in node.operands if value is not None)
        return frozenset(found)

    def is_read_once(self, node: Node) -> bool:
        """Whether the first result of a layer is read by one layer, once, and is no output."""
        return self._is_sole(node.value())

    def _is_sole(self, value: Value) -> bool:
        return self.uses.get(value, 0) == 1 and not self.is_output(value)

    def is_output(self, value: Value) -> bool:
        """Whether a value is an output of the model."""
        return bool(self.graph.output_names(value))


def is_written_out(node: Node) -> bool:
    """Whether the weights of a layer are numbers in the text, which are there to be read and not to be trained."""
    return any(isinstance(weight.initializer, Literal) for weight in node.weights.values())


def place_of(node: Node) -> Span | None:
    """Where a layer is written, or where the block of the library is called that has it."""
    return node.origins[-1].place if node.origins else None


def is_own(node: Node) -> bool:
    """Whether a layer is written in a file of the user's, where a finding can be mended."""
    return bool(node.origins) and node.origins[-1].span is not None and not node.origins[-1].span.source.in_library
