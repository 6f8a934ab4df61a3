"""The layers of a model as Keras would have them: which tensors of which classes, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..graph.graph import Graph, Node
from ..graph.operations import Parameter
from ..graph.tensors import Weight
from ..layers.base import KerasTensor, Layer, WeightSpec
from .keras_classes import keras_class


@dataclass(frozen=True, eq=False)
class OwnedLayer:
    """A layer of the model that has weights.

    Attributes:
        path: its name; that of the first use where it is reused.
        node: its node.
        specs: its tensors.
        weights: the same as weights of the model, by their local names.
    """

    path: str
    node: Node
    specs: tuple[WeightSpec, ...]
    weights: Mapping[str, Weight]


@dataclass(frozen=True, eq=False)
class Slot:
    """What one layer of Keras is for: a layer of ours, or one of several in a stack.

    Attributes:
        path: the name that the layer of Keras is to have.
        class_name: its class.
        owned: the layer of ours.
        tensors: its tensors in Keras's order.
        automatic: whether the source gives it no label.
    """

    path: str
    class_name: str
    owned: OwnedLayer
    tensors: tuple[KerasTensor, ...]
    automatic: bool

    @cached_property
    def users(self) -> Mapping[str, tuple[WeightSpec, ...]]:
        """The tensors of ours that each tensor of Keras's is part of, by its key."""
        return {
            tensor.key: tuple(spec for spec in self.owned.specs if any(one.key == tensor.key for one in spec.keras))
            for tensor in self.tensors
        }


def owned_layers(graph: Graph) -> Iterator[OwnedLayer]:
    """The layers that have weights, each once, in the order of the model."""
    seen: set[str] = set()
    for node in graph.nodes():
        if not isinstance(node.op, Layer) or not node.weights:
            continue
        names = [weight.name for weight in node.weights.values()]
        if seen.isdisjoint(names):
            local, weight = next(iter(node.weights.items()))
            specs = node.op.weights(graph.operand_types(node))
            yield OwnedLayer(weight.name.removesuffix(f".{local}"), node, specs, node.weights)
        seen.update(names)


def parameters(graph: Graph) -> Iterator[Weight]:
    """Weights that are no layer's, but stand in the source themselves."""
    for node in graph.nodes():
        if isinstance(node.op, Parameter):
            yield node.op.weight


def slots_of(owned: OwnedLayer) -> Iterator[Slot]:
    """The layers of Keras that a layer of ours is: one for each of a recurrent stack, else one."""
    layers: dict[int, dict[str, KerasTensor]] = {}
    for spec in owned.specs:
        for tensor in spec.keras:
            layers.setdefault(tensor.layer, {}).setdefault(tensor.key, tensor)
    op = owned.node.op
    class_name = keras_class(op) if isinstance(op, Layer) else ""
    automatic = is_automatic_name(owned.path, owned.node.kind)
    for number, tensors in sorted(layers.items()):
        path = f"{owned.path}_{number}" if number else owned.path
        yield Slot(path, class_name, owned, tuple(tensors.values()), automatic)


def is_automatic_name(path: str, kind: str) -> bool:
    """Whether a layer of a kind is so called that has no label."""
    return re.fullmatch(rf"{re.escape(kind)}(_[0-9]+)?", path.rpartition(".")[2]) is not None
