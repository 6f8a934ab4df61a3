"""Ten networks, written as one would expect to, give the numbers of PyTorch modules of the same definition.

The texts are in ``networks`` and in the zoo, the modules in ``pytorch_networks.py`` and in ``zoo``. Labels are the
names of the modules, so a state_dict is handed over as it is.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from dotnn import Compiled, Session, compile_file, compile_source
from dotnn.compiler.passes.targets import Target

from tests.helpers.paths import LIBRARY, ZOO

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
from torch import nn  # noqa: E402

from tests.parity import pytorch_networks  # noqa: E402
from tests.parity.settling import (  # noqa: E402
    error,
    one_thread,
    settle,
)
from tests.parity.zoo import modern  # noqa: E402
from tests.parity.zoo.small_devices import mobilenet_v2  # noqa: E402

TEXTS = Path(__file__).parent / "networks"
#: How far numbers may be off, in units of the largest one of the tensor.
TOLERANCE, RECURRENT_TOLERANCE = 1e-5, 1e-4
#: What a mistake in a text must at least make of that.
SHOWS = 10

Feed = dict[str, np.ndarray]


# The networks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """A text, the module that it is, and what both are fed.

    Attributes:
        module: makes the module; takes the arguments of the model that are set.
        feeds: makes inputs of one size, in the order of the module's arguments, for each size that is tried.
        wrong: a piece of the text, blocks of the library included, and a mistake in its place that no shape and no
            name of a weight gives away.
        arguments: what is set of the model; there is a pair of models for each.
        tolerance: how far numbers may be off, in units of the largest one.
    """

    module: Callable[..., nn.Module]
    feeds: Callable[[np.random.Generator, Mapping[str, int]], tuple[Feed, ...]]
    wrong: tuple[str, str]
    arguments: tuple[dict[str, int], ...] = field(default=({},))
    tolerance: float = TOLERANCE


def images(*shapes: tuple[int, ...]) -> Callable[..., tuple[Feed, ...]]:
    """Images of several shapes, for networks that read any size."""
    return lambda random, arguments: tuple({"image": normal(random, *shape)} for shape in shapes)


def normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


def grey_images(random: np.random.Generator, arguments: Mapping[str, int]) -> tuple[Feed, ...]:
    shapes = ((2, 1, 28, 28), (3, 1, 8, 36))
    return tuple({"image": random.uniform(size=shape).astype(np.float32)} for shape in shapes)


def square_images(random: np.random.Generator, arguments: Mapping[str, int]) -> tuple[Feed, ...]:
    size = arguments.get("size", 32)
    return tuple({"image": normal(random, count, 3, size, size)} for count in (3, 1))


def photographs(random: np.random.Generator, arguments: Mapping[str, int]) -> tuple[Feed, ...]:
    size = arguments.get("size", 224)
    return tuple({"image": normal(random, count, 3, size, size)} for count in (2, 1))


def pairs(random: np.random.Generator, arguments: Mapping[str, int]) -> tuple[Feed, ...]:
    size = arguments.get("size", 28)
    return tuple({side: normal(random, count, 1, size, size) for side in ("left", "right")} for count in (3, 1))


def sentences(random: np.random.Generator, arguments: Mapping[str, int]) -> tuple[Feed, ...]:
    """The longest sentence is shorter than what all are filled up to, once, and as long once."""
    first = {"words": random.integers(1000, size=(4, 9)), "lengths": np.array([3, 8, 1, 5])}
    return first, {"words": random.integers(1000, size=(2, 6)), "lengths": np.array([6, 4])}


def translations(random: np.random.Generator, arguments: Mapping[str, int]) -> tuple[Feed, ...]:
    """The longest sentence is shorter than what all are filled up to, once, and as long once."""
    sizes = (([4, 6, 1], 7, 5), ([2], 2, 11))
    return tuple(
        {
            "source": random.integers(1000, size=(len(lengths), s)),
            "lengths": np.array(lengths),
            "target": random.integers(800, size=(len(lengths), t)),
        }
        for lengths, s, t in sizes
    )


#: The arguments of a small Vision Transformer.
SMALL_VIT = {"width": 64, "layers": 4, "heads": 4, "classes": 10}

NETWORKS: dict[str, Network] = {
    "lenet5": Network(
        pytorch_networks.LeNet, images((3, 1, 32, 32), (1, 1, 32, 32)), wrong=("avg_pool2d(2)", "max_pool2d(2)")
    ),
    "resnet20": Network(
        lambda: pytorch_networks.CifarResNet(16, 3, excite=False),
        images((3, 3, 32, 32), (1, 3, 45, 18)),
        wrong=("return main + skip -> relu", "return (main -> relu) + skip"),
    ),
    "unet": Network(
        pytorch_networks.UNet,
        images((2, 3, 32, 64), (1, 3, 48, 16)),
        wrong=("concat(skip, doubled)", "concat(doubled, skip)"),
        arguments=({"width": 16},),
    ),
    "bilstm_tagger": Network(
        pytorch_networks.BiLstmTagger, sentences, wrong=(", lengths=lengths", ""), tolerance=RECURRENT_TOLERANCE
    ),
    "seq2seq": Network(
        pytorch_networks.Seq2Seq,
        translations,
        wrong=("gru_decoder(state,", "gru_decoder(state -> flip(axis=0),"),
        arguments=({"source_vocabulary": 1000, "target_vocabulary": 800, "units": 64},),
        tolerance=RECURRENT_TOLERANCE,
    ),
    "mobilenet_v2": Network(
        lambda size=224: mobilenet_v2(),
        photographs,
        wrong=("x -> relu6", "x -> relu"),
        arguments=({}, {"size": 75}),
    ),
    "squeeze_excite": Network(
        lambda: pytorch_networks.CifarResNet(32, 2, excite=True),
        images((3, 3, 32, 32), (1, 3, 13, 30)),
        wrong=("-> sigmoid", "-> hard_sigmoid"),
    ),
    "vit_b_16": Network(
        modern.VisionTransformer,
        square_images,
        wrong=("attention(heads)", "attention(2 * heads)"),
        arguments=({"size": 80, **SMALL_VIT}, {"size": 32, **SMALL_VIT}),
    ),
    "autoencoder": Network(
        pytorch_networks.Autoencoder, grey_images, wrong=("padding=1, output_padding=1", 'padding="same"')
    ),
    "siamese": Network(pytorch_networks.Siamese, pairs, wrong=("abs(a - b)", "(a - b)"), arguments=({}, {"size": 41})),
}
PAIRS = [(name, index) for name, network in NETWORKS.items() for index in range(len(network.arguments))]


def whole_text(path: Path) -> str:
    """A text with the blocks that it imports from the library, each of whose files stands there once."""
    imported = re.compile(r'^import [^"]* from "dotnn/(\w+)"$', re.MULTILINE)
    texts: dict[Path, str] = {}
    waiting = [path]
    while waiting:
        here = waiting.pop()
        if here not in texts:
            text = here.read_text(encoding="utf-8")
            texts[here] = imported.sub("", text)
            waiting += [LIBRARY / f"{name}.nn" for name in imported.findall(text)]
    return "\n".join(texts.values())


# What both give ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """A module with weights as after some training, what it is fed, and what it makes of that in float64."""

    weights: dict[str, torch.Tensor]
    parameters: int
    feeds: tuple[Feed, ...]
    results: tuple[tuple[np.ndarray, ...], ...]


@cache
def expected(name: str, index: int) -> Expected:
    network, arguments = NETWORKS[name], NETWORKS[name].arguments[index]
    torch.manual_seed(10)
    module = network.module(**arguments)
    feeds = network.feeds(np.random.default_rng(10), arguments)
    with one_thread():
        settle(module, *map(torch.from_numpy, feeds[0].values()))
        exact = copy.deepcopy(module).eval().double()
        results = tuple(called(exact, feed) for feed in feeds)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Expected(module.state_dict(), parameters, feeds, results)


def called(module: nn.Module, feed: Feed) -> tuple[np.ndarray, ...]:
    """What a module of float64 gives."""
    tensors = [torch.from_numpy(array) for array in feed.values()]
    with torch.no_grad():
        results = module(*[tensor.double() if tensor.is_floating_point() else tensor for tensor in tensors])
    results = results if isinstance(results, tuple) else (results,)
    return tuple(result.numpy() for result in results)


def found(model: Compiled, pair: Expected, target: Target) -> list[list[np.ndarray]]:
    session = Session(model, weights=pair.weights, target=target, provider="cpu", threads=1)
    return [list(session.run(feed).values()) for feed in pair.feeds]


def errors(results: list[list[np.ndarray]], pair: Expected) -> list[float]:
    assert [len(arrays) for arrays in results] == [len(arrays) for arrays in pair.results]
    return [
        error(array, exact)
        for arrays, exacts in zip(results, pair.results, strict=True)
        for array, exact in zip(arrays, exacts, strict=True)
    ]


def path_of(name: str) -> Path:
    """The text of a network, which may be one of the zoo."""
    path = TEXTS / f"{name}.nn"
    return path if path.exists() else ZOO / path.name


@cache
def compiled(name: str, index: int) -> Compiled:
    return compile_file(path_of(name), arguments=NETWORKS[name].arguments[index])


# The tests -----------------------------------------------------------------------------------------------------------


def test_every_text_is_tested() -> None:
    assert {path.stem for path in TEXTS.glob("*.nn")} <= set(NETWORKS)
    assert all(path_of(name).exists() for name in NETWORKS)
    assert len(NETWORKS) == 10


@pytest.mark.parametrize(("name", "index"), PAIRS)
@pytest.mark.parametrize("target", get_args(Target))
def test_the_numbers_are_those_of_pytorch(name: str, index: int, target: Target) -> None:
    pair = expected(name, index)
    assert max(errors(found(compiled(name, index), pair, target), pair)) <= NETWORKS[name].tolerance


@pytest.mark.parametrize(("name", "index"), PAIRS)
def test_names_shapes_and_counts_are_those_of_pytorch(name: str, index: int) -> None:
    model, pair = compiled(name, index), expected(name, index)
    theirs = {key: tuple(tensor.shape) for key, tensor in pair.weights.items() if "num_batches_tracked" not in key}
    assert {weight.name: tuple(weight.shape) for weight in model.graph.weights()} == theirs
    assert model.summary().count.params == pair.parameters


@pytest.mark.parametrize("name", NETWORKS)
def test_as_written_there_is_nothing_to_say(name: str) -> None:
    arguments = NETWORKS[name].arguments[0]
    model = compile_file(path_of(name)) if arguments else compiled(name, 0)
    assert model.warnings == ()
    assert "expect params == " in path_of(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_inputs_make_a_difference(name: str) -> None:
    """Examples differ by more than the tolerance: a network that says the same of all of them would agree as well."""
    for results in expected(name, 0).results:
        spreads = [np.ptp(result, axis=0).max() / np.abs(result).max() for result in results if len(result) > 1]
        assert all(spread > 0.01 for spread in spreads)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_mistake_in_the_text_shows(name: str) -> None:
    network, pair = NETWORKS[name], expected(name, 0)
    text = whole_text(path_of(name))
    assert network.wrong[0] in text
    wrong = compile_source(text.replace(*network.wrong), arguments=network.arguments[0])
    assert max(errors(found(wrong, pair, "onnx"), pair)) > SHOWS * network.tolerance
