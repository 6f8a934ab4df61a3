"""Export to ONNX, judged by its checker, its shape inference and onnxruntime."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dotnn.compiler import initializers
from dotnn.compiler import operators as ops
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.writing import InvalidModel, ModelTooLarge
from dotnn.compiler.dims import ceil_div
from dotnn.compiler.export import ModelMetadata, build_model, verify_model
from dotnn.compiler.graph.graph import Demand, Graph, Origin, Value, WrittenCall
from dotnn.compiler.graph.operations import Constant, Parameter
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.source import Source
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.export_graphs import (
    H,
    Halves,
    N,
    Network,
    Parts,
    W,
    array,
    content_of,
    exported,
    properties,
    shape_of,
    two_layers,
)
from tests.helpers.graphs import add_input, add_layer, float32, run, with_all_values
from tests.helpers.paths import ROOT

# Versions, names ----------------------------------------------------------------------------------------


def test_versions() -> None:
    model = exported(two_layers())
    assert model.ir_version == 10
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 22)]
    assert model.producer_name == "dotnn"


def test_custom_domain_is_declared_where_it_is_used() -> None:
    net = Network()
    x, kernel, bias = net.input("x", N, 1, H, W), net.weight("kernel", 2, 1, 3, 3), net.weight("bias", 2)
    net.output("y", net.op(ops.FusedConv(activation="Relu"), x, kernel, bias))
    model = net.model()
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 22), ("com.microsoft", 1)]
    assert shape_of(model.graph.output[0]) == ["N", 2, "H - 2", "W - 2"]
    found = run(model.SerializeToString(), {"x": array(1, 1, 5, 6)})["y"]
    assert found.shape == (1, 2, 3, 4)
    assert found.min() == 0


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
    parameter = graph.add(Parameter(gamma), (), (two,), name="block.gamma").value()
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


def test_unequal_tensors_of_one_wished_name_are_both_stored() -> None:
    net = Network()
    weight = net.weight("w", 3, 3, initializer=initializers.Ones())
    once = net.op(ops.Add(), weight, weight, name="w:x")
    twice = net.op(ops.Add(), once, once, name="w:x")
    x = net.input("x", N, 3)
    net.output("y", net.op(ops.MatMul(), net.op(ops.MatMul(), x, once), twice))
    model = net.model()
    assert [tensor.name for tensor in model.graph.initializer] == ["w:x", "w:x:1"]
    assert run(model.SerializeToString(), {"x": np.ones((1, 3), np.float32)})["y"].tolist() == [[72, 72, 72]]


def test_equal_tensors_are_stored_once() -> None:
    net = Network()
    weight = net.weight("w", 3, 3)
    x = net.input("x", N, 3)
    for name in ("y", "z"):
        turned = net.op(ops.Transpose(perm=(1, 0)), weight, name="w:transposed")
        net.output(name, net.op(ops.MatMul(), x, turned))
    assert [tensor.name for tensor in net.model().graph.initializer] == ["w:transposed"]


# Metadata -----------------------------------------------------------------------------------------------


def test_source_map_and_documentation() -> None:
    source = Source("nets/a.nn", "one\n  two\nthree\n")
    conv = Origin("stem.conv", WrittenCall(source.span(6, 9)))
    relu = Origin("stem.relu", WrittenCall(source.span(10, 15)), calls=(source.span(0, 3),))
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
    found = properties(build_model(complete(graph), WeightValues(seed=42), metadata=metadata).proto)
    assert json.loads(found.pop("dotnn.demands")) == [
        {"dim": "ceil(H / 2)", "minimum": 3, "reason": "`conv2d` needs it"}
    ]
    assert json.loads(found.pop("dotnn.labels")) == ["Katze", "Übung"]
    assert found.pop("dotnn.version")
    assert [one["symbol"] for one in json.loads(found.pop("dotnn.symbols"))] == ["N"]
    assert found == {
        "dotnn.format": "2",
        "dotnn.source.digest": "ab" * 32,
        "dotnn.seed": "42",
        "dotnn.target": "onnx",
        "dotnn.weights": "initial",
    }
    assert "dotnn.labels" not in properties(exported(graph))


def test_same_bytes_in_every_process(tmp_path: Path) -> None:
    script = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from dotnn.compiler.export import ModelMetadata, to_bytes
from dotnn.compiler.dims import dim_max
from dotnn.compiler.passes.pass_pipeline import complete
from tests.helpers.export_graphs import VALUES, N, Sizes, two_layers
from tests.helpers.graphs import add_layer
graph = two_layers()
x = graph.inputs[0].value()
graph.outputs["sizes"] = add_layer(graph, "sizes", Sizes(dims=(N * 3 - 7, N // 2, dim_max(N, 4))), x)
sys.stdout.buffer.write(to_bytes(complete(graph), VALUES, metadata=ModelMetadata(labels=("a", "b"))))
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


# Sizes, checks ------------------------------------------------------------------------------------------


def test_a_model_over_two_gigabytes_is_refused_before_any_value_is_computed() -> None:
    graph = Graph("huge")
    x = add_input(graph, "x", float32(N, 40_000))
    graph.outputs["y"] = add_layer(graph, "fc", Dense(units=20_000), x)
    with pytest.raises(DotnnError) as caught:
        content_of(graph)
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
