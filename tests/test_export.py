"""Export to ONNX, judged by its checker, its shape inference and onnxruntime."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.output import InvalidModel, ModelTooLarge
from dotnn.compiler.evaluate import evaluate, named_results
from dotnn.compiler.export import ModelMetadata, build_model, to_bytes, verify_model
from dotnn.compiler.graph.dims import Dim, ceil_div, dim_max, dim_min, symbol
from dotnn.compiler.graph.graph import Demand, Graph, Origin, Value
from dotnn.compiler.graph.operations import Constant, Parameter
from dotnn.compiler.graph.tensors import Derived, Fan, Literal, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.base import Emitter, Layer, Site
from dotnn.compiler.layers.convolution import Conv2d
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.layers.recurrent import Lstm
from dotnn.compiler.source import Source
from dotnn.compiler.weights import initializers
from dotnn.compiler.weights.values import WeightState, WeightValues
from graphs import add_input, add_layer, float32, run, with_all_values

N, H, W = symbol("N"), symbol("H"), symbol("W")
VALUES = WeightValues(seed=7)
METADATA = ModelMetadata(source_digest="0" * 64)


class Unregistered:
    """Keeps the layers of this file out of the language."""

    kind = "test"


@dataclass(frozen=True)
class Reshaped(Unregistered, Layer):
    shape: tuple[Dim, ...] = ()

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        assert operands[0] is not None
        return (operands[0].with_shape(*self.shape),)

    def bind(self, sizes: Mapping[str, int]) -> Layer:
        from dotnn.compiler.graph.dims import evaluate

        return Reshaped(shape=tuple(evaluate(dim, sizes) for dim in self.shape))

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        return (np.reshape(np.asarray(operands[0]), self.shape),)  # pyright: ignore

    def lower(self, e: Emitter) -> tuple[str, ...]:
        assert e.operands[0] is not None
        return (e.reshape(e.operands[0], self.shape),)


@dataclass(frozen=True)
class Sizes(Unregistered, Layer):
    """The dimensions themselves, as the runtime computes them."""

    dims: tuple[Dim, ...] = ()

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        return (TensorType(DType.INT64, (len(self.dims),)),)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        return (np.array(self.dims),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        return (e.dims(self.dims),)


@dataclass(frozen=True)
class Halves(Unregistered, Layer):
    """Two results, the first of them the operand itself, the second computed in two steps."""

    result_names = ("y", "h")

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        assert operands[0] is not None
        return operands[0], operands[0]

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        x = np.asarray(operands[0])
        return x, x / 2 + x / 4

    def lower(self, e: Emitter) -> tuple[str, ...]:
        x = e.operands[0]
        halves = e.op("Mul", x, e.constant(0.5, DType.FLOAT32))
        quarters = e.op("Mul", halves, e.constant(0.5, DType.FLOAT32))
        assert x is not None
        return x, e.op("Add", halves, quarters)


@dataclass(frozen=True)
class Parts(Halves):
    take_all_results = True


@dataclass(frozen=True)
class Doubled:
    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        return 2 * arrays[0]


def two_layers() -> Graph:
    """x -> fc -> relu, an output of each."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    fc = add_layer(graph, "block.fc", Dense(units=3), x)
    graph.outputs["y"] = add_layer(graph, "block.relu", Relu(), fc)
    return graph


def exported(graph: Graph, values: WeightValues = VALUES) -> onnx.ModelProto:
    """The model after onnx's checker and strict inference."""
    content = to_bytes(graph, values, metadata=METADATA)
    verify_model(content)
    return onnx.load_from_string(content)


def properties(proto: onnx.ModelProto | onnx.NodeProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in proto.metadata_props}


def shape_of(info: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


def array(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


# Versions, names ----------------------------------------------------------------------------------------


def test_versions() -> None:
    model = exported(two_layers())
    assert model.ir_version == 10
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 22)]
    assert model.producer_name == "dotnn"


def test_custom_domain_is_declared_where_it_is_used() -> None:
    @dataclass(frozen=True)
    class Fused(Conv2d):
        def lower(self, e: Emitter) -> tuple[str, ...]:
            assert e.operand_types[0] is not None
            attributes = self.onnx_attributes(e.operand_types[0])
            inputs = (e.operands[0], e.weight("weight"), e.weight("bias"))
            return (e.op("FusedConv", *inputs, domain="com.microsoft", activation="Relu", **attributes),)

    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 1, H, W))
    graph.outputs["y"] = add_layer(graph, "conv", Fused(filters=2, kernel=(3, 3)), x)
    model = exported(graph)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 22), ("com.microsoft", 1)]
    assert shape_of(model.graph.output[0]) == ["N", 2, "H - 2", "W - 2"]
    assert run(model.SerializeToString(), {"x": array(1, 1, 5, 6)})["y"].shape == (1, 2, 3, 4)


def test_values_and_nodes_have_the_names_of_layers_inputs_outputs_and_weights() -> None:
    model = exported(two_layers())
    assert [node.name for node in model.graph.node] == ["block.fc", "block.relu"]
    assert list(model.graph.node[0].input) == ["x", "block.fc.weight", "block.fc.bias"]
    assert [list(node.output) for node in model.graph.node] == [["block.fc"], ["y"]]
    names = sorted(tensor.name for tensor in model.graph.initializer)
    assert names == ["block.fc.bias", "block.fc.weight"]


def test_nodes_that_only_make_unread_results_are_left_out_but_no_whole_layer() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    halves = add_layer(graph, "halves", Halves(), x)
    add_layer(graph, "unread", Relu(), x)
    graph.outputs["out"] = add_layer(graph, "relu", Relu(), Value(halves.node, 1))
    model = exported(graph)
    assert [node.name for node in model.graph.node] == ["halves/Mul", "halves/Mul_1", "halves/Add", "unread", "relu"]
    assert "halves" not in {info.name for info in model.graph.value_info}


def test_further_results_and_inner_nodes() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    halves = add_layer(graph, "halves", Halves(), x)
    graph.outputs["out"] = add_layer(graph, "relu", Relu(), Value(halves.node, 1))
    graph.outputs["first"] = add_layer(graph, "relu_1", Relu(), halves)
    model = exported(graph)
    assert [(node.name, list(node.output)) for node in model.graph.node] == [
        ("halves/Mul", ["halves/Mul:0"]),
        ("halves/Mul_1", ["halves/Mul_1:0"]),
        ("halves/Add", ["halves.h"]),
        ("halves", ["halves"]),
        ("relu", ["out"]),
        ("relu_1", ["first"]),
    ]
    assert [tensor.name for tensor in model.graph.initializer] == ["halves/const"]
    results = run(with_all_values(model.SerializeToString()), {"x": np.float32([[1, -2, 4, 8]])})
    np.testing.assert_array_equal(results["halves"], [[1, -2, 4, 8]])
    np.testing.assert_array_equal(results["halves.h"], [[0.75, -1.5, 3, 6]])
    np.testing.assert_array_equal(results["out"], [[0.75, 0, 3, 6]])


def test_results_that_must_all_be_taken_are_numbered() -> None:
    graph = Graph("net")
    parts = add_layer(graph, "parts", Parts(), add_input(graph, "x", float32(N, 4)))
    graph.outputs["out"] = add_layer(graph, "relu", Relu(), Value(parts.node, 1))
    graph.outputs["first"] = add_layer(graph, "relu_1", Relu(), parts)
    model = exported(graph)
    assert {"parts.0", "parts.1"} <= {name for node in model.graph.node for name in node.output}
    assert "parts" in {node.name for node in model.graph.node}


def test_a_taken_name_is_numbered() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    y = add_layer(graph, "x", Relu(), x)
    z = add_layer(graph, "out", Relu(), y)
    fc = add_layer(graph, "fc", Dense(units=2), z)
    graph.outputs["out"] = add_layer(graph, "fc.weight", Relu(), add_layer(graph, "fc.bias", Relu(), fc))
    model = exported(graph)
    names = [name for node in model.graph.node for name in node.output]
    assert names == ["x:1", "out:1", "fc", "fc.bias:1", "out"]
    assert [node.name for node in model.graph.node] == ["x", "out", "fc", "fc.bias", "fc.weight"]


def test_outputs_that_no_node_of_their_own_computes() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(2))
    relu = add_layer(graph, "relu", Relu(), x)
    two = float32(2)
    constant = graph.add(Constant(Literal((2,), (1.5, -1))), (), (two,), name="mean").value()
    gamma = Weight("block.gamma", (2,), DType.FLOAT32, initializers.Constant(3.0), Fan(2, 2))
    parameter = graph.add(Parameter(), (), (two,), name="block.gamma", weights={"": gamma}).value()
    graph.outputs = {"a": relu, "b": relu, "same": x, "mean_out": constant, "gamma": parameter}
    graph.outputs["mean"] = graph.outputs.pop("mean_out")
    model = exported(graph)
    assert [output.name for output in model.graph.output] == ["a", "b", "same", "gamma", "mean"]
    results = run(model.SerializeToString(), {"x": np.float32([-1, 2])})
    assert {name: list(values) for name, values in results.items()} == {
        "a": [0, 2],
        "b": [0, 2],
        "same": [-1, 2],
        "gamma": [3, 3],
        "mean": [1.5, -1],
    }


def test_shared_weights_and_equal_derivations_are_stored_once() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 5, 3))
    first = add_layer(graph, "a", Dense(units=3), x)
    shared = graph.producer(first).weights
    second = add_layer(graph, "b", Dense(units=3), first, weights=shared)  # pyright: ignore
    graph.outputs["y"] = second
    names = [tensor.name for tensor in exported(graph).graph.initializer]
    assert sorted(names) == ["a.bias", "a.weight:transposed"]


def test_unequal_derivations_of_one_name_are_both_stored() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 3))
    weight = Weight("w", (3, 3), DType.FLOAT32, initializers.Ones(), Fan(3, 3))
    once = Derived("w:x", (3, 3), DType.FLOAT32, (weight,), Doubled())
    twice = Derived("w:x", (3, 3), DType.FLOAT32, (once,), Doubled())
    layer = Dense(units=3, bias=False)
    a = graph.add(layer, (x,), (float32(N, 3),), name="a", weights={"weight": once})
    b = graph.add(layer, (a.value(),), (float32(N, 3),), name="b", weights={"weight": twice})
    graph.outputs["y"] = b.value()
    model = exported(graph)
    assert [tensor.name for tensor in model.graph.initializer] == ["w:x", "w:x:1"]
    assert run(model.SerializeToString(), {"x": np.ones((1, 3), np.float32)})["y"].tolist() == [[72, 72, 72]]


# Types --------------------------------------------------------------------------------------------------


def test_dimensions_and_complete_value_info() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 2, H, 7))
    layer = Conv2d(filters=3, kernel=(3, 3), stride=(2, 2), padding=((1, 1), (1, 1)))
    conv = add_layer(graph, "conv", layer, x)
    halves = add_layer(graph, "halves", Halves(), conv)
    graph.outputs["y"] = add_layer(graph, "relu", Relu(), Value(halves.node, 1))
    model = exported(graph)
    assert shape_of(model.graph.input[0]) == ["N", 2, "H", 7]
    assert shape_of(model.graph.output[0]) == ["N", 3, "ceil(H / 2)", 4]
    infos = {info.name: shape_of(info) for info in model.graph.value_info}
    computed = {name for node in model.graph.node for name in node.output} - {"y"}
    assert set(infos) == computed
    assert infos["conv"] == infos["halves.h"] == ["N", 3, "ceil(H / 2)", 4]
    assert not any("unk" in str(dim) for shape in infos.values() for dim in shape)


def test_scalars_and_element_types() -> None:
    graph = Graph("net")
    for dtype in DType:
        value = add_input(graph, f"x_{dtype}", TensorType(dtype, ()))
        graph.outputs[f"y_{dtype}"] = value
    model = exported(graph)
    for info in (*model.graph.input, *model.graph.output):
        assert info.type.tensor_type.HasField("shape")
        found = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        assert found.name == info.name[2:]


@pytest.mark.parametrize("dtype", list(DType))
def test_constants_of_every_element_type(dtype: DType) -> None:
    graph = Graph("net")
    literal = Literal((2, 2), (0, 1, 1, 0))
    graph.outputs["y"] = graph.add(Constant(literal), (), (TensorType(dtype, (2, 2)),), name="c").value()
    add_input(graph, "x", float32(1))
    (tensor,) = exported(graph).graph.initializer
    stored = onnx.numpy_helper.to_array(tensor)
    assert stored.dtype.name == dtype.value
    assert stored.astype(np.float64).tolist() == [[0, 1], [1, 0]]


# Dimensions at run time ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "h"), [(1, 1), (2, 9), (7, 4), (30, 17)])
def test_dimensions_are_computed_as_python_computes_them(n: int, h: int) -> None:
    dims: dict[Dim, int] = {
        N: n,
        2 * N * H - H**3 + 5: 2 * n * h - h**3 + 5,
        (N - 7) // 3: (n - 7) // 3,
        (-N * H) // 4: (-n * h) // 4,
        N // H: n // h,
        (H + N) // (N + 2): (h + n) // (n + 2),
        ceil_div(H, 2): -(-h // 2),
        dim_max(N - H, 3, H // 2): max(n - h, 3, h // 2),
        dim_min(N, H): min(n, h),
        N % 5: n % 5,
        11: 11,
    }
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, H))
    graph.outputs["sizes"] = add_layer(graph, "sizes", Sizes(dims=tuple(dims)), x)
    model = to_bytes(graph, VALUES, metadata=METADATA)
    verify_model(model)
    assert run(model, {"x": array(n, h)})["sizes"].tolist() == list(dims.values())


def test_a_dimension_is_read_from_where_it_stands_alone() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(2 * N + 3, H + 1))
    add_input(graph, "z", float32(N, H))
    graph.outputs["sizes"] = add_layer(graph, "sizes", Sizes(dims=(N, H, N + H)), x)
    model = exported(graph)
    shapes = [node for node in model.graph.node if node.op_type == "Shape"]
    assert [node.input[0] for node in shapes] == ["z", "z"]
    found = run(model.SerializeToString(), {"x": array(11, 8), "z": array(4, 7)})
    assert found["sizes"].tolist() == [4, 7, 11]


def test_dimensions_are_computed_once() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, H, 6))
    y = add_layer(graph, "a", Reshaped(shape=(3, H, N, 2)), x)
    z = add_layer(graph, "b", Reshaped(shape=(2, N, H, 3)), y)
    graph.outputs["out"] = add_layer(graph, "c", Reshaped(shape=(3, H, N, 2)), z)
    model = exported(graph)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Shape") == 2
    assert kinds.count("Concat") == 2


@pytest.mark.parametrize(
    ("before", "after", "target"),
    [
        ((N, 2, 3), (N, 6), [0, 6]),
        ((N, 6), (2 * N, 3), [-1, 3]),
        ((N, H, 4), (N, 4 * H), [0, -1]),
        ((N, H, 4), (N, H, 2, 2), [0, 0, 2, 2]),
        ((2, 3), (6,), [6]),
        ((N, H), (H, N), None),
    ],
)
def test_reshape_computes_as_little_as_possible(
    before: tuple[Dim, ...], after: tuple[Dim, ...], target: list[int] | None
) -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(*before))
    graph.outputs["y"] = add_layer(graph, "reshape", Reshaped(shape=after), x)
    model = exported(graph)
    constants = [onnx.numpy_helper.to_array(tensor).tolist() for tensor in model.graph.initializer]
    assert constants == ([] if target is None else [target])
    feeds = {"x": array(*(size if isinstance(size, int) else 5 for size in before))}
    found = run(model.SerializeToString(), feeds)["y"]
    expected = named_results(graph, evaluate(graph, feeds, VALUES, "float32"))["y"]
    np.testing.assert_array_equal(found, expected)


# Metadata -----------------------------------------------------------------------------------------------


def test_source_map_and_documentation() -> None:
    source = Source("nets/a.nn", "one\n  two\nthree\n")
    conv = Origin("stem.conv", source.span(6, 9))
    relu = Origin("stem.relu", source.span(10, 15), calls=(source.span(0, 3),))
    graph = Graph("net", doc="A network.")
    x = add_input(graph, "x", float32(N, 4), doc="Four numbers.")
    fused = add_layer(graph, "halves", Halves(), x, origins=(conv, relu), doc="Halves it.")
    graph.outputs["y"] = add_layer(graph, "relu", Relu(), fused, origins=())
    graph.outputs["h"] = Value(fused.node, 1)
    graph.output_docs["y"] = "Their half."
    model = exported(graph)
    assert [properties(node) for node in model.graph.node] == [
        {"dotnn.source": "nets/a.nn:2:3;nets/a.nn:3:1", "dotnn.path": "stem.conv;stem.relu"}
    ] * 4 + [{}]
    assert [node.doc_string for node in model.graph.node] == ["", "", "", "Halves it.", ""]
    assert (model.doc_string, model.graph.doc_string, model.graph.name) == ("A network.", "A network.", "net")
    assert model.graph.input[0].doc_string == "Four numbers."
    assert model.graph.output[0].doc_string == "Their half."


def test_model_metadata() -> None:
    graph = two_layers()
    graph.demands.append(Demand(ceil_div(H, 2), 3, None, "`conv2d` needs it"))
    metadata = ModelMetadata(source_digest="ab" * 32, target="onnx", labels=("Katze", "Übung"))
    found = properties(build_model(graph, WeightValues(seed=42), metadata=metadata).proto)
    assert json.loads(found.pop("dotnn.demands")) == [
        {"dim": "ceil(H / 2)", "minimum": 3, "reason": "`conv2d` needs it"}
    ]
    assert json.loads(found.pop("dotnn.labels")) == ["Katze", "Übung"]
    assert found.pop("dotnn.version")
    assert found == {
        "dotnn.format": "1",
        "dotnn.source.digest": "ab" * 32,
        "dotnn.seed": "42",
        "dotnn.target": "onnx",
        "dotnn.weights": "initial",
    }
    assert "dotnn.labels" not in properties(exported(graph))


def test_same_bytes_in_every_process(tmp_path: Path) -> None:
    script = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_export import *
graph = two_layers()
x = graph.inputs[0].value()
graph.outputs["sizes"] = add_layer(graph, "sizes", Sizes(dims=(N * 3 - 7, N // 2, dim_max(N, 4))), x)
sys.stdout.buffer.write(to_bytes(graph, VALUES, metadata=ModelMetadata(labels=("a", "b"))))
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 500


# Values of weights --------------------------------------------------------------------------------------


class Loaded:
    """A weight source that counts what is read."""

    def __init__(self, **arrays: np.ndarray) -> None:
        self.arrays = arrays
        self.reads: list[str] = []

    @property
    def names(self) -> Sequence[str]:
        return tuple(self.arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.arrays[name].shape

    def load(self, name: str) -> np.ndarray:
        self.reads.append(name)
        return self.arrays[name]


def weight(name: str, shape: tuple[int, ...], initializer: object = None) -> Weight:
    chosen = initializers.HeNormal() if initializer is None else initializer
    return Weight(name, shape, DType.FLOAT32, chosen, Fan(3, 5))  # pyright: ignore


def test_values_come_from_the_file_the_literal_or_the_initializer() -> None:
    source = Loaded(a=np.arange(3.0))
    values = WeightValues(5, source)
    loaded = values.values(weight("a", (3,)))
    assert loaded.dtype == np.float32
    assert loaded.tolist() == [0, 1, 2]
    assert values.values(weight("b", (3,), Literal((3,), (4, 5, 6)))).tolist() == [4, 5, 6]
    drawn = values.values(weight("c", (3,)))
    again = initializers.initialize(initializers.HeNormal(), (3,), "float32", initializers.Fan(3, 5), 5, "c")
    assert drawn.tolist() == again.tolist()
    assert source.reads == ["a"]


def test_derived_values_are_computed_from_their_parts() -> None:
    once = Derived("w:2", (3,), DType.FLOAT32, (weight("w", (3,), Literal((3,), (1, 2, 3))),), Doubled())
    twice = Derived("w:4", (3,), DType.FLOAT32, (once,), Doubled())
    assert WeightValues().values(twice).tolist() == [4, 8, 12]


def test_an_array_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a: values of shape \(2,\) for a tensor of shape \(3,\)"):
        WeightValues(0, Loaded(a=np.zeros(2))).values(weight("a", (3,)))


def test_the_state_of_weights() -> None:
    literal, open_weight = weight("l", (1,), Literal((1,), (1,))), weight("o", (1,))
    assert WeightValues().state([]) is WeightState.COMPLETE
    assert WeightValues().state([literal]) is WeightState.COMPLETE
    assert WeightValues().state([literal, open_weight]) is WeightState.INITIAL
    assert WeightValues(0, Loaded(o=np.zeros(1))).state([literal, open_weight]) is WeightState.LOADED


# Sizes, checks ------------------------------------------------------------------------------------------


def test_a_model_over_two_gigabytes_is_refused_before_any_value_is_computed() -> None:
    graph = Graph("huge")
    x = add_input(graph, "x", float32(N, 40_000))
    graph.outputs["y"] = add_layer(graph, "fc", Dense(units=20_000), x)
    with pytest.raises(DotnnError) as caught:
        to_bytes(graph, VALUES, metadata=METADATA)
    (found,) = caught.value.diagnostics
    assert isinstance(found, ModelTooLarge)
    assert "3,200,0" in found.headline()
    assert "dotnn build" in found.advice()


def test_an_invalid_model_is_told() -> None:
    model = exported(two_layers())
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 4
    with pytest.raises(DotnnError) as caught:
        verify_model(model)
    assert isinstance(caught.value.diagnostics[0], InvalidModel)
    model = exported(two_layers())
    model.graph.node[0].op_type = "Gem"
    with pytest.raises(DotnnError) as caught:
        verify_model(model.SerializeToString())
    assert "Gem" in caught.value.diagnostics[0].headline()


# Evaluation ---------------------------------------------------------------------------------------------


def lstm_graph() -> Graph:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, H, 4))
    lstm = add_layer(graph, "lstm", Lstm(units=3, bidirectional=True, layers=2), x, None, None, None)
    flat = add_layer(graph, "flat", Reshaped(shape=(N, 6 * H)), lstm)
    graph.outputs["y"] = add_layer(graph, "back", Reshaped(shape=(H, N, 6)), flat)
    graph.outputs["c"] = Value(lstm.node, 2)
    return graph


@pytest.mark.parametrize(("n", "h"), [(1, 1), (3, 5)])
def test_every_value_agrees_with_the_references(n: int, h: int) -> None:
    graph = lstm_graph()
    content = to_bytes(graph, VALUES, metadata=METADATA)
    verify_model(content)
    feeds = {"x": array(n, h, 4)}
    found = run(with_all_values(content), feeds)
    expected = named_results(graph, evaluate(graph, feeds, VALUES))
    assert set(expected) == {"x", "lstm", "lstm.h", "c", "flat", "y"}
    assert expected["y"].dtype == np.float64
    # Nothing reads the final hidden state, so that the model does not compute it.
    assert expected.keys() - found.keys() == {"x", "lstm.h"}
    for name in expected.keys() & found.keys():
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6)


def test_values_that_nothing_reads_any_more_are_dropped() -> None:
    graph = two_layers()
    feeds = {"x": array(2, 4)}
    assert set(evaluate(graph, feeds, VALUES, keep=())) == set(graph.outputs.values())
    x = graph.inputs[0].value()
    assert set(evaluate(graph, feeds, VALUES, keep=[x])) == {x, *graph.outputs.values()}
    assert len(evaluate(graph, feeds, VALUES, "float32")) == 3


def test_a_reference_of_another_shape_than_inferred_is_told() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 4))
    graph.outputs["y"] = graph.add(Relu(), (x,), (float32(N, 5),), name="relu").value()
    with pytest.raises(ValueError, match=r"relu: an array of shape \[2, 4\] for float32\[N, 5\], that is"):
        evaluate(graph, {"x": array(2, 4)}, VALUES)
