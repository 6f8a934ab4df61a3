"""ConvNeXt, ViT and U-Net of the zoo give the numbers of PyTorch modules that are written from the papers.

The state_dict is handed over as PyTorch's users save it, and nothing is renamed. ``test_ten_networks.py`` does the same
with smaller ones of ViT and U-Net, and with the Siamese network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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

from tests.parity import pytorch_networks  # noqa: E402
from tests.parity.settling import error, one_thread  # noqa: E402
from tests.parity.zoo import modern  # noqa: E402

#: How far logits may be off, in units of the largest one, and what a mistake must at least make of that.
TOLERANCE, SHOWS = 1e-4, 10


@dataclass(frozen=True)
class Network:
    """A module, the size of images, and the targets that it is built for: large ones are built once."""

    module: Callable[[], nn.Module]
    image: tuple[int, int]
    targets: tuple[Target, ...] = get_args(Target)


NETWORKS: Mapping[str, Network] = {
    "convnext_tiny": Network(modern.ConvNeXt, (224, 224)),
    "vit_b_16": Network(modern.VisionTransformer, (224, 224), ("onnxruntime",)),
    "unet": Network(lambda: pytorch_networks.UNet(width=64), (48, 80), ("onnxruntime",)),
}


@dataclass(frozen=True)
class Pair:
    """A model of the zoo, and what its network makes of two images in PyTorch."""

    name: str
    model: Compiled
    state: Mapping[str, torch.Tensor]
    weights: Path
    images: np.ndarray
    logits: np.ndarray

    def error(self, target: Target, weights: Path) -> float:
        """How far the logits of the model are off, in units of the largest one."""
        session = Session(self.model, weights=weights, target=target, provider="cpu", threads=1)
        found = session.run({"image": self.images})["logits"]
        return error(found, self.logits)


@pytest.fixture(scope="module", params=NETWORKS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    name: str = request.param
    torch.manual_seed(12)
    module = NETWORKS[name].module().eval()
    images = np.random.default_rng(12).normal(size=(2, 3, *NETWORKS[name].image)).astype(np.float32)
    with one_thread(), torch.no_grad():
        settle(module)
        logits = module(torch.from_numpy(images)).numpy()
    weights = tmp_path_factory.mktemp("weights") / f"{name}.safetensors"
    safetensors_torch.save_file(module.state_dict(), weights)
    return Pair(name, compile_file(ZOO / f"{name}.nn"), module.state_dict(), weights, images, logits)


def settle(module: nn.Module) -> None:
    """Weights with which every part counts: first ones are often so small, or zeros, or ones, that some would not."""
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            nn.init.uniform_(parameter, -0.5, 0.5)
        elif parameter.ndim == 1 or name.endswith("layer_scale"):
            nn.init.uniform_(parameter, 0.5, 1.5)
        elif name.endswith("weight"):
            nn.init.kaiming_normal_(parameter)


def test_the_logits_are_those_of_pytorch(pair: Pair) -> None:
    for target in NETWORKS[pair.name].targets:
        assert pair.error(target, pair.weights) < TOLERANCE


def test_the_state_dict_has_the_names_and_shapes_of_the_zoo(pair: Pair) -> None:
    theirs = {name: tuple(tensor.shape) for name, tensor in pair.state.items()}
    assert {weight.name: weight.shape for weight in pair.model.graph.weights()} == theirs


def test_the_images_make_a_difference(pair: Pair) -> None:
    """Logits that hardly depend on the image would agree as well."""
    first, second = pair.logits
    assert np.abs(first - second).max() > 100 * TOLERANCE * np.abs(pair.logits).max()


def test_a_flipped_kernel_shows(pair: Pair, tmp_path: Path) -> None:
    state = dict(pair.state)
    kernel = next(name for name in state if state[name].ndim == 4)
    state[kernel] = state[kernel].flip(2, 3).contiguous()
    flipped = tmp_path / "flipped.safetensors"
    safetensors_torch.save_file(state, flipped)
    assert pair.error("onnxruntime", flipped) > SHOWS * TOLERANCE
