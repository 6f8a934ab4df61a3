"""Folders in which git says what it ignores."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def run_git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What git prints, without the settings of whoever runs the tests."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, input=stdin, capture_output=True, timeout=60
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def make_repository(folder: Path) -> None:
    """Make a folder the root of a repository."""
    run_git(folder, "init", "--quiet", "--template=")


def make_files(folder: Path, files: Iterable[str]) -> None:
    """Make empty files, and the folders that they lie in."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def ignored_by_git(folder: Path, paths: Iterable[str]) -> set[str]:
    """Which of some paths below a repository git ignores, tracked or not."""
    wanted = b"\0".join(os.fsencode(path) for path in paths)
    said = run_git(folder, "check-ignore", "--no-index", "-z", "--stdin", stdin=wanted)
    return {os.fsdecode(path) for path in said.split(b"\0") if path}
