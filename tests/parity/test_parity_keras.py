"""Layers against Keras, whose tensors are brought into PyTorch's layout by what each layer says of its weights.

The cases are the tables ``KERAS`` of ``equivalents``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dotnn.compiler.graph.types import DType, TensorType

from tests.helpers.graphs import float32
from tests.helpers.one_layer import make
from tests.parity.equivalent_tables import keras_cases

pytest.importorskip("torch", reason="needs the extra [parity]")
keras = pytest.importorskip("keras", reason="needs the extra [parity]")

CASES = keras_cases()
#: Layers that read channels behind the batch, of whatever rank, and are told in Keras which axis that is.
CHANNELS_FIRST = ("batch_norm", "instance_norm", "group_norm")


def random(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def assigned(layer: Any) -> dict[str, np.ndarray]:
    """New numbers for all tensors of a layer, by their names; positive ones, as variances must be."""
    arrays = {one.name: np.abs(random(7 + place, tuple(one.shape))) for place, one in enumerate(layer.weights)}
    for one in layer.weights:
        one.assign(arrays[one.name])
    return arrays


def is_moved(kind: str, theirs: Any, rank: int) -> bool:
    """Whether Keras has the channels last of what has them first here; sequences are `[N, T, C]` on both sides."""
    return rank > 3 or hasattr(theirs, "data_format") or kind in CHANNELS_FIRST


@pytest.mark.parametrize("name", CASES)
def test_layer_computes_what_keras_does(name: str) -> None:
    arguments, made, shape = CASES[name]
    layer, theirs, x = make(**arguments), made(), random(1, shape)
    moved = is_moved(layer.kind, theirs, len(shape))
    given = np.moveaxis(x, 1, -1) if moved else x
    theirs.build(given.shape)
    arrays = assigned(theirs)
    expected = theirs(given).detach().numpy()
    absent = [None] * (len(layer.operands) - 1)
    weights = {spec.name: spec.from_keras(arrays) for spec in layer.weights([float32(*shape), *absent])}
    assert sum(array.size for array in weights.values()) == sum(array.size for array in arrays.values())
    found = layer.reference([x, *absent], weights)[0]
    found = np.moveaxis(found, 1, -1) if moved else found
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))


def test_embedding_reads_the_table_of_keras() -> None:
    theirs = keras.layers.Embedding(9, 4)
    theirs.build((2, 3))
    ids = np.array([[0, 8, 3], [2, 2, 1]])
    layer, types = make("embedding", vocabulary=9, dim=4), [TensorType(DType.INT64, (2, 3))]
    (spec,) = layer.weights(types)
    weights = {spec.name: spec.from_keras(assigned(theirs))}
    np.testing.assert_array_equal(layer.reference([ids], weights)[0], theirs(ids).detach().numpy())
