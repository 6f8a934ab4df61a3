"""Lowering: each layer adds its ONNX nodes to the model through an emitter of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import onnx

from ..graph.dims import Dim, DimExpr
from ..graph.graph import Graph, Node
from ..graph.symbol_sources import symbol_sources
from ..graph.tensors import Derivation, Derived
from ..graph.types import DType, TensorType
from ..graph.value_names import unique_name, value_names
from ..layers.base import Layer
from .attributes import attribute_protos
from .dims_lowering import DimLowering
from .metadata import node_properties
from .tensors import TensorStore


@dataclass(slots=True)
class _Draft:
    """An ONNX node whose names are not final."""

    op_type: str
    domain: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: Mapping[str, Any]


@final
class ModelEmitter:
    """The ONNX graph being made: nodes and initializers, and the names that are taken.

    Attributes:
        values: the name of every value of the graph.
        protos: the ONNX nodes, operands before readers.
        domains: operator sets in use.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values = value_names(graph)
        weight_names = (weight.name for weight in graph.weights())
        self.taken = {*self.values.values(), *graph.outputs, *weight_names}
        self.store = TensorStore(self.taken)
        self.dims = DimLowering(symbol_sources(graph))
        self.protos: list[onnx.NodeProto] = []
        self.domains: set[str] = {""}
        self._node_names: set[str] = set()

    def lower(self, node: Node, op: Layer) -> None:
        """Add the nodes of a layer; its results get the names of its values."""
        emitter = NodeEmitter(self, node)
        emitter.finish(op.lower(emitter))

    def identity(self, node: Node, source: str, target: str) -> None:
        """Add a node that gives a value of ``node`` a further name, that of an output."""
        draft = _Draft("Identity", "", f"{target}/Identity", [source], [target], {})
        self.append(draft, node, doc="")

    def drop_unread(self) -> set[str]:
        """Drop the ONNX nodes that only make results which nothing reads, such as the final state of an ``lstm``.

        A layer none of whose results is read stays: what an unoptimized build leaves out is for its author to say.

        Returns:
            The names that are read.
        """
        nodes = self.graph.nodes()
        read = {operand for node in nodes for operand in node.operands}.union(self.graph.outputs.values())
        dead = (node for node in nodes if read.isdisjoint(map(node.value, range(len(node.results)))))
        needed = {*self.graph.outputs, *(self.values[node.value()] for node in dead)}
        kept: list[onnx.NodeProto] = []
        for proto in reversed(self.protos):
            if needed.isdisjoint(proto.output):
                continue
            kept.append(proto)
            needed.update(proto.input)
        self.protos = kept[::-1]
        return needed.union(name for proto in kept for name in proto.output)

    def append(self, draft: _Draft, node: Node, doc: str) -> None:
        """Add a finished draft, with the origins of the graph's node that it is made for."""
        name = unique_name(draft.name, self._node_names)
        self._node_names.add(name)
        self.domains.add(draft.domain)
        proto = onnx.NodeProto(
            op_type=draft.op_type,
            domain=draft.domain,
            name=name,
            input=draft.inputs,
            output=draft.outputs,
            attribute=attribute_protos(draft.op_type, draft.domain, draft.attributes),
            doc_string=doc or None,
        )
        for key, text in node_properties(node.origins).items():
            proto.metadata_props.add(key=key, value=text)
        self.protos.append(proto)


@final
class NodeEmitter:
    """What one node of the graph lowers itself with; see ``layers.base.Emitter``."""

    def __init__(self, model: ModelEmitter, node: Node) -> None:
        self._model = model
        self._node = node
        self._drafts: list[_Draft] = []
        self._count: Counter[str] = Counter()

    @property
    def operands(self) -> tuple[str | None, ...]:
        """Value names of the operands; None where an optional one is absent."""
        return tuple(None if value is None else self._model.values[value] for value in self._node.operands)

    @property
    def operand_types(self) -> tuple[TensorType | None, ...]:
        """Their types."""
        return self._model.graph.operand_types(self._node)

    @property
    def result_types(self) -> tuple[TensorType, ...]:
        """The inferred types of the results."""
        return self._node.results

    def op(self, op_type: str, *inputs: str | None, domain: str = "", **attributes: Any) -> str:
        """Add an ONNX node with one output; an attribute that is None is left out."""
        return self.ops(op_type, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(
        self, op_type: str, *inputs: str | None, outputs: int, domain: str = "", **attributes: Any
    ) -> tuple[str, ...]:
        """Add an ONNX node with several outputs."""
        name = self._numbered(op_type)
        results = tuple(unique_name(f"{name}:{index}", self._model.taken) for index in range(outputs))
        self._model.taken.update(results)
        draft = _Draft(op_type, domain, name, _trimmed(inputs), list(results), attributes)
        self._drafts.append(draft)
        return results

    def has_weight(self, local_name: str) -> bool:
        """Whether the node has this weight."""
        return local_name in self._node.weights

    def weight(self, local_name: str) -> str:
        """A weight of the node as an initializer, in its own layout and under its own name."""
        return self._model.store.tensor(self._node.weights[local_name])

    def derived(self, local_names: Sequence[str], suffix: str, shape: tuple[int, ...], function: Derivation) -> str:
        """A tensor computed from weights of the node, named after the first one and the suffix."""
        parts = tuple(self._node.weights[name] for name in local_names)
        name = f"{parts[0].name}:{suffix}"
        return self._model.store.tensor(Derived(name, tuple(shape), parts[0].dtype, parts, function))

    def constant(self, values: object, dtype: DType) -> str:
        """A small constant: a number or (nested) sequences of numbers; equal ones are stored once."""
        return self._model.store.constant(self._numbered("const"), values, dtype)

    def dims(self, shape: Sequence[Dim]) -> str:
        """A 1-D int64 tensor holding these dimensions: a constant if all are known, else computed from the
        inputs' shapes.
        """
        return self._model.dims.vector(shape, self)

    def reshape(self, value: str, shape: Sequence[Dim]) -> str:
        """``value`` reshaped, with at most one dimension left for the runtime to compute where that is
        enough.

        Dimensions that stay where they are in an operand's shape are copied; a second one that is not known
        has to be computed.
        """
        return self.op("Reshape", value, self._target(value, shape))

    def finish(self, results: tuple[str, ...]) -> None:
        """Give the layer's results and nodes their final names and hand the nodes over."""
        if len(results) != len(self._node.results):
            raise ValueError(f"{self._node.name}: lowered to {len(results)} of {len(self._node.results)} results")
        final = [self._model.values[self._node.value(index)] for index in range(len(results))]
        renamed: dict[str, str] = {}
        for index, (found, wanted) in enumerate(zip(results, final, strict=True)):
            found = found if self._is_own(found) and found not in renamed else self.op("Identity", found)
            renamed[found] = wanted
            if index == 0:
                self._producer(found).name = self._node.name
        main = self._producer(next(iter(renamed)))
        for draft in self._drafts:
            draft.inputs = [renamed.get(name, name) for name in draft.inputs]
            draft.outputs = [renamed.get(name, name) for name in draft.outputs]
            self._model.append(draft, self._node, self._node.doc if draft is main else "")

    def _target(self, value: str, shape: Sequence[Dim]) -> str:
        source = dict(zip(self.operands, self.operand_types, strict=True)).get(value)
        before = source.shape if source is not None else ()
        kept = [
            isinstance(dim, DimExpr) and index < len(before) and before[index] == dim for index, dim in enumerate(shape)
        ]
        target = [0 if keep else dim for keep, dim in zip(kept, shape, strict=True)]
        unknown = [index for index, dim in enumerate(target) if isinstance(dim, DimExpr)]
        if len(unknown) > 1:
            return self.dims(shape)
        return self.constant([-1 if index in unknown else dim for index, dim in enumerate(target)], DType.INT64)

    def _numbered(self, kind: str) -> str:
        count = self._count[kind]
        self._count[kind] += 1
        return f"{self._node.name}/{kind}" + (f"_{count}" if count else "")

    def _is_own(self, value: str) -> bool:
        return any(value in draft.outputs for draft in self._drafts)

    def _producer(self, value: str) -> _Draft:
        return next(draft for draft in self._drafts if value in draft.outputs)


def _trimmed(inputs: Iterable[str | None]) -> list[str]:
    """Input names with absent ones empty, and none absent at the end."""
    names = [name or "" for name in inputs]
    while names and not names[-1]:
        names.pop()
    return names
