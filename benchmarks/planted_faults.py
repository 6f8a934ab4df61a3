"""What `dotnn check` finds of faults that are planted, one by one, into sound networks.

    python benchmarks/planted_faults.py [--all | --json]

Each fault can be seen in the text of a network: no learning rates, losses, data or versions. Most are of kinds that
published studies of faults in deep learning list, or that the tools of these studies look for or make; a kind has the
letters of those in which it was looked up, and none where it is our own. The networks are those of the examples. What
they ``expect`` is taken out first, since whoever makes the mistake does not have the right numbers beside it; how many
their expectations alone would find is counted apart. The edits were written before the rules that are for them, and
those that nothing finds stay in the list, with the reason.

A fault is found if there is a finding of the code that is expected, or of one that begins with it, which the sound
network does not have; found otherwise if there is any other such finding; else it is missed. Every finding on a sound
network is a false alarm.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dotnn.compiler.checking import check

EXAMPLES = Path(__file__).parents[1] / "examples"
_EXPECTATION = re.compile(r"^ *expect .*\n", re.MULTILINE)

#: The studies, by the letters that faults name them by.
SOURCES = {
    "H": "Humbatova and others, Taxonomy of Real Faults in Deep Learning Systems (ICSE 2020)",
    "C": "Humbatova and others, DeepCrime: Mutation Testing of Deep Learning Systems Based on Real Faults (ISSTA 2021)",
    "N": "Nikanjam and others, Automatic Fault Detection for Deep Learning Programs Using Graph Transformations (2021)",
    "U": "Schoop and others, UMLAUT: Debugging Deep Learning Programs using Program Structure (CHI 2021)",
    "A": "Zhang and others, AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System (ICSE 2021)",
}


class Fault(NamedTuple):
    """One fault in one network.

    Attributes:
        network: the sound original, below ``examples/``.
        before: what the edit takes away; it stands there once.
        after: what it puts there instead.
        expected: the code that should find it, or its beginning.
        unseen: why nothing finds it, where that is so; ``select`` where a rule does that is off by itself.
    """

    network: str
    before: str
    after: str
    expected: str
    unseen: str = ""


class Kind(NamedTuple):
    """A kind of faults, the studies that list it, and the faults."""

    name: str
    sources: str
    faults: tuple[Fault, ...]


_MEANT_AS_WELL = "the same text is right for another purpose"
_SIZE = "no size is wrong by itself"
_OFF = "select"

KINDS = (
    Kind(
        "missing activation",
        "HCN",
        (
            Fault("mnist_dense", "-> dense(512) -> relu", "-> dense(512)", "L102"),
            Fault("dogs_vs_cats", "-> dense(512) -> relu", "-> dense(512)", "L102"),
            Fault("lessons/depth_against_width", "{ dense(width) -> relu }", "{ dense(width) }", "L102"),
            Fault("zoo/alexnet", "padding=1) -> 9: relu", "padding=1)", "L109"),
            Fault("zoo/lenet5", "-> c5: conv2d(120, kernel=5) -> tanh", "-> c5: conv2d(120, kernel=5)", "L109"),
            Fault(
                "lessons/why_residuals",
                "-> batch_norm -> relu\n        -> conv2d",
                "-> batch_norm\n        -> conv2d",
                "L109",
            ),
            Fault(
                "lessons/bottleneck",
                "-> conv2d(256, kernel=3, padding=1) -> relu",
                "-> conv2d(256, kernel=3, padding=1) -> conv2d(256, kernel=3, padding=1) -> relu",
                "L109",
            ),
            Fault(
                "mnist_cnn",
                "-> conv2d(32, kernel=3) -> relu         # (3*3*1 ",
                "-> conv2d(32, kernel=3)  # (3*3*1 ",
                "L110",
            ),
            Fault(
                "zoo/video_cnn",
                "-> conv3d(64, kernel=3, padding=1) -> relu",
                "-> conv3d(64, kernel=3, padding=1)",
                "L110",
            ),
            Fault(
                "zoo/siamese",
                "conv2: conv2d(32, kernel=3) -> relu -> max",
                "conv2: conv2d(32, kernel=3) -> max",
                "L110",
            ),
            Fault(
                "lessons/dropout",
                "-> conv: conv2d(16, kernel=3) -> relu -> max_pool2d(2)\n",
                "-> conv: conv2d(16, kernel=3) -> max_pool2d(2)\n",
                "L110",
            ),
            Fault(
                "zoo/text_cnn",
                "-> conv1d(filters, kernel=words) -> relu ->",
                "-> conv1d(filters, kernel=words) ->",
                "L1",
            ),
        ),
    ),
    Kind(
        "activation twice",
        "CN",
        (
            Fault("mnist_cnn", "-> dense(64) -> relu", "-> dense(64) -> relu -> relu", "L101"),
            Fault("zoo/alexnet", "1: dense(units) -> 2: relu", "1: dense(units) -> 2: relu -> sigmoid", "L101"),
            Fault("zoo/lenet5", "-> f6: dense(84) -> tanh", "-> f6: dense(84) -> tanh -> relu", "L101"),
            Fault("lessons/dropout", "-> relu -> dropout(0.5)", "-> relu -> dropout(0.5) -> relu", "L101"),
            Fault(
                "dogs_vs_cats",
                '-> conv2d(64, kernel=3, padding="same") -> relu -> max_pool2d(2)',
                '-> conv2d(64, kernel=3, padding="same") -> relu -> max_pool2d(2) -> relu',
                "L127",
            ),
            Fault("sentiment_lstm", "return_sequences=false)", "return_sequences=false) -> relu", "L1"),
        ),
    ),
    Kind(
        "wrong activation inside",
        "HC",
        (
            Fault("mnist_cnn", "-> dense(64) -> relu", "-> dense(64) -> softmax", "L107"),
            Fault("zoo/alexnet", "padding=1) -> 9: relu", "padding=1) -> 9: softmax(axis=1)", "L107"),
            Fault("lessons/depth_against_width", "-> dense(width) -> relu  ", "-> dense(width) -> softmax  ", "L107"),
            Fault("dogs_vs_cats", "-> dense(512) -> relu", "-> dense(512) -> sigmoid", "L111"),
            Fault(
                "mnist_cnn",
                "-> conv2d(32, kernel=3) -> relu         # (3*3*1 ",
                "-> conv2d(32, kernel=3) -> sigmoid  # (3*3*1 ",
                "L111",
            ),
            Fault("zoo/alexnet", "4: dense(units) -> 5: relu", "4: dense(units) -> 5: sigmoid", "L111"),
        ),
    ),
    Kind(
        "output of the wrong kind",
        "HNU",
        (
            Fault("mnist_cnn", "-> dense(classes) -> softmax", "-> dense(classes)", "L118"),
            Fault("zoo/gru_tagger", "-> dense(tags) -> softmax(axis=2)", "-> dense(tags)", "L118"),
            Fault("mnist_dense", "-> dense(classes) -> softmax", "-> dense(classes) -> relu", "L118"),
            Fault("zoo/googlenet", "-> fc: dense(classes)", "-> fc: dense(classes) -> softmax", "L118"),
            Fault("dogs_vs_cats", "-> dense(1) -> sigmoid", "-> dense(1)", "L118", _MEANT_AS_WELL),
            Fault("lessons/many_to_one", "-> dense(1) -> sigmoid", "-> dense(1) -> softmax", "L108"),
            Fault("zoo/siamese", "-> head: dense(1) -> sigmoid", "-> head: dense(1) -> softmax", "L108"),
            Fault("mnist_dense", "(classes: int = 10)", "(classes: int = 1)", "L108"),
            Fault(
                "zoo/sentiment_bilstm", "-> fc: dense(1) -> sigmoid", "-> fc: dense(1) -> tanh", "L1", _MEANT_AS_WELL
            ),
        ),
    ),
    Kind(
        "probabilities of probabilities",
        "N",
        (
            Fault("mnist_dense", "-> dense(classes) -> softmax", "-> dense(classes) -> softmax -> softmax", "L104"),
            Fault("mnist_cnn", "-> dense(classes) -> softmax", "-> dense(classes) -> sigmoid -> softmax", "L104"),
            Fault("sentiment_lstm", "-> dense(1) -> sigmoid", "-> dense(1) -> sigmoid -> sigmoid", "L104"),
        ),
    ),
    Kind(
        "softmax along the wrong axis",
        "",
        (
            Fault("zoo/gru_tagger", "softmax(axis=2)", "softmax(axis=1)", "L112"),
            Fault("zoo/speech_recognizer", "log_softmax(axis=2)", "log_softmax(axis=1)", "L112"),
            Fault("lessons/attention_by_hand", "softmax(axis=2)", "softmax(axis=1)", "L112"),
        ),
    ),
    Kind(
        "dropout misplaced or too high",
        "CN",
        (
            Fault("mnist_cnn", "-> relu         # (3*3*1 ", "-> relu -> dropout(0.25) # (3*3*1 ", "L113"),
            Fault(
                "zoo/video_cnn",
                "-> conv3d(128, kernel=3, padding=1) -> relu",
                "-> conv3d(128, kernel=3, padding=1) -> relu -> dropout(0.3)",
                "L113",
            ),
            Fault("dogs_vs_cats", "dropout(0.5)", "dropout(0.9)", "L114"),
            Fault("zoo/text_cnn", "dropout(0.5)", "dropout(0)", "L114"),
            Fault("zoo/alexnet", "-> 3: dropout(0.5)", "-> 3: dropout(0.8)", "L114"),
            Fault("lessons/transfer_learning", "-> norm: batch_norm", "-> dropout(0.3) -> norm: batch_norm", "L105"),
            Fault("zoo/resnet18", "-> bn1: batch_norm", "-> dropout(0.2) -> bn1: batch_norm", "L105"),
            Fault(
                "mnist_dense", "-> dense(classes) -> softmax", "-> dense(classes) -> softmax -> dropout(0.5)", "L106"
            ),
            Fault("zoo/alexnet", "-> 6: dense(classes)", "-> 6: dense(classes) -> 7: dropout(0.5)", "L106"),
            Fault("mnist_cnn", "-> dense(classes) -> softmax", "-> dense(classes) -> dropout(0.5) -> softmax", "L128"),
            Fault("zoo/video_cnn", "-> dropout(0.5)\n", "-> dropout(0.5) -> dropout(0.5)\n", "L120"),
            Fault("sentiment_lstm", "lstm(32, return", "lstm(32, dropout=0.5, return", "L142"),
        ),
    ),
    Kind(
        "normalization: needless bias, twice, missing",
        "N",
        (
            Fault("lessons/transfer_learning", "padding=1, bias=false)", "padding=1)", "L103"),
            Fault("zoo/resnet18", "padding=3, bias=false)", "padding=3)", "L103"),
            Fault("lessons/transfer_learning", "-> norm: batch_norm", "-> norm: batch_norm -> batch_norm", "L120"),
            Fault(
                "zoo/mobilenet_v1",
                "-> conv_pw_{step}_bn: batch_norm(eps=0.001) -> relu6",
                "-> relu6",
                "L1",
                _MEANT_AS_WELL,
            ),
        ),
    ),
    Kind(
        "wrong initialization",
        "HCNA",
        (
            Fault("mnist_dense", "dense(512)", "dense(512, init=constant(0.01))", "L116"),
            Fault("zoo/alexnet", "1: dense(units)", "1: dense(units, init=ones)", "L116"),
            Fault(
                "zoo/video_cnn",
                "conv3d(64, kernel=3, padding=1)",
                "conv3d(64, kernel=3, padding=1, init=zeros)",
                "L116",
            ),
            Fault("zoo/lenet5", "f6: dense(84)", "f6: dense(84, init=he_normal)", "L117"),
            Fault("dogs_vs_cats", "dense(512)", "dense(512, init=lecun_normal)", "L117"),
            Fault("mnist_dense", "dense(512)", "dense(512, init=normal(std=1.0))", "L125"),
            Fault("dogs_vs_cats", "dense(256)", "dense(256, init=uniform(low=-1, high=1))", "L125"),
            Fault("zoo/alexnet", "4: dense(units)", "4: dense(units, init=normal(std=0.00001))", "L125"),
            Fault(
                "mnist_cnn",
                "dense(64)",
                "dense(64, bias_init=ones)",
                "L1",
                "a bias of 1 is learned away, and some mean it",
            ),
        ),
    ),
    Kind(
        "vanishing gradients by structure",
        "A",
        (
            Fault("lessons/depth_against_width", "{ dense(width) -> relu }", "{ dense(width) -> sigmoid }", "L115"),
            Fault(
                "lessons/depth_against_width",
                "repeat(layers) { dense(width) -> relu }",
                "repeat(12) { dense(width) -> tanh }",
                "L115",
            ),
            Fault(
                "lessons/small_filters",
                "{ conv2d(64, kernel=3, padding=1) -> relu }",
                "{ conv2d(64, kernel=3, padding=1) -> sigmoid }",
                "L115",
            ),
            Fault(
                "char_rnn",
                "float32[N, T, 4]",
                "float32[N, 500, 4]",
                "L121",
                "its weights are written out, so it is not trained",
            ),
            Fault(
                "lessons/rnn_lstm_gru",
                "float32[N, T, 16]\n    ## The state after each step.\n    output states = x -> rnn",
                "float32[N, 1000, 16]\n    ## The state after each step.\n    output states = x -> rnn",
                "L121",
            ),
            Fault(
                "lessons/why_residuals",
                "return x + (x -> two_convolutions) -> relu",
                "return x -> two_convolutions -> relu",
                "L1",
                "a stack without skips is a network, too",
            ),
        ),
    ),
    Kind(
        "windows: stride, padding, kernel, pooling",
        "HN",
        (
            Fault(
                "mnist_cnn",
                "-> conv2d(32, kernel=3) -> relu         # (3*3*1 ",
                "-> conv2d(32, kernel=3, stride=4) -> relu # (3*3*1 ",
                "L203",
            ),
            Fault("zoo/resnet18", "kernel=7, stride=2", "kernel=7, stride=8", "L203"),
            Fault("zoo/alexnet", "kernel=11, stride=4, padding=2", "kernel=11, stride=4, padding=12", "L202"),
            Fault("zoo/lenet5", "kernel=5) -> tanh\n\n", "kernel=5) -> tanh -> max_pool2d(1)\n\n", "L205"),
            Fault(
                "mnist_cnn",
                "-> max_pool2d(2)\n\n",
                "-> max_pool2d(2) -> max_pool2d(2) -> max_pool2d(2) -> max_pool2d(2)\n\n",
                "E4",
            ),
            Fault("zoo/lenet5", "c5: conv2d(120, kernel=5)", "c5: conv2d(120, kernel=7)", "E4"),
            Fault("dogs_vs_cats", "conv2d(32, kernel=3", "conv2d(32, kernel=4", "L2"),
            Fault("zoo/vgg11", "[1, 1, 2, 2, 2]", "[1, 1, 2, 2, 2], widths=[64, 64, 64, 64, 64]", "L1", _SIZE),
        ),
    ),
    Kind(
        "layers that do not fit: missing flatten, wrong layout",
        "HN",
        (
            Fault("mnist_dense", "-> flatten ", "", "E4"),
            Fault("mnist_cnn", "        -> flatten\n", "", "E4"),
            Fault(
                "mnist_cnn",
                "        -> flatten\n        -> dense(64) -> relu ",
                "        -> dense(64, axis=3) -> relu -> flatten ",
                "L119",
            ),
            Fault("mnist_cnn", "-> flatten\n", "-> flatten(start=2)\n", "L119"),
            Fault("zoo/text_cnn", "-> global_max_pool1d -> flatten", "-> global_max_pool1d", "L119"),
            Fault("dogs_vs_cats", "float32[N, 3, 150, 150]", "float32[N, 150, 150, 3]", "E4"),
            Fault("zoo/text_cnn", " -> transpose([0, 2, 1])", "", "E4"),
            Fault("sentiment_lstm", "int64[N, T]", "float32[N, T]", "E4"),
            Fault(
                "lessons/why_residuals",
                "        -> conv2d(16, kernel=3, padding=1, bias=false) -> batch_norm\n",
                "        -> conv2d(16, kernel=3, bias=false) -> batch_norm\n",
                "E4",
            ),
            Fault("zoo/unet", "unet_up(down1, width)", "unet_up(down2, width)", "E4"),
            Fault("zoo/video_cnn", "conv3d(32, kernel=3, padding=1)", "conv2d(32, kernel=3, padding=1)", "E4"),
        ),
    ),
    Kind(
        "sequence and vector confused",
        "",
        (
            Fault("sentiment_lstm", "lstm(32, return_sequences=false)", "lstm(32)", "L1", _MEANT_AS_WELL),
            Fault("sentiment_lstm", "lstm(32, return_sequences=false)", "lstm(32) -> flatten", "E4"),
            Fault(
                "zoo/gru_tagger",
                "bidirectional=true, lengths=lengths)",
                "bidirectional=true, lengths=lengths, return_sequences=false)",
                "E4",
            ),
            Fault(
                "zoo/gru_tagger",
                "output probabilities = states\n        -> dense(tags) -> softmax(axis=2)",
                "output probabilities = states[:, -1]\n        -> dense(tags) -> softmax",
                "L122",
            ),
        ),
    ),
    Kind(
        "wrong wiring",
        "",
        (
            Fault("mnist_cnn", "output probabilities = features", "output probabilities = image", "L404"),
            Fault("zoo/siamese", "abs(a - b)", "abs(a - a)", "L404"),
            Fault(
                "zoo/char_lstm",
                "initial_h=initial_h, initial_c=initial_c",
                "initial_h=initial_c, initial_c=initial_h",
                "L1",
                "both are of one type",
            ),
            Fault("zoo/seq2seq", "dense(target_vocabulary)", "dense(source_vocabulary)", "L1", _SIZE),
            Fault("lessons/transfer_learning", "    freeze tower\n", "", "L1", _MEANT_AS_WELL),
        ),
    ),
    Kind(
        "too few, too many, shrinking or growing layers",
        "HN",
        (
            Fault("zoo/alexnet", "3: conv2d(192, kernel=5", "3: conv2d(32, kernel=5", "L130", _OFF),
            Fault("dogs_vs_cats", "-> dense(256) -> relu", "-> dense(2048) -> relu", "L132", _OFF),
            Fault(
                "zoo/alexnet",
                "8: conv2d(256, kernel=3, padding=1)",
                "8: conv2d(256, kernel=7, padding=3)",
                "L208",
            ),
            Fault(
                "lessons/dropout",
                "-> conv: conv2d(16, kernel=3) -> relu -> max_pool2d(2)\n",
                "-> conv: conv2d(16, kernel=3) -> relu\n",
                "L133",
                _OFF,
            ),
            Fault("mnist_dense", "dense(512)", "dense(2)", "L1", _SIZE),
            Fault(
                "mnist_dense",
                "dense(512) -> relu",
                "dense(512) -> relu -> dense(512) -> relu -> dense(512) -> relu",
                "L1",
                _SIZE,
            ),
        ),
    ),
)

#: Rules that are off by themselves and that some faults want.
_SELECTED = ("L130", "L131", "L132", "L133")


class Outcome(NamedTuple):
    """What is found of a fault: ``found``, ``otherwise`` or ``missed``; ``on selection`` where the rule is off.

    Attributes:
        codes: those of the findings that the sound network does not have.
        by_expectations: whether the expectations of the original are errors as well.
    """

    kind: Kind
    fault: Fault
    what: str
    codes: tuple[str, ...]
    by_expectations: bool


@cache
def outcomes() -> tuple[Outcome, ...]:
    """What is found of every fault."""
    return tuple(_outcome(kind, fault) for kind in KINDS for fault in kind.faults)


def false_alarms() -> list[str]:
    """What is found in the sound networks, which should be nothing."""
    return [f"{name}: {code}" for name in networks() for code in found_in(name, original(name))]


def networks() -> list[str]:
    """The networks that faults are planted into, each once."""
    return sorted({fault.network for kind in KINDS for fault in kind.faults})


@cache
def sound(network: str) -> str:
    """The text of a sound network, without what it expects."""
    return _EXPECTATION.sub("", original(network))


@cache
def original(network: str) -> str:
    """The text of an example."""
    return _path(network).read_text(encoding="utf-8")


def planted(fault: Fault, text: str) -> str:
    """A text with the fault in it.

    Raises:
        ValueError: what the edit takes away does not stand there once.
    """
    if text.count(fault.before) != 1:
        raise ValueError(f"{fault.network} has {fault.before!r} {text.count(fault.before)} times")
    return text.replace(fault.before, fault.after)


def found_in(network: str, text: str, select: Sequence[str] = ()) -> list[str]:
    """The codes of what is said of a text that stands in the place of a network."""
    found = (one.code for one in check(_path(network), text=text, select=select).diagnostics)
    # That a comment of the original suppresses nothing any more says nothing of what is wrong.
    return [code for code in found if code != "L401"]


def table() -> str:
    """A row for every kind, and what is to be said of the whole."""
    rows = [("kind of faults", "listed by", "planted", "found", "otherwise", "if selected", "missed")]
    everything = outcomes()
    for kind in KINDS:
        rows.append((kind.name, " ".join(kind.sources), *_counts([one for one in everything if one.kind is kind])))
    rows.append(("together", "", *_counts(everything)))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{' --- |' * len(rows[0])}")
    by_expectations = sum(one.by_expectations for one in everything)
    alarms = (
        f"False alarms on the {len(networks())} sound networks: {len(false_alarms())}. What these `expect` would have"
    )
    return "\n".join((*lines, "", alarms, f"found {by_expectations} of the {len(everything)} faults by itself."))


def sources() -> str:
    """The studies."""
    return "\n".join(f"* {letter}: {study}" for letter, study in SOURCES.items())


def missed() -> str:
    """What is not found, and why."""
    lost = [one for one in outcomes() if one.what == "missed"]
    lines = [("network", "written", "instead of", "why nothing is said")]
    for one in lost:
        fault = one.fault
        lines.append((f"`{fault.network}`", _code(fault.after), _code(fault.before), fault.unseen or "no rule for it"))
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join((rows[0], "| --- | --- | --- | --- |", *rows[1:]))


def _code(text: str) -> str:
    """A part of a text in one line."""
    words = " ".join(text.split())
    return f"`{words}`" if words else "nothing"


def _counts(some: Sequence[Outcome]) -> tuple[str, ...]:
    found = Counter(one.what for one in some)
    return (str(len(some)), *(str(found[what]) for what in ("found", "otherwise", "on selection", "missed")))


def _outcome(kind: Kind, fault: Fault) -> Outcome:
    text = planted(fault, sound(fault.network))
    codes = _new_in(fault.network, text)
    what = "found" if any(code.startswith(fault.expected) for code in codes) else "otherwise" if codes else "missed"
    if what == "missed" and fault.unseen == _OFF:
        chosen = _new_in(fault.network, text, _SELECTED)
        what = "on selection" if fault.expected in chosen else what
    wrong = "E701" in found_in(fault.network, planted(fault, original(fault.network)))
    return Outcome(kind, fault, what, codes, wrong)


def _new_in(network: str, text: str, select: Sequence[str] = ()) -> tuple[str, ...]:
    """The codes of findings that the sound network does not have."""
    new = Counter(found_in(network, text, select)) - Counter(found_in(network, sound(network), select))
    return tuple(sorted(new.elements()))


def _path(network: str) -> Path:
    return EXAMPLES / f"{network}.nn"


def main() -> int:
    """Print the faults that are not found, or all of them, and the table; or what the documentation shows, as JSON."""
    if "--json" in sys.argv:
        print(json.dumps({part.__name__: part() for part in (table, sources, missed)}))
        return 0
    for one in outcomes():
        if one.what != "found" or "--all" in sys.argv:
            said = f"{one.fault.network}: {one.fault.before.strip()!r} -> {one.fault.after.strip()!r}"
            print(f"{one.what} ({one.fault.expected}; {', '.join(one.codes) or 'nothing'}): {said}. {one.fault.unseen}")
    print("", *false_alarms(), table(), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
