"""The corpus of broken files in `tests/errors/`: what `dotnn check` prints of each stands beside it, as `NAME.txt`.

The files are written as somebody would get them wrong who comes from PyTorch, Keras, TensorFlow, Python or YAML, or who
learns about shapes. Files whose names begin with `_` are imported by others.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import CATALOGUE, Diagnostic, Severity
from dotnn.compiler.diagnostics.explain import load_all
from dotnn.compiler.diagnostics.fixes import apply_fix

from tests.helpers.cli_calls import dotnn
from tests.helpers.fixing import assert_mends
from tests.helpers.paths import ROOT

CORPUS = ROOT / "tests" / "errors"
NAMES = [path.relative_to(CORPUS).as_posix() for path in sorted(CORPUS.rglob("*.nn")) if not path.name.startswith("_")]

#: Codes that no text alone shows, and why: what they begin with, or the whole of them.
ELSEWHERE = {
    "E136": "a hundred mistakes make a long file: tests/compiler/syntax/test_parse_bounds.py",
    "E502": "as many mistakes in blocks: tests/compiler/diagnostics/test_base.py",
    "E605": "asked for by `--model`: its golden message is in tests/golden/errors",
    "E606": "asked for by `--set`: its golden message is in tests/golden/errors",
    "E607": "a file that cannot be read: its golden message is in tests/golden/errors",
    "W501": "more warnings than are listed: tests/compiler/diagnostics/test_base.py",
    "W701": "with `--set` alone: its golden message is in tests/golden/errors",
    "E8": "of weight files and of writing: tests/compiler/weights, tests/compiler/export, tests/cli",
    "E9": "of running and of what is fed: tests/runtime, tests/cli",
    "W8": "of weight files and of writing: tests/compiler/weights, tests/compiler/export, tests/cli",
    "W9": "of running and of what is fed: tests/runtime, tests/cli",
    "L": "rules of the linter: each has its samples, which tests/compiler/lint/test_lint.py checks",
}


@cache
def found_in(name: str) -> Sequence[Diagnostic]:
    """What `dotnn check` finds in a file of the corpus, which is called by its path in it."""
    before = Path.cwd()
    os.chdir(CORPUS)
    try:
        return check(name, root=CORPUS).diagnostics
    finally:
        os.chdir(before)


def judged(name: str, text: str) -> Sequence[Diagnostic]:
    """What is found in another text in the place of a file."""
    before = Path.cwd()
    os.chdir(CORPUS)
    try:
        return check(name, text=text, root=CORPUS).diagnostics
    finally:
        os.chdir(before)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_broken_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command prints it, with the remedies that were found by trying."""
    monkeypatch.chdir(CORPUS)
    assert found_in(name), "nothing is wrong with it"
    expected, text = (CORPUS / name).with_suffix(".txt"), dotnn("check", name, "--root", ".").out.rstrip("\n") + "\n"
    if os.environ.get("DOTNN_UPDATE_GOLDEN") == "1":
        expected.write_bytes(text.encode("utf-8"))
    assert expected.exists(), "run the test once with DOTNN_UPDATE_GOLDEN=1 and read what it wrote"
    assert text == expected.read_bytes().decode("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_few_messages_say_what_is_wrong(name: str) -> None:
    """At most five errors, each with a place that holds something, and with what to do."""
    errors = [one for one in found_in(name) if one.severity is Severity.ERROR]
    assert len(errors) <= (6 if name in _MANY else 5)
    for one in found_in(name):
        assert one.span is not None
        assert one.span.end > one.span.start or one.span.start == len(one.span.source.text)
        assert not one.span.text or not one.span.text[0].isspace() or one.code in ("E105", "E135")
        assert one.advice()


#: Files with one mistake on each of their lines.
_MANY = ("pytorch/layer_names.nn", "keras/functional_api.nn")


@pytest.mark.parametrize("name", NAMES)
def test_every_fix_mends_its_mistake(name: str) -> None:
    """The fixed text no longer has the mistake, and no other kind of error, but for what a mistake has hidden."""
    found = found_in(name)
    assert_mends(found, lambda text: judged(name, text))
    for one in found:
        fix = one.fix()
        if fix is not None:
            new = _errors(judged(name, apply_fix(fix.source.text, fix))) - _errors(found)
            assert set(new) <= HIDDEN.get(name, set())


def _errors(found: Sequence[Diagnostic]) -> Counter[str]:
    return Counter(one.code for one in found if one.severity is Severity.ERROR)


#: Further errors that show when the first mistake of a file is mended.
HIDDEN = {
    "imports/library_name.nn": {"E203"},
    "imports/missing_name.nn": {"E203"},
    "python/def_block.nn": {"E126"},
    "pytorch/forward_as_block.nn": {"E126"},
    "syntax/half_typed.nn": {"E201", "E304"},
    "syntax/unclosed_call.nn": {"E306"},
    "values/tensor_for_number.nn": {"E303"},
}


def test_every_code_that_a_text_can_show_is_in_the_corpus() -> None:
    load_all()
    codes = {code for code, kind in CATALOGUE.items() if kind.__module__.startswith("dotnn.")}
    shown = {one.code for name in NAMES for one in found_in(name)}
    assert {code for code in codes - shown if not code.startswith(tuple(ELSEWHERE))} == set()


def test_what_is_excepted_is_needed() -> None:
    shown = {one.code for name in NAMES for one in found_in(name)}
    assert {code for code in ELSEWHERE if len(code) == 4 and code in shown} == set()
    golden = {path.stem for path in (ROOT / "tests" / "golden" / "errors").glob("*.txt")}
    assert {code for code, why in ELSEWHERE.items() if "tests/golden/errors" in why} <= golden


def test_every_expected_output_has_its_file() -> None:
    outputs = {path.relative_to(CORPUS).with_suffix("").as_posix() for path in CORPUS.rglob("*.txt")}
    assert outputs == {re.sub(r"\.nn\Z", "", name) for name in NAMES}
    assert len(NAMES) >= 150
