"""Checking a file by settings, comments and a baseline, as from Python."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import dotnn
import pytest
from dotnn.compiler.configuration.baseline import finding_of, written
from dotnn.compiler.diagnostics import Diagnostic

BIAS = "output y = image -> conv2d(16, kernel=3) -> batch_norm -> relu"
NET = f"model net {{\n    input image: float32[N, 3, 29, 29]\n    spare = image -> max_pool2d(2)\n    {BIAS}\n}}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one file, in which an unused binding, dropped positions and a bias are found."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "net.nn").write_text(NET, encoding="utf-8")
    return tmp_path


def settle(text: str) -> None:
    Path("dotnn.toml").write_text(text, encoding="utf-8")


def found(select: Collection[str] = (), ignore: Collection[str] = (), **options: object) -> list[str]:
    report = dotnn.check("net.nn", select=select, ignore=ignore, **options)  # pyright: ignore[reportArgumentType]
    return sorted(one.code for one in report.diagnostics)


def test_settings_choose_the_rules() -> None:
    assert found() == ["L103", "L404"]
    settle("select = ['L2']\nignore = ['L103']")
    assert found() == ["L201", "L404"]
    assert found(isolated=True) == ["L103", "L404"]
    settle("ignore = ['W', 'L103']")
    assert found() == []


def test_the_longest_beginning_of_a_code_decides_and_then_who_speaks_last() -> None:
    settle("ignore = ['L1']\nselect = ['L103', 'L201']")
    assert found() == ["L103", "L201", "L404"]
    assert found(ignore=["L2"]) == ["L103", "L404"]
    assert found(ignore=["L"], select=["L201"]) == ["L201", "L404"]
    settle("ignore = ['L']")
    assert found(select=["l1"]) == ["L103", "L404"]
    settle("select = ['L103']\nignore = ['L103']")
    assert found() == ["L404"]


def test_what_is_ignored_in_single_files_is_ignored_whoever_selects_it() -> None:
    settle("per-file-ignores = { 'net.nn' = ['L1', 'L404'] }")
    assert found() == []
    assert found(select=["L103", "L201"]) == ["L201"]
    settle("per-file-ignores = { 'other.nn' = ['L1'] }")
    assert found() == ["L103", "L404"]


def test_warnings_are_suppressed_on_their_line_like_rules() -> None:
    Path("net.nn").write_text(NET.replace("(2)", "(2)  # dotnn: ignore[L404]"), encoding="utf-8")
    assert found() == ["L103"]
    Path("net.nn").write_text(NET.replace(BIAS, f"{BIAS}  # dotnn: ignore[L404, L103]"), encoding="utf-8")
    assert found() == ["L401", "L404"]
    # Of a warning that is not given, nobody knows whether its suppression is used.
    settle("ignore = ['L404']")
    assert found() == []


def test_warnings_are_suppressed_in_imported_files() -> None:
    block = "block b(x) {\n    spare = x -> relu  # dotnn: ignore[L404]\n    return x -> relu\n}\n"
    Path("block.nn").write_text(block, encoding="utf-8")
    text = 'import b from "block.nn"\nmodel m {\n    input x: float32[N, 3]\n    output y = b(x)\n}\n'
    Path("net.nn").write_text(text, encoding="utf-8")
    assert found() == []
    Path("block.nn").write_text(block.partition("  #")[0] + "\n    return x -> relu\n}\n", encoding="utf-8")
    assert found() == ["L404"]
    settle("per-file-ignores = { 'block.nn' = ['L404'] }")
    assert found() == []


def test_warnings_may_be_errors() -> None:
    settle("strict = true")
    report = dotnn.check("net.nn")
    assert [one.code for one in report.errors] == ["L404"]
    assert report.has_errors
    assert not dotnn.check("net.nn", isolated=True).has_errors
    assert dotnn.check("net.nn", isolated=True, strict=True).has_errors


def test_one_file_may_have_all_settings() -> None:
    settle("ignore = ['L']")
    Path("other.toml").write_text("ignore = ['W']", encoding="utf-8")
    assert found(config="other.toml") == ["L103"]
    assert found(config=Path("other.toml"), select=["L201"]) == ["L103", "L201"]


def test_mistakes_in_settings_are_told_and_no_rule_is_asked() -> None:
    settle("selekt = []\nignore = ['X']")
    assert found() == ["E962", "E964", "L404"]
    Path("net.nn").write_text(NET.replace("relu", "rlu"), encoding="utf-8")
    assert found() == ["E203", "E962", "E964"]


def test_codes_of_a_call_are_checked() -> None:
    assert found(select=["L999"]) == ["E964", "L103", "L404"]
    assert found(ignore=["E203"]) == ["E964", "L103", "L404"]
    assert found(select=["L404"]) == ["E964", "L103", "L404"]


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
    baseline_of(dotnn.check("net.nn").diagnostics, here)
    settle("baseline = 'known.json'\nselect = ['L201']")
    assert found() == ["L201"]
    assert found(isolated=True) == ["L103", "L404"]
    Path("net.nn").write_text("# moved\n" + NET.replace(BIAS, f"{BIAS}  "), encoding="utf-8")
    assert found() == ["L201"]
    # The numbers of a line are in what is said of it, and another line is another finding.
    Path("net.nn").write_text(NET.replace("16", "32"), encoding="utf-8")
    assert found() == ["L103", "L201"]


def test_a_baseline_that_cannot_be_read_is_told_where_it_is_named() -> None:
    settle("baseline = 'known.json'")
    fault = next(one for one in dotnn.check("net.nn").diagnostics if one.code == "E967")
    assert str(fault.span) == "dotnn.toml:1:12"
    assert found() == ["E967", "L103", "L404"]


def test_more_warnings_than_help_are_told_of_once() -> None:
    lines = "".join(f"    spare{number} = image -> relu\n" for number in range(300))
    Path("net.nn").write_text(NET.replace("    spare =", f"{lines}    spare ="), encoding="utf-8")
    codes = found()
    assert codes.count("W501") == 1
    assert len(codes) == 121
    assert found(strict=True) == codes


def test_a_text_that_is_not_saved_goes_by_the_settings_of_its_file() -> None:
    settle("ignore = ['L404']")
    assert found(text=NET) == ["L103"]
    report = dotnn.check("nets/none.nn", text=NET)
    assert [one.code for one in report.diagnostics] == ["L103"]
