"""Graphs of operators made by hand, as lowering makes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from dotnn.compiler.dims import symbol
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.onnx_model import to_bytes
from dotnn.compiler.graph.graph import Graph, Node, Origin
from dotnn.compiler.graph.operations import Constant, Input
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import Operator
from dotnn.compiler.operators.graph_builder import Assembly, Builder, Tensor
from dotnn.compiler.passes.contract import Pass, PassContext
from dotnn.compiler.passes.fusion.fusion_report import FusionReport
from dotnn.compiler.passes.name_outputs import name_outputs
from dotnn.compiler.passes.pass_pipeline import run_verified
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.networks import assert_same_meaning

N = symbol("N")


class Sketch:
    """A graph of operators as lowering makes it: layers, and operators inside of them."""

    def __init__(self) -> None:
        self.graph = Graph("net")
        self.assembly = Assembly(self.graph)
        self.builders: dict[str, Builder] = {}

    def input(self, name: str, found: TensorType) -> Tensor:
        node = self.graph.add(Input(), (), (found,), name=name, value_names=(name,))
        return self.assembly.tensor(node.value())

    def constant(self, name: str, values: Any, dtype: DType = DType.FLOAT32) -> Tensor:
        """A constant of the source."""
        array = np.array(values)
        literal = Literal(array.shape, tuple(array.reshape(-1).tolist()))
        node = self.graph.add(Constant(literal), (), (TensorType(dtype, array.shape),), name=name, value_names=(name,))
        return self.assembly.tensor(node.value())

    def weight(self, name: str, values: Any) -> Tensor:
        array = np.array(values)
        literal = Literal(array.shape, tuple(array.reshape(-1).tolist()))
        return self.assembly.parameter(Weight(name, array.shape, DType.FLOAT32, literal, Fan(1, 1)))

    def inside(self, layer: str) -> Builder:
        """What operators inside of a layer are built with."""
        return self.builders.setdefault(layer, Builder(self.assembly, layer, {}, (Origin(layer, None),)))

    def layer(self, name: str, op: Operator, *operands: Tensor, value: str = "") -> Tensor:
        """The operator that gives the result of a layer."""
        found = self.inside(name).op(op, *operands)
        self.graph.relabel(found.value.node, name=name, value_names=(value or name,))
        return found

    def output(self, name: str, tensor: Tensor) -> None:
        self.graph.outputs[name] = tensor.value

    def run(self, one: Pass) -> bool:
        """The pass, verified: it changes no output, and does what there is to do at once."""
        before = self.graph.copy()
        changed = run_verified(one, self.graph, context())
        assert_same_meaning(before, self.graph)
        assert not run_verified(one, self.graph, context())
        return changed

    def kinds(self) -> list[str]:
        return [node.kind for node in self.graph.nodes()]

    def node(self, tensor: Tensor) -> Node:
        return self.graph.producer(tensor.value)

    def computed(self) -> dict[str, str]:
        """Names of operators with those of their first results."""
        nodes = (node for node in self.graph.nodes() if isinstance(node.op, Operator))
        return {node.name: node.value_names[0] for node in nodes}

    def model(self) -> bytes:
        name_outputs(self.graph, context())
        return to_bytes(self.graph, WeightValues(), metadata=ModelMetadata())


def context() -> PassContext:
    return PassContext("onnxruntime-cpu", FusionReport(), Graph("none"))


def numbers(node: Node) -> tuple[float, ...]:
    assert isinstance(node.op, Constant)
    return node.op.value.elements
