"""AlexNet, VGG, SqueezeNet and ResNeXt of the zoo give the logits of PyTorch modules that are written from the papers.

The state_dict is handed over as PyTorch's users save it, and nothing is renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from dotnn import Compiled, Session, compile_file
from dotnn.compiler.passes.targets import Target

from tests.helpers.paths import ZOO

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="needs the extra [parity]")
from torch import nn  # noqa: E402

from tests.parity.settling import error, one_thread, settle  # noqa: E402
from tests.parity.zoo import classic  # noqa: E402

#: How far logits may be off, in units of the largest one.
TOLERANCE = 1e-4
#: Of the dense layers of AlexNet and VGG, which would else make files of hundreds of megabytes.
UNITS = 256


@dataclass(frozen=True)
class Network:
    """A module, and the arguments of the model that is the same network."""

    module: Callable[[], nn.Module]
    arguments: Mapping[str, int] = field(default_factory=dict)


NETWORKS: Mapping[str, Network] = {
    "alexnet": Network(lambda: classic.AlexNet(UNITS), {"units": UNITS}),
    "vgg11_bn": Network(lambda: classic.Vgg((1, 1, 2, 2, 2), norm=True, units=UNITS), {"units": UNITS}),
    "squeezenet1_1": Network(classic.SqueezeNet11),
    "resnext50_32x4d": Network(classic.ResNeXt50),
}


@dataclass(frozen=True)
class Pair:
    """A model of the zoo, and what its network makes of images in PyTorch."""

    name: str
    model: Compiled
    module: nn.Module
    weights: Path
    images: np.ndarray
    logits: np.ndarray

    def error(self, target: Target, weights: Path) -> float:
        """How far the logits of the model are off, in units of the largest one."""
        session = Session(self.model, weights=weights, target=target, provider="cpu", threads=1)
        found = session.run({"image": self.images})["logits"]
        assert found.shape == (len(self.images), 1000)
        return error(found, self.logits)


@pytest.fixture(scope="module", params=NETWORKS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    name: str = request.param
    network = NETWORKS[name]
    torch.manual_seed(11)
    module = network.module()
    images = np.random.default_rng(11).normal(size=(2, 3, 224, 224)).astype(np.float32)
    with one_thread(), torch.no_grad():
        settle(module, torch.from_numpy(images))
        logits = module.eval()(torch.from_numpy(images)).numpy()
    weights = tmp_path_factory.mktemp("weights") / f"{name}.safetensors"
    safetensors_torch.save_file(module.state_dict(), weights)
    return Pair(name, compile_file(ZOO / f"{name}.nn", arguments=network.arguments), module, weights, images, logits)


@pytest.mark.parametrize("target", get_args(Target))
def test_the_logits_are_those_of_pytorch(pair: Pair, target: Target) -> None:
    assert pair.error(target, pair.weights) < TOLERANCE


def test_the_state_dict_has_the_names_and_shapes_of_the_zoo(pair: Pair) -> None:
    theirs = {name: tuple(tensor.shape) for name, tensor in pair.module.state_dict().items()}
    counters = {name for name in theirs if name.endswith(".num_batches_tracked")}
    found = {weight.name: weight.shape for weight in pair.model.graph.weights()}
    assert found == {name: shape for name, shape in theirs.items() if name not in counters}


def test_the_images_make_a_difference(pair: Pair) -> None:
    """Logits that hardly depend on the image would agree as well."""
    first, second = pair.logits
    assert np.abs(first - second).max() > 100 * TOLERANCE * np.abs(pair.logits).max()


def test_a_flipped_kernel_shows(pair: Pair, tmp_path: Path) -> None:
    state = dict(pair.module.state_dict())
    kernel = next(name for name in state if state[name].ndim == 4)
    state[kernel] = state[kernel].flip(2, 3).contiguous()
    flipped = tmp_path / "flipped.safetensors"
    safetensors_torch.save_file(state, flipped)
    assert pair.error("onnx", flipped) > 10 * TOLERANCE
