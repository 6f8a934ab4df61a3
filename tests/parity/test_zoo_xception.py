"""Xception of the zoo gives the scores of Keras's own, from the files that Keras writes, with no table of names."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn import Compiled, Session, compile_file

from tests.helpers.paths import FACTS, ZOO

pytest.importorskip("torch", reason="needs the extra [parity]")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs the extra [parity]")
pytest.importorskip("h5py", reason="needs the extra [keras]")

#: What Keras says of itself where it converts tensors of PyTorch for numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

PUBLISHED = json.loads((FACTS / "zoo_keras.json").read_text(encoding="utf-8"))["Xception"]
#: How far scores may be off, in units of the largest one.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Pair:
    """The model of the zoo, that of Keras, and its scores and probabilities for two images."""

    ours: Compiled
    theirs: Any
    images: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray

    def error(self, weights: Path) -> float:
        """How far our scores are off, in units of the largest one."""
        found = Session(self.ours, weights=weights, provider="cpu", threads=1).run(self.images)["logits"]
        assert found.shape == self.scores.shape == (2, 1000)
        np.testing.assert_allclose(
            softmax(found), self.probabilities, rtol=0, atol=TOLERANCE * self.probabilities.max()
        )
        return float(np.abs(found - self.scores).max() / np.abs(self.scores).max())


def softmax(scores: np.ndarray) -> np.ndarray:
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    keras.utils.clear_session()
    theirs = keras.applications.Xception(weights=None)
    settle(theirs)
    images = np.random.default_rng(3).uniform(-1, 1, (2, 3, 299, 299)).astype(np.float32)
    images[1] = 0.7 + 0.3 * images[1]
    last = theirs.get_layer("predictions")
    until_last = keras.Model(theirs.input, theirs.get_layer("avg_pool").output)
    features = until_last(np.moveaxis(images, 1, -1), training=False)
    scores = before_softmax(last, features)
    for variable in last.weights:
        # So that the softmax does not give all to one class.
        variable.assign(variable / scores.std())
    scores, probabilities = before_softmax(last, features), keras.ops.convert_to_numpy(last(features))
    ours = compile_file(ZOO / "xception.nn")
    yield Pair(ours, theirs, images, scores, probabilities)
    keras.utils.clear_session()


def before_softmax(layer: Any, features: Any) -> np.ndarray:
    kernel, bias = map(keras.ops.convert_to_numpy, layer.weights)
    return keras.ops.convert_to_numpy(features) @ kernel + bias


def settle(model: Any) -> None:
    """Weights as after some training: numbers neither vanish nor explode from layer to layer, and no bias, scale, shift
    or statistic is 0 or 1."""
    generator = np.random.default_rng(3)
    for variable in model.weights:
        shape, kind = tuple(variable.shape), variable.path.rpartition("/")[2]
        if "kernel" in kind:
            read = shape[0] * shape[1] if "depthwise" in kind else int(np.prod(shape[:-1]))
            values = generator.normal(0, np.sqrt((1 if "depthwise" in kind else 2) / read), shape)
        elif kind in ("gamma", "moving_variance"):
            values = generator.uniform(0.5, 1.5, shape)
        else:
            values = generator.uniform(-0.5, 0.5, shape)
        variable.assign(values.astype(np.float32))


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_the_scores_are_those_of_keras(pair: Pair, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"xception{ending}"
    (pair.theirs.save_weights if ending == ".weights.h5" else pair.theirs.save)(path)
    assert pair.error(path) < TOLERANCE


def test_the_counts_are_those_of_keras(pair: Pair) -> None:
    count = pair.ours.summary().count
    trainable = sum(int(np.prod(one.shape)) for one in pair.theirs.trainable_weights)
    assert count.params == trainable == PUBLISHED["trainable_params"]
    assert count.params + count.statistics == pair.theirs.count_params() == PUBLISHED["total_params"]
    assert pair.ours.summary().macs == PUBLISHED["macs_conv_dense"]


def test_the_images_make_a_difference(pair: Pair) -> None:
    """Scores that hardly depend on the image would agree as well."""
    for values in (pair.scores, pair.probabilities):
        assert np.abs(values[0] - values[1]).max() > 100 * TOLERANCE * np.abs(values).max()


def test_other_weights_of_a_shortcut_show(pair: Pair, tmp_path: Path) -> None:
    """Keras gives the layers of shortcuts no names, so they are found by their order."""
    shortcuts = [layer for layer in pair.theirs.layers if layer.name.startswith("batch_normalization")]
    assert len(shortcuts) == 4
    variable = shortcuts[0].gamma
    before = np.array(keras.ops.convert_to_numpy(variable))
    variable.assign(np.flip(before).copy())
    pair.theirs.save_weights(tmp_path / "other.weights.h5")
    variable.assign(before)
    found = Session(pair.ours, weights=tmp_path / "other.weights.h5", provider="cpu", threads=1).run(pair.images)
    assert np.abs(found["logits"] - pair.scores).max() > 10 * TOLERANCE * np.abs(pair.scores).max()
