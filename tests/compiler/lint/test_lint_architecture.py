"""What the rules about architecture leave alone, because it is right in some network, and what they find beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.layers.index import MODULES
from dotnn.compiler.lint import layer_kinds
from dotnn.compiler.lint.index import RULES

from tests.helpers.paths import ROOT

#: Inputs that the bodies below read.
INPUTS = {
    "image": "float32[N, 8, 32, 32]",
    "x": "float32[N, 64]",
    "sequence": "float32[N, T, 16]",
    "fixed": "float32[N, 200, 16]",
    "step": "float32[N, 1, 16]",
    "state": "float32[1, N, 16]",
    "scores": "float32[N, T, S]",
    "values": "float32[N, S, 16]",
    "ids": "int64[N, T]",
}


def findings(body: str, *select: str) -> list[Diagnostic]:
    """What the rules about architecture say of statements that read some of the inputs."""
    declared = "\n".join(f"    input {name}: {kind}" for name, kind in INPUTS.items() if name in body)
    report = check(Path("net.nn").resolve(), text=f"model net {{\n{declared}\n{body}\n}}\n", select=select)
    assert not report.has_errors, str(report)
    return [one for one in report.diagnostics if one.code.startswith("L1")]


def codes(body: str, *select: str) -> list[str]:
    """The codes of the findings."""
    return [one.code for one in findings(body, *select)]


SILENT = {
    "depthwise, then pointwise": "output y = image -> depthwise_conv2d(kernel=3) -> conv2d(16, kernel=1) -> relu",
    "two parts of one window": (
        "output y = image -> conv2d(8, kernel=[1, 3]) -> conv2d(8, kernel=[3, 1]) -> relu -> global_avg_pool2d"
    ),
    "a linear bottleneck": (
        "output y = image -> conv2d(64, kernel=1) -> relu -> conv2d(8, kernel=1, bias=false) -> batch_norm"
        " -> conv2d(64, kernel=1) -> relu"
    ),
    "a convolution that a shortcut reads too": (
        "a = image -> conv2d(8, kernel=3, padding=1)\n output y = a + (a -> conv2d(8, kernel=3, padding=1) -> relu)"
    ),
    "two axes mixed in turn": (
        "output y = fixed -> dense(16) -> transpose([0, 2, 1]) -> dense(16) -> transpose([0, 2, 1]) -> relu"
    ),
    "features of steps, and all steps": "output y = fixed -> dense(4) -> flatten -> dense(8) -> relu",
    "parts of a vector": "output y = x -> dense(64) -> reshape([N, 4, 16]) -> dense(16) -> relu",
    "convolutions of images and of sequences": (
        "output y = image -> conv2d(8, kernel=3) -> flatten(start=2) -> conv1d(8, kernel=3) -> relu"
    ),
    "scores that are drawn larger": (
        "output y = image -> conv2d(2, kernel=1) -> conv_transpose2d(2, kernel=4, stride=2)"
    ),
    "a code of few channels": (
        "output y = image -> conv2d(64, kernel=3) -> relu -> conv2d(4, kernel=3) -> conv_transpose2d(64, kernel=3)"
        " -> relu"
    ),
    "a token that is put in its place": (
        "output y = fixed -> dense(8) -> relu -> dense(16) -> reshape([N, 16, 200]) -> conv1d(8, kernel=3) -> relu"
    ),
    "groups": "output y = image -> conv2d(8, kernel=3, groups=4) -> conv2d(8, kernel=3) -> relu",
    "shuffled pixels": "output y = image -> conv2d(32, kernel=3) -> pixel_shuffle(2) -> conv2d(8, kernel=3)",
    "an activation behind the pooling": (
        "output y = image -> conv2d(8, kernel=3) -> max_pool2d(2) -> relu -> flatten -> dense(4)"
    ),
    "a gate": "gate = x -> dense(64) -> sigmoid\n output y = x * gate -> dense(4)",
    "squeeze and excite": (
        "gate = image -> global_avg_pool2d -> conv2d(2, kernel=1) -> relu -> conv2d(8, kernel=1) -> sigmoid\n"
        " output y = image * gate -> conv2d(8, kernel=3) -> relu"
    ),
    "attention": "output y = (scores -> softmax(axis=2)) @ values -> dense(4)",
    "attention from the right": (
        "output y = (values -> transpose([0, 2, 1])) @ (scores -> transpose([0, 2, 1]) -> softmax(axis=1))"
    ),
    "a soft choice of vectors": "output y = x -> dense(10) -> softmax -> dense(16, bias=false)",
    "probabilities that are an output as well": (
        "output classes = x -> dense(10) -> softmax\n output y = classes -> dense(16)"
    ),
    "a choice among steps by one score": "output where = sequence -> dense(1) -> softmax(axis=1)",
    "softmax over channels": "output classes = image -> conv2d(4, kernel=1) -> softmax(axis=1)",
    "spatial dropout before pooling": (
        "output y = image -> conv2d(8, kernel=3) -> relu -> spatial_dropout(0.2) -> max_pool2d(2) -> flatten"
        " -> dense(4)"
    ),
    "tanh as in networks of physics": "output y = x -> repeat(9) { dense(64) -> tanh } -> dense(4)",
    "sigmoids that are normalized": (
        "output y = x -> repeat(20) { dense(64, bias=false) -> batch_norm -> tanh } -> dense(4)"
    ),
    "sigmoid at the end of a tanh": "output y = x -> repeat(9) { dense(64) -> tanh } -> dense(1) -> sigmoid",
    "a scale of ones": "output y = x -> dense(64, bias=false) -> batch_norm(init=ones) -> relu -> dense(4)",
    "the last layer of zeros": "output y = x -> dense(64) -> relu -> dense(4, init=zeros)",
    "a branch that begins as nothing": "output y = x + (x -> dense(64) -> relu -> dense(64, init=zeros)) -> dense(4)",
    "frozen ones": "output y = x -> sums: dense(8, init=ones) -> relu -> dense(4)\n freeze sums",
    "an embedding of zeros": "output y = ids -> embedding(9, dim=4, init=zeros) -> dense(4)",
    "an initializer with a gain": "output y = x -> dense(64, init=xavier_normal(gain=1.4)) -> relu -> dense(4)",
    "an initializer before a normalization": (
        "output y = x -> dense(64, bias=false, init=xavier_normal) -> batch_norm -> relu -> dense(4)"
    ),
    "no initializer": "output y = x -> dense(64) -> relu -> dense(4)",
    "large numbers that are normalized": (
        "output y = x -> dense(64, bias=false, init=normal(std=9.0)) -> batch_norm -> relu -> dense(4)"
    ),
    "a small last layer": "output y = x -> dense(64) -> relu -> dense(4, init=normal(std=0.0001))",
    "logarithms of probabilities": "output log_probabilities = x -> dense(4) -> log_softmax",
    "a product that is called so": "output probability = x * x",
    "channels mixed at every position": "output y = image -> conv2d(8, kernel=3) -> relu -> dense(4, axis=1)",
    "a sequence of patches": (
        "output y = image -> conv2d(8, kernel=4, stride=4) -> flatten(start=2) -> transpose([0, 2, 1]) -> layer_norm"
        " -> dense(4)"
    ),
    "an unknown number of steps": "output y = sequence -> rnn(8, return_sequences=false) -> dense(4)",
    "both ends of both directions": (
        "s = sequence -> lstm(8, bidirectional=true)\n output y = concat(s[:, -1, 0:8], s[:, 0, 8:16]) -> dense(4)"
    ),
    "the last step of one direction": "s = sequence -> lstm(8)\n output y = s[:, -1] -> dense(4)",
    "one step that continues": "output y = step -> gru(16, initial_h=state) -> dense(4)",
    "one step whose state is handed on": "s, h = step -> gru(16)\n output y = s -> dense(4)\n output next = h",
    "the last output of a sequence": "output y = fixed -> lstm(8, return_sequences=false) -> dense(4)",
    "scores of a heatmap": "output box_scores = image -> conv2d(1, kernel=1) -> relu",
    "a batch normalization that a shortcut passes": (
        "a = image -> conv2d(8, kernel=3, padding=1) -> relu\n"
        " output y = a + (a -> batch_norm -> relu -> conv2d(8, kernel=3, padding=1))"
    ),
    "a linear bottleneck of half the width": (
        "output y = x -> dense(32, bias=false) -> dense(64) -> relu\n"
        " output z = image -> conv2d(4, kernel=1) -> conv2d(8, kernel=1) -> relu"
    ),
    "attention by scores that are bounded": (
        "weights = sequence -> dense(1) -> tanh -> softmax(axis=1)\n"
        " output y = sum(weights * sequence, axis=1) -> dense(4)"
    ),
    "softmax of similarities that are cut": "output y = scores -> relu -> softmax(axis=2)",
    "a batch that is normalized by hand": "h = x -> dense(4)\n output y = h - mean(h, axis=0, keepdims=true)",
    "pairs of a batch": "h = x -> dense(4)\n output y = h @ transpose(h, [1, 0]) -> softmax(axis=0)",
    "a mean without weights": "output y = x -> mean(axis=0)",
    "a mean of all": "output y = x -> dense(4) -> mean(axis=[0, 1])",
    "a sequence that is transposed": (
        "output y = ids -> embedding(9, dim=4) -> transpose([0, 2, 1]) -> conv1d(4, kernel=3) -> relu"
    ),
    "a sum of two choices": "a = x -> dense(8) -> softmax\n b = x * 2 -> dense(8) -> softmax\n output y = (a + b) / 2",
    "a prior that attention is added to": (
        "weights = (scores -> softmax(axis=2)) + scores\n output y = weights @ values -> dense(4)"
    ),
    "an output of a recurrent layer": "output y = sequence -> gru(1) -> sigmoid",
}


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
def test_what_is_right_somewhere_is_left_alone(body: str) -> None:
    assert codes(body) == []


FOUND = {
    "output y = image -> conv2d(8, kernel=3) -> avg_pool2d(2) -> conv2d(8, kernel=3) -> relu": ["L109"],
    "output y = image -> conv2d(8, kernel=1) -> global_avg_pool2d -> flatten -> dense(16)": ["L109"],
    "output y = x -> dense(64, bias=false) -> batch_norm -> dense(64) -> relu": ["L109"],
    "output y = x -> dense(64) -> reshape([N, 64, 1, 1]) -> flatten -> dense(64) -> relu": ["L109"],
    "output y = x -> dense(256) -> reshape([N, 16, 4, 4]) -> conv_transpose2d(8, kernel=2, stride=2) -> relu": ["L109"],
    "output y = image -> conv2d(8, kernel=3) -> conv_transpose2d(8, kernel=2, stride=2) -> relu": ["L109"],
    "output y = image -> repeat(2) { conv_transpose2d(8, kernel=4, stride=2) } -> relu": ["L109"],
    "a = image -> conv2d(8, kernel=3)\n output y = a -> conv2d(8, kernel=1)\n output z = a -> conv2d(8, kernel=3)": [
        "L109",
        "L109",
    ],
    "output y = image -> conv2d(8, kernel=3) -> global_max_pool2d -> flatten -> dense(4)": ["L110"],
    "output y = image -> conv2d(8, kernel=3) -> relu -> max_pool2d(2) -> relu -> flatten -> dense(4)": ["L127"],
    "output y = x -> dense(4) -> dropout(0.1) -> softmax": ["L128"],
    "output y = x -> dense(64) -> relu -> sigmoid -> dense(4)": ["L101"],
    "output y = x -> dense(64) -> log_softmax -> dropout(0.1) -> dense(4)": ["L107"],
    "output y = sequence -> dense(5) -> softmax(axis=1)": ["L112"],
    "output y = (scores -> softmax(axis=1)) @ values": ["L112"],
    "output y = x -> dropout(0.75) -> dense(4)": ["L114"],
    "output y = x -> repeat(10) { dense(64) -> tanh } -> dense(4)": ["L115"],
    "output y = x -> dense(64) -> sigmoid -> repeat(2) { dense(64) -> hard_sigmoid } -> dense(4)": ["L115"],
    "output y = sequence -> lstm(8, init=zeros) -> dense(4)": ["L116"],
    "output y = x -> dense(8, init=he_uniform) -> selu -> dense(4)": ["L117"],
    "output class_probs = x -> dense(4) -> tanh": ["L118"],
    "output logit = x -> dense(1) -> sigmoid": ["L118"],
    "output y = x -> layer_norm -> rms_norm -> dense(4)": ["L120"],
    "output y = fixed -> rnn(8) -> dense(4)": ["L121"],
    's = fixed -> gru(8, bidirectional=true, merge="sum")\n output y = s[:, 199] -> dense(4)': ["L122"],
    "output y = fixed -> lstm(8) -> dropout(0.1) -> flatten -> dense(4)": ["L123"],
    "output y = step -> lstm(8) -> dense(4)": ["L124"],
    "output y = x -> dense(64, init=uniform(low=3, high=4)) -> relu -> dense(4)": ["L125"],
    "output y = sequence -> gru(8) -> dropout(0.1) -> tanh -> dense(4)": ["L126"],
    "output logits = x -> dense(4) -> relu": ["L118"],
    "output y = x -> dense(4) -> tanh -> log_softmax": ["L143"],
    "output y = image -> conv2d(4, kernel=1) -> relu -> softmax(axis=1)": ["L143"],
    "output y = x -> dense(4) -> softmax(axis=-2)": ["L144"],
    "h = x -> dense(4)\n output y = h * mean(h, axis=0, keepdims=true)": ["L144"],
    "h = x -> dense(4)\n output y = h / h": ["L145"],
    "output y = fixed -> gru(8) -> dropout(0.1) -> global_avg_pool1d": ["L146"],
    "output y = fixed -> lstm(8) -> layer_norm -> conv1d(4, kernel=1) -> relu": ["L146"],
    "h = x -> dense(8) -> relu\n output y = h + (h -> dense(8) -> softmax -> dropout(0.1)) -> layer_norm -> dense(4)": [
        "L107"
    ],
    "output class_scores = x -> dense(4) -> dropout(0.1) -> leaky_relu -> flatten": ["L118"],
    "output y = image -> conv2d(8, kernel=3) -> relu -> batch_norm -> relu -> flatten -> dense(4)": ["L127"],
    "output y = x -> dense(64, bias=false) -> batch_norm -> batch_norm -> relu -> dense(4)": ["L120"],
    "output y = image -> conv2d(4, kernel=1) -> upsample(2) -> softmax(axis=3)": ["L112"],
    "output y = image -> conv_transpose2d(4, kernel=2, stride=2, init=normal(std=3)) -> relu": ["L125"],
    "output y = x -> repeat(2) { dense(64, init=ones) -> relu } -> dense(4)": ["L116"],
}


@pytest.mark.parametrize("body", FOUND)
def test_what_looks_like_it_is_found(body: str) -> None:
    assert codes(body) == FOUND[body]


def test_sound_networks_of_many_kinds_are_left_alone() -> None:
    found = check(ROOT / "tests" / "helpers" / "sound_networks.nn").diagnostics
    assert [str(one) for one in found if one.code.startswith(("E", "L1"))] == []


def test_a_sentence_names_the_layers_and_the_numbers() -> None:
    (stack,) = findings(
        "output y = x -> first: dense(64) -> low: sigmoid -> repeat(2) { dense(8) -> sigmoid } -> dense(4)"
    )
    assert stack.headline().startswith("3 activations in a row")
    assert "from `low` on" in stack.caret()
    (axis,) = findings("output y = sequence -> tags: dense(17) -> softmax(axis=1)")
    assert "`tags` makes its scores along axis 2" in axis.headline()
    assert axis.advice() == "write `softmax(axis=2)`"
    (rate,) = findings("output y = x -> dropout(rate=0.75) -> dense(4)")
    assert rate.span is not None
    assert (rate.span.text, "write 0.25" in rate.advice()) == ("0.75", True)


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        ("output y = x -> dense(4) -> softmax -> softmax", "leave one of the two out"),
        ("output y = x -> dense(4) -> softmax -> log_softmax", "leave `softmax` out"),
        ("output y = x -> dense(4) -> sigmoid -> softmax", "keep one of the two"),
        ("output y = sequence * (sequence -> dense(1) -> softmax)", "write `softmax(axis=1)`"),
        ("output y = step -> dense(1) -> softmax", "write `sigmoid`"),
    ],
)
def test_the_advice_for_probabilities_goes_by_what_stands_there(body: str, advice: str) -> None:
    (one,) = findings(body)
    assert advice in one.advice()


def test_a_vector_that_is_made_an_image_is_a_hint() -> None:
    body = "output y = x -> dense(256) -> reshape([N, 16, 4, 4]) -> conv_transpose2d(8, kernel=2, stride=2) -> relu"
    (one,) = findings(body)
    assert str(one.severity) == "hint"


def test_a_rate_that_is_an_argument_is_left_alone() -> None:
    text = "model net(rate: float = 0.0) {\n input x: float32[N, 8]\n output y = x -> dropout(rate) -> dense(2)\n}\n"
    assert not check(Path("net.nn").resolve(), text=text).diagnostics


def test_rules_of_style_are_asked_if_they_are_selected() -> None:
    shrinking = (
        "output y = image -> conv2d(64, kernel=5) -> relu -> conv2d(32, kernel=3) -> relu -> flatten"
        " -> dense(4) -> relu -> dense(8) -> relu -> dense(4)"
    )
    assert codes(shrinking) == []
    assert sorted(codes(shrinking, "L13")) == ["L130", "L131", "L132", "L133"]


def test_every_activation_is_one_for_the_rules() -> None:
    """A new one would else be taken for a layer that bends nothing."""
    files = ("activations", "bounded_activations", "smooth_activations")
    found = {kind for kind, module in MODULES.items() if module in files}
    assert found == layer_kinds.ACTIVATIONS | layer_kinds.PROBABILITIES


def test_kinds_of_layers_are_names_of_layers() -> None:
    groups = [group for name, group in vars(layer_kinds).items() if name.isupper()]
    known = {*MODULES}
    assert len(groups) > 10
    assert all(group <= known for group in groups), [sorted(group - known) for group in groups]


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        ("float32[N, 8]", "dense(8) -> sigmoid"),
        ("float32[N, 8]", "dense(8, init=zeros) -> dropout(0.5)"),
        ("float32[N, 8, 8, 8]", "conv2d(8, kernel=1) -> batch_norm -> avg_pool2d(1)"),
        ("float32[N, 8]", "tanh"),
    ],
)
def test_chains_of_thousands_of_layers_are_walked_without_deep_calls(kind: str, stage: str) -> None:
    text = f"model net {{\n input x: {kind}\n output y = x -> repeat(3_000) {{ {stage} }}\n}}\n"
    report = check(Path("net.nn").resolve(), text=text, select=["L"])
    assert {one.code for one in report.diagnostics} <= set(RULES)
    assert report.diagnostics
