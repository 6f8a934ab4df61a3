"""State dicts of PyTorch, however they are saved, give the same numbers here as the networks that they are of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn import Matching, Session, compile_source

torch = pytest.importorskip("torch", reason="parity tests need the extra [parity]")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="parity tests need the extra [parity]")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

State = Mapping[str, Any]
TOLERANCE = 1e-5


class Named(nn.Module):
    """A network whose layers are attributes, and whose formula is a function of it and its input."""

    def __init__(self, forward: Callable[[Any, Any], Any], **layers: nn.Module) -> None:
        super().__init__()
        self._formula = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Any) -> Any:
        return self._formula(self, x)


def mlp() -> tuple[nn.Module, str, Any]:
    net = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 8), nn.GELU(), nn.Linear(8, 3))
    text = """
    model mlp {
        input x: float32[N, 12]
        output y = x -> 0: dense(16) -> relu -> 2: dense(8) -> gelu -> 4: dense(3)
    }
    """
    return net, text, torch.randn(4, 12)


def lenet() -> tuple[nn.Module, str, Any]:
    net = Named(
        lambda m, x: m.fc(
            torch.flatten(
                functional.max_pool2d(functional.relu(m.bn2(m.conv2(functional.relu(m.bn1(m.conv1(x)))))), 2), 1
            )
        ),
        conv1=nn.Conv2d(1, 6, 5, padding=2),
        bn1=nn.BatchNorm2d(6),
        conv2=nn.Conv2d(6, 8, 3, bias=False),
        bn2=nn.BatchNorm2d(8),
        fc=nn.Linear(8 * 6 * 5, 10),
    )
    text = """
    model lenet {
        input x: float32[N, 1, 14, 12]
        output y = x -> conv1: conv2d(6, kernel=5, padding=2) -> bn1: batch_norm -> relu
            -> conv2: conv2d(8, kernel=3, bias=false) -> bn2: batch_norm -> relu
            -> max_pool2d(2) -> flatten -> fc: dense(10)
    }
    """
    return net, text, torch.randn(2, 1, 14, 12)


class Block(nn.Module):
    """A basic block of a residual network."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


def resnet() -> tuple[nn.Module, str, Any]:
    net = Named(
        lambda m, x: m.fc(torch.flatten(m.layer2(m.layer1(m.conv1(x))).mean((2, 3)), 1)),
        conv1=nn.Conv2d(3, 4, 3, padding=1),
        layer1=nn.Sequential(Block(4, 4, 1), Block(4, 4, 1)),
        layer2=nn.Sequential(Block(4, 6, 2)),
        fc=nn.Linear(6, 5),
    )
    text = """
    block basic(x, filters: int, stride: int) {
        shortcut = if stride == 1 and x.shape[1] == filters { x } else {
            x -> downsample: { 0: conv2d(filters, kernel=1, stride=stride, bias=false) -> 1: batch_norm }
        }
        y = x -> conv1: conv2d(filters, kernel=3, stride=stride, padding=1, bias=false) -> bn1: batch_norm -> relu
            -> conv2: conv2d(filters, kernel=3, padding=1, bias=false) -> bn2: batch_norm
        return y + shortcut -> relu
    }
    model resnet {
        input x: float32[N, 3, H, W]
        output y = x -> conv1: conv2d(4, kernel=3, padding=1)
            -> layer1: { 0: basic(4, 1) -> 1: basic(4, 1) } -> layer2: repeat(1) { basic(6, 2) }
            -> global_avg_pool2d -> flatten -> fc: dense(5)
    }
    """
    return net, text, torch.randn(2, 3, 9, 8)


def mobilenet() -> tuple[nn.Module, str, Any]:
    net = Named(
        lambda m, x: m.fc(m.project(functional.relu6(m.norm(m.depthwise(functional.relu6(m.expand(x)))))).amax((2, 3))),
        expand=nn.Conv2d(3, 12, 1),
        depthwise=nn.Conv2d(12, 12, 3, 2, 1, groups=12, bias=False),
        norm=nn.BatchNorm2d(12),
        project=nn.Conv2d(12, 6, 1, groups=2),
        fc=nn.Linear(6, 4),
    )
    text = """
    model mobilenet {
        input x: float32[N, 3, H, W]
        output y = x -> expand: conv2d(12, kernel=1) -> relu6
            -> depthwise: depthwise_conv2d(kernel=3, stride=2, padding=1, bias=false) -> norm: batch_norm -> relu6
            -> project: conv2d(6, kernel=1, groups=2) -> global_max_pool2d -> flatten -> fc: dense(4)
    }
    """
    return net, text, torch.randn(2, 3, 9, 8)


def unet() -> tuple[nn.Module, str, Any]:
    def forward(m: Any, x: Any) -> Any:
        down = functional.relu(m.down(x))
        deep = functional.relu(m.deep(functional.max_pool2d(down, 2)))
        return m.out(torch.cat([m.up(deep), down], 1))

    net = Named(
        forward,
        down=nn.Conv2d(2, 4, 3, padding=1),
        deep=nn.Conv2d(4, 6, 3, padding=1),
        up=nn.ConvTranspose2d(6, 3, 2, 2),
        out=nn.Conv2d(7, 2, 1),
    )
    text = """
    model unet {
        input x: float32[N, 2, 2 * H, 2 * W]
        down = x -> down: conv2d(4, kernel=3, padding=1) -> relu
        deep = down -> max_pool2d(2) -> deep: conv2d(6, kernel=3, padding=1) -> relu
        output y = concat(deep -> up: conv_transpose2d(3, kernel=2, stride=2), down) -> out: conv2d(2, kernel=1)
    }
    """
    return net, text, torch.randn(2, 2, 8, 6)


def tagger() -> tuple[nn.Module, str, Any]:
    net = Named(
        lambda m, x: m.head(m.rnn(m.words(x))[0]),
        words=nn.Embedding(30, 6),
        rnn=nn.LSTM(6, 5, num_layers=2, batch_first=True, bidirectional=True),
        head=nn.Linear(10, 4),
    )
    text = """
    model tagger {
        input x: int64[N, T]
        output y = x -> words: embedding(30, dim=6)
            -> rnn: lstm(5, layers=2, bidirectional=true, recurrent_bias=true) -> head: dense(4)
    }
    """
    return net, text, torch.randint(0, 30, (3, 7))


def gated() -> tuple[nn.Module, str, Any]:
    net = Named(lambda m, x: m.fc(m.gru(x)[1][0]), gru=nn.GRU(4, 6, batch_first=True), fc=nn.Linear(6, 2))
    text = """
    model gated {
        input x: float32[N, T, 4]
        output y = x -> gru: gru(6, return_sequences=false) -> fc: dense(2)
    }
    """
    return net, text, torch.randn(3, 5, 4)


def transformer() -> tuple[nn.Module, str, Any]:
    def forward(m: Any, x: Any) -> Any:
        y = m.norm1(x + m.attn(x, x, x, need_weights=False)[0])
        return m.norm2(y + m.linear2(functional.relu(m.linear1(y))))

    net = Named(
        forward,
        attn=nn.MultiheadAttention(8, 2, batch_first=True),
        norm1=nn.LayerNorm(8),
        linear1=nn.Linear(8, 16),
        linear2=nn.Linear(16, 8),
        norm2=nn.LayerNorm(8),
    )
    text = """
    model transformer {
        input x: float32[N, T, 8]
        y = x + (x -> attn: multi_head_attention(2)) -> norm1: layer_norm
        output z = y + (y -> linear1: dense(16) -> relu -> linear2: dense(8)) -> norm2: layer_norm
    }
    """
    return net, text, torch.randn(2, 5, 8)


MODELS = {made.__name__: made for made in (mlp, lenet, resnet, mobilenet, unet, tagger, gated, transformer)}


# How they are saved ---------------------------------------------------------------------------------------------------


def as_given(state: State, folder: Path) -> State:
    return state


def as_pt(state: State, folder: Path) -> Path:
    torch.save(dict(state), folder / "net.pt")
    return folder / "net.pt"


def as_checkpoint(state: State, folder: Path) -> Path:
    torch.save({"state_dict": dict(state), "epoch": 3}, folder / "net.pth")
    return folder / "net.pth"


def as_safetensors(state: State, folder: Path) -> Path:
    safetensors_torch.save_file({name: one.contiguous() for name, one in state.items()}, folder / "net.safetensors")
    return folder / "net.safetensors"


def as_shards(state: State, folder: Path) -> Path:
    """In two files, with the index that says where each tensor is."""
    names = list(state)
    files = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    parts = {files[0]: names[: len(names) // 2], files[1]: names[len(names) // 2 :]}
    for file, part in parts.items():
        safetensors_torch.save_file({name: state[name].contiguous() for name in part}, folder / file)
    index = {"metadata": {}, "weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder / "model.safetensors.index.json"


SAVED = {one.__name__: one for one in (as_given, as_pt, as_checkpoint, as_safetensors, as_shards)}


def trained(net: nn.Module) -> nn.Module:
    """With statistics that are not those of the beginning."""
    with torch.no_grad():
        for name, one in net.state_dict().items():
            if name.endswith(("running_mean", "running_var")):
                one.copy_(torch.rand_like(one) + 0.5)
    return net.eval()


def agree(net: nn.Module, text: str, x: Any, weights: Any, matching: Matching | None = None) -> None:
    with torch.no_grad():
        expected = net(x).numpy()
    session = Session(compile_source(text), weights=weights, matching=matching, provider="cpu")
    (found,) = session.run(x.numpy()).values()
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("how", SAVED)
@pytest.mark.parametrize("name", MODELS)
def test_state_dicts(name: str, how: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    net, text, x = MODELS[name]()
    agree(trained(net), text, x, SAVED[how](net.state_dict(), tmp_path))


@pytest.mark.parametrize("how", SAVED)
@pytest.mark.parametrize("name", MODELS)
def test_state_dicts_of_wrapped_networks(name: str, how: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    net, text, x = MODELS[name]()
    state = {f"module.{key}": one for key, one in trained(net).state_dict().items()}
    agree(net, text, x, SAVED[how](state, tmp_path), Matching(strip_prefix="module."))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("how", SAVED)
@pytest.mark.parametrize("name", MODELS)
def test_state_dicts_of_few_bits(name: str, how: str, dtype: str, tmp_path: Path) -> None:
    """The network computes in float32 with the rounded numbers, and so does the model here."""
    torch.manual_seed(5)
    net, text, x = MODELS[name]()
    halves = {
        key: one.to(getattr(torch, dtype)) if one.is_floating_point() else one
        for key, one in trained(net).state_dict().items()
    }
    net.load_state_dict({key: one.float() if one.is_floating_point() else one for key, one in halves.items()})
    agree(net, text, x, SAVED[how](halves, tmp_path))


@pytest.mark.parametrize("how", ["as_given", "as_pt"])
@pytest.mark.parametrize("name", MODELS)
def test_foreign_names_by_their_order(name: str, how: str, tmp_path: Path) -> None:
    torch.manual_seed(6)
    net, text, x = MODELS[name]()
    counted = (one for key, one in trained(net).state_dict().items() if not key.endswith("num_batches_tracked"))
    state = {f"p{place}": one for place, one in enumerate(counted)}
    weights = SAVED[how](state, tmp_path)
    if name == "resnet":
        # The shortcut stands before the convolutions in the text, and behind them in the state.
        with pytest.raises(Exception, match="E863"):
            agree(net, text, x, weights, Matching(match="order"))
        return
    with pytest.warns(match="W848"):
        agree(net, text, x, weights, Matching(match="order"))
