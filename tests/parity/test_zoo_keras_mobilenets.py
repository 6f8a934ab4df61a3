"""The zoo's MobileNets against those of ``keras.applications``: numbers of the first, counts of the second."""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn import Session, compile_file

from tests.helpers.paths import ZOO

pytest.importorskip("torch", reason="needs the extra [parity]")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs the extra [parity]")
pytest.importorskip("h5py", reason="needs the extra [keras]")
from tests.parity.settling import error  # noqa: E402

#: What Keras says of itself where it converts tensors of PyTorch for numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

#: How far logits may be off, in units of the largest one.
TOLERANCE = 1e-4
#: What two images must at least make of that, and a mirror image.
SHOWS = 10
ARGUMENTS = ({}, {"alpha": 0.25, "size": 128})


@cache
def network(alpha: float = 1.0, size: int = 224) -> Any:
    """MobileNet with random numbers for which activations neither vanish nor explode."""
    keras.utils.set_random_seed(3)
    model = keras.applications.MobileNet((size, size, 3), alpha=alpha, weights=None, classifier_activation=None)
    random = np.random.default_rng(3)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if "variance" in variable.path:
            values = random.uniform(0.5, 1.5, shape)
        elif "gamma" in variable.path:
            values = random.uniform(1, 2, shape)
        elif len(shape) > 1:
            # Of a depthwise kernel, each channel reads 9 numbers.
            inputs = 9 if "dw" in variable.path else np.prod(shape[:-1])
            values = random.normal(0, np.sqrt(2 / inputs), shape)
        else:
            values = random.normal(0, 0.3, shape)
        variable.assign(values.astype(np.float32))
    return model


@cache
def pair(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Two images, channels first, and Keras's logits for them."""
    size = ARGUMENTS[index].get("size", 224)
    images = np.random.default_rng(4).normal(size=(2, 3, size, size)).astype(np.float32)
    logits = network(**ARGUMENTS[index])(np.moveaxis(images, 1, -1), training=False)
    return images, keras.ops.convert_to_numpy(logits)


@pytest.mark.parametrize("index", range(len(ARGUMENTS)))
@pytest.mark.parametrize("how", ["model", ".weights.h5", ".keras"])
def test_weights_of_keras_load_unchanged_and_give_its_logits(index: int, how: str, tmp_path: Path) -> None:
    model, path = network(**ARGUMENTS[index]), tmp_path / f"mobilenet{how}"
    if how != "model":
        (model.save if how == ".keras" else model.save_weights)(path)
    compiled = compile_file(ZOO / "mobilenet_v1.nn", arguments=ARGUMENTS[index])
    session = Session(compiled, weights=model if how == "model" else path, provider="cpu", threads=1)
    images, expected = pair(index)
    assert error(session.run(images)["logits"], expected) <= TOLERANCE
    assert error(session.run(images[:, :, :, ::-1].copy())["logits"], expected) > SHOWS * TOLERANCE


@pytest.mark.parametrize("index", range(len(ARGUMENTS)))
def test_images_make_a_difference(index: int) -> None:
    _, logits = pair(index)
    assert np.ptp(logits, axis=0).max() / np.abs(logits).max() > SHOWS * TOLERANCE


@pytest.mark.parametrize("alpha", [0.35, 1.0, 1.4])
def test_the_second_counts_as_in_keras(alpha: float) -> None:
    """Its strided convolutions pad otherwise there, as in TensorFlow; weights are as many and as large."""
    theirs = keras.applications.MobileNetV2((224, 224, 3), alpha=alpha, weights=None)
    compiled = compile_file(ZOO / "mobilenet_v2.nn", arguments={"alpha": alpha})
    count = compiled.summary().count
    assert count.params + count.statistics == theirs.count_params()
    kernels = sorted(int(np.prod(one.shape)) for one in theirs.trainable_weights)
    ours = [weight for weight in compiled.graph.weights() if "running" not in weight.name]
    assert sorted(math.prod(weight.shape) for weight in ours) == kernels
