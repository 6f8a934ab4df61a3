"""Recurrent networks of the zoo give the numbers of PyTorch's, with the same weights under the same names.

The modules are in ``zoo/recurrent.py``. PyTorch's LSTM has a second bias vector, which is only ever added to the first:
the zoo has one, as Keras does, so the two are added here before weights are handed over. The GRUs have two in both.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from dotnn import Compiled, DotnnError, Session, compile_file, compile_source
from dotnn.compiler.passes.targets import Target

from tests.helpers.paths import ZOO

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="needs the extra [parity]")
from torch import nn  # noqa: E402

from tests.parity.settling import one_thread  # noqa: E402
from tests.parity.zoo import recurrent  # noqa: E402

#: How far numbers may be off, in units of the largest one.
TOLERANCE = 1e-4
#: What a mistake in a text must at least make of that.
SHOWS = 10

Feed = dict[str, np.ndarray]
State = dict[str, "torch.Tensor"]


@dataclass(frozen=True)
class Network:
    """A network of the zoo and the module that it is.

    Attributes:
        module: makes the module; takes the arguments of the model.
        feed: makes inputs, in the order of the module's arguments.
        wrong: a piece of the text, and a mistake in its place that no shape and no name of a weight gives away.
        arguments: of both; as published where there are none.
        size: rows and columns of images.
    """

    module: Callable[..., nn.Module]
    feed: Callable[[np.random.Generator], Feed]
    wrong: tuple[str, str]
    arguments: Mapping[str, int] = field(default_factory=dict)
    size: int | None = None


def normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


def letters(random: np.random.Generator) -> Feed:
    states = {name: normal(random, 2, 3, 128) for name in ("initial_h", "initial_c")}
    return {"letters": random.integers(65, size=(3, 12)), **states}


def translations(random: np.random.Generator) -> Feed:
    source, target = random.integers(300, size=(4, 7)), random.integers(200, size=(4, 5))
    return {"source": source, "lengths": np.array([6, 2, 1, 5]), "target": target}


def captions(size: int, vocabulary: int) -> Callable[[np.random.Generator], Feed]:
    return lambda random: {
        "image": normal(random, 2, 3, size, size),
        "words": random.integers(vocabulary, size=(2, 6)),
    }


NETWORKS: dict[str, Network] = {
    "char_lstm": Network(
        recurrent.CharLstm,
        letters,
        ("initial_h=initial_h, initial_c=initial_c", "initial_h=initial_c, initial_c=initial_h"),
    ),
    "seq2seq_attention": Network(
        recurrent.Seq2SeqAttention,
        translations,
        ("lstm_decoder(h, c,", "lstm_decoder(c, h,"),
        {"source_vocabulary": 300, "target_vocabulary": 200, "units": 48, "layers": 3},
    ),
    "caption_lstm": Network(
        recurrent.CaptionLstm,
        captions(224, 10_000),
        ("concat(seen -> unsqueeze(axis=1), told, axis=1)", "concat(told, seen -> unsqueeze(axis=1), axis=1)"),
    ),
    "caption_attention": Network(
        recurrent.CaptionAttention,
        captions(96, 300),
        ("lstm_decoder(h -> unsqueeze(axis=0), c ->", "lstm_decoder(c -> unsqueeze(axis=0), h ->"),
        {"vocabulary": 300, "units": 64},
        size=96,
    ),
    "speech_recognizer": Network(
        recurrent.SpeechRecognizer,
        lambda random: {"spectrogram": normal(random, 2, 1, 161, 45)},
        ("features -> flatten", "features -> transpose([0, 2, 1, 3]) -> flatten"),
    ),
}
#: Those whose LSTMs have two biases in PyTorch.
OF_LSTMS = [name for name in NETWORKS if name != "speech_recognizer"]


# What both give ------------------------------------------------------------------------------------------------------


def settle(module: nn.Module, tensors: list[torch.Tensor]) -> None:
    """Random weights that let numbers neither vanish nor explode.

    Batch normalization gets about the statistics of these inputs, and a scale and a shift of its own.
    """
    for name, parameter in module.named_parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=(2 if parameter.dim() == 4 else 1) / parameter[0].numel() ** 0.5)
        else:
            nn.init.normal_(parameter, std=0.5)
        if name.endswith("embedding.weight"):
            nn.init.normal_(parameter)
    norms = [part for part in module.modules() if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d))]
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        norm.momentum = 0.7
    if norms:
        module.train()(*tensors)


def one_bias(module: nn.Module) -> State:
    """The state_dict, with the sum of both biases of every LSTM in the place of the first."""
    state = dict(module.state_dict())
    for name, part in module.named_modules():
        if isinstance(part, nn.LSTM):
            for second in [key for key in part.state_dict() if key.startswith("bias_hh")]:
                first = f"{name}.{second.replace('_hh', '_ih')}"
                state[first] = state[first] + state.pop(f"{name}.{second}")
    return state


@cache
def expected(name: str) -> tuple[nn.Module, Feed, list[np.ndarray]]:
    """A module, what it is fed, and what it makes of that in float64."""
    network = NETWORKS[name]
    torch.manual_seed(9)
    module = network.module(**network.arguments)
    feed = network.feed(np.random.default_rng(9))
    tensors = [torch.from_numpy(array) for array in feed.values()]
    with one_thread(), torch.no_grad():
        settle(module, tensors)
        exact = copy.deepcopy(module).eval().double()
        results = exact(*[tensor.double() if tensor.is_floating_point() else tensor for tensor in tensors])
    results = results if isinstance(results, tuple) else (results,)
    return module, feed, [result.numpy() for result in results]


def arguments(name: str) -> dict[str, int]:
    network = NETWORKS[name]
    return {**network.arguments, **({"size": network.size} if network.size else {})}


@cache
def compiled(name: str) -> Compiled:
    return compile_file(ZOO / f"{name}.nn", arguments=arguments(name))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The weights of a network as a file, as PyTorch's users save them."""
    folder = tmp_path_factory.mktemp("weights")

    def file(name: str) -> Path:
        path = folder / f"{name}.safetensors"
        if not path.exists():
            safetensors_torch.save_file(one_bias(expected(name)[0]), path)
        return path

    return file


def error(model: Compiled, name: str, weights: Path, target: Target = "onnx") -> float:
    """The largest difference from PyTorch, in units of the largest number of each output."""
    _, feed, results = expected(name)
    found = list(Session(model, weights=weights, target=target, provider="cpu", threads=1).run(feed).values())
    assert [array.shape for array in found] == [array.shape for array in results]
    return max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(found, results, strict=True))


# The tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("target", get_args(Target))
def test_the_numbers_are_those_of_pytorch(name: str, target: Target, files: Callable[[str], Path]) -> None:
    found = error(compiled(name), name, files(name), target)
    print(f"{name} for {target}: {found:.1e}")
    assert found <= TOLERANCE


@pytest.mark.parametrize("name", NETWORKS)
def test_names_and_shapes_are_those_of_pytorch(name: str) -> None:
    theirs = {key: tuple(tensor.shape) for key, tensor in one_bias(expected(name)[0]).items()}
    counters = {key for key in theirs if key.endswith("num_batches_tracked")}
    ours = {weight.name: tuple(weight.shape) for weight in compiled(name).graph.weights()}
    assert ours == {key: shape for key, shape in theirs.items() if key not in counters}


@pytest.mark.parametrize("name", OF_LSTMS)
def test_a_second_bias_is_not_passed_over(name: str) -> None:
    """As PyTorch saves it, a weight would be left over: it is said which attribute there is for it."""
    with pytest.raises(DotnnError, match="recurrent_bias=true"):
        Session(compiled(name), weights=expected(name)[0].state_dict(), provider="cpu")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_inputs_make_a_difference(name: str) -> None:
    """Examples differ by far more than the tolerance, and so do the steps of each."""
    for result in expected(name)[2]:
        least = 100 * TOLERANCE * np.abs(result).max()
        assert np.ptp(result, axis=0).max() > least
        assert np.ptp(result, axis=1).max() > least


@pytest.mark.parametrize("name", NETWORKS)
def test_a_mistake_in_the_text_shows(name: str, files: Callable[[str], Path]) -> None:
    text = (ZOO / f"{name}.nn").read_text(encoding="utf-8")
    assert text.count(NETWORKS[name].wrong[0]) == 1
    wrong = compile_source(text.replace(*NETWORKS[name].wrong), arguments=arguments(name))
    assert error(wrong, name, files(name)) > SHOWS * TOLERANCE
