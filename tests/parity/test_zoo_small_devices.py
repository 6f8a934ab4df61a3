"""The zoo's networks for small devices give the logits of PyTorch modules that are written from the same papers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from dotnn import Session, compile_file, compile_source
from dotnn.compiler.passes.targets import Target

from tests.helpers.paths import ZOO

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="needs the extra [parity]")
from torch import nn  # noqa: E402

from tests.parity.settling import error, one_thread, settle  # noqa: E402
from tests.parity.zoo import small_devices  # noqa: E402

#: How far logits may be off, in units of the largest one.
TOLERANCE = 1e-4
#: What a mistake must at least make of that.
SHOWS = 10
#: What two images must at least make, in the same units.
DIFFER = 0.1
SIZE = 224


@dataclass(frozen=True)
class Network:
    """A module, and a piece of the text with a mistake for it that no shape and no name of a weight gives away."""

    module: Callable[[], nn.Module]
    wrong: tuple[str, str]


NETWORKS = {
    "mobilenet_v2": Network(small_devices.mobilenet_v2, ('activation="relu6"', 'activation="relu"')),
    "mobilenet_v3_large": Network(
        lambda: small_devices.mobilenet_v3(small_devices.V3_LARGE, 1280), ('gate="hard_sigmoid"', 'gate="sigmoid"')
    ),
    "mobilenet_v3_small": Network(
        lambda: small_devices.mobilenet_v3(small_devices.V3_SMALL, 1024), ('inner="relu"', 'inner="none"')
    ),
    "efficientnet_b0": Network(small_devices.efficientnet_b0, ("kernel=kernel", 'kernel=kernel, inner="relu"')),
    "mnasnet1_0": Network(small_devices.mnasnet, ("4: batch_norm -> relu", "4: batch_norm -> relu6")),
    "shufflenet_v2_x1_0": Network(small_devices.ShuffleNetV2, ("max_pool2d", "avg_pool2d")),
}


@dataclass(frozen=True)
class Expected:
    """A module with weights as after some training, two images, and what it makes of them in float64."""

    module: nn.Module
    images: np.ndarray
    logits: np.ndarray


def patches(random: np.random.Generator) -> np.ndarray:
    """Two images of few colours and some noise: of noise alone, the means over all positions hardly differ."""
    colours = random.normal(size=(2, 3, 4, 4)).repeat(SIZE // 4, axis=2).repeat(SIZE // 4, axis=3)
    return (colours + 0.5 * random.normal(size=colours.shape)).astype(np.float32)


@cache
def expected(name: str) -> Expected:
    torch.manual_seed(9)
    module = NETWORKS[name].module()
    images = patches(np.random.default_rng(9))
    with one_thread(), torch.no_grad():
        settle(module, torch.from_numpy(images), rounds=4)
        logits = copy.deepcopy(module).eval().double()(torch.from_numpy(images).double()).numpy()
    return Expected(module.eval(), images, logits)


@pytest.fixture(params=NETWORKS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("target", get_args(Target))
def test_the_logits_are_those_of_pytorch(name: str, target: Target, tmp_path: Path) -> None:
    """Loaded from the file that PyTorch's users save, with no table of names."""
    pair = expected(name)
    weights = tmp_path / "weights.safetensors"
    safetensors_torch.save_file(pair.module.state_dict(), weights)
    session = Session(compile_file(ZOO / f"{name}.nn"), weights=weights, target=target, provider="cpu", threads=1)
    assert error(session.run(pair.images)["logits"], pair.logits) <= TOLERANCE


def test_the_module_has_as_many_parameters(name: str) -> None:
    parameters = sum(parameter.numel() for parameter in expected(name).module.parameters())
    assert compile_file(ZOO / f"{name}.nn").summary().count.params == parameters


def test_images_make_a_difference(name: str) -> None:
    logits = expected(name).logits
    assert logits.shape == (2, 1000)
    assert np.ptp(logits, axis=0).max() / np.abs(logits).max() > DIFFER


def test_a_mistake_shows(name: str) -> None:
    pair, (right, wrong) = expected(name), NETWORKS[name].wrong
    text = (ZOO / f"{name}.nn").read_text(encoding="utf-8")
    assert right in text
    session = Session(compile_source(text.replace(right, wrong)), weights=pair.module.state_dict(), provider="cpu")
    assert error(session.run(pair.images)["logits"], pair.logits) > SHOWS * TOLERANCE
