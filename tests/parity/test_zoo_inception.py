"""GoogLeNet, Inception v3 and DenseNet of the zoo give the scores of PyTorch modules that are written from the papers.

The state_dict is handed over as PyTorch's users save it, and nothing is renamed. The auxiliary classifiers' scores are
compared, too; without them, the networks give the same at the end.
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

from tests.parity.settling import one_thread, settle  # noqa: E402
from tests.parity.zoo import densenet, inception  # noqa: E402

#: How far scores may be off, in units of the largest one, and what a mistake must at least make of that.
TOLERANCE, SHOWS = 1e-4, 10

#: The modules, the size of the images, and the parts that the network of the same name without "_aux" has not.
NETWORKS: Mapping[str, tuple[Callable[[], nn.Module], int, tuple[str, ...]]] = {
    "googlenet_aux": (inception.GoogLeNet, 224, ("aux1.", "aux2.")),
    "inception_v3_aux": (inception.InceptionV3, 299, ("AuxLogits.",)),
    "densenet121": (densenet.DenseNet121, 224, ()),
}


@dataclass(frozen=True)
class Pair:
    """A model of the zoo, and what its network makes of two images in PyTorch."""

    name: str
    model: Compiled
    state: Mapping[str, torch.Tensor]
    images: np.ndarray
    scores: tuple[np.ndarray, ...]

    def errors(self, model: Compiled, weights: Path, target: Target) -> dict[str, float]:
        """By how much each output of a model is off, in units of the largest score."""
        session = Session(model, weights=weights, target=target, provider="cpu", threads=1)
        found = session.run({"image": self.images})
        return {name: far(found[name], self.expected[name]) for name in found}

    @property
    def expected(self) -> dict[str, np.ndarray]:
        return dict(zip(self.model.graph.outputs, self.scores, strict=True))


def far(found: np.ndarray, expected: np.ndarray) -> float:
    assert found.shape == expected.shape == (2, 1000)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.fixture(scope="module", params=NETWORKS)
def pair(request: pytest.FixtureRequest) -> Pair:
    name: str = request.param
    made, size, _ = NETWORKS[name]
    torch.manual_seed(13)
    module = made()
    images = np.random.default_rng(13).normal(size=(2, 3, size, size)).astype(np.float32)
    with one_thread(), torch.no_grad():
        settle(module, torch.from_numpy(images))
        scores = module.eval()(torch.from_numpy(images))
    arrays = tuple(one.numpy() for one in scores)
    return Pair(name, compile_file(ZOO / f"{name}.nn"), module.state_dict(), images, arrays)


@pytest.fixture(scope="module")
def weights(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(pair.state, tmp_path_factory.mktemp("weights"))


def saved(state: Mapping[str, torch.Tensor], folder: Path) -> Path:
    path = folder / "weights.safetensors"
    safetensors_torch.save_file(dict(state), path)
    return path


@pytest.mark.parametrize("target", get_args(Target))
def test_the_scores_are_those_of_pytorch(pair: Pair, weights: Path, target: Target) -> None:
    errors = pair.errors(pair.model, weights, target)
    assert errors.keys() == pair.expected.keys()
    assert max(errors.values()) < TOLERANCE


def test_names_shapes_and_counts_are_those_of_pytorch(pair: Pair) -> None:
    theirs = {name: tuple(tensor.shape) for name, tensor in pair.state.items() if "num_batches_tracked" not in name}
    assert {weight.name: weight.shape for weight in pair.model.graph.weights()} == theirs


def test_the_images_make_a_difference(pair: Pair) -> None:
    """Scores that hardly depend on the image would agree as well."""
    for scores in pair.scores:
        assert np.abs(scores[0] - scores[1]).max() > 100 * TOLERANCE * np.abs(scores).max()


def test_a_flipped_kernel_shows(pair: Pair, tmp_path: Path) -> None:
    state = dict(pair.state)
    kernel = next(name for name in state if state[name].ndim == 4)
    state[kernel] = state[kernel].flip(2, 3).contiguous()
    assert min(pair.errors(pair.model, saved(state, tmp_path), "onnx").values()) > SHOWS * TOLERANCE


def test_without_the_auxiliary_classifiers_the_end_is_the_same(pair: Pair, tmp_path: Path) -> None:
    *_, auxiliary = NETWORKS[pair.name]
    if auxiliary:
        model = compile_file(ZOO / f"{pair.name.removesuffix('_aux')}.nn")
        state = {name: tensor for name, tensor in pair.state.items() if not name.startswith(auxiliary)}
        errors = pair.errors(model, saved(state, tmp_path), "onnxruntime")
        assert errors.keys() == {"logits"}
        assert errors["logits"] < TOLERANCE
