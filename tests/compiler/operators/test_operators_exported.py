"""What layers are lowered to, read as operators: none is missing, and types and numbers are those of the layers."""

from __future__ import annotations

from functools import cache

import onnx
import pytest
from dotnn.compiler import compile_file, compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.dims import evaluate as evaluate_dim
from dotnn.compiler.dims import format_dim
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.types import TensorType
from dotnn.compiler.operators import OPERATORS
from dotnn.compiler.passes.pass_pipeline import optimize
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.example_facts import example_path
from tests.helpers.harness import TARGETS, dim_size, he_normal_source, mismatches, random_feeds
from tests.helpers.operators.operator_models import computed, inferred_types, operator_of
from tests.helpers.samples import CASES, Case, compiled
from tests.helpers.zoo_facts import ALL_FACTS

#: Layer and operators are computed in float64 alike; constants, folded weights among them, were rounded to float32.
TOLERANCE = 1e-5


@cache
def exported(case: Case, target: Target | None) -> tuple[onnx.ModelProto, Graph]:
    """The model of a sample as written, or as a target has it, with nontrivial weights."""
    model = compiled(case)
    source = he_normal_source(model.graph)
    if target is None:
        return onnx.load_from_string(model.to_bytes(optimize=False, weights=source)), model.graph
    return onnx.load_from_string(model.to_bytes(target=target, weights=source)), model.graph


def input_types(graph: Graph) -> dict[str, TensorType]:
    return {node.name: node.results[0] for node in graph.inputs}


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_sample_is_made_of_operators(case: Case, target: Target | None) -> None:
    """Every node has its class, which takes its attributes and operands; types are those that the file declares."""
    model, graph = exported(case, target)
    known = inferred_types(model, input_types(graph))
    assert wrong_types(model, known, case.sample.sizes) == []


def wrong_types(model: onnx.ModelProto, known: dict, sizes: tuple) -> list[str]:
    """Where a declared type is not the inferred one: demands of layers may make the declared dimension simpler."""
    faults = []
    for info in (*model.graph.value_info, *model.graph.output):
        mine = known[info.name].type
        declared = info.type.tensor_type
        for axis, dim in enumerate(declared.shape.dim):
            for one in sizes if dim.WhichOneof("value") else ():
                wanted = dim.dim_value if dim.HasField("dim_value") else dim_size(dim.dim_param, one)
                if wanted != evaluate_dim(mine.shape[axis], one):
                    faults.append(f"{info.name}: {mine} at {one}, axis {axis} is {wanted}")
        if len(declared.shape.dim) != mine.rank:
            faults.append(f"{info.name}: {mine} has not {len(declared.shape.dim)} axes")
    return faults


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_operators_compute_what_layers_mean(case: Case, target: Target | None) -> None:
    """Two independent definitions: the references of the layers, and those of the operators that they become."""
    model, graph = exported(case, target)
    values = WeightValues(0, he_normal_source(graph))
    for seed, sizes in enumerate(case.sample.sizes):
        feeds = random_feeds(graph, sizes, seed)
        wanted = named_results(graph, evaluate(graph, feeds, values))
        assert mismatches(computed(model, feeds), wanted, TOLERANCE) == {}


def test_every_operator_but_a_few_is_in_a_sample() -> None:
    """What no layer has yet: folding of weights and later layers will have it."""
    protos = [exported(case, target)[0] for case in CASES for target in (None, *TARGETS)]
    protos += [network(body)[0] for body in NETWORKS]
    seen = {(node.domain, node.op_type) for proto in protos for node in proto.graph.node}
    assert {kind for _, kind in OPERATORS.keys() - seen} == {
        *("Dims", "Not", "Or", "Reciprocal"),
    }


#: Arithmetic of dimensions, where shapes need it, and what is fused.
NETWORKS = (
    "input x: float32[N, 2, H, W] output y = x -> reshape([N, 2*H, W])",
    "input x: float32[N, 2, H, W] output y = x -> max_pool2d(2) -> flatten(start=2)",
    "input x: float32[N, H, W] output y = x -> reshape([H, W, N])",
    "input x: float32[1, H] input y: float32[N, W] output z = x -> expand([max(N, W), H]) output v = y -> relu",
    "input x: float32[N, 1, H, W] output y = x -> conv2d(2, kernel=3, stride=2, padding=1) -> flatten(start=1, end=2)",
    "input x: float32[N, H, W] output y = x[:, 0:1, 0] -> expand([N, max((H - W) // N, 0) + 1])",
    "input x: float32[N, H, W] output y = x[:, 0:1, 0] -> expand([N, min(H, W, N) + 1])",
    "input x: float32[N, 2, H, W] output y = (x -> conv2d(2, kernel=3, padding=1) -> tanh) -> batch_norm -> relu",
    "input x: float32[N, 2, H] output y = (x -> conv1d(2, kernel=3, padding=1)) + x -> leaky_relu(slope=0.25)",
    "input x: float32[N, 6] output y = x -> dense(4) -> leaky_relu(slope=0.25) -> dense(3) -> batch_norm -> sigmoid",
)

_SIZES = ({"N": 1, "H": 4, "W": 6}, {"N": 3, "H": 5, "W": 8})


@cache
def network(body: str) -> tuple[onnx.ModelProto, Graph]:
    model = compile_source(f"model network() {{ {body} }}")
    return onnx.load_from_string(model.to_bytes(target="onnxruntime-cpu", weights=he_normal_source(model.graph))), (
        model.graph
    )


@pytest.mark.parametrize("body", NETWORKS)
def test_networks_are_made_of_operators(body: str) -> None:
    """Types are those of the layers, symbolic ones too, and so are the numbers of the outputs."""
    proto, graph = network(body)
    known = inferred_types(proto, input_types(graph))
    assert wrong_types(proto, known, _SIZES) == []
    for output in proto.graph.output:
        dims = output.type.tensor_type.shape.dim
        assert [format_dim(dim) for dim in known[output.name].shape] == [declared(dim) for dim in dims]
    for seed, sizes in enumerate(_SIZES):
        feeds = random_feeds(graph, sizes, seed=seed)
        wanted = named_results(graph, evaluate(graph, feeds, WeightValues(0, he_normal_source(graph))))
        assert mismatches({name: computed(proto, feeds)[name] for name in graph.outputs}, wanted, TOLERANCE) == {}


@cache
def example(name: str) -> Compiled:
    return compile_file(example_path(name))


@pytest.mark.parametrize("name", sorted(ALL_FACTS))
def test_examples_are_made_of_operators(name: str) -> None:
    """Their types are exactly those of the layers, symbolic ones too."""
    from dotnn.compiler.export.metadata import ModelMetadata
    from dotnn.compiler.export.onnx_model import build_model

    for target in TARGETS:
        graph = optimize(example(name).graph, target).graph
        proto = build_model(graph, WeightValues(), metadata=ModelMetadata()).proto
        known = inferred_types(proto, input_types(graph))
        for info in (*proto.graph.value_info, *proto.graph.output):
            dims = list(info.type.tensor_type.shape.dim)
            pairs = zip(dims, known[info.name].shape, strict=True)
            assert all(dim.WhichOneof("value") is None or declared(dim) == format_dim(mine) for dim, mine in pairs)


def declared(dim: onnx.TensorShapeProto.Dimension) -> str:
    return dim.dim_param or str(dim.dim_value)


def test_what_no_operator_is() -> None:
    with pytest.raises(KeyError):
        operator_of(onnx.helper.make_node("Hardmax", ["x"], ["y"]))
    with pytest.raises(TypeError):
        operator_of(onnx.helper.make_node("Relu", ["x"], ["y"], alpha=1.0))
