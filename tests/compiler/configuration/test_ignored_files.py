"""What git ignores: as git itself says."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from dotnn.compiler.configuration.ignored_files import GitIgnore, excludes
from dotnn.compiler.configuration.patterns import Pattern, read_pattern

from tests.helpers.git_ignores import ignored_by_git, make_files, make_repository, needs_git

TREE = (
    "a",
    "b",
    "ab",
    "a.nn",
    "net.nn",
    "#a",
    "!a",
    "a b",
    "a ",
    "[a",
    "a]b",
    "x/a",
    "x/b",
    "x/a.nn",
    "x/y/a",
    "x/y/b.nn",
)
DEEP = (
    "a-b/x",
    "nets/a.nn",
    "nets/deep/b.nn",
    "nets/deep/deeper/a",
    "build/nets/a.nn",
    ".hidden/a",
    "nets/naïve.nn",
    "A.nn",
)

WRITTEN = r"""
*.nn
/a.nn
a
/a
x/
x/*
x/**
x/**/a
**/a
**/y/a
**/deep/**
nets/*/b.nn
nets/**/b.nn
nets/**/**/b.nn
*
/*
/**
**
***
**/
x**
nets**/a.nn
nets/**a
?
??
?.nn
x?a
[ab]
[!ab]
[^ab]
[a-b].nn
[b-a]
[]a]
[a
[a/]
a[]]b
a[!]]b
\[a
\a
a\
\#a
#a
\!a
!a
!
/
//
x//a
x/a/
a/
nets/deep
nets/deep/
deep/
/deep
deep/deeper
[[:alpha:]]
[[:digit:]]
[![:alpha:]]*
[[:nothing:]]
[[:alpha]
[a[:digit:]-]*
a-b
a[-]b
a[a-]b
a\ b
 a
*.n?
*.[mn]n
*ï*
n*t*.nn
*a*b*
**/*.nn
.*
.hidden
x/../a
./a
""".strip("\n").split("\n")

SIGNS = [
    "a",
    "b",
    "x",
    "y",
    "nets",
    "deep",
    ".nn",
    "*",
    "**",
    "?",
    "/",
    "/",
    "[ab]",
    "[!a]",
    "[a-b]",
    "[",
    "]",
    "!",
    "\\",
    "-",
]


def generated(count: int) -> list[str]:
    """Patterns by chance, the same ones every time."""
    draw = random.Random(11)
    return ["".join(draw.choices(SIGNS, k=draw.randint(1, 6))) for _ in range(count)]


def ignored_by_us(root: Path, paths: list[str]) -> set[str]:
    """Which files are ignored, or a folder that they lie in: one step after the other, as a walk goes."""
    found, of_folder = set[str](), {root: GitIgnore.of(root)}
    for path in paths:
        place, names = root, path.split("/")
        for number, name in enumerate(names, 1):
            if of_folder[place].ignores(place / name, is_folder=number < len(names)):
                found.add(path)
                break
            if number < len(names):
                if place / name not in of_folder:
                    of_folder[place / name] = of_folder[place].inside(place / name)
                place /= name
    return found


def assert_as_git(root: Path, paths: list[str]) -> None:
    ours = ignored_by_us(root, paths)
    git = ignored_by_git(root, paths)
    assert git == ours, [(path, path in git) for path in sorted(git ^ ours)][:5]


@needs_git
@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not have")
def test_each_pattern_ignores_what_git_ignores(tmp_path: Path) -> None:
    make_repository(tmp_path)
    patterns = [*WRITTEN, "a\\ ", "a  ", *generated(200)]
    paths: list[str] = []
    for number, pattern in enumerate(patterns):
        files = [f"{number}/{name}" for name in (*TREE, *DEEP)]
        make_files(tmp_path, files)
        (tmp_path / f"{number}" / ".gitignore").write_text(f"{pattern}\n", encoding="utf-8")
        paths += files
    ours = ignored_by_us(tmp_path, paths)
    git = ignored_by_git(tmp_path, paths)
    wrong = [(patterns[int(path.split("/")[0])], path, path in git) for path in sorted(git ^ ours)]
    assert not wrong
    # The comparison is one: patterns of every kind ignore something, and leave something.
    assert len({path.split("/")[0] for path in git}) > 80
    assert len(git) < len(paths) / 2


@needs_git
@pytest.mark.parametrize("seed", range(8))
def test_lists_of_patterns_in_several_folders_ignore_what_git_ignores(tmp_path: Path, seed: int) -> None:
    make_repository(tmp_path)
    draw = random.Random(seed)
    files = [f"{top}/{name}" for top in ("one", "two", "two/three") for name in DEEP]
    make_files(tmp_path, files)
    signs = [
        "*.nn",
        "nets/",
        "!nets/",
        "a*",
        "!a.nn",
        "deep",
        "!*",
        "/nets",
        "# a",
        "",
        "!b.nn",
        "**/deeper",
        "one/",
        "*",
    ]
    (tmp_path / ".git" / "info").mkdir()
    for place in (".git/info/exclude", ".gitignore", "one/.gitignore", "two/.gitignore", "two/three/nets/.gitignore"):
        lines = draw.choices(signs, k=draw.randint(0, 5))
        (tmp_path / place).write_bytes("\ufeff".encode() * draw.randint(0, 1) + "\r\n".join(lines).encode())
    assert_as_git(tmp_path, files)


@needs_git
def test_folders_above_count_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.nn\n")
    root = tmp_path / "root"
    make_files(root, ["deep/deeper/a.nn", "deep/deeper/b.nn", "deep/inner/.git/x", "deep/inner/a.nn"])
    make_repository(root)
    (root / ".gitignore").write_text("a.nn\n")
    here = root / "deep" / "deeper"
    assert GitIgnore.of(here).ignores(here / "a.nn", False)
    assert not GitIgnore.of(here).ignores(here / "b.nn", False)
    # Another repository in it goes by its own patterns alone.
    inner = GitIgnore.of(root / "deep").inside(root / "deep" / "inner")
    assert not inner.ignores(root / "deep" / "inner" / "a.nn", False)


def test_without_a_repository_folders_above_do_not_count(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("a.nn\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / ".gitignore").write_text("b.nn\n")
    found = GitIgnore.of(tmp_path / "deep")
    assert [found.ignores(tmp_path / "deep" / name, False) for name in ("a.nn", "b.nn")] == [False, True]


@pytest.mark.skipif(os.name == "nt", reason="links and permissions of POSIX")
def test_a_list_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("*\n")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / ".gitignore").symlink_to(tmp_path / "list")
    (tmp_path / "folder" / ".gitignore").mkdir(parents=True)
    for name in ("linked", "folder"):
        assert not GitIgnore.of(tmp_path / name).ignores(tmp_path / name / "a.nn", False)


def test_what_is_excluded_can_be_taken_back() -> None:
    patterns = [
        one for text in ("nets/", "*.draft.nn", "!good.draft.nn") if isinstance(one := read_pattern(text), Pattern)
    ]
    assert excludes(patterns, ("nets",), True)
    assert not excludes(patterns, ("nets",), False)
    assert excludes(patterns, ("x", "a.draft.nn"), False)
    assert not excludes(patterns, ("x", "good.draft.nn"), False)
    assert not excludes(patterns, (), True)
