"""A ResNet-18 of PyTorch, written here from its published description, loads into the shipped example unchanged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from dotnn.compiler import compile_file
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_file import WeightFile

from tests.helpers.paths import ZOO

torch = pytest.importorskip("torch", reason="parity tests need the extra [parity]")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="parity tests need the extra [parity]")
from torch import nn  # noqa: E402

EXAMPLE = ZOO / "resnet18.nn"
CLASSES = 1000
#: Of the 17 ReLUs of the network, 9 follow a convolution; 8 follow a sum, and none is fused into a sum of images.
FUSED: dict[Target, int] = {"onnx": 0, "onnxruntime": 9, "onnxruntime-cpu": 9}


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and the shortcut around them (He and others 2015, figure 2)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """The network with 18 layers of table 1 there, and a shortcut of 1x1 convolutions (option B)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.fc = nn.Linear(512, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.max_pool2d(y, 3, stride=2, padding=1)
        y = self.layer4(self.layer3(self.layer2(self.layer1(y))))
        return self.fc(y.mean(dim=(2, 3)))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """Random weights, and running statistics, scales and shifts that are far from 0 and 1."""
    torch.manual_seed(18)
    network = ResNet18().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.3, 3.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return network


@pytest.fixture(scope="module")
def weights(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeightFile]:
    """The state_dict as PyTorch's users save it, ``num_batches_tracked`` included."""
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    safetensors_torch.save_file(network.state_dict(), path)
    with open_weights(path) as file:
        yield file


def run(model: bytes, image: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # As the model was built: the passes under test are dotnn's.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"image": image})
    return logits


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("optimize", [False, True], ids=["as-written", "optimized"])
@pytest.mark.parametrize("target", FUSED)
def test_resnet18_gives_the_logits_of_pytorch(
    network: nn.Module, weights: WeightFile, target: Target, optimize: bool
) -> None:
    compiled = compile_file(EXAMPLE)
    bound = bind_weights(weights, compiled.graph.weights())
    model = compiled.to_bytes(target=target, optimize=optimize, weights=bound)
    operators = Counter(node.op_type for node in onnx.load_from_string(model).graph.node)
    assert operators["FusedConv"] == (FUSED[target] if optimize else 0)
    assert operators["BatchNormalization"] == (0 if optimize else 20)
    image = np.random.default_rng(5).normal(size=(2, 3, 224, 224)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(image)).numpy()
    assert expected.shape == (2, CLASSES)
    assert bound.warnings() == ()
    assert relative_error(run(model, image), expected) < 1e-4


def test_a_flipped_kernel_shows(network: nn.Module, weights: WeightFile, tmp_path: Path) -> None:
    state = dict(network.state_dict())
    state["conv1.weight"] = state["conv1.weight"].flip(2, 3).contiguous()
    path = tmp_path / "flipped.safetensors"
    safetensors_torch.save_file(state, path)
    compiled = compile_file(EXAMPLE)
    image = np.random.default_rng(5).normal(size=(1, 3, 224, 224)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(image)).numpy()
    with open_weights(path) as file:
        bound = bind_weights(file, compiled.graph.weights())
        wrong = run(compiled.to_bytes(optimize=False, weights=bound), image)
    right = run(compiled.to_bytes(optimize=False, weights=bind_weights(weights, compiled.graph.weights())), image)
    assert relative_error(right, expected) < 1e-4 < 1e-3 < relative_error(wrong, expected)


def test_the_example_has_the_keys_and_shapes_of_the_state_dict(network: nn.Module) -> None:
    state = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    counters = {name for name in state if name.endswith(".num_batches_tracked")}
    assert len(counters) == 20
    found = {weight.name: weight.shape for weight in compile_file(EXAMPLE).graph.weights()}
    assert found == {name: shape for name, shape in state.items() if name not in counters}
