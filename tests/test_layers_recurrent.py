"""Recurrent layers: shapes, weights, costs, the formulas, and the lowering as onnxruntime runs it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import onnx.reference
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import CATALOGUE, DotnnError
from dotnn.compiler.evaluate import evaluate as evaluate_graph
from dotnn.compiler.evaluate import named_results
from dotnn.compiler.export.check import verify_model
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.model import to_bytes
from dotnn.compiler.graph.dims import evaluate, symbol
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.tensors import Literal, Weight, numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.attributes import AttributeFault
from dotnn.compiler.layers.base import Layer, Site
from dotnn.compiler.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from dotnn.compiler.passes.pipeline import complete
from dotnn.compiler.weights.initializers import HeNormal, Ones, Uniform
from dotnn.compiler.weights.values import WeightValues
from graphs import add_input, add_layer, run
from harness import AllValues, computed_names, he_normal_source, mismatches, random_feeds
from one_layer import N, T, floats, ints
from samples import CASES, Case, compiled

FACTS = Path(__file__).parent / "facts"
L, M = symbol("L"), symbol("M")
CHANNELS, UNITS = 3, 4
CLASSES: dict[str, type[Recurrent]] = {"rnn": Rnn, "lstm": Lstm, "gru": Gru}


def operand_types(layer: Layer, given: Mapping[str, TensorType]) -> list[TensorType | None]:
    assert {operand.name for operand in layer.operands} >= set(given)
    return [given.get(operand.name) for operand in layer.operands]


def infer(layer: Layer, **given: TensorType) -> tuple[TensorType, ...]:
    return layer.infer(operand_types(layer, given), Site.nowhere(layer.kind))


def parameters(layer: Layer, x: TensorType) -> int:
    return sum(spec.elements for spec in layer.weights(operand_types(layer, {"x": x})))


def random_weights(layer: Layer, x: TensorType, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights large enough that a wrong gate, bias or direction shows."""
    generator = np.random.default_rng(seed)
    specs = layer.weights(operand_types(layer, {"x": x}))
    return {spec.name: generator.normal(0, 0.6, spec.shape).astype(np.float32) for spec in specs}


def build(layers: Sequence[tuple[Layer, Mapping[str, np.ndarray]]], inputs: Mapping[str, TensorType]) -> bytes:
    """A model of layers in a row; the first one reads all inputs, the last one gives all outputs."""
    graph = Graph("net")
    values = {name: add_input(graph, name, found) for name, found in inputs.items()}
    operands = [values.get(operand.name) for operand in layers[0][0].operands]
    for number, (layer, arrays) in enumerate(layers):
        name = f"{layer.kind}{number}"
        types = [None if operand is None else graph.type_of(operand) for operand in operands]
        weights = {
            spec.name: Weight(
                f"{name}.{spec.name}",
                spec.shape,
                DType.FLOAT32,
                Literal(spec.shape, tuple(arrays[spec.name].ravel().tolist())),
                spec.fan,
            )
            for spec in layer.weights(types)
        }
        operands = [add_layer(graph, name, layer, *operands, weights=weights)]
    for index, name in enumerate(layers[-1][0].result_names):
        graph.outputs[name] = dataclasses.replace(operands[0], index=index)
    return to_bytes(complete(graph, verify=True), WeightValues(), metadata=ModelMetadata())


def run_in_order(model: bytes, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return list(run(model, feeds).values())


# --- shapes ---


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    ("arguments", "features", "states"),
    [
        ({}, 4, 1),
        ({"layers": 3}, 4, 3),
        ({"bidirectional": True}, 8, 2),
        ({"bidirectional": True, "layers": 2}, 8, 4),
        ({"bidirectional": True, "layers": 2, "merge": "sum"}, 4, 4),
    ],
)
def test_shapes_are_symbolic(kind: str, arguments: dict[str, object], features: int, states: int) -> None:
    results = 1 if kind != "lstm" else 2
    sequence = infer(CLASSES[kind](units=4, **arguments), x=floats(N, T + 1, 3))
    assert sequence == (floats(N, T + 1, features), *[floats(states, N, 4)] * results)
    final = infer(CLASSES[kind](units=4, return_sequences=False, **arguments), x=floats(N, T + 1, 3))
    assert final == (floats(N, features), *[floats(states, N, 4)] * results)


def test_states_and_lengths_are_accepted_in_their_types() -> None:
    state = floats(2, N, 4)
    given = {"x": floats(N, T, 3), "initial_h": state, "initial_c": state}
    for dtype in (DType.INT32, DType.INT64):
        y, h, c = infer(Lstm(units=4, bidirectional=True), **given, lengths=ints(N, dtype=dtype))
        assert (y, h, c) == (floats(N, T, 8), state, state)


def test_signatures_are_in_the_order_of_the_language() -> None:
    shared = ["layers", "bidirectional", "merge", "return_sequences", "bias"]
    tail = ["dropout", "init", "bias_init"]
    names = {kind: [one.name for one in LAYERS[kind].attributes()] for kind in CLASSES}
    assert names["rnn"] == ["units", "activation", *shared, "recurrent_bias", *tail]
    assert names["lstm"] == ["units", *shared, "recurrent_bias", *tail]
    assert names["gru"] == ["units", *shared, "reset_after", *tail]
    assert [one.name for one in Lstm.operands] == ["x", "initial_h", "initial_c", "lengths"]
    assert [one.name for one in Gru.operands] == ["x", "initial_h", "lengths"]


# --- errors ---

X = floats(N, T, 3)
DOUBLE = TensorType(DType.FLOAT64, (1, N, 4))
GRU, LSTM, RNN = Gru(units=4), Lstm(units=4), Rnn(units=4)
DEEP, MERGED, TORN = Lstm(units=4, layers=2), Lstm(units=4, merge="sum"), Rnn(units=4, bias=False, recurrent_bias=True)
FAULTS = [
    (LSTM, {"x": floats(N, 3)}, "E401", ["[N, T, C]", "float32[N, 3]", "unsqueeze(axis=1)"]),
    (LSTM, {"x": ints(N, T)}, "E401", ["[N, T, C]", "int64[N, T]", "embedding"]),
    (GRU, {"x": floats(N, 3, 8, 8)}, "E401", ["float32[N, 3, 8, 8]", "transpose([0, 2, 1])"]),
    (GRU, {"x": ints(N, T, 3)}, "E402", ["float32", "int64[N, T, 3]"]),
    (RNN, {"x": X, "lengths": floats(N)}, "E402", ["int64", "float32[N]"]),
    (RNN, {"x": floats(N, T, L)}, "E403", ["`rnn`", "channels", "`L`"]),
    (DEEP, {"x": X, "initial_c": floats(1, N, 4)}, "E470", ["`initial_c`", "32[2, N, 4]", "32[1, N, 4]", "layer 0"]),
    (GRU, {"x": X, "initial_h": floats(N, 4)}, "E470", ["float32[1, N, 4]", "float32[N, 4]"]),
    (GRU, {"x": X, "initial_h": floats(1, M, 4)}, "E470", ["float32[1, N, 4]", "float32[1, M, 4]"]),
    (GRU, {"x": X, "initial_h": DOUBLE}, "E470", ["float32[1, N, 4]", "float64[1, N, 4]"]),
    (RNN, {"x": X, "lengths": ints(N, T)}, "E471", ["int64[N]", "int64[N, T]", "float32[N, T, 3]"]),
    (RNN, {"x": X, "lengths": ints(M)}, "E471", ["int64[N]", "int64[M]"]),
    (LSTM, {"x": floats(N, 64, L)}, "E472", ["[N, T, C]", "float32[N, 64, L]", "transpose([0, 2, 1])"]),
    (MERGED, {"x": X}, "E473", ['merge="sum"', "bidirectional=true"]),
    (TORN, {"x": X}, "E474", ["bias=false", "`rnn`"]),
]


@pytest.mark.parametrize(("layer", "given", "code", "parts"), FAULTS)
def test_faults_are_told(layer: Layer, given: dict[str, TensorType], code: str, parts: list[str]) -> None:
    with pytest.raises(DotnnError) as caught:
        infer(layer, **given)
    (diagnostic,) = caught.value.diagnostics
    text = " ".join([diagnostic.headline(), diagnostic.caret(), diagnostic.advice()])
    assert diagnostic.code == code
    assert diagnostic.headline()
    assert diagnostic.advice()
    for part in parts:
        assert part in text


def test_every_code_of_the_family_is_raised_here() -> None:
    family = {code for code in CATALOGUE if "E470" <= code <= "E489"}
    assert family == {code for _, _, code, _ in FAULTS if code >= "E470"}


def test_more_layers_than_anybody_stacks_are_refused() -> None:
    (kind,) = (one.metadata["kind"] for one in Lstm.attributes() if one.name == "layers")
    with pytest.raises(AttributeFault, match="an int from 1 to 1000"):
        kind.convert(10**9, Lstm)


# --- weights and costs ---


def facts_table() -> dict[str, list[list[int]]]:
    """Counts in each cell of the table of recurrent.md, by its first column."""
    text = (FACTS / "recurrent.md").read_text(encoding="utf-8")
    table = text.split("## Parameter counts")[1].split("\n\n")[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    number = re.compile(r"\d{1,3}(?:,\d{3})+")
    return {row[0]: [[int(n.replace(",", "")) for n in number.findall(cell)] for cell in row[1:]] for row in rows}


TEN = floats(N, 12, 10)
BOTH = {"rnn": {"recurrent_bias": True}, "lstm": {"recurrent_bias": True}, "gru": {}}


def test_counts_of_one_layer_are_those_of_keras_and_pytorch() -> None:
    table = facts_table()
    rows = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU reset_after=True (Keras default)"}
    for kind, row in rows.items():
        keras, pytorch, _, without = (cell[0] for cell in table[row])
        layer = CLASSES[kind]
        assert parameters(layer(units=32), TEN) == keras
        assert parameters(layer(units=32, **BOTH[kind]), TEN) == pytorch
        assert parameters(layer(units=32, bias=False), TEN) == without
    assert parameters(Gru(units=32, reset_after=False), TEN) == table["GRU reset_after=False"][0][0]
    assert parameters(Gru(units=32, reset_after=False, bias=False), TEN) == table["GRU reset_after=False"][3][0]


def test_counts_of_stacks_are_those_of_keras_and_pytorch() -> None:
    table = facts_table()
    for kind, index in (("rnn", 0), ("lstm", 1), ("gru", 2)):
        layer, both = CLASSES[kind], BOTH[kind]
        assert parameters(layer(units=32, layers=2, **both), TEN) == table["2 layers"][1][index]
        one_both_ways = table["1 layer bidirectional"]
        assert parameters(layer(units=32, bidirectional=True), TEN) == one_both_ways[0][index]
        assert parameters(layer(units=32, bidirectional=True, **both), TEN) == one_both_ways[1][index]
        (row,) = (cells for name, cells in table.items() if name.startswith("2 layers bidirectional"))
        assert parameters(layer(units=32, layers=2, bidirectional=True, **both), TEN) == row[1][index]
    gru = Gru(units=32, bidirectional=True, reset_after=False)
    assert parameters(gru, TEN) == table["1 layer bidirectional"][0][3]


def keras_cases() -> list[dict]:
    cases = json.loads((FACTS / "layers_keras.json").read_text(encoding="utf-8"))
    found = [case for case in cases if re.search(r"SimpleRNN|\bLSTM|GRU", case["desc"])]
    assert len(found) == 16
    return found


def layer_of(case: dict) -> Recurrent:
    words = case["desc"]
    kind = {"SimpleRNN": "rnn", "LSTM": "lstm", "GRU": "gru"}[re.search("SimpleRNN|LSTM|GRU", words)[0]]
    arguments = {"reset_after": False} if "reset_after=False" in words else {}
    return CLASSES[kind](
        units=32,
        bias="nobias" not in words,
        bidirectional="Bidirectional" in words,
        merge="sum" if "sum" in words else "concat",
        return_sequences="seq" in words,
        **arguments,
    )


@pytest.mark.parametrize("case", keras_cases(), ids=lambda case: case["desc"])
def test_keras_agrees_on_shapes_and_weights(case: dict) -> None:
    layer = layer_of(case)
    x = floats(N, *case["input_shape"][1:])
    assert infer(layer, x=x)[0].shape[1:] == tuple(case["output_shape"][1:])
    assert parameters(layer, x) == case["params"]
    kernels = [tuple(shape[::-1]) for name, shape in case["weights"] if "kernel" in name]
    specs = layer.weights(operand_types(layer, {"x": x}))
    assert [spec.shape for spec in specs if spec.name.startswith("weight")] == kernels


@pytest.mark.parametrize(
    ("layer", "params", "macs"),
    [
        (Lstm(units=32), "4*32*(10+32+1)", "4*32*(10+32)*12"),
        (Lstm(units=32, recurrent_bias=True), "4*32*(10+32+2)", "4*32*(10+32)*12"),
        (Rnn(units=32, bias=False), "32*(10+32)", "32*(10+32)*12"),
        (Gru(units=32, bidirectional=True), "2*3*32*(10+32+2)", "2*3*32*(10+32)*12"),
        (
            Gru(units=32, bidirectional=True, layers=2, reset_after=False),
            "2*3*32*(10+32+1) + 2*3*32*(64+32+1)",
            "(2*3*32*(10+32) + 2*3*32*(64+32))*12",
        ),
    ],
)
def test_costs_are_explained(layer: Recurrent, params: str, macs: str) -> None:
    x = floats(1, 12, 10)
    results = infer(layer, x=x)
    operands = operand_types(layer, {"x": x})
    assert layer.explain_params(operands) == params
    assert layer.explain_macs(operands, results) == macs
    assert eval(params) == parameters(layer, x)
    assert eval(macs) == layer.macs(operands, results)


def test_macs_are_an_expression_in_the_dimensions() -> None:
    layer = Lstm(units=32)
    operands, results = [floats(N, T + 1, 10), None, None, None], infer(layer, x=floats(N, T + 1, 10))
    assert layer.macs(operands, results) == N * (T + 1) * (4 * 32 * 42)
    assert layer.explain_macs(operands, results) == "4*32*(10+32)*(T + 1)"


def test_names_are_those_of_pytorch() -> None:
    layer = Lstm(units=4, layers=2, bidirectional=True, recurrent_bias=True)
    shapes = {spec.name: spec.shape for spec in layer.weights(operand_types(layer, {"x": floats(N, T, 3)}))}
    assert list(shapes)[:5] == [
        "weight_ih_l0",
        "weight_hh_l0",
        "bias_ih_l0",
        "bias_hh_l0",
        "weight_ih_l0_reverse",
    ]
    assert list(shapes)[-1] == "bias_hh_l1_reverse"
    assert shapes["weight_ih_l0"] == (16, 3)
    assert shapes["weight_ih_l1"] == (16, 8)
    assert shapes["weight_hh_l1_reverse"] == (16, 4)
    names = [spec.name for spec in Rnn(units=4).weights([floats(N, T, 3), None, None])]
    assert names == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"]


def test_literals_are_taken_by_the_names_of_parameters() -> None:
    for name in ("weight_ih_l0", "weight_hh_l12", "bias_ih_l1_reverse", "bias_hh_l0"):
        assert Gru.takes_literal(name)
    for name in (
        "weight",
        "weight_ih",
        "weight_ih_l",
        "weight_ih_l01",
        "bias_oh_l0",
        "bias_ih_l0_reversed",
        "units",
    ):
        assert not Gru.takes_literal(name)


def test_weights_start_as_in_pytorch_unless_written() -> None:
    x = [floats(N, T, 3), None, None]
    assert {spec.initializer for spec in Rnn(units=16).weights(x)} == {Uniform(low=-0.25, high=0.25)}
    weight, recurrent, bias = Rnn(units=16, init=HeNormal(), bias_init=Ones()).weights(x)
    assert (weight.initializer, recurrent.initializer, bias.initializer) == (HeNormal(), HeNormal(), Ones())
    assert (weight.fan.inputs, weight.fan.outputs) == (3, 16)


# --- the formulas ---


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lecture_lstm(x: np.ndarray, w: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``f, i, o = sigmoid(W[h, x] + b)``; ``C = f*C + i*tanh(W_C[h, x] + b_C)``; ``h = o*tanh(C)``."""
    blocks = {
        gate: (np.hstack([w["weight_hh_l0"][rows], w["weight_ih_l0"][rows]]), w["bias_ih_l0"][rows])
        for gate, rows in {"i": slice(0, 4), "f": slice(4, 8), "C": slice(8, 12), "o": slice(12, 16)}.items()
    }
    outputs = []
    for example in x:
        h, memory, steps = np.zeros(4), np.zeros(4), []
        for frame in example:
            total = {gate: weight @ np.concatenate([h, frame]) + bias for gate, (weight, bias) in blocks.items()}
            memory = logistic(total["f"]) * memory + logistic(total["i"]) * np.tanh(total["C"])
            h = logistic(total["o"]) * np.tanh(memory)
            steps.append(h)
        outputs.append((np.array(steps), h, memory))
    y, h, c = (np.array(part) for part in zip(*outputs, strict=True))
    return y, h[None], c[None]


def paper_gru(x: np.ndarray, w: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The reset gate acts on the state, as in the paper; ``h = z*h + (1 - z)*h~``, as in the lecture."""
    (wr, wz, wn), (ur, uz, un) = (np.split(w[name], 3) for name in ("weight_ih_l0", "weight_hh_l0"))
    br, bz, bn = np.split(w["bias_ih_l0"], 3)
    h = np.zeros((len(x), 4))
    outputs = []
    for frame in np.moveaxis(x, 1, 0):
        r = logistic(frame @ wr.T + h @ ur.T + br)
        z = logistic(frame @ wz.T + h @ uz.T + bz)
        candidate = np.tanh(frame @ wn.T + (r * h) @ un.T + bn)
        h = z * h + (1 - z) * candidate
        outputs.append(h)
    return np.stack(outputs, axis=1), h[None]


def sequences(seed: int = 1, batch: int = 3, steps: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (batch, steps, CHANNELS)).astype(np.float32)


def reference(layer: Recurrent, weights: Mapping[str, np.ndarray], **given: np.ndarray) -> tuple[np.ndarray, ...]:
    def widen(array: np.ndarray) -> np.ndarray:
        return array.astype(np.float64) if array.dtype == np.float32 else array

    operands = [widen(given[one.name]) if one.name in given else None for one in layer.operands]
    return layer.reference(operands, {name: widen(array) for name, array in weights.items()})


@pytest.mark.parametrize(
    ("layer", "oracle"), [(Lstm(units=4), lecture_lstm), (Gru(units=4, reset_after=False), paper_gru)]
)
def test_reference_is_the_formula(layer: Recurrent, oracle) -> None:
    x = sequences().astype(np.float64)
    weights = random_weights(layer, floats(3, 5, CHANNELS))
    found = reference(layer, weights, x=x)
    expected = oracle(x, {name: array.astype(np.float64) for name, array in weights.items()})
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


HELO = {
    "weight_ih_l0": [[0.3, 1, 0.1, 0.5], [-0.1, 0.3, -0.3, 0.1], [-0.1, 0.1, -0.5, -0.5]],
    "weight_hh_l0": [[0.1, 0.4, 0.8], [-0.1, 0.5, -0.2], [0.9, 0.2, 0.6]],
    "weight": [[0.3, 0.9, 0.1], [0.2, -0.6, 0.5], [-0.1, 0.1, 0.5], [-0.1, 1, -0.2]],
}


def test_the_lecture_network_predicts_ehee_for_hell() -> None:
    literals = {name: np.array(rows, np.float32) for name, rows in HELO.items()}
    layers = [
        (Rnn(units=3, bias=False), literals),
        (LAYERS["dense"](units=4, bias=False), literals),
        (LAYERS["softmax"](), {}),
    ]
    value = np.eye(4, dtype=np.float32)[["helo".index(letter) for letter in "hell"]][None]
    (found,) = run_in_order(build(layers, {"x": floats(N, T, 4)}), {"x": value})
    expected = value
    for layer, arrays in layers:
        expected = layer.reference([expected, *[None] * (len(layer.operands) - 1)], arrays)[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert "".join("helo"[index] for index in found[0].argmax(axis=-1)) == "ehee"


def test_the_backward_direction_is_aligned_and_ends_at_step_0() -> None:
    layer = Gru(units=UNITS, bidirectional=True)
    weights = random_weights(layer, floats(3, 5, CHANNELS))
    x = sequences()
    y, h = reference(layer, weights, x=x)
    np.testing.assert_array_equal(y[:, 0, UNITS:], h[1])
    assert np.abs(y[:, -1, UNITS:] - h[1]).max() > 0.1
    mirrored = {name.removesuffix("_reverse"): array for name, array in weights.items() if "reverse" in name}
    flipped, _ = reference(Gru(units=UNITS), mirrored, x=x[:, ::-1])
    np.testing.assert_allclose(y[:, :, UNITS:], flipped[:, ::-1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", CLASSES)
def test_lengths_are_the_same_as_shorter_sequences(kind: str) -> None:
    layer = CLASSES[kind](units=UNITS, layers=2, bidirectional=True)
    weights = random_weights(layer, floats(3, 5, CHANNELS))
    x = sequences()
    y, *states = reference(layer, weights, x=x, lengths=np.array([5, 2, 1]))
    for example, length in enumerate((5, 2, 1)):
        alone, *expected = reference(layer, weights, x=x[example : example + 1, :length])
        np.testing.assert_allclose(y[example, :length], alone[0], rtol=0, atol=1e-12)
        assert not y[example, length:].any()
        for state, wanted in zip(states, expected, strict=True):
            np.testing.assert_allclose(state[:, example], wanted[:, 0], rtol=0, atol=1e-12)


def test_an_example_without_steps_keeps_its_initial_states() -> None:
    layer = Lstm(units=UNITS, layers=2, return_sequences=False)
    weights = random_weights(layer, floats(3, 5, CHANNELS))
    start, cell = np.random.default_rng(5).normal(size=(2, 2, 3, UNITS))
    lengths = np.array([5, 0, 1])
    y, h, c = reference(layer, weights, x=sequences(), lengths=lengths, initial_h=start, initial_c=cell)
    np.testing.assert_array_equal(h[:, 1], start[:, 1])
    np.testing.assert_array_equal(c[:, 1], cell[:, 1])
    np.testing.assert_array_equal(y[1], start[1, 1])


@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32, DType.FLOAT64])
@pytest.mark.parametrize("kind", CLASSES)
def test_results_have_the_element_type_of_the_sequence(kind: str, dtype: DType) -> None:
    layer = CLASSES[kind](units=UNITS, bidirectional=True, merge="sum")
    wanted = np.dtype(numpy_name(dtype))
    weights = random_weights(layer, floats(3, 5, CHANNELS))
    operands = [sequences().astype(wanted), *[None] * (len(layer.operands) - 1)]
    results = layer.reference(operands, {name: array.astype(wanted) for name, array in weights.items()})
    assert [array.dtype for array in results] == [wanted] * len(results)


@pytest.mark.parametrize("lengths", [[6, 1, 1], [-1, 1, 1]])
def test_lengths_out_of_range_are_refused(lengths: list[int]) -> None:
    layer = Rnn(units=UNITS)
    weights = random_weights(layer, floats(3, 5, CHANNELS))
    with pytest.raises(ValueError, match="between 0 and the number of steps, 5"):
        reference(layer, weights, x=sequences(), lengths=np.array(lengths))
    model = build([(layer, weights)], {"x": floats(N, T, CHANNELS), "lengths": ints(N)})
    with pytest.raises(Exception, match="Invalid value/s in sequence_lens"):
        run(model, {"x": sequences(), "lengths": np.array(lengths)})


# --- the lowering ---

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


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize(
    ("arguments", "warned"),
    [("dropout=0.5", True), ("dropout=0.5, layers=2", False), ("dropout=0", False), ("layers=2", False)],
)
def test_dropout_without_stacked_layers_is_warned_of(kind: str, arguments: str, warned: bool) -> None:
    """As PyTorch does; in a block, and reused, once."""
    text = f"""block cell(x) {{ return x -> r: {kind}(4, {arguments}) }}
    model m {{ input x: float32[N, T, 4] output y = x -> c: cell -> d: cell -> reuse(c) }}"""
    warnings = compile_source(text).warnings
    assert [one.code for one in warnings] == ["W470"] * warned
    assert all(one.span is not None and text[one.span.start : one.span.end] == "0.5" for one in warnings)
