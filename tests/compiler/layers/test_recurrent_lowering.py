"""Recurrent layers as operators, and as onnxruntime runs them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import onnx
import onnx.numpy_helper
import onnx.reference
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.dims import evaluate
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.onnx_checker import verify_model
from dotnn.compiler.export.onnx_model import to_bytes
from dotnn.compiler.graph.types import DType
from dotnn.compiler.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.reference_evaluation import evaluate as evaluate_graph
from dotnn.compiler.reference_evaluation import named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.harness import AllValues, computed_names, he_normal_source, mismatches, random_feeds
from tests.helpers.one_layer import N, T, floats, ints
from tests.helpers.recurrent_layers import (
    CHANNELS,
    CLASSES,
    UNITS,
    build,
    infer,
    operand_types,
    random_weights,
    reference,
    run_in_order,
    sequences,
)
from tests.helpers.samples import CASES, Case, compiled

VARIANTS: list[tuple[str, dict[str, object]]] = [
    ("rnn", {}),
    ("rnn", {"bias": False, "activation": "relu"}),
    ("rnn", {"recurrent_bias": True, "activation": "relu"}),
    ("lstm", {}),
    ("lstm", {"bias": False}),
    ("lstm", {"recurrent_bias": True}),
    ("gru", {}),
    ("gru", {"reset_after": False}),
    ("gru", {"bias": False}),
    ("gru", {"bias": False, "reset_after": False}),
]
DIRECTIONS = [{}, {"bidirectional": True}, {"bidirectional": True, "merge": "sum"}]
OPTIONAL = [
    (),
    ("lengths",),
    ("initial_h", "initial_c"),
    ("initial_h", "initial_c", "lengths"),
    ("initial_c", "lengths"),
]
SIZES = ((1, 1), (4, 6))


def feeds_of(layer: Recurrent, names: Sequence[str], batch: int, steps: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(11)
    states = (layer.stack.states, batch, UNITS)
    given = {
        "initial_h": generator.normal(size=states).astype(np.float32),
        "initial_c": generator.normal(size=states).astype(np.float32),
        "lengths": np.array([0, steps, 1, steps - 1][:batch], np.int64),
    }
    return {"x": sequences(2, batch, steps), **{name: given[name] for name in names}}


@pytest.mark.parametrize("optional", OPTIONAL, ids="+".join)
@pytest.mark.parametrize("directions", DIRECTIONS, ids=str)
@pytest.mark.parametrize(("kind", "variant"), VARIANTS, ids=str)
def test_onnxruntime_agrees(
    kind: str, variant: dict[str, object], directions: dict[str, object], optional: tuple[str, ...]
) -> None:
    names = [name for name in optional if kind == "lstm" or name != "initial_c"]
    for layers, whole in itertools.product((1, 2), (True, False)):
        layer = CLASSES[kind](units=UNITS, layers=layers, return_sequences=whole, **variant, **directions)
        states = floats(layer.stack.states, N, UNITS)
        known = {"initial_h": states, "initial_c": states, "lengths": ints(N)}
        inputs = {"x": floats(N, T, CHANNELS), **{name: known[name] for name in names}}
        weights = random_weights(layer, inputs["x"])
        model = build([(layer, weights)], inputs)
        verify_model(model)
        types = infer(layer, **inputs)
        for batch, steps in SIZES:
            feeds = feeds_of(layer, names, batch, steps)
            expected = reference(layer, weights, **feeds)
            for found, wanted, inferred in zip(run_in_order(model, feeds), expected, types, strict=True):
                np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
                assert found.shape == tuple(evaluate(dim, {"N": batch, "T": steps}) for dim in inferred.shape)


def test_int32_lengths_are_taken_as_they_are() -> None:
    layer = Gru(units=UNITS, bidirectional=True)
    inputs = {"x": floats(N, T, CHANNELS), "lengths": ints(N, dtype=DType.INT32)}
    weights = random_weights(layer, inputs["x"])
    model = build([(layer, weights)], inputs)
    assert "Cast" not in [node.op_type for node in onnx.ModelProto.FromString(model).graph.node]
    feeds = {"x": sequences(), "lengths": np.array([5, 0, 3], np.int32)}
    for found, wanted in zip(run_in_order(model, feeds), reference(layer, weights, **feeds), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [Rnn(units=4), Lstm(units=4, recurrent_bias=True), Gru(units=4), Gru(units=4, reset_after=False)],
    ids=lambda layer: layer.kind,
)
def test_the_reference_evaluator_of_onnx_agrees(layer: Recurrent) -> None:
    inputs = {"x": floats(N, T, CHANNELS)}
    weights = random_weights(layer, inputs["x"])
    model = onnx.ModelProto.FromString(build([(layer, weights)], inputs))
    found = onnx.reference.ReferenceEvaluator(model).run(None, {"x": sequences()})
    for one, wanted in zip(found, reference(layer, weights, x=sequences()), strict=True):
        np.testing.assert_allclose(one, wanted, rtol=0, atol=1e-5)


def test_reordered_weights_never_bear_the_name_of_a_parameter() -> None:
    layer = Gru(units=UNITS, layers=2, bidirectional=True)
    weights = random_weights(layer, floats(N, T, CHANNELS))
    proto = onnx.ModelProto.FromString(build([(layer, weights)], {"x": floats(N, T, CHANNELS)}))
    names = {tensor.name for tensor in proto.graph.initializer}
    assert not names & {f"gru0.{name}" for name in weights}
    derived = {name for name in names if name.startswith("gru0.")}
    kinds = ("weight_ih", "weight_hh", "bias_ih")
    assert derived == {f"gru0.{kind}_l{number}:onnx" for kind in kinds for number in (0, 1)}
    assert [node.op_type for node in proto.graph.node].count("GRU") == 2


def gates(array: np.ndarray, order: str, names: str) -> np.ndarray:
    """The rows of a parameter that has the gates of ``order``, by their names."""
    return np.concatenate([array[order.index(name) * UNITS : (order.index(name) + 1) * UNITS] for name in names])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(
    ("kind", "pytorch", "onnx_order", "arguments"),
    [
        ("rnn", "h", "h", {}),
        ("rnn", "h", "h", {"recurrent_bias": True}),
        ("lstm", "ifgo", "iofg", {}),
        ("lstm", "ifgo", "iofg", {"recurrent_bias": True}),
        ("gru", "rzn", "zrn", {}),
        ("gru", "rzn", "zrn", {"reset_after": False}),
    ],
)
def test_weights_are_stored_by_direction_with_gates_as_onnx_orders_them(
    kind: str, pytorch: str, onnx_order: str, arguments: dict[str, object], bidirectional: bool
) -> None:
    layer = CLASSES[kind](units=UNITS, layers=2, bidirectional=bidirectional, **arguments)
    x = floats(N, T, CHANNELS)
    assert {"".join(spec.gates) for spec in layer.weights(operand_types(layer, {"x": x}))} == {pytorch}
    weights = random_weights(layer, x)
    proto = onnx.ModelProto.FromString(build([(layer, weights)], {"x": x}))
    found = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    for number in (0, 1):
        ends = [f"l{number}", f"l{number}_reverse"][: 1 + bidirectional]
        for name in ("weight_ih", "weight_hh"):
            wanted = [gates(weights[f"{name}_{end}"], pytorch, onnx_order) for end in ends]
            np.testing.assert_array_equal(found[f"{kind}0.{name}_l{number}:onnx"], np.stack(wanted))
        biases = []
        for end in ends:
            of_input = gates(weights[f"bias_ih_{end}"], pytorch, onnx_order)
            of_state = weights.get(f"bias_hh_{end}", np.zeros_like(of_input))
            biases.append(np.concatenate([of_input, gates(of_state, pytorch, onnx_order)]))
        np.testing.assert_array_equal(found[f"{kind}0.bias_ih_l{number}:onnx"], np.stack(biases))


def test_layers_with_the_same_weights_store_them_once() -> None:
    text = (
        'model m { input x: float32[N, T, 4] output y = x -> r: lstm(4, bidirectional=true, merge="sum") -> reuse(r) }'
    )
    proto = onnx.ModelProto.FromString(compile_source(text).to_bytes(optimize=False))
    stored = [tensor.name for tensor in proto.graph.initializer if tensor.name.startswith("r.")]
    assert stored == ["r.weight_ih_l0:onnx", "r.weight_hh_l0:onnx", "r.bias_ih_l0:onnx"]
    assert [node.op_type for node in proto.graph.node].count("LSTM") == 2


@pytest.mark.parametrize("case", [case for case in CASES if case.kind in CLASSES], ids=str)
def test_operators_compute_what_the_layer_does(case: Case) -> None:
    """By their own references, written independently of the layers'; and onnxruntime as they do."""
    graph = compiled(case).graph
    operators, values = complete(graph, verify=True), WeightValues(0, he_normal_source(graph))
    model = AllValues(to_bytes(operators, values, metadata=ModelMetadata()))
    for sizes in case.sample.sizes:
        feeds = random_feeds(graph, sizes)
        wanted = named_results(graph, evaluate_graph(graph, feeds, values))
        found = named_results(operators, evaluate_graph(operators, feeds, values))
        assert computed_names(graph) <= found.keys()
        assert mismatches(found, wanted, 1e-12) == {}
        assert mismatches(model.run(feeds), found, 1e-5) == {}


def test_dropout_is_the_identity_when_running() -> None:
    inputs = {"x": floats(N, T, CHANNELS)}
    plain, dropping = Lstm(units=UNITS, layers=2), Lstm(units=UNITS, layers=2, dropout=0.9)
    weights = random_weights(plain, inputs["x"])
    one, other = (run_in_order(build([(layer, weights)], inputs), {"x": sequences()}) for layer in (plain, dropping))
    np.testing.assert_array_equal(one[0], other[0])
