"""Layers against Keras, whose tensors are brought into PyTorch's layout by what each layer says of its weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.graph.types import DType, TensorType
from graphs import float32
from one_layer import make

pytest.importorskip("torch", reason="needs the extra [parity]")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs the extra [parity]")

#: The shapes that layers read here.
IMAGES, SEQUENCES, VECTORS = (2, 6, 9, 8), (2, 7, 5), (3, 6)

#: What is written here, what in Keras, and the shape that the layer reads here: channels first, but ``[N, T, C]``.
CASES: dict[str, tuple[dict[str, Any], Callable[[], Any], tuple[int, ...]]] = {
    "dense": ({"kind": "dense", "units": 4}, lambda: keras.layers.Dense(4), VECTORS),
    "dense along sequences": ({"kind": "dense", "units": 4}, lambda: keras.layers.Dense(4), SEQUENCES),
    "batch norm": ({"kind": "batch_norm", "eps": 1e-3}, lambda: keras.layers.BatchNormalization(), IMAGES),
    "conv1d": ({"kind": "conv1d", "filters": 4, "kernel": 3}, lambda: keras.layers.Conv1D(4, 3), (2, 6, 9)),
    "conv2d in groups": (
        {"kind": "conv2d", "filters": 4, "kernel": (3, 2), "groups": 2},
        lambda: keras.layers.Conv2D(4, (3, 2), groups=2),
        IMAGES,
    ),
    "conv2d same with a stride": (
        {"kind": "conv2d", "filters": 4, "kernel": 3, "stride": 2, "padding": "same"},
        lambda: keras.layers.Conv2D(4, 3, strides=2, padding="same"),
        IMAGES,
    ),
    "conv3d": ({"kind": "conv3d", "filters": 3, "kernel": 2}, lambda: keras.layers.Conv3D(3, 2), (2, 3, 4, 5, 6)),
    "rnn": ({"kind": "rnn", "units": 4}, lambda: keras.layers.SimpleRNN(4, return_sequences=True), SEQUENCES),
    "lstm": (
        {"kind": "lstm", "units": 4, "return_sequences": False},
        lambda: keras.layers.LSTM(4),
        SEQUENCES,
    ),
    "gru": ({"kind": "gru", "units": 4}, lambda: keras.layers.GRU(4, return_sequences=True), SEQUENCES),
    "gru that resets before": (
        {"kind": "gru", "units": 4, "reset_after": False},
        lambda: keras.layers.GRU(4, reset_after=False, return_sequences=True),
        SEQUENCES,
    ),
}


def random(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def assigned(layer: Any) -> dict[str, np.ndarray]:
    """New numbers for all tensors of a layer, by their names; positive ones, as variances must be."""
    arrays = {one.name: np.abs(random(7 + place, tuple(one.shape))) for place, one in enumerate(layer.weights)}
    for one in layer.weights:
        one.assign(arrays[one.name])
    return arrays


@pytest.mark.parametrize("name", CASES)
def test_layer_computes_what_keras_does(name: str) -> None:
    arguments, made, shape = CASES[name]
    layer = make(**arguments)
    x, is_image = random(1, shape), name.startswith(("conv", "batch"))
    theirs = made()
    given = np.moveaxis(x, 1, -1) if is_image else x
    theirs.build(given.shape)
    arrays = assigned(theirs)
    expected = theirs(given).detach().numpy()
    absent = [None] * (len(layer.operands) - 1)
    weights = {spec.name: spec.from_keras(arrays) for spec in layer.weights([float32(*shape), *absent])}
    found = layer.reference([x, *absent], weights)[0]
    found = np.moveaxis(found, 1, -1) if is_image else found
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))


def test_embedding_reads_the_table_of_keras() -> None:
    theirs = keras.layers.Embedding(9, 4)
    theirs.build((2, 3))
    ids = np.array([[0, 8, 3], [2, 2, 1]])
    layer, types = make("embedding", vocabulary=9, dim=4), [TensorType(DType.INT64, (2, 3))]
    (spec,) = layer.weights(types)
    weights = {spec.name: spec.from_keras(assigned(theirs))}
    np.testing.assert_array_equal(layer.reference([ids], weights)[0], theirs(ids).detach().numpy())
