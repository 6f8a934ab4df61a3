"""What is known of the shipped examples from elsewhere: published counts, and inputs that are quickly run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parent / "facts"
EXAMPLES = Path(__file__).parent.parent / "examples"
DATA = EXAMPLES / "data"


@dataclass(frozen=True, slots=True)
class Example:
    """A shipped example.

    Attributes:
        params: how many learned numbers it has, as published, or counted by the formulas of the facts.
        outputs: shape of each output for ``sizes``, with the default arguments.
        zoo: its name in ``facts/zoo.json``.
        feeds: what is fed, as on the command line; random numbers for ``sizes`` if there is nothing.
        sizes: of the symbolic dimensions of ``feeds``.
    """

    params: int
    outputs: Mapping[str, tuple[int, ...]]
    zoo: str | None = None
    feeds: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=lambda: {"N": 1})

    @property
    def texts(self) -> list[str]:
        """The feeds with their files in the folder of the examples."""
        return [f"{name}={DATA / file}" for name, file in (text.split("=") for text in self.feeds)]


def _imagenet(name: str, params: int) -> Example:
    return Example(params, {"logits": (1, 1000)}, zoo=name)


# Recurrent counts are those of facts/recurrent.md: LSTM with one bias 4H(I+H+1), GRU 3H(I+H+2) for each direction.
EXAMPLE_FACTS: Mapping[str, Example] = {
    "mnist_cnn": Example(61_482, {"probabilities": (1, 10)}, feeds=("image=digit.png",)),
    "mnist_dense": Example(407_050, {"probabilities": (1, 10)}, feeds=("image=digit.png",)),
    "dogs_vs_cats": Example(5_681_345, {"dog": (1, 1)}),
    "alexnet": _imagenet("alexnet", 61_100_840),
    "vgg16": _imagenet("vgg16", 138_357_544),
    "resnet18": _imagenet("resnet18", 11_689_512),
    "resnet50": _imagenet("resnet50", 25_557_032),
    "resnet152": _imagenet("resnet152", 60_192_808),
    "x_or_o": Example(3 * 3 * 3 + 2 * 3 + 2, {"probabilities": (1, 2)}, feeds=("image=x.csv",)),
    "filters_6x6": Example(
        2 * 3 * 3, {"feature_maps": (1, 2, 4, 4), "pooled": (1, 2, 2, 2)}, feeds=("image=six_by_six.csv",)
    ),
    "sentiment_lstm": Example(
        10_000 * 32 + 4 * 32 * (32 + 32 + 1) + 32 + 1,
        {"favourable": (1, 1)},
        feeds=("words=review.json",),
        sizes={"N": 1, "T": 8},
    ),
    "gru_tagger": Example(
        5_000 * 64 + 2 * 3 * 64 * (64 + 64 + 2) + 128 * 17 + 17,
        {"probabilities": (2, 5, 17)},
        feeds=("words=sentences.json", "lengths=lengths.json"),
        sizes={"N": 2, "T": 5},
    ),
    "char_rnn": Example(
        3 * 4 + 3 * 3 + 4 * 3, {"next_letter": (1, 4, 4)}, feeds=("letters=hell.json",), sizes={"N": 1, "T": 4}
    ),
    "text_cnn": Example(
        10_000 * 64 + (3 + 4 + 5) * 64 * 64 + 3 * 64 + 3 * 64 * 2 + 2,
        {"probabilities": (1, 2)},
        feeds=("words=review.json",),
        sizes={"N": 1, "T": 8},
    ),
    "unet": Example(
        (3 * 9 + 1) * 16
        + 2 * (16 * 9 + 1) * 16
        + (16 * 9 + 1) * 32
        + 2 * (32 * 9 + 1) * 32
        + (32 * 9 + 1) * 64
        + (64 * 9 + 1) * 64
        + (96 * 9 + 1) * 32
        + (48 * 9 + 1) * 16
        + (16 + 1) * 2,
        {"mask": (2, 2, 12, 8)},
        sizes={"N": 2, "H": 3, "W": 2},
    ),
    "video_cnn": Example(
        (27 * 3 + 1) * 32 + (27 * 32 + 1) * 64 + (27 * 64 + 1) * 128 + (128 + 1) * 10,
        {"probabilities": (1, 10)},
        sizes={"N": 1, "T": 5},
    ),
}


def example_path(name: str) -> Path:
    return EXAMPLES / f"{name}.nn"


@cache
def zoo() -> dict[str, Any]:
    """Torchvision's models by name."""
    return json.loads((FACTS / "zoo.json").read_text(encoding="utf-8"))["models"]
