"""What is offered for mistakes of shapes: every offer mends its mistake, and nothing else is offered."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from dotnn.compiler.diagnostics import Diagnostic, Report
from dotnn.compiler.diagnostics.fixes import Safety, apply_fix
from dotnn.compiler.diagnostics.machine_readable import to_json
from dotnn.compiler.diagnostics.render import render_all
from dotnn.compiler.driver import check
from dotnn.compiler.remedies.offering import MOST_IN_ALL, MOST_OFFERED, MOST_TRIED, with_remedies

from tests.helpers.golden import assert_golden
from tests.helpers.language import write
from tests.helpers.paths import EXAMPLES
from tests.helpers.shape_mistakes import MISTAKES

#: Mistakes for which there is a fix or an advice already that says what to write.
WITHOUT = ("unet_symbolic", "matmul", "gate", "attention_width")


def remedied(path: Path, text: str) -> Sequence[Diagnostic]:
    """What is wrong with a text, with remedies, as the commands have it."""
    path.write_text(text, encoding="utf-8")
    name = str(path)
    return with_remedies(check(name).diagnostics, name, lambda text: check(name, text=text))


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of its own, under a name that does not change from one machine to another."""
    monkeypatch.chdir(tmp_path)
    return Path("net.nn")


@pytest.mark.parametrize("name", MISTAKES)
def test_the_whole_message(name: str, net: Path):
    assert_golden(f"remedies/{name}.txt", f"{MISTAKES[name]}\n{render_all(remedied(net, MISTAKES[name]))}")


@pytest.mark.parametrize("name", MISTAKES)
def test_every_offer_mends_the_mistake(name: str, net: Path):
    (fault,) = remedied(net, MISTAKES[name])
    assert bool(fault.remedies) == (name not in WITHOUT)
    assert len(fault.remedies) <= MOST_OFFERED
    assert len({remedy.text for remedy in fault.remedies}) == len(fault.remedies)
    for remedy in fault.remedies:
        # Checked without a text in place of the file's, which is how they were tried.
        net.write_text(apply_fix(MISTAKES[name], remedy.fix), encoding="utf-8")
        assert not check(net).errors
        assert remedy.fix.safety is Safety.UNSAFE


SUM = """model net {
    input image: float32[N, 16, 32, 32]
    main = image -> conv2d(32, kernel=3, padding=1) -> relu
    output y = image + main
"""


def texts(found: Sequence[Diagnostic]) -> list[list[str]]:
    return [[remedy.text for remedy in one.remedies] for one in found]


def test_what_leaves_another_mistake_is_not_offered(net: Path):
    everything = texts(remedied(net, SUM + "}"))[0]
    assert len(everything) == 3
    # With as many channels as the image, or with both sides laid side by side, this does not hold any more.
    (left,) = texts(remedied(net, SUM + "    output z: float32[N, 32, 32, 32] = y\n}"))
    assert left == everything[:1]


def test_other_mistakes_of_the_file_may_stay(net: Path):
    found = remedied(net, SUM + "    output z = image -> max_pool2d(40)\n    output w = image -> dens(3)\n}")
    offered = {one.code: [remedy.text for remedy in one.remedies] for one in found}
    assert len(offered["E430"]) == 3
    assert offered["E410"]
    assert not offered["E203"]


def test_tries_are_bounded(net: Path):
    calls: list[str] = []

    def again(text: str) -> Report:
        calls.append(text)
        return check(net, text="model net { input x: float32[N]\n output y = q }")

    net.write_text(SUM + "}", encoding="utf-8")
    found = check(net).diagnostics
    assert texts(with_remedies(found, "net.nn", again)) == [[]]
    assert 3 <= len(calls) <= MOST_TRIED
    assert len({*calls}) == len(calls)
    calls.clear()
    with_remedies(list(found) * 20, "net.nn", again)
    assert len(calls) == MOST_IN_ALL


def test_nothing_is_tried_in_a_long_text(net: Path):
    assert texts(remedied(net, SUM + "}" + " # long\n" * 20_000)) == [[]]


def test_nothing_is_tried_behind_many_layers(net: Path):
    text = "model net { input x: float32[N, 4, 9000]\n h = x -> repeat(%d) { conv1d(4, kernel=3) }\n output y = x + h }"
    assert texts(remedied(net, text % 20)) != [[]]
    assert texts(remedied(net, text % 4_000)) == [[]]


def test_nothing_is_tried_in_what_is_imported(tmp_path: Path):
    block = "block f(x) {\n    return x + (x -> conv2d(32, kernel=3, padding=1))\n}\n"
    main = 'import f from "part.nn"\nmodel net { input x: float32[N, 16, 8, 8]\n output y = x -> f }\n'
    path = str(write(tmp_path, {"net.nn": main, "part.nn": block}))
    found = with_remedies(check(path).diagnostics, path, partial(never, path))
    assert [one.code for one in found] == ["E430"]
    assert texts(found) == [[]]
    # The same block in the file itself can be mended.
    own = str(write(tmp_path, {"own.nn": block + main.partition("\n")[2]}))
    (offers,) = texts(with_remedies(check(own).diagnostics, own, lambda text: check(own, text=text)))
    assert offers


def never(path: str, text: str) -> Report:
    """Checks nothing."""
    raise AssertionError(f"{path} is not to be tried: {text}")


def test_a_remedy_says_what_it_changes_to_programs(net: Path):
    (fault,) = remedied(net, SUM + "}")
    (first, *_) = to_json(fault)["fixes"]
    assert first["message"] == fault.remedies[0].text
    assert first["safety"] == "unsafe"
    assert [edit["replacement"] for edit in first["edits"]] == ["(", " -> conv2d(32, kernel=1))"]
    assert to_json(check(net, text="model net { output y = q }").diagnostics[0])["fixes"] == []


SMALL = sorted(path for path in EXAMPLES.rglob("*.nn") if path.stat().st_size < 2_500)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_becomes_of_an_example_is_told(seed: int):
    chance = random.Random(seed)
    path = chance.choice(SMALL)
    text = path.read_text(encoding="utf-8")
    stages = list(re.finditer(r"->\s*\w+(\([^()]*\))?", text))
    one, other = chance.choice(stages), chance.choice(stages)
    text = chance.choice(
        [
            text[: one.start()] + text[one.end() :],
            f"{text[: one.end()]} {other.group()}{text[one.end() :]}",
            re.sub(r"(?<=kernel=)\d+", str(chance.randint(1, 9)), text),
        ]
    )
    name = str(path)
    found = with_remedies(check(name, text=text).diagnostics, name, lambda text: check(name, text=text))
    assert render_all(found, width=60).count("error[") == sum(one.code.startswith("E") for one in found)
    for one in found:
        assert to_json(one)["notes"] == list(one.explanations())
        assert all(line in render_all([one]) for note in one.history() for line in note.splitlines())
