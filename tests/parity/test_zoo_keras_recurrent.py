"""Recurrent networks of the zoo are those of Keras: as many weights, and the same numbers from its files.

Keras's LSTM has one bias vector, as the zoo's. Stacked layers, and the states of each, are written one by one there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn import Compiled, Session, compile_file

from tests.helpers.paths import ZOO

pytest.importorskip("torch", reason="needs the extra [parity]")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs the extra [parity]")
pytest.importorskip("h5py", reason="needs the extra [keras]")
from tests.parity.settling import one_thread  # noqa: E402

layers, ops = keras.layers, keras.ops

#: What Keras says of itself where it converts tensors of PyTorch for numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

TOLERANCE = 1e-5
Feed = dict[str, np.ndarray]


# The networks --------------------------------------------------------------------------------------------------------


def words(name: str = "words") -> Any:
    return keras.Input((None,), dtype="int64", name=name)


def lengths() -> Any:
    return keras.Input((), dtype="int64", name="lengths")


def state(name: str, units: int) -> Any:
    return keras.Input((units,), name=name)


def valid(sequence: Any, counts: Any) -> Any:
    """The mask of the steps that count."""
    return ops.cumsum(ops.ones_like(sequence), axis=1) <= ops.expand_dims(counts, 1)


def stacked(layer: Any, x: Any, initial: list[Any], name: str, mask: Any = None) -> tuple[Any, list[Any]]:
    """Two layers, each from its states on: the outputs of the second, and the final states of both."""
    final = []
    for suffix, first in zip(("", "_1"), initial, strict=True):
        made = layer(name=f"{name}{suffix}", return_sequences=True, return_state=True)
        x, *last = made(x, initial_state=first, mask=mask)
        final += last
    return x, final


def char_lstm() -> Any:
    letters = words("letters")
    states = [state(f"initial_{kind}{layer}", 128) for layer in range(2) for kind in "hc"]
    x = ops.one_hot(letters, 65)
    y, final = stacked(lambda **options: layers.LSTM(128, **options), x, [states[:2], states[2:]], "lstm")
    return keras.Model([letters, *states], [layers.Dense(65, name="fc")(y), *final])


def sentiment_bilstm() -> Any:
    text, counts = words(), lengths()
    mask = valid(text, counts)
    x = layers.Embedding(20_000, 128, name="embedding")(text)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True), name="lstm")(x, mask=mask)
    x = layers.Bidirectional(layers.LSTM(64), name="lstm_1")(x, mask=mask)
    return keras.Model([text, counts], layers.Dense(1, activation="sigmoid", name="fc")(x))


def gru_tagger() -> Any:
    """Without names, as most are written."""
    text, counts = words(), lengths()
    x = layers.Embedding(5_000, 64)(text)
    x = layers.Bidirectional(layers.GRU(64, return_sequences=True))(x, mask=valid(text, counts))
    return keras.Model([text, counts], layers.Dense(17, activation="softmax")(x))


def seq2seq() -> Any:
    def gru(**options: Any) -> Any:
        return layers.GRU(512, **options)

    def encoder() -> Any:
        text, counts = words(), lengths()
        x = layers.Embedding(10_000, 512, name="embedding")(text)
        _, final = stacked(gru, x, [None, None], "gru", mask=valid(text, counts))
        return keras.Model([text, counts], final, name="encoder")

    def decoder() -> Any:
        text, states = words(), [state("h0", 512), state("h1", 512)]
        y, final = stacked(gru, layers.Embedding(8_000, 512, name="embedding")(text), states, "gru")
        return keras.Model([text, *states], [y, *final], name="decoder")

    source, counts, target = words("source"), lengths(), words("target")
    y, *final = decoder()([target, *encoder()([source, counts])])
    return keras.Model([source, counts, target], [layers.Dense(8_000, name="fc")(y), *final])


def sketch_decoder() -> Any:
    z, strokes = keras.Input((128,), name="z"), keras.Input((9, 5), name="strokes")
    h, c = ops.split(layers.Dense(2 * 512, activation="tanh", name="init")(z), 2, axis=1)
    x = layers.Concatenate()([strokes, layers.RepeatVector(9)(z)])
    y = layers.LSTM(512, return_sequences=True, name="lstm")(x, initial_state=[h, c])
    parts = ops.split(layers.Dense(123, name="fc")(y), [20, 40, 60, 80, 100, 120], axis=2)
    weight, mean_x, mean_y, deviation_x, deviation_y, correlation, pen = parts
    means, deviations = ops.stack([mean_x, mean_y], axis=3), ops.exp(ops.stack([deviation_x, deviation_y], axis=3))
    outputs = [ops.softmax(weight), means, deviations, ops.tanh(correlation), ops.softmax(pen)]
    return keras.Model([z, strokes], outputs)


@dataclass(frozen=True)
class Network:
    """How Keras makes a network of the zoo, and how inputs and outputs of both are brought together.

    Attributes:
        made: the model.
        feed: inputs of the zoo's, by name.
        theirs: the inputs of Keras's in its order, if they are others.
        ours: the zoo's outputs in the order of Keras's, if they are others.
    """

    made: Callable[[], Any]
    feed: Callable[[np.random.Generator], Feed]
    theirs: Callable[[Feed], list[np.ndarray]] = lambda feed: list(feed.values())
    ours: Callable[[list[np.ndarray]], list[np.ndarray]] = lambda outputs: outputs


def normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


def sentences(vocabulary: int) -> Callable[[np.random.Generator], Feed]:
    counts = np.array([8, 3, 1])
    return lambda random: {"words": random.integers(vocabulary, size=(3, 8)), "lengths": counts}


NETWORKS: Mapping[str, Network] = {
    "char_lstm": Network(
        char_lstm,
        lambda random: {
            "letters": random.integers(65, size=(3, 7)),
            **{name: normal(random, 2, 3, 128) for name in ("initial_h", "initial_c")},
        },
        lambda feed: [feed["letters"], *(feed[f"initial_{kind}"][layer] for layer in range(2) for kind in "hc")],
        lambda outputs: [outputs[0], *(outputs[kind][layer] for layer in range(2) for kind in (1, 2))],
    ),
    "sentiment_bilstm": Network(sentiment_bilstm, sentences(20_000)),
    "gru_tagger": Network(gru_tagger, sentences(5_000)),
    "seq2seq": Network(
        seq2seq,
        lambda random: {
            "source": random.integers(10_000, size=(3, 6)),
            "lengths": np.array([4, 6, 1]),
            "target": random.integers(8_000, size=(3, 5)),
        },
        ours=lambda outputs: [outputs[0], *outputs[1]],
    ),
    "sketch_decoder": Network(
        sketch_decoder, lambda random: {"z": normal(random, 3, 128), "strokes": normal(random, 3, 9, 5)}
    ),
}


@cache
def keras_model(name: str) -> Any:
    """The model, with weights as after some training: Keras begins with biases of zeros."""
    random = np.random.default_rng(4)
    model = NETWORKS[name].made()
    for variable in model.weights:
        matrix = len(variable.shape) > 1 and "bias" not in variable.path
        deviation = 1 if "embedding" in variable.path else variable.shape[0] ** -0.5 if matrix else 0.5
        variable.assign((deviation * random.normal(size=variable.shape)).astype(np.float32))
    return model


@cache
def compiled(name: str) -> Compiled:
    return compile_file(ZOO / f"{name}.nn")


# The tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_are_those_of_keras(name: str) -> None:
    count = compiled(name).summary().count
    assert (count.params, count.trainable) == (keras_model(name).count_params(), count.params)


@pytest.mark.parametrize("how", ["model", ".keras", ".weights.h5"])
@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_those_of_keras(name: str, how: str, tmp_path: Path) -> None:
    network, model = NETWORKS[name], keras_model(name)
    weights = model if how == "model" else tmp_path / f"net{how}"
    if how == ".keras":
        model.save(weights)
    elif how == ".weights.h5":
        model.save_weights(weights)
    feed = network.feed(np.random.default_rng(5))
    with one_thread():
        results = model([ops.convert_to_tensor(array) for array in network.theirs(feed)], training=False)
    expected = [ops.convert_to_numpy(one) for one in (results if isinstance(results, list) else [results])]
    session = Session(compiled(name), weights=weights, provider="cpu", threads=1)
    found = network.ours(list(session.run(feed).values()))
    assert [array.shape for array in found] == [array.shape for array in expected]
    for ours, theirs in zip(found, expected, strict=True):
        if name == "gru_tagger":
            # Behind the end of a sentence Keras repeats the last output, and here there are zeros.
            count = np.arange(ours.shape[1])[None] < feed["lengths"][:, None]
            ours, theirs = ours[count], theirs[count]
        scale = np.abs(theirs).max()
        assert np.ptp(theirs, axis=0).max() > 0.01 * scale
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * scale)
