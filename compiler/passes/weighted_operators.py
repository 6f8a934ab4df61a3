"""Convolutions and dense layers among operators, as what folds and fuses finds them."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph.graph import Graph, Node, Value
from ..graph.types import TensorType
from ..layers.normalization import BatchNorm
from ..layers.weight_attributes import Weighted as WeightedLayer
from ..operators.convolution import Convolving, ConvTranspose
from ..operators.elementwise import Add
from ..operators.layout import Reshape, Transpose
from ..operators.matrix_products import Gemm, MatMul
from .contract import PassContext
from .fusing_conditions import finished_layer


@dataclass(frozen=True, slots=True)
class Weighted:
    """The operators of a convolution or a dense layer, from its product on.

    Attributes:
        nodes: in the order of the data flow, each read by the next: ``Conv``, ``ConvTranspose``, ``Gemm`` or
            ``MatMul``, then, of a dense layer on other tensors than matrices, what adds its bias and gives the result
            its shape.
        layer: the layer as written: the convolution or dense layer, or the normalization that was folded into it.
    """

    nodes: tuple[Node, ...]
    layer: Node

    @property
    def product(self) -> Node:
        """The operator that reads the weight."""
        return self.nodes[0]

    @property
    def result(self) -> Node:
        """The operator that gives the layer's result."""
        return self.nodes[-1]

    @property
    def weight(self) -> Value:
        """The weight as the product reads it."""
        return _present(self.product.operands[1])

    @property
    def bias(self) -> Value | None:
        """The bias, if there is one."""
        if isinstance(self.product.op, MatMul):
            added = [node.operands[1] for node in self.nodes if isinstance(node.op, Add)]
            return added[0] if added else None
        return self.product.operands[2] if len(self.product.operands) > 2 else None

    @property
    def weights(self) -> tuple[Value, ...]:
        """The weight, and the bias if there is one."""
        return (self.weight,) if self.bias is None else (self.weight, self.bias)

    @property
    def is_convolution(self) -> bool:
        """Whether it is a convolution, maybe a transposed one, and not a dense layer."""
        return isinstance(self.product.op, Convolving)

    @property
    def is_transposed(self) -> bool:
        """Whether it is a transposed convolution."""
        return isinstance(self.product.op, ConvTranspose)

    @property
    def is_folded(self) -> bool:
        """Whether a batch normalization is in its weights."""
        return isinstance(self.layer.op, BatchNorm)

    @property
    def axis(self) -> int:
        """The axis of the result along which its outputs lie."""
        if self.is_convolution:
            return 1
        last = self.result.results[0].rank - 1
        moved = self.result.op.perm if isinstance(self.result.op, Transpose) else None
        return last if moved is None else moved.index(last)

    def operand_type(self, graph: Graph) -> TensorType:
        """What a dense layer reads: its result with the features in place of the outputs."""
        found, weight = self.result.results[0], graph.type_of(self.weight)
        # A Gemm reads the weight as it is, [units, features], and a MatMul its transpose.
        features = weight.shape[0 if isinstance(self.product.op, MatMul) else 1]
        return found.with_shape(*found.shape[: self.axis], features, *found.shape[self.axis + 1 :])


def find_weighted(graph: Graph, result: Node, context: PassContext) -> Weighted | None:
    """The convolution or dense layer whose result an operator gives; None if it is that of no such layer."""
    layer = finished_layer(result, context)
    if layer is None or not isinstance(layer.op, WeightedLayer | BatchNorm):
        return None
    nodes = [result]
    while not isinstance(nodes[-1].op, Convolving | Gemm | MatMul):
        if not isinstance(nodes[-1].op, Add | Reshape | Transpose):
            return None
        nodes.append(graph.producer(_present(nodes[-1].operands[0])))
    return Weighted(tuple(reversed(nodes)), layer)


def _present(value: Value | None) -> Value:
    if value is None:
        raise ValueError("an operator has no operand where it needs one")
    return value
