"""Which settings hold for which file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dotnn.compiler.configuration.finding import Configuration
from dotnn.compiler.configuration.settings import Settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a repository, which is the working folder."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "nets" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of(path: str) -> Settings:
    return Configuration().of_file(path)


def write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8")


def test_the_nearest_settings_count_and_only_these(here: Path) -> None:
    assert of("nets/deep/a.nn") == Settings()
    write("dotnn.toml", "select = ['L201']")
    assert of("nets/deep/a.nn").select == ("L201",)
    write("nets/dotnn.toml", "ignore = ['L103']")
    found = of("nets/deep/a.nn")
    assert (found.select, found.ignore, found.folder) == ((), ("L103",), here / "nets")
    assert of("a.nn").select == ("L201",)


def test_the_own_file_wins_over_the_shared_one(here: Path) -> None:
    write("pyproject.toml", "[tool.dotnn]\nselect = ['L201']")
    assert of("a.nn").select == ("L201",)
    write("dotnn.toml", "select = ['L2']")
    assert of("a.nn").select == ("L2",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[project]\nname = 'dotnn'",
        "[tool.ruff]\nx = 1",
        "[tool]\nx.dotnn = 1",
        "[tool.dotnn-other]\nx = 1",
        "wrong [",
    ],
)
def test_a_shared_file_without_our_table_is_passed(here: Path, text: str) -> None:
    write("dotnn.toml", "select = ['L201']")
    write("nets/pyproject.toml", text)
    assert of("nets/a.nn").select == ("L201",)
    assert not of("nets/a.nn").faults


@pytest.mark.parametrize(
    "text",
    [
        "[tool.dotnn]\nselect = ['L201']",
        "  [ tool . 'dotnn' ]\nselect = ['L201']",
        "[tool]\ndotnn = { select = ['L201'] }",
        "[tool]\ndotnn.select = ['L201']",
        "tool.dotnn.select = ['L201']",
        "tool = { dotnn = { select = ['L201'] } }",
        "\ufeff[tool.dotnn]\nselect = ['L201']",
        "[tool.dotnn.per-file-ignores]\n[tool.dotnn]\nselect = ['L201']",
    ],
)
def test_our_table_is_found_however_it_is_written(here: Path, text: str) -> None:
    write("pyproject.toml", text)
    assert of("a.nn").select == ("L201",)


def test_nothing_above_the_repository_counts(here: Path) -> None:
    inner = here / "nets"
    (inner / ".git").touch()
    write("dotnn.toml", "select = ['L201']")
    assert of("nets/deep/a.nn") == Settings()
    write("nets/dotnn.toml", "select = ['L2']")
    assert of("nets/deep/a.nn").select == ("L2",)


def test_standard_input_goes_by_the_working_folder(here: Path) -> None:
    write("dotnn.toml", "select = ['L201']")
    assert of("-").select == ("L201",)


def test_one_file_may_hold_for_all_and_none_may(here: Path) -> None:
    write("dotnn.toml", "select = ['L201']")
    write("nets/strict.toml", "strict = true")
    found = Configuration(Path("nets/strict.toml")).of_file("a.nn")
    # As patterns of the command line, those of this file begin where it is called.
    assert (found.strict, found.select, found.folder) == (True, (), here)
    assert Configuration(isolated=True).of_file("a.nn") == Settings()


def fault(configuration: Configuration) -> str:
    (found,) = configuration.of_file("a.nn").faults
    return str(found)


def test_what_cannot_be_read_is_told(here: Path) -> None:
    assert "E961" in fault(Configuration(Path("none.toml")))
    assert "no such file" in fault(Configuration(Path("none.toml")))
    assert "a folder" in fault(Configuration(Path("nets")))
    write("nets/pyproject.toml", "[project]\n")
    assert "no table `[tool.dotnn]`" in fault(Configuration(Path("nets/pyproject.toml")))
    assert "no path" in fault(Configuration("a\0b"))
    Path("dotnn.toml").write_bytes(b"\xff\xfe")
    assert "no UTF-8" in fault(Configuration())
    Path("dotnn.toml").write_bytes(b"#" * 1_000_001)
    assert "1,000,000 bytes" in fault(Configuration())
    os.unlink("dotnn.toml")
    Path("dotnn.toml").mkdir()
    assert "a folder" in fault(Configuration())


def test_settings_are_read_once(here: Path) -> None:
    write("dotnn.toml", "select = ['L201']")
    configuration = Configuration()
    assert (
        configuration.of_file("nets/a.nn") is configuration.of_file("nets/deep/b.nn") is configuration.of_file("a.nn")
    )
