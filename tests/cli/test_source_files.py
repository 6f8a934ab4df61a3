"""Which files a call means: folders, globs, what git ignores and settings exclude."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from dotnn.cli.source_files import source_files
from dotnn.compiler.configuration.finding import Configuration

from tests.helpers.git_ignores import make_files

FILES = ("nets/a.nn", "nets/deep/b.nn", "nets/deep/notes.txt", "build/c.nn", "x.draft.nn", "top.nn", ".hidden/h.nn")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that ignores a folder and drafts."""
    monkeypatch.chdir(tmp_path)
    make_files(tmp_path, (*FILES, ".git/HEAD"))
    Path(".gitignore").write_text("build/\n*.draft.nn\n", encoding="utf-8")
    return tmp_path


def meant(*sources: str) -> list[str]:
    return [path.replace(os.sep, "/") for path in source_files(sources, Configuration())]


def refused(*sources: str) -> str:
    with pytest.raises(click.UsageError) as caught:
        source_files(sources, Configuration())
    return caught.value.format_message()


def test_of_folders_what_git_ignores_is_passed_over() -> None:
    assert meant(".") == ["nets/a.nn", "nets/deep/b.nn", "top.nn"]
    assert meant("nets") == ["nets/a.nn", "nets/deep/b.nn"]
    Path("nets/.gitignore").write_text("deep/*\n!deep/b.nn\na.nn", encoding="utf-8")
    assert meant("nets") == ["nets/deep/b.nn"]
    # What stands above counts wherever a call begins.
    assert meant("nets/deep") == ["nets/deep/b.nn"]


def test_what_is_named_is_meant() -> None:
    assert meant("x.draft.nn", "build/c.nn", "nets/deep/notes.txt") == [
        "x.draft.nn",
        "build/c.nn",
        "nets/deep/notes.txt",
    ]
    # Of a folder that is named, what lies in it: `build/` ignores the folder, not its files.
    assert meant("build") == ["build/c.nn"]
    assert meant(".hidden") == [".hidden/h.nn"]
    assert meant("none.nn", "-") == ["none.nn", "-"]


@pytest.mark.parametrize(
    ("glob", "files"),
    [
        ("*.nn", ["top.nn"]),
        ("**/*.nn", ["nets/a.nn", "nets/deep/b.nn", "top.nn"]),
        ("nets/*.nn", ["nets/a.nn"]),
        ("nets/**/*.nn", ["nets/a.nn", "nets/deep/b.nn"]),
        ("nets/*", ["nets/a.nn", "nets/deep/b.nn"]),
        ("*/a.nn", ["nets/a.nn"]),
        ("./nets/?.nn", ["./nets/a.nn"]),
        ("n[a-f]ts/**/b.nn", ["nets/deep/b.nn"]),
    ],
)
def test_globs_are_those_of_shells(glob: str, files: list[str]) -> None:
    assert meant(glob) == files
    whole = f"{os.getcwd().replace(os.sep, '/')}/{glob.removeprefix('./')}"
    assert meant(whole) == [f"{os.getcwd()}/{name.removeprefix('./')}".replace(os.sep, "/") for name in files]


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not have")
def test_a_file_with_the_name_of_a_glob_is_that_file(here: Path) -> None:
    make_files(here, ["[a].nn", "a.nn"])
    assert meant("[a].nn") == ["[a].nn"]


def test_each_file_is_meant_once() -> None:
    assert meant("nets", "nets/a.nn", "**/*.nn", "./top.nn") == ["nets/a.nn", "nets/deep/b.nn", "top.nn"]


def test_settings_exclude_files_below_folders() -> None:
    Path("dotnn.toml").write_text("exclude = ['deep/', 'top.nn']", encoding="utf-8")
    assert meant(".") == ["nets/a.nn"]
    assert meant("nets", "top.nn") == ["nets/a.nn", "top.nn"]
    # The nearest settings hold.
    Path("nets/dotnn.toml").write_text("exclude = ['*.nn', '!b.nn']", encoding="utf-8")
    assert meant("./") == ["nets/deep/b.nn"]
    assert len(source_files(["nets"])) == len(source_files(["nets"], Configuration(isolated=True))) == 2


def test_nothing_to_check_says_what_was_passed_over(here: Path) -> None:
    Path("dotnn.toml").write_text("exclude = ['nets/']", encoding="utf-8")
    os.unlink("top.nn")
    assert refused(".") == (
        "there is no .nn file in '.'; git ignores 'build/c.nn', 'x.draft.nn', "
        "and `exclude` leaves out 'nets/a.nn', 'nets/deep/b.nn'"
    )
    assert refused("**/a.nn") == "there is no .nn file that '**/a.nn' matches; `exclude` leaves out 'nets/a.nn'"
    assert refused("none/*.nn") == "there is no .nn file that 'none/*.nn' matches"
    assert "cannot be read: a `[` is not closed" in refused("none[")
    make_files(here, [f"build/d{number}.nn" for number in range(5)])
    assert refused("*/d*.nn").endswith("git ignores 'build/d0.nn', 'build/d1.nn', 'build/d2.nn' and 2 more")
    make_files(here, ["empty/x.txt"])
    assert refused("empty") == "there is no .nn file in 'empty'"
