"""The blocks of `dotnn/transformer` give the numbers of PyTorch's Transformer modules, whose state_dicts they load.

Each is tried with every setting that no name or shape of a weight gives away, and with the other one, which shows.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
from dotnn import Session, compile_source
from dotnn.compiler.passes.targets import Target

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
from torch import nn  # noqa: E402

from tests.parity.settling import one_thread  # noqa: E402

#: How far numbers may be off, in units of the largest one, and what a mistake must at least make of that.
TOLERANCE, SHOWS = 1e-5, 100
WIDTH, HEADS, HIDDEN = 12, 4, 20

Feed = Mapping[str, np.ndarray]

ENCODER = """
import transformer_encoder_layer from "dotnn/transformer"
model blocks() {
    input x: float32[N, T, 12]
    output y = x -> block: transformer_encoder_layer(4, hidden=20, CHOICES)
}
"""
MASKED_ENCODER = """
import transformer_encoder from "dotnn/transformer"
model blocks() {
    input x: float32[N, T, 12]
    input words: bool[N, T]
    output y = x -> block: transformer_encoder(2, 4, hidden=20, mask=words -> unsqueeze(axis=1), CHOICES)
}
"""
DECODER = """
import transformer_decoder_layer from "dotnn/transformer"
model blocks() {
    input x: float32[N, T, 12]
    input memory: float32[N, S, 12]
    input words: bool[N, S]
    output y = x
        -> block: transformer_decoder_layer(memory, 4, hidden=20, memory_mask=words -> unsqueeze(axis=1), CHOICES)
}
"""
WHOLE = """
import transformer_encoder, transformer_decoder from "dotnn/transformer"
model blocks() {
    input source: float32[N, S, 12]
    input target: float32[N, T, 12]
    output y = target -> block: whole(source)
}
block whole(target, source) {
    memory = source -> encoder: transformer_encoder(2, 4, hidden=20, norm=true, CHOICES)
    return target -> decoder: transformer_decoder(memory, 3, 4, hidden=20, norm=true, CHOICES)
}
"""


@dataclass(frozen=True)
class Case:
    """A text, the module that it is, how the module is called, and texts of choices that are the module's and not.

    Attributes:
        module: makes the module; takes what is the same in all cases.
        call: gives what the module makes of tensors of float64.
        feed: what both are fed.
        right: the choices that are those of the module.
        wrong: others, each of which must show.
    """

    text: str
    module: Callable[..., nn.Module]
    call: Callable[[Any, Mapping[str, torch.Tensor]], torch.Tensor]
    feed: Callable[[np.random.Generator], Feed]
    right: str
    wrong: tuple[str, ...]

    def source(self, choices: str) -> str:
        return self.text.replace("CHOICES", choices)


def later(count: int) -> torch.Tensor:
    """PyTorch's mask of what no position may attend to: those behind it."""
    return torch.ones(count, count, dtype=torch.bool).triu(1)


def one(random: np.random.Generator) -> Feed:
    return {"x": normal(random, 2, 5, WIDTH)}


def sentences(random: np.random.Generator) -> Feed:
    """Sentences of unequal lengths; none is empty."""
    return {"x": normal(random, 3, 5, WIDTH), "words": np.arange(5) < np.array([[3], [5], [1]])}


def remembered(random: np.random.Generator) -> Feed:
    memory = normal(random, 3, 7, WIDTH)
    return {"x": normal(random, 3, 5, WIDTH), "memory": memory, "words": np.arange(7) < np.array([[3], [7], [1]])}


def translation(random: np.random.Generator) -> Feed:
    return {"source": normal(random, 2, 7, WIDTH), "target": normal(random, 2, 5, WIDTH)}


def normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


def encoder_layer(**choices: Any) -> Callable[..., nn.Module]:
    return lambda: nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, batch_first=True, **choices)


def decoder_layer(**choices: Any) -> Callable[..., nn.Module]:
    return lambda: nn.TransformerDecoderLayer(WIDTH, HEADS, HIDDEN, batch_first=True, **choices)


def call_decoder(module: Any, fed: Mapping[str, torch.Tensor]) -> torch.Tensor:
    return module(fed["x"], fed["memory"], tgt_mask=later(5), memory_key_padding_mask=~fed["words"])


CASES: Mapping[str, Case] = {
    "encoder layer": Case(
        ENCODER,
        encoder_layer(),
        lambda module, fed: module(fed["x"]),
        one,
        right="eps=1e-5",
        wrong=("norm_first=true", 'activation="gelu"', "causal=true", "eps=1e-2"),
    ),
    "encoder layer, norm first": Case(
        ENCODER,
        encoder_layer(norm_first=True, activation="gelu", layer_norm_eps=1e-2),
        lambda module, fed: module(fed["x"], src_mask=later(5)),
        one,
        right='norm_first=true, activation="gelu", eps=1e-2, causal=true',
        wrong=(
            'norm_first=false, activation="gelu", eps=1e-2, causal=true',
            'norm_first=true, activation="relu", eps=1e-2, causal=true',
            'norm_first=true, activation="gelu", eps=1e-5, causal=true',
            'norm_first=true, activation="gelu", eps=1e-2, causal=false',
        ),
    ),
    "encoder": Case(
        MASKED_ENCODER,
        lambda: nn.TransformerEncoder(
            encoder_layer(norm_first=True)(), 2, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False
        ),
        lambda module, fed: module(fed["x"], src_key_padding_mask=~fed["words"]),
        sentences,
        right="norm_first=true",
        wrong=("norm_first=true, causal=true", "norm_first=false, norm=true"),
    ),
    "decoder layer": Case(
        DECODER,
        decoder_layer(),
        call_decoder,
        remembered,
        right="rate=0.0",
        wrong=("norm_first=true", 'activation="gelu"', "causal=false"),
    ),
    "decoder layer, norm first": Case(
        DECODER,
        decoder_layer(norm_first=True, activation="gelu"),
        call_decoder,
        remembered,
        right='norm_first=true, activation="gelu"',
        wrong=("norm_first=true", 'activation="gelu"', 'norm_first=true, activation="gelu", causal=false'),
    ),
    "encoder and decoder": Case(
        WHOLE,
        lambda: nn.Transformer(WIDTH, HEADS, 2, 3, HIDDEN, batch_first=True),
        lambda module, fed: module(fed["source"], fed["target"], tgt_mask=later(5)),
        translation,
        right="rate=0.0",
        wrong=("norm_first=true", 'activation="gelu"'),
    ),
}
WRONG = [(name, choices) for name, case in CASES.items() for choices in case.wrong]


@dataclass(frozen=True)
class Expected:
    """A module's weights, by the names of the text; what it is fed; and what it makes of that in float64."""

    weights: dict[str, torch.Tensor]
    feed: Feed
    result: np.ndarray

    def error(self, source: str, target: Target) -> float:
        session = Session(compile_source(source), weights=self.weights, target=target, provider="cpu", threads=1)
        found = session.run(dict(self.feed))["y"]
        assert found.shape == self.result.shape
        return float(np.abs(found - self.result).max() / np.abs(self.result).max())


@cache
def expected(name: str) -> Expected:
    case = CASES[name]
    torch.manual_seed(13)
    module = case.module()
    settle(module)
    feed = case.feed(np.random.default_rng(13))
    tensors = {key: torch.from_numpy(array) for key, array in feed.items()}
    exact = {key: tensor.double() if tensor.is_floating_point() else tensor for key, tensor in tensors.items()}
    with one_thread(), torch.no_grad():
        result = case.call(copy.deepcopy(module).eval().double(), exact).numpy()
    weights = {f"block.{key}": tensor for key, tensor in module.state_dict().items()}
    return Expected(weights, feed, result)


def settle(module: nn.Module) -> None:
    """No bias is 0, no scale 1, and layers of a stack, which begin as copies, are different."""
    for name, parameter in module.named_parameters():
        if "bias" in name:
            nn.init.uniform_(parameter, -0.5, 0.5)
        elif parameter.ndim == 1:
            nn.init.uniform_(parameter, 0.5, 1.5)
        else:
            nn.init.kaiming_normal_(parameter)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("target", get_args(Target))
def test_the_numbers_are_those_of_pytorch(name: str, target: Target) -> None:
    case = CASES[name]
    assert expected(name).error(case.source(case.right), target) < TOLERANCE


@pytest.mark.parametrize(("name", "choices"), WRONG)
def test_another_choice_shows(name: str, choices: str) -> None:
    assert expected(name).error(CASES[name].source(choices), "onnx") > SHOWS * TOLERANCE


@pytest.mark.parametrize("name", CASES)
def test_names_and_shapes_are_those_of_the_state_dict(name: str) -> None:
    case = CASES[name]
    found = {weight.name: weight.shape for weight in compile_source(case.source(case.right)).graph.weights()}
    assert found == {key: tuple(tensor.shape) for key, tensor in expected(name).weights.items()}
