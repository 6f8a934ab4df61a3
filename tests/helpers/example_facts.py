"""What is known of the shipped examples from elsewhere: published counts, and inputs that are quickly run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.helpers.paths import DATA, EXAMPLES, FACTS, ZOO


@dataclass(frozen=True, slots=True)
class Example:
    """A shipped example.

    Attributes:
        params: how many learned numbers it has, as published, or counted by the formulas of the facts.
        outputs: shape of each output for ``sizes``, with the default arguments.
        macs: published multiply-accumulates for one example, if there are any.
        zoo: its name in ``facts/zoo.json``.
        keras: its name in ``facts/zoo_keras.json``.
        feeds: what is fed, as on the command line; random numbers for ``sizes`` if there is nothing.
        sizes: of the symbolic dimensions of ``feeds``.
        smaller: arguments of the model for what is too slow at full size, such that classes still tell apart what the
            layers do.
        like: the name of another example of the same blocks, the numbers of whose layers are compared in place of this
            one's: many weights take long.
        scales: between which those of normalizations lie where the numbers of its layers are compared.
    """

    params: int
    outputs: Mapping[str, tuple[int, ...]]
    macs: int | None = None
    zoo: str | None = None
    keras: str | None = None
    feeds: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=lambda: {"N": 1})
    smaller: Mapping[str, int] = field(default_factory=dict)
    like: str | None = None
    scales: tuple[float, float] = (0.5, 1)

    @property
    def texts(self) -> list[str]:
        """The feeds with their files in the folder of the examples."""
        return [f"{name}={DATA / file}" for name, file in (text.split("=") for text in self.feeds)]


# Recurrent counts are those of facts/recurrent.md: LSTM with one bias 4H(I+H+1), GRU 3H(I+H+2) for each direction.
EXAMPLE_FACTS: Mapping[str, Example] = {
    "mnist_cnn": Example(61_482, {"probabilities": (1, 10)}, feeds=("image=digit.png",)),
    "mnist_dense": Example(407_050, {"probabilities": (1, 10)}, feeds=("image=digit.png",)),
    "dogs_vs_cats": Example(5_681_345, {"dog": (1, 1)}),
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
    "char_rnn": Example(
        3 * 4 + 3 * 3 + 4 * 3, {"next_letter": (1, 4, 4)}, feeds=("letters=hell.json",), sizes={"N": 1, "T": 4}
    ),
}


def example_path(name: str) -> Path:
    """The file of an example, which may be one of the zoo."""
    path = EXAMPLES / f"{name}.nn"
    return path if path.exists() else ZOO / path.name


@cache
def _torchvision() -> dict[str, Any]:
    return json.loads((FACTS / "zoo.json").read_text(encoding="utf-8"))


def zoo() -> dict[str, Any]:
    """Torchvision's models by name."""
    return _torchvision()["models"]


def zoo_totals() -> dict[str, Any]:
    """What is known of more of torchvision's models: how many parameters, and 10^9 multiply-accumulates, rounded."""
    return _torchvision()["totals_only"]
