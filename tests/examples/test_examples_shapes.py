"""The shapes of every value of every example, held against two who know nothing of the compiler's shape rules.

ONNX's own inference sees the model without the types that the compiler wrote into it, and has to find them again; and
onnxruntime computes the values at several sizes, at which the symbolic dimensions are evaluated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_file
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.export import ModelMetadata, build_model, verify_model
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.operations import Constant
from dotnn.compiler.graph.value_names import value_names
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.example_facts import example_path
from tests.helpers.harness import TARGETS, AllValues, computed_names, dim_size, random_feeds, wrong_shapes
from tests.helpers.zoo_facts import ALL_FACTS

#: The examples and the zoo, but for what is made of the blocks of another one.
NAMES = sorted(name for name, facts in ALL_FACTS.items() if facts.like is None)

#: Element type and dimensions: a size, the text of a symbolic one, or None where it is not known.
Shape: TypeAlias = tuple[int, tuple[int | str | None, ...]]

#: Shape inference invents such names for dimensions that it does not know.
INVENTED = "unk__"

#: Sizes of the symbolic dimensions, no two of them equal or multiples within one run.
SIZES = (
    {"N": 1, "T": 5, "H": 2, "W": 3, "S": 4},
    {"N": 3, "T": 8, "H": 5, "W": 1, "S": 2},
    {"N": 4, "T": 11, "H": 3, "W": 5, "S": 7},
)


def weightless(graph: Graph, target: Target) -> onnx.ModelProto:
    """The model of operators with the weights among the inputs, so that none has to be computed."""
    built = build_model(graph, WeightValues(), metadata=ModelMetadata(target=target))
    for index, tensor in enumerate(built.tensors):
        if isinstance(graph.producer(tensor.value).op, Constant):
            built.store_inline(index)
    proto = built.proto
    for tensor in [one for one in proto.graph.initializer if not one.raw_data]:
        proto.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
        proto.graph.initializer.remove(tensor)
    return proto


def declared_shapes(proto: onnx.ModelProto) -> dict[str, Shape]:
    return {info.name: shape_of(info) for info in [*proto.graph.value_info, *proto.graph.output]}


def shape_of(info: onnx.ValueInfoProto) -> Shape:
    tensor = info.type.tensor_type
    assert tensor.HasField("shape"), f"{info.name} has no shape"
    return tensor.elem_type, tuple(dimension(dim) for dim in tensor.shape.dim)


def dimension(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dim.HasField("dim_value"):
        return dim.dim_value
    return None if not dim.dim_param or dim.dim_param.startswith(INVENTED) else dim.dim_param


def inferred_shapes(proto: onnx.ModelProto) -> dict[str, Shape]:
    """What ONNX finds for the model without the types of its computed values."""
    stripped = onnx.ModelProto()
    stripped.CopyFrom(proto)
    del stripped.graph.value_info[:]
    for output in stripped.graph.output:
        output.type.tensor_type.ClearField("shape")
    found = onnx.shape_inference.infer_shapes(stripped, check_type=True, strict_mode=True, data_prop=True)
    known = [*found.graph.value_info, *found.graph.output]
    return {info.name: shape_of(info) for info in known if info.type.tensor_type.HasField("shape")}


def contradicts(declared: Shape, found: Shape, is_unknown: bool = False) -> bool:
    """Whether a declared type is another than the one found; what is not known contradicts no expression.

    It does contradict a number, unless ``is_unknown``.
    """
    if declared[0] != found[0] or len(declared[1]) != len(found[1]):
        return True
    pairs = zip(declared[1], found[1], strict=True)
    return any(
        mine != other if other is not None else isinstance(mine, int) and not is_unknown for mine, other in pairs
    )


@dataclass(frozen=True)
class Zeros:
    """A zero for every weight; enough to see shapes."""

    shapes: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, graph: Graph) -> Zeros:
        return cls({weight.name: weight.shape for weight in graph.weights()})

    @property
    def names(self) -> Collection[str]:
        return self.shapes.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        return self.shapes[name]

    def load(self, name: str) -> np.ndarray:
        return np.zeros(self.shapes[name], np.float32)


def compiled(name: str) -> Compiled:
    return compile_file(example_path(name))


@pytest.mark.parametrize("name", NAMES)
def test_onnx_infers_every_type_that_is_declared(name: str) -> None:
    """All of them, as written in standard operators; a symbolic expression may be beyond it."""
    graph = compiled(name).graph
    proto = weightless(complete(graph), "onnx")
    declared, found = declared_shapes(proto), inferred_shapes(proto)
    assert read_names(graph) <= declared.keys()
    ranges = behind_ranges(proto)
    assert {
        one for one in declared if one not in found or contradicts(declared[one], found[one], one in ranges)
    } == set()


def read_names(graph: Graph) -> set[str]:
    """The computed values that something reads: a file may lack others."""
    names = value_names(graph)
    read = {value for node in graph.nodes() for value in node.operands if value is not None}
    return computed_names(graph) & {names[value] for value in {*read, *graph.outputs.values()}}


def behind_ranges(proto: onnx.ModelProto) -> set[str]:
    """What depends on a ``Range``, whose length ONNX does not infer, though its bounds are constants."""
    found: set[str] = set()
    for node in proto.graph.node:
        if node.op_type == "Range" or found & set(node.input):
            found |= set(node.output)
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
def test_every_build_is_valid_and_agrees_with_inference(name: str, target: Target) -> None:
    """Of operators that are not its own ONNX knows nothing; where it knows a type, it is the one declared."""
    proto = weightless(compiled(name).optimized(target).graph, target)
    verify_model(proto)
    declared, found = declared_shapes(proto), inferred_shapes(proto)
    assert {output for node in proto.graph.node for output in node.output if output} <= declared.keys()
    assert {one for one in found if contradicts(declared[one], found[one])} == set()
    if target == "onnx":
        assert found.keys() == declared.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_model_as_written_is_valid(name: str) -> None:
    verify_model(weightless(complete(compiled(name).graph), "onnx"))


@pytest.mark.parametrize("name", NAMES)
def test_onnxruntime_has_the_inferred_shapes(name: str) -> None:
    model = compile_file(example_path(name), arguments=ALL_FACTS[name].smaller)
    for demand in model.graph.demands:
        assert all(dim_size(str(demand.dim), sizes) >= demand.minimum for sizes in SIZES)
    build = AllValues(model.to_bytes(optimize=False, weights=Zeros.of(model.graph)))
    for sizes in SIZES:
        found = build.run(random_feeds(model.graph, sizes))
        assert read_names(model.graph) <= found.keys()
        assert wrong_shapes(found, build.types, sizes) == []


def test_a_wrong_declaration_is_noticed() -> None:
    """Neither the checker nor onnxruntime notices a false symbolic dimension; the comparison here does."""
    model = compiled("text_cnn")
    proto = onnx.load_from_string(model.to_bytes(optimize=False, weights=Zeros.of(model.graph)))
    (info,) = [info for info in proto.graph.value_info if info.name == "three.conv1d"]
    assert info.type.tensor_type.shape.dim[2].dim_param == "T - 2"
    info.type.tensor_type.shape.dim[2].dim_param = "T - 3"
    verify_model(proto)
    build = AllValues(proto.SerializeToString())
    faults = wrong_shapes(build.run(random_feeds(model.graph, SIZES[0])), build.types, SIZES[0])
    assert faults == ["three.conv1d: axis 2 is 3, not T - 3 = 2"]
    info.type.tensor_type.shape.dim[1].dim_value = 63
    assert contradicts(declared_shapes(proto)["three.conv1d"], (1, ("N", 64, None)))
