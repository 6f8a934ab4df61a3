"""`dotnn check`: files, folders, formats and models."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import click
import numpy as np
import pytest
from dotnn.cli.check import _SECTIONS, check

from tests.helpers.cli_calls import MNIST, SEVERAL, TINY, WRONG, codes, dotnn, process, tiny_folder
from tests.helpers.paths import EXAMPLES
from tests.helpers.sarif_schema import assert_sarif

tiny = pytest.fixture(tiny_folder)


def test_check_fine(tiny: Path) -> None:
    done = dotnn("check", "tiny.nn")
    assert (done.code, done.out, done.err) == (0, "ok: tiny.nn\n", "")


def test_check_several_files(tiny: Path) -> None:
    assert dotnn("check", "tiny.nn", MNIST).out == "ok: 2 files\n"
    done = dotnn("check", "tiny.nn", "wrong.nn")
    assert done.code == 1
    assert codes(done.out) == ["E203"]
    assert "wrong.nn:3:21" in done.out


def test_check_says_what_is_wrong_with_an_imported_file_once(tiny: Path) -> None:
    Path("block.nn").write_text("block b(x) {\n    return x -> dens(4)\n}\n")
    for name in ("first", "second"):
        text = 'import b from "block.nn"\nmodel m {\n    input x: float32[N, 3]\n    output y = b(x)\n}\n'
        Path(f"{name}.nn").write_text(text)
    done = dotnn("check", "first.nn", "second.nn", "--format", "json")
    assert json.loads(done.out)["errors"] == 1
    assert done.code == 1


def test_a_file_is_the_same_however_it_is_named(tiny: Path) -> None:
    Path("block.nn").write_text("block b(x) {\n    return x -> dens(4)\n}\n")
    text = 'import b from "block.nn"\nmodel m {\n    input x: float32[N, 3]\n    output y = b(x)\n}\n'
    Path("net.nn").write_text(text)
    for names in (("./net.nn", "./block.nn"), ("net.nn", str(tiny / "block.nn"))):
        assert json.loads(dotnn("check", *names, "--format", "json").out)["errors"] == 1
        (suite,) = ElementTree.fromstring(dotnn("check", *names, "--format", "junit").out)
        assert [case.get("name") for case in suite if list(case)] == [names[1]]


WITH_ARGUMENT = "model m({}: int = 3) {{\n    input x: float32[N, 3]\n    output y = x -> dense({})\n}}\n"


def test_an_argument_is_for_the_models_that_have_it(tiny: Path) -> None:
    Path("one.nn").write_text(WITH_ARGUMENT.format("width", "width"))
    Path("two.nn").write_text(WITH_ARGUMENT.format("classes", "classes"))
    done = dotnn("check", "one.nn", "two.nn", "tiny.nn", "--set", "width=5", "--set", "classes=2")
    assert done.out == "ok: 3 files\n"
    done = dotnn("check", "one.nn", "two.nn", "--set", "width=-5")
    assert (done.code, "one.nn:3" in done.out, "two.nn" in done.out) == (1, True, False)
    done = dotnn("check", "one.nn", "two.nn", "--set", "widht=5")
    assert (done.code, codes(done.out)) == (2, ["E606"])
    assert "none of the models has an argument `widht`" in done.out
    assert "did you mean `width`?" in done.out
    (found,) = json.loads(dotnn("check", "one.nn", "--set", "classes=5", "--format", "json").out)["diagnostics"]
    assert (found["code"], found["file"], found["line"]) == ("E606", "one.nn", 1)
    for option in ("--fix", "--diff"):
        done = dotnn("check", "one.nn", "two.nn", "--set", "widht=5", option)
        assert done.code == 2


def test_which_arguments_there_are_is_not_known_of_a_file_that_cannot_be_read(tiny: Path) -> None:
    Path("one.nn").write_text(WITH_ARGUMENT.format("width", "width"))
    assert codes(dotnn("check", "one.nn", "none.nn", "--set", "classes=5").out) == ["E607"]


def test_check_standard_input(tiny: Path) -> None:
    assert dotnn("check", "-", stdin=TINY).out == "ok: <stdin>\n"
    done = dotnn("check", "-", stdin=WRONG)
    assert done.code == 1
    assert "<stdin>:3:21" in done.out
    done = dotnn("check", "-", stdin=bytes(range(256)))
    assert (done.code, codes(done.out)) == (2, ["E990"])


def test_check_json(tiny: Path) -> None:
    fine = json.loads(dotnn("check", "tiny.nn", "--format", "json").out)
    assert fine == {"diagnostics": [], "errors": 0, "warnings": 0, "hints": 0}
    done = dotnn("check", "wrong.nn", "--format", "json")
    found = json.loads(done.out)
    (one,) = found["diagnostics"]
    assert done.code == 1
    assert found["errors"] == 1
    assert (one["code"], one["file"], one["line"], one["column"]) == ("E203", "wrong.nn", 3, 21)


def test_check_github(tiny: Path) -> None:
    done = dotnn("check", "wrong.nn", "--format", "github")
    assert done.code == 1
    assert done.out.startswith("::error file=wrong.nn,line=3,")
    assert dotnn("check", "tiny.nn", "--format", "github").out == ""


def test_check_sarif(tiny: Path) -> None:
    done = dotnn("check", "wrong.nn", "none.nn", "--format", "sarif")
    log = json.loads(done.out)
    assert_sarif(log)
    (run,) = log["runs"]
    assert done.code == 2
    assert [one["ruleId"] for one in run["results"]] == ["E203"]
    assert run["invocations"][0]["toolConfigurationNotifications"][0]["descriptor"]["id"] == "E607"
    fine = json.loads(dotnn("check", "tiny.nn", "--format", "sarif").out)
    assert_sarif(fine)
    assert fine["runs"][0]["results"] == []
    strict = dotnn("check", MNIST, "--set", "classes=5", "--strict", "--format", "sarif")
    assert (strict.code, json.loads(strict.out)["runs"][0]["results"][0]["level"]) == (1, "error")


def test_check_junit(tiny: Path) -> None:
    done = dotnn("check", "tiny.nn", "wrong.nn", "none.nn", "-", "--format", "junit", stdin="")
    assert done.code == 2
    (suite,) = ElementTree.fromstring(done.out)
    found = {case.get("name"): [child.tag for child in case] for case in suite}
    assert found == {"tiny.nn": [], "wrong.nn": ["failure"], "none.nn": ["failure"], "<stdin>": ["system-out"]}
    strict = dotnn("check", MNIST, "--set", "classes=5", "--strict", "--format", "junit")
    assert strict.code == 1
    assert 'type="W701"' in strict.out


def test_junit_fails_the_file_that_stands_wrong_or_else_the_one_that_imports_it(tiny: Path) -> None:
    Path("block.nn").write_text("block b(x) {\n    return x -> dens(4)\n}\n")
    text = 'import b from "block.nn"\nmodel m {\n    input x: float32[N, 3]\n    output y = b(x)\n}\n'
    Path("net.nn").write_text(text)
    (suite,) = ElementTree.fromstring(dotnn("check", "net.nn", "tiny.nn", "--format", "junit").out)
    assert [case.get("name") for case in suite if list(case)] == ["net.nn"]
    (suite,) = ElementTree.fromstring(dotnn("check", "net.nn", "block.nn", "--format", "junit").out)
    assert [case.get("name") for case in suite if list(case)] == ["block.nn"]


@pytest.mark.skipif(os.name == "nt", reason="names of POSIX")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_formats_are_well_formed_whatever_files_are_called(tiny: Path, encoding: str) -> None:
    names = [
        "<&>\"'.nn",
        "::error::x.nn",
        "##[group]x.nn",
        "\x1b[31m\n\r\t.nn",
        "\udcff.nn",
        "ü𝔛\u202e.nn",
        "]]>%C3.nn",
    ]
    for name in names:
        Path(name).write_text(WRONG)
    environment = {"PYTHONIOENCODING": encoding, "CI": "true"}
    done = process("check", ".", "--format", "junit", environment=environment)
    (suite,) = ElementTree.fromstring(done.out)
    assert len(suite.findall("testcase/failure")) == len(names) + 1
    done = process("check", ".", "--format", "sarif", environment=environment)
    log = json.loads(done.out)
    assert_sarif(log)
    assert len(log["runs"][0]["results"]) == len(names) + 1
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in done.out.splitlines())


def test_check_takes_folders(tiny: Path) -> None:
    for name in ("b/deep/one.nn", "a/two.nn", "a/notes.txt", ".git/three.nn", "env/pyvenv.cfg", "env/lib/four.nn"):
        (tiny / name).parent.mkdir(parents=True, exist_ok=True)
        (tiny / name).write_text(WRONG)
    found = json.loads(dotnn("check", ".", "--format", "json").out)
    places = [one["file"] for one in found["diagnostics"]]
    assert places == ["a/two.nn", "b/deep/one.nn", "wrong.nn"]
    assert dotnn("check", "a", "b").code == 1
    (tiny / "a" / "two.nn").write_text(TINY)
    assert dotnn("check", "a").out == "ok: a/two.nn\n"
    # What is named is checked, wherever it stands, and once.
    assert codes(dotnn("check", ".git", ".git/three.nn", f"{tiny}/.git").out) == ["E203"]
    assert dotnn("check", str(EXAMPLES)).out == f"ok: {len(list(EXAMPLES.rglob('*.nn')))} files\n"


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_check_of_a_folder_follows_no_links_in_a_circle(tiny: Path) -> None:
    (tiny / "a").mkdir()
    (tiny / "a" / "again").symlink_to(tiny)
    (tiny / "a" / "linked.nn").symlink_to(tiny / "tiny.nn")
    assert dotnn("check", "a").out == "ok: a/linked.nn\n"


def test_strict_makes_warnings_errors(tiny: Path) -> None:
    call = ["check", MNIST, "--set", "classes=5"]
    assert dotnn(*call).code == 0
    done = dotnn(*call, "--strict")
    assert (done.code, codes(done.out)) == (1, ["W701"])
    assert "error[W701]" in done.out
    found = json.loads(dotnn(*call, "--strict", "--format", "json").out)
    assert (found["errors"], found["warnings"]) == (1, 0)
    assert found["diagnostics"][0]["severity"] == "error"
    assert dotnn(*call, "--strict", "--format", "github").out.startswith("::error ")
    fine = dotnn("check", "tiny.nn", "--strict")
    assert (fine.code, fine.out) == (0, "ok: tiny.nn\n")
    assert dotnn("check", "none.nn", "--strict").code == 2


def test_check_warns_where_an_expectation_is_for_the_defaults() -> None:
    done = dotnn("check", MNIST, "--set", "classes=5")
    assert done.code == 0
    assert codes(done.out) == ["W701"]


def test_check_takes_a_model_of_several(tiny: Path) -> None:
    Path("several.nn").write_text(SEVERAL)
    assert dotnn("check", "several.nn").code == 0
    assert dotnn("check", "several.nn", "--model", "two").code == 0
    done = dotnn("summary", "several.nn")
    assert done.code == 2
    assert "--model" in done.err
    assert dotnn("summary", "several.nn", "--model", "two").out.startswith("model two\n")


def test_warnings_are_ignored_like_rules() -> None:
    call = ["check", MNIST, "--set", "classes=5"]
    assert dotnn(*call, "--ignore", "W7").out == f"ok: {MNIST}\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("W201", "the warning `W201` is the rule `L404` now"),
        ("E203", "`E203` is the code of errors, which cannot be chosen"),
        ("W2", "the warnings `W2…` are the rules `L404`, `L140` now"),
        ("W999", "there is no rule `W999`"),
        ("", "there is no rule ``"),
    ],
)
def test_a_code_that_is_no_rule_says_why(code: str, words: str) -> None:
    done = dotnn("check", MNIST, "--ignore", code)
    assert done.code == 2
    assert words in done.err


def test_labels_are_held_against_a_file_of_weights(tiny: Path) -> None:
    np.savez("weights.npz", **{"other.weight": np.zeros(1)})
    done = dotnn("check", MNIST, "--weights", "weights.npz")
    assert (done.code, set(codes(done.out))) == (0, {"L412"})
    missing = dotnn("check", MNIST, "--weights", "none.npz")
    assert (missing.code, codes(missing.err)) == (2, ["E802"])


def test_check_for_a_target_and_a_provider(tiny: Path) -> None:
    assert dotnn("check", "tiny.nn", "--target", "onnxruntime", "--provider", "cpu").code == 0
    done = dotnn("check", "tiny.nn", "--target", "onnx", "--provider", "qnn")
    assert done.code == 0
    assert "warning[L503]: the provider `qnn` wants fixed sizes" in done.out
    wide = TINY.replace("float32", "float64").replace(
        "-> dense", "-> unsqueeze(axis=1) -> conv1d(2, kernel=1) -> dense"
    )
    Path("wide.nn").write_text(wide)
    assert dotnn("check", "wide.nn").code == 0
    done = dotnn("check", "wide.nn", "--target", "onnxruntime")
    assert done.code == 1
    assert "error[L501]: `conv1d` does not run on float64" in done.out
    assert dotnn("check", "tiny.nn", "--provider", "gpu").code == 2


def test_the_help_has_its_options_in_sections() -> None:
    lines = dotnn("check", "--help").out.splitlines()
    titles = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert titles == ["Arguments:", *(f"{title}:" for title in _SECTIONS), "Options:"]
    written = [line.split()[0] for line in lines if line.startswith("  -")]
    assert len(written) == len(set(written)) == len([one for one in check.params if isinstance(one, click.Option)]) + 1
