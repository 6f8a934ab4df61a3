"""What is known of the models of `examples/lessons/` by formulas and by hand, and the answers to the exercises."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpers.paths import EXAMPLES

LESSONS = EXAMPLES / "lessons"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A model of a lesson.

    Attributes:
        params: how many learned numbers it has, counted by the formulas below.
        fields: the receptive field of outputs, counted by hand.
        fed: what its command feeds, for lessons whose numbers can be followed by hand.
        gives: the outputs for that, computed by hand.
        says: how the comment writes an output, rounded; a single number stands for all of them.
        smaller: arguments of the model for what is too slow at full size.
    """

    params: int
    fields: Mapping[str, int] = field(default_factory=dict)
    fed: Mapping[str, Any] = field(default_factory=dict)
    gives: Mapping[str, Any] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    smaller: Mapping[str, int] = field(default_factory=dict)


# Counts, as in facts/lecture.md and facts/recurrent.md --------------------------------------------------------------


def conv(kernel: int, inputs: int, filters: int) -> int:
    """A convolution with a bias."""
    return (kernel * kernel * inputs + 1) * filters


def dense(inputs: int, units: int) -> int:
    """A dense layer with a bias."""
    return (inputs + 1) * units


def normed(inputs: int, filters: int, kernel: int = 3) -> int:
    """A convolution without a bias, and the scale and the shift of its batch normalization."""
    return kernel * kernel * inputs * filters + 2 * filters


def gru(inputs: int, units: int) -> int:
    """A GRU with two biases."""
    return 3 * units * (inputs + units + 2)


# Numbers by hand ----------------------------------------------------------------------------------------------------


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def teeth(x: float) -> float:
    """Four teeth: up and down between 0 and 1, and again, every quarter."""
    place = 4 * x % 1
    return 2 * min(place, 1 - place)


def fading(inputs: list[float]) -> Iterator[float]:
    """The states of an RNN with one unit."""
    h = 0.0
    for x in inputs:
        h = math.tanh(x + 0.5 * h)
        yield h


def lasting(inputs: list[float]) -> Iterator[float]:
    """The states of an LSTM whose gates look at the input alone."""
    c = 0.0
    for x in inputs:
        c = sigmoid(10) * c + sigmoid(20 * x - 10) * math.tanh(10 * x)
        yield sigmoid(10) * math.tanh(c)


def lasting_too(inputs: list[float]) -> Iterator[float]:
    """The states of a GRU whose gates look at the input alone."""
    h = 0.0
    for x in inputs:
        z = sigmoid(10 - 20 * x)
        h = z * h + (1 - z) * math.tanh(x)
        yield h


def steps(numbers: Iterator[float]) -> list[list[list[float]]]:
    """One sequence of one number per step."""
    return [[[number] for number in numbers]]


ONES = [[[[1] * 5] * 5]]
PIXELS = [[[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]]
PLACES = [0, 0.125, 0.25, 0.375, 0.5, 0.75]
TEETH = {"fed": {"x": [[x] for x in PLACES]}, "gives": {"height": [[teeth(x)] for x in PLACES]}}
BATCH = {"fed": {"x": [[2], [4], [4], [6]]}, "gives": {"normalized": [[number / 2**0.5] for number in (-2, 0, 0, 2)]}}
TOLD = [1.0, 0, 0, 0, 0, 0]
ROWS = [[0.9, 0.1], [0.8, 0.2], [-0.7, 0.5]]
#: Softmax of 1 and 0.
FIRST = math.e / (math.e + 1)
#: Four hidden layers of 94 units, three of which read another one.
DEEP = dense(784, 94) + 3 * dense(94, 94) + dense(94, 10)
DIGITS = conv(3, 1, 16) + dense(16 * 13 * 13, 64) + dense(64, 10)
#: One block keeps the size, and one halves it with a 1x1 convolution beside it.
TOWER = normed(3, 16) + 2 * normed(16, 16) + normed(16, 32) + normed(32, 32) + normed(16, 32, kernel=1)
TRANSLATION = 2 * 50 * 16 + 2 * gru(16, 32)
EIGHT = {"params": 8 * 2 * normed(16, 16), "fields": {"features": 1 + 16 * 2}, "smaller": {"blocks": 2}}

#: By the name of the file and the name of the model.
LESSON_FACTS: Mapping[tuple[str, str], Lesson] = {
    ("padding_and_stride", "padding_and_stride"): Lesson(
        2 * 9,
        {"valid": 3, "same": 3},
        fed={"image": ONES},
        gives={
            "valid": [[[[9] * 3] * 3]],
            "same": [[[[4, 6, 6, 6, 4], *[[6, 9, 9, 9, 6]] * 3, [4, 6, 6, 6, 4]]]],
        },
    ),
    ("pooling", "pooling"): Lesson(
        0,
        {"greatest": 2, "means": 2, "mean_of_all": 4},
        fed={"image": PIXELS},
        gives={
            "greatest": [[[[6, 8], [3, 4]]]],
            "means": [[[[(1 + 1 + 5 + 6) / 4, (2 + 4 + 7 + 8) / 4], [(3 + 2 + 1 + 2) / 4, (1 + 0 + 3 + 4) / 4]]]],
            "greatest_of_all": [[[[8]]]],
            "mean_of_all": [[[[50 / 16]]]],
        },
        says={
            "greatest": "`[[6, 8], [3, 4]]`",
            "means": "`[[3.25, 5.25], [2, 2]]`",
            "greatest_of_all": "The greatest of all: 8",
            "mean_of_all": "3.125",
        },
    ),
    ("depth_against_width", "wide"): Lesson(dense(784, 128) + dense(128, 10)),
    ("depth_against_width", "deep"): Lesson(DEEP),
    ("folding", "deep"): Lesson(3 * (dense(1, 2) + dense(2, 1)), says={"height": "0, 1, 0, 1, 0, 0"}, **TEETH),
    ("folding", "wide"): Lesson(dense(1, 8) + dense(8, 1), **TEETH),
    ("small_filters", "small"): Lesson(3 * conv(3, 64, 64), {"features": 3 + 2 + 2}),
    ("small_filters", "large"): Lesson(conv(7, 64, 64), {"features": 7}),
    ("one_by_one", "one_by_one"): Lesson(
        3 + 3,
        {"by_convolution": 1, "by_dense": 1},
        fed={"image": [[[[1, 0]], [[0, 1]], [[0, 1]]]]},
        gives={"by_convolution": [[[[0.25, 0.75]]]], "by_dense": [[[[0.25, 0.75]]]]},
    ),
    ("bottleneck", "direct"): Lesson(conv(3, 256, 256), {"features": 3}),
    ("bottleneck", "bottleneck"): Lesson(conv(1, 256, 64) + conv(3, 64, 64) + conv(1, 64, 256), {"features": 3}),
    ("dropout", "without_dropout"): Lesson(DIGITS),
    ("dropout", "with_dropout"): Lesson(DIGITS),
    ("dropout_by_hand", "training"): Lesson(
        0,
        fed={"x": [[1, 2, 3, 4]], "mask": [[1, 0, 1, 0]]},
        gives={"y": [[1 / 0.5, 0, 3 / 0.5, 0]]},
        says={"y": "2, 0, 6, 0"},
    ),
    ("dropout_by_hand", "running"): Lesson(
        0, fed={"x": [[1, 2, 3, 4]]}, gives={"y": [[1, 2, 3, 4]]}, says={"y": "1, 2, 3, 4"}
    ),
    ("batch_norm", "training"): Lesson(0, says={"normalized": "-1.414, 0, 0, 1.414"}, **BATCH),
    ("batch_norm", "running"): Lesson(
        1 + 2, {"y": 1}, fed={"x": [[[[8]]], [[[10]]], [[[14]]]]}, gives={"y": [[[[0]]], [[[0]]], [[[2]]]]}
    ),
    ("why_residuals", "plain"): Lesson(**EIGHT),
    ("why_residuals", "residual"): Lesson(**EIGHT),
    ("gradient_highway", "plain"): Lesson(10, fed={"x": [[1]]}, gives={"y": [[0.1**10]]}),
    ("gradient_highway", "residual"): Lesson(10, fed={"x": [[1]]}, gives={"y": [[1.1**10]]}, says={"y": "2.594"}),
    ("transfer_learning", "transfer_learning"): Lesson(TOWER + dense(32, 3)),
    ("word_vectors", "word_vectors"): Lesson(
        5 * 2,
        fed={"words": [[1, 2, 4]]},
        gives={"looked_up": [ROWS], "multiplied": [ROWS]},
        says={"looked_up": "`[[0.9, 0.1], [0.8, 0.2], [-0.7, 0.5]]`"},
    ),
    ("rnn_lstm_gru", "plain_rnn"): Lesson(32 * (16 + 32 + 1)),
    ("rnn_lstm_gru", "with_lstm"): Lesson(4 * 32 * (16 + 32 + 1)),
    ("rnn_lstm_gru", "with_gru"): Lesson(gru(16, 32)),
    ("memory", "memory"): Lesson(
        2 + 12 + 9,
        fed={"x": [[[x] for x in TOLD]]},
        gives={
            "fading": steps(fading(TOLD)),
            "lasting": steps(lasting(TOLD)),
            "lasting_too": steps(lasting_too(TOLD)),
        },
        says={
            "fading": "0.76, 0.36, 0.18, 0.09, 0.04, 0.02",
            "lasting": "stay at 0.76",
            "lasting_too": "stay at 0.76",
        },
    ),
    ("many_to_one", "many_to_one"): Lesson(1_000 * 16 + gru(16, 32) + dense(32, 1)),
    ("many_to_one", "many_to_many"): Lesson(1_000 * 16 + gru(16, 32) + dense(32, 5)),
    ("bidirectional", "bidirectional"): Lesson(
        2 * 2,
        fed={"x": [[[1], [2], [3]]]},
        gives={
            "sums": [[[1, 3 + 2 + 1], [1 + 2, 3 + 2], [1 + 2 + 3, 3]]],
            "both_ends": [[6, 6]],
            "last_step": [[6, 3]],
        },
        says={
            "sums": "`[[1, 6], [3, 5], [6, 3]]`",
            "both_ends": "The final state of each direction: 6, 6",
            "last_step": "The last step: 6, 3",
        },
    ),
    ("attention_by_hand", "attention_by_hand"): Lesson(
        0,
        fed={"query": [[[2, 0, 0, 0]]], "key": [[[1, 0, 0, 0], [0, 1, 0, 0]]], "value": [[[10], [20]]]},
        gives={
            "weights": [[[FIRST, 1 - FIRST]]],
            "answer": [[[10 * FIRST + 20 * (1 - FIRST)]]],
            "by_layer": [[[10 * FIRST + 20 * (1 - FIRST)]]],
        },
        says={"answer": "12.69"},
    ),
    ("encoder_decoder", "handed_over"): Lesson(TRANSLATION + dense(32, 50)),
    ("encoder_decoder", "attending"): Lesson(TRANSLATION + dense(32 + 32, 50)),
}


def lesson_path(name: str) -> Path:
    """The file of a lesson."""
    return LESSONS / f"{name}.nn"


def models(name: str) -> list[str]:
    """The models of a lesson, as its text has them."""
    return re.findall(r"^model (\w+)", lesson_path(name).read_text(encoding="utf-8"), re.MULTILINE)


# The exercises of docs/learn.md -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise: what is changed, and the answer.

    Attributes:
        command: what is typed; the answers stand in its output, and in those of the page.
        answers: numbers and shapes.
        file: the example that is changed before; none, where options do it.
        old: what is replaced, wherever it stands.
    """

    command: str
    answers: tuple[str, ...]
    file: str | None = None
    old: str = ""
    new: str = ""


def _changed(file: str, old: str, new: str, *answers: str) -> Exercise:
    return Exercise(f"check {file}", answers, file, old, new)


EXERCISES: tuple[Exercise, ...] = (
    _changed(
        "mnist_dense.nn",
        "dense(512) -> relu",
        "dense(512) -> relu -> dense(512) -> relu",
        f"{dense(784, 512) + dense(512, 512) + dense(512, 10):,}",
    ),
    Exercise("summary lessons/padding_and_stride.nn --set size=6 --set stride=2", ("[N, 1, 2, 2]", "[N, 1, 3, 3]")),
    _changed(
        "mnist_cnn.nn",
        "kernel=3)",
        'kernel=3, padding="same")',
        "[N, 32, 7, 7]",
        f"{conv(3, 1, 32) + conv(3, 32, 32) + dense(32 * 7 * 7, 64) + dense(64, 10):,}",
    ),
    # The count without padding is that of facts/lecture.md.
    _changed("dogs_vs_cats.nn", ', padding="same"', "", "[N, 128, 7, 7]", "3,584,193"),
    Exercise(
        "check lessons/depth_against_width.nn --model deep --set layers=8",
        (f"{dense(784, 94) + 7 * dense(94, 94) + dense(94, 10):,}",),
    ),
    Exercise("summary lessons/small_filters.nn --model small --set layers=4", ("9", f"{4 * conv(3, 64, 64):,}")),
    Exercise(
        "check lessons/bottleneck.nn --model bottleneck --set width=32",
        (f"{conv(1, 256, 32) + conv(3, 32, 32) + conv(1, 32, 256):,}",),
    ),
    _changed(
        "lessons/why_residuals.nn",
        ", bias=false",
        "",
        f"{8 * 2 * (normed(16, 16) + 16):,}",
        f"{8 * 2 * normed(16, 16):,}",
    ),
    Exercise(
        "summary lessons/transfer_learning.nn --set classes=10",
        (f"{dense(32, 10):,}", f"{TOWER:,}", f"{TOWER + dense(32, 10):,}"),
    ),
    Exercise("summary lessons/rnn_lstm_gru.nn --model with_lstm --set units=64", (f"{4 * 64 * (16 + 64 + 1):,}",)),
    _changed(
        "lessons/many_to_one.nn",
        "return_sequences=false)",
        "return_sequences=false, bidirectional=true)",
        f"{1_000 * 16 + 2 * gru(16, 32) + dense(2 * 32, 1):,}",
    ),
    Exercise(
        "check lessons/encoder_decoder.nn --model handed_over --set words=100",
        (f"{2 * 100 * 16 + 2 * gru(16, 32) + dense(32, 100):,}",),
    ),
)
