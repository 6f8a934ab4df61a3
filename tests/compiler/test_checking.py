"""Checking a file by settings, comments and a baseline, as from Python."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import dotnn
import pytest
from dotnn.compiler.configuration.baseline import finding_of, written
from dotnn.compiler.diagnostics import Diagnostic, Report

BIAS = "output y = image -> conv2d(channels, kernel=3) -> batch_norm -> relu -> max_pool2d(2)"
EXPECT = "expect y.shape == [N, 16, 13, 13]"
NET = f"model net(channels: int = 16) {{\n    input image: float32[N, 3, 29, 29]\n    {BIAS}\n    {EXPECT}\n}}\n"
#: With these the expectation is false, which is a warning that is no rule's.
ARGUMENTS = {"channels": 8}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one file, in which a false expectation, dropped positions and a bias are found."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "net.nn").write_text(NET, encoding="utf-8")
    return tmp_path


def settle(text: str) -> None:
    Path("dotnn.toml").write_text(text, encoding="utf-8")


def found(select: Collection[str] = (), ignore: Collection[str] = (), **options: Any) -> list[str]:
    return sorted(one.code for one in report(select=select, ignore=ignore, **options).diagnostics)


def report(path: str = "net.nn", **options: Any) -> Report:
    """What is said of a file with arguments for which its expectation is false."""
    return dotnn.check(path, arguments=ARGUMENTS, **options)


def test_settings_choose_the_rules() -> None:
    assert found() == ["L103", "W701"]
    settle("select = ['L2']\nignore = ['L103']")
    assert found() == ["L201", "W701"]
    assert found(isolated=True) == ["L103", "W701"]
    settle("ignore = ['W', 'L103']")
    assert found() == []


def test_the_longest_beginning_of_a_code_decides_and_then_who_speaks_last() -> None:
    settle("ignore = ['L1']\nselect = ['L103', 'L201']")
    assert found() == ["L103", "L201", "W701"]
    assert found(ignore=["L2"]) == ["L103", "W701"]
    assert found(ignore=["L"], select=["L201"]) == ["L201", "W701"]
    settle("ignore = ['L']")
    assert found(select=["l1"]) == ["L103", "W701"]
    settle("select = ['L103']\nignore = ['L103']")
    assert found() == ["W701"]


def test_what_is_ignored_in_single_files_is_ignored_whoever_selects_it() -> None:
    settle("per-file-ignores = { 'net.nn' = ['L1', 'W701'] }")
    assert found() == []
    assert found(select=["L103", "L201"]) == ["L201"]
    settle("per-file-ignores = { 'other.nn' = ['L1'] }")
    assert found() == ["L103", "W701"]


def test_warnings_are_suppressed_on_their_line_like_rules() -> None:
    Path("net.nn").write_text(NET.replace(EXPECT, f"{EXPECT}  # dotnn: ignore[W701]"), encoding="utf-8")
    assert found() == ["L103"]
    Path("net.nn").write_text(NET.replace(BIAS, f"{BIAS}  # dotnn: ignore[W701, L103]"), encoding="utf-8")
    assert found() == ["L401", "W701"]
    # Of a warning that is not given, nobody knows whether its suppression is used.
    settle("ignore = ['W701']")
    assert found() == []


def test_warnings_are_suppressed_in_imported_files() -> None:
    expect = "expect y.shape == [N, 16]"
    block = f"block b(x, size: int) {{\n    y = x -> dense(size)\n    {expect}\n    return y\n}}\n"
    Path("block.nn").write_text(block.replace(expect, f"{expect}  # dotnn: ignore[W701]"), encoding="utf-8")
    head = 'import b from "block.nn"\nmodel m(channels: int = 16) {\n'
    text = f"{head}    input x: float32[N, 3]\n    output y = b(x, size=channels)\n}}\n"
    Path("net.nn").write_text(text, encoding="utf-8")
    assert found() == []
    Path("block.nn").write_text(block, encoding="utf-8")
    assert found() == ["W701"]
    settle("per-file-ignores = { 'block.nn' = ['W701'] }")
    assert found() == []


def test_warnings_may_be_errors() -> None:
    settle("strict = true")
    strict = report()
    assert [one.code for one in strict.errors] == ["W701"]
    assert strict.has_errors
    assert not report(isolated=True).has_errors
    assert report(isolated=True, strict=True).has_errors


def test_one_file_may_have_all_settings() -> None:
    settle("ignore = ['L']")
    Path("other.toml").write_text("ignore = ['W']", encoding="utf-8")
    assert found(config="other.toml") == ["L103"]
    assert found(config=Path("other.toml"), select=["L201"]) == ["L103", "L201"]


def test_mistakes_in_settings_are_told_and_no_rule_is_asked() -> None:
    settle("selekt = []\nignore = ['X']")
    assert found() == ["E962", "E964", "W701"]
    Path("net.nn").write_text(NET.replace("relu", "rlu"), encoding="utf-8")
    assert found() == ["E203", "E962", "E964"]


def test_codes_of_a_call_are_checked() -> None:
    assert found(select=["L999"]) == ["E964", "L103", "W701"]
    assert found(ignore=["E203"]) == ["E964", "L103", "W701"]
    assert found(select=["W701"]) == ["E964", "L103", "W701"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"select": "L1"}, "select must be a list of str"),
        ({"ignore": [5]}, "ignore must be a list of str"),
        ({"strict": 1}, "strict must be a bool"),
        ({"isolated": "no"}, "isolated must be a bool"),
        ({"config": 5}, "config must be a path"),
    ],
)
def test_arguments_of_a_wrong_type_are_type_errors(options: dict[str, object], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        dotnn.check("net.nn", **options)  # pyright: ignore[reportArgumentType]


def baseline_of(diagnostics: Collection[Diagnostic], here: Path) -> None:
    findings = [finding_of(one, here) for one in diagnostics]
    (here / "known.json").write_bytes(written({one: 1 for one in findings if one is not None}))


def test_a_baseline_hides_what_it_has(here: Path) -> None:
    baseline_of(report().diagnostics, here)
    settle("baseline = 'known.json'\nselect = ['L201']")
    assert found() == ["L201"]
    assert found(isolated=True) == ["L103", "W701"]
    Path("net.nn").write_text("# moved\n" + NET.replace(BIAS, f"{BIAS}  "), encoding="utf-8")
    assert found() == ["L201"]
    # The numbers of a line are in what is said of it, and another line is another finding.
    Path("net.nn").write_text(NET.replace("kernel=3", "kernel=[3, 3]"), encoding="utf-8")
    assert found() == ["L103", "L201"]


def test_a_baseline_that_cannot_be_read_is_told_where_it_is_named() -> None:
    settle("baseline = 'known.json'")
    fault = next(one for one in report().diagnostics if one.code == "E967")
    assert str(fault.span) == "dotnn.toml:1:12"
    assert found() == ["E967", "L103", "W701"]


@pytest.mark.parametrize("line", ["spare{} = image -> relu", "expect params >= 400"])
def test_more_warnings_than_help_are_told_of_once(line: str) -> None:
    """Be they those of a rule or of the compiler."""
    lines = "".join(f"    {line.format(number)}\n" for number in range(300))
    Path("net.nn").write_text(NET.replace("    expect", f"{lines}    expect"), encoding="utf-8")
    codes = found()
    assert codes.count("W501") == 1
    assert len(codes) == 121
    assert found(strict=True) == codes


def test_a_text_that_is_not_saved_goes_by_the_settings_of_its_file() -> None:
    settle("ignore = ['W701']")
    assert found(text=NET) == ["L103"]
    assert [one.code for one in report("nets/none.nn", text=NET).diagnostics] == ["L103"]


def test_an_argument_is_for_those_models_of_a_file_that_have_it(tmp_path: Path) -> None:
    path, body = tmp_path / "net.nn", "    input x: float32[N, 4]\n    output y = x -> dense(4)\n}\n"
    path.write_text(f"model one(n: int = 3) {{\n{body}model two(k: int = 3) {{\n{body}")
    report = dotnn.check(path, arguments={"n": 5}, isolated=True)
    assert not report.errors
    (fault,) = dotnn.check(path, arguments={"n": 5, "m": 5}, isolated=True).errors
    assert (fault.code, fault.headline()) == ("E606", "none of the models has an argument `m`")
