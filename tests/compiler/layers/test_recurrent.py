"""Recurrent layers: shapes, weights, costs and the formulas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import numpy as np
import pytest
from dotnn.compiler.diagnostics import CATALOGUE, DotnnError
from dotnn.compiler.dims import symbol
from dotnn.compiler.graph.tensors import numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.initializers import HeNormal, Ones, Uniform
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.attributes import AttributeFault
from dotnn.compiler.layers.base import Layer
from dotnn.compiler.layers.recurrent import Gru, Lstm, Recurrent, Rnn

from tests.helpers.graphs import run
from tests.helpers.one_layer import N, T, floats, ints
from tests.helpers.paths import FACTS
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

L, M = symbol("L"), symbol("M")


def parameters(layer: Layer, x: TensorType) -> int:
    return sum(spec.elements for spec in layer.weights(operand_types(layer, {"x": x})))


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
    family = {code for code in CATALOGUE if "E470" <= code <= "E474"}
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
