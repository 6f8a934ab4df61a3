"""From the operator graph to an ONNX model: operator set 22 and IR version 10, read by onnxruntime 1.21 and later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from ..diagnostics import DotnnError
from ..diagnostics.writing import ModelTooLarge
from ..dims import Dim, DimExpr, format_dim
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant
from ..graph.types import TensorType
from ..operators.base import Operator
from ..operators.symbolic_dims import Dims
from ..reprs import quantity, quoted, short_repr
from ..weights.weight_values import WeightValues, raw_bytes
from .attribute_protos import OPSET, attribute_protos
from .evaluation_plan import known_shape
from .metadata import ModelMetadata, model_properties, node_properties, producer_version
from .onnx_dtypes import ELEM_TYPES
from .stored_tensor import StoredTensor
from .stored_values import Stored

IR_VERSION = 10
#: Versions of the operator sets of domains other than ONNX's own.
_DOMAIN_VERSIONS = {"com.microsoft": 1}
#: The most bytes that a protocol buffer may have.
PROTOBUF_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class BuiltModel:
    """An ONNX model whose initializers have names and types and, but for constants, no values yet.

    Attributes:
        proto: the model.
        tensors: its initializers, in the same order.
        stored: where the values come from.
    """

    proto: onnx.ModelProto
    tensors: tuple[StoredTensor, ...]
    stored: Stored

    def __repr__(self) -> str:
        return short_repr(self, quoted(self.proto.graph.name), quantity(len(self.proto.graph.node), "node"))

    @property
    def weight_bytes(self) -> int:
        """Bytes of all initializers."""
        return sum(tensor.nbytes for tensor in self.tensors)

    @property
    def size(self) -> int:
        """At least the bytes that the model takes with everything in one piece."""
        return self.weight_bytes + self.proto.ByteSize()

    def store_inline(self, index: int) -> None:
        """Compute the values of an initializer, if that is not done yet, and put them into the model."""
        if self.proto.graph.initializer[index].raw_data:
            return
        self.proto.graph.initializer[index].raw_data = raw_bytes(self.array(index)).tobytes()

    def array(self, index: int) -> np.ndarray:
        """The values of an initializer; cheapest in their order, and each once."""
        return self.stored.array(self.tensors[index].value)


def build_model(graph: Graph, values: WeightValues, *, metadata: ModelMetadata) -> BuiltModel:
    """An operator graph as an ONNX model; no value of a weight is computed yet.

    Args:
        graph: operators that files have, every output under its name, as the last passes leave them.
        values: where the values of weights come from.
        metadata: facts about the build.
    """
    stored = Stored(graph, values, as_written=not metadata.optimized)
    nodes = [node for node in graph.nodes() if isinstance(node.op, Operator) and node.id not in stored.evaluated]
    tensors = tuple(_stored_tensor(graph, value) for value in stored.initializers)
    proto = _model_proto(graph, nodes, tensors, model_properties(graph, values, metadata))
    built = BuiltModel(proto, tensors, stored)
    for index, value in enumerate(stored.initializers):
        # Shapes and axes are read from constants by whoever looks at the model.
        if isinstance(graph.producer(value).op, Constant):
            built.store_inline(index)
    return built


def to_bytes(graph: Graph, values: WeightValues, *, metadata: ModelMetadata) -> bytes:
    """The whole model as bytes, for a session in this process.

    Raises:
        DotnnError: ModelTooLarge; models over 2 GB exist as files only.
    """
    built = build_model(graph, values, metadata=metadata)
    if built.size > PROTOBUF_LIMIT:
        raise DotnnError(ModelTooLarge(name=graph.name, size=built.size, limit=PROTOBUF_LIMIT))
    for index in range(len(built.tensors)):
        built.store_inline(index)
    return serialized(built.proto)


def serialized(proto: onnx.ModelProto) -> bytes:
    """The bytes of a model, the same for equal models."""
    return proto.SerializeToString(deterministic=True)


def _stored_tensor(graph: Graph, value: Value) -> StoredTensor:
    node, found = graph.producer(value), graph.type_of(value)
    return StoredTensor(node.value_names[value.index], found.dtype, known_shape(found), value, node.doc)


def node_proto(node: Node, operands: Iterable[str]) -> onnx.NodeProto:
    """An operator of the graph as ONNX has it.

    Args:
        node: the operator's node.
        operands: the names of its operands, empty for an absent one.
    """
    op = node.op
    if not isinstance(op, Operator) or isinstance(op, Dims):
        raise TypeError(f"{node.name}: {op.kind} has no ONNX form")
    proto = onnx.NodeProto(
        op_type=op.kind,
        domain=op.domain,
        name=node.name,
        input=operands,
        output=node.value_names,
        attribute=attribute_protos(op),
        doc_string=node.doc or None,
    )
    for key, text in node_properties(node.origins).items():
        proto.metadata_props.add(key=key, value=text)
    return proto


def _model_proto(
    graph: Graph, nodes: Sequence[Node], tensors: Iterable[StoredTensor], properties: dict[str, str]
) -> onnx.ModelProto:
    names = {node.value(index): name for node in graph.nodes() for index, name in enumerate(node.value_names)}
    written = (node_proto(node, ["" if one is None else names[one] for one in node.operands]) for node in nodes)
    model = onnx.ModelProto(
        ir_version=IR_VERSION,
        producer_name="dotnn",
        producer_version=producer_version(),
        doc_string=graph.doc or None,
        graph=onnx.GraphProto(
            name=graph.name,
            doc_string=graph.doc or None,
            node=written,
            input=[_value_info(node.name, node.results[0], node.doc) for node in graph.inputs],
            output=[
                _value_info(name, graph.type_of(value), graph.output_docs.get(name, ""))
                for name, value in graph.outputs.items()
            ],
            initializer=[_initializer(tensor) for tensor in tensors],
            value_info=_computed_values(graph, nodes),
        ),
    )
    domains = {"", *(node.op.domain for node in nodes if isinstance(node.op, Operator))}
    for domain in sorted(domains):
        model.opset_import.add(domain=domain, version=OPSET if domain == "" else _DOMAIN_VERSIONS[domain])
    for key, text in properties.items():
        model.metadata_props.add(key=key, value=text)
    return model


def _computed_values(graph: Graph, nodes: Iterable[Node]) -> Iterable[onnx.ValueInfoProto]:
    """The types of all computed values that are no outputs."""
    for node in nodes:
        for name, found in zip(node.value_names, node.results, strict=True):
            if name not in graph.outputs:
                yield _value_info(name, found)


def _initializer(tensor: StoredTensor) -> onnx.TensorProto:
    return onnx.TensorProto(
        name=tensor.name, data_type=ELEM_TYPES[tensor.dtype], dims=tensor.shape, doc_string=tensor.doc or None
    )


def _value_info(name: str, found: TensorType, doc: str = "") -> onnx.ValueInfoProto:
    info = onnx.ValueInfoProto(name=name, doc_string=doc or None)
    info.type.tensor_type.elem_type = ELEM_TYPES[found.dtype]
    # An empty shape must still be there: it says that the value is a scalar.
    info.type.tensor_type.shape.SetInParent()
    for dim in found.shape:
        info.type.tensor_type.shape.dim.append(_dimension(dim))
    return info


def _dimension(dim: Dim) -> onnx.TensorShapeProto.Dimension:
    if isinstance(dim, DimExpr):
        return onnx.TensorShapeProto.Dimension(dim_param=format_dim(dim))
    return onnx.TensorShapeProto.Dimension(dim_value=dim)
