"""From the layer graph to an ONNX model: operator set 22 and IR version 10, read by onnxruntime 1.21 and
later.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

import numpy as np
import onnx

from ..diagnostics import DotnnError
from ..diagnostics.output import ModelTooLarge
from ..graph.dims import Dim, DimExpr, format_dim
from ..graph.graph import Graph, Node
from ..graph.operations import Constant, Input, Parameter
from ..graph.types import TensorType
from ..graph.value_names import is_stored
from ..layers.base import Layer
from ..reprs import quantity, quoted, short_repr
from ..weights.values import WeightValues
from .attributes import OPSET
from .elements import ELEM_TYPES, raw_bytes
from .emitter import ModelEmitter
from .metadata import ModelMetadata, model_properties, producer_version
from .tensors import StoredTensor

IR_VERSION = 10
#: Versions of the operator sets of domains other than ONNX's own.
_DOMAIN_VERSIONS = {"com.microsoft": 1}
#: The most bytes that a protocol buffer may have.
PROTOBUF_LIMIT = 2**31 - 1
#: The operator sets' shape inference invents such names for dimensions that it does not know.
_INVENTED = "unk__"


@dataclass(frozen=True, slots=True, eq=False)
class BuiltModel:
    """An ONNX model whose initializers have names and types and, but for small constants, no values yet.

    Attributes:
        proto: the model.
        tensors: what its initializers hold, in the same order.
        values: where the values come from.
    """

    proto: onnx.ModelProto
    tensors: tuple[StoredTensor, ...]
    values: WeightValues

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
        """Compute the values of an initializer and put them into the model."""
        values = self.tensors[index].values(self.values)
        self.proto.graph.initializer[index].raw_data = raw_bytes(values).tobytes()


def build_model(graph: Graph, values: WeightValues, *, metadata: ModelMetadata) -> BuiltModel:
    """Lower a graph; no value of a weight is computed yet."""
    emitter = ModelEmitter(graph)
    for node in graph.nodes():
        _lower(node, emitter)
    for name, value in graph.outputs.items():
        if emitter.values[value] != name:
            emitter.identity(graph.producer(value), emitter.values[value], name)
    needed = emitter.drop_unread().union(weight.name for weight in graph.weights())
    tensors = tuple(tensor for tensor in emitter.store.tensors if tensor.name in needed)
    proto = _model_proto(emitter, tensors, needed, model_properties(graph, values, metadata))
    return BuiltModel(_with_inferred(proto), tensors, values)


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


def _lower(node: Node, emitter: ModelEmitter) -> None:
    match node.op:
        case Input():
            return
        case Constant(value):
            emitter.store.literal(emitter.values[node.value()], value, node.results[0].dtype)
        case Parameter():
            emitter.store.tensor(node.weights[""], node.doc)
        case Layer() as layer:
            emitter.lower(node, layer)
        case other:
            raise TypeError(f"{node.name}: {type(other).__name__} has no ONNX form")


def _model_proto(
    emitter: ModelEmitter, tensors: Iterable[StoredTensor], needed: Container[str], properties: dict[str, str]
) -> onnx.ModelProto:
    graph = emitter.graph
    model = onnx.ModelProto(
        ir_version=IR_VERSION,
        producer_name="dotnn",
        producer_version=producer_version(),
        doc_string=graph.doc or None,
        graph=onnx.GraphProto(
            name=graph.name,
            doc_string=graph.doc or None,
            node=emitter.protos,
            input=[_value_info(node.name, node.results[0], node.doc) for node in graph.inputs],
            output=[
                _value_info(name, graph.type_of(value), graph.output_docs.get(name, ""))
                for name, value in graph.outputs.items()
            ],
            initializer=[_initializer(tensor) for tensor in tensors],
            value_info=_layer_values(emitter, needed),
        ),
    )
    for domain in sorted(emitter.domains):
        model.opset_import.add(domain=domain, version=OPSET if domain == "" else _DOMAIN_VERSIONS[domain])
    for key, text in properties.items():
        model.metadata_props.add(key=key, value=text)
    return model


def _layer_values(emitter: ModelEmitter, needed: Container[str]) -> Iterable[onnx.ValueInfoProto]:
    """The types of all computed values that are no outputs."""
    graph = emitter.graph
    for value, name in emitter.values.items():
        if name in needed and name not in graph.outputs and not is_stored(graph.producer(value)):
            yield _value_info(name, graph.type_of(value))


def _with_inferred(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, with types of the values inside lowerings as far as the operators tell them."""
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    known = {info.name for info in model.graph.value_info}
    computed = {name for node in model.graph.node for name in node.output}
    computed -= {info.name for info in model.graph.output}
    for info in inferred.graph.value_info:
        if info.name in computed and info.name not in known:
            model.graph.value_info.append(_without_invented(info))
    return model


def _without_invented(info: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    for dim in info.type.tensor_type.shape.dim:
        if dim.dim_param.startswith(_INVENTED):
            dim.Clear()
    return info


def _initializer(tensor: StoredTensor) -> onnx.TensorProto:
    proto = onnx.TensorProto(
        name=tensor.name, data_type=ELEM_TYPES[tensor.dtype], dims=tensor.shape, doc_string=tensor.doc or None
    )
    if isinstance(tensor.content, np.ndarray):
        proto.raw_data = raw_bytes(tensor.content).tobytes()
    return proto


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
