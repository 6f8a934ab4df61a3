"""Calls of the command line, and the files that they are about."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from dotnn.cli.app import app

from tests.helpers.paths import DATA, EXAMPLES

MNIST = str(EXAMPLES / "mnist_cnn.nn")
DIGIT = str(DATA / "digit.png")
TEN = str(DATA / "digits.txt")

TINY = """
model tiny(size: int = 4) {
    input x: float32[N, 3]
    output logits = x -> dense(size)
}
"""
WRONG = "model wrong {\n    input x: float32[N, 3]\n    output y = x -> dens(4)\n}\n"
#: Two convolutions, each followed by what the default target fuses, and a dense layer whose fusion it lacks.
FUSIBLE = """
model fusible {
    input x: float32[N, 3, 8, 8]
    output y = x -> conv2d(4, kernel=3) -> relu -> conv2d(4, kernel=3) -> relu -> flatten -> dense(4) -> relu
}
"""
SEVERAL = "".join(f"model {name} {{\n    input x: float32[2]\n    output y = x\n}}\n" for name in ("one", "two"))
LONG = "a" * 300


class Done:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __repr__(self) -> str:
        return f"exit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


def dotnn(*arguments: str, stdin: str | bytes | None = None) -> Done:
    """A command in this process; an exception that gets out of it is one of the test."""
    result = CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False, prog_name="dotnn")
    return Done(result.exit_code, result.stdout, result.stderr)


def process(
    *arguments: str, script: str = 'exec "$@"', environment: dict[str, str] | None = None, folder: Path | None = None
) -> Done:
    """A command in a process of its own, which a line of shell may start in an odd way: there it is `"$@"`."""
    changed = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "dotnn", *arguments]
    done = subprocess.run(
        command, env=changed | (environment or {}), cwd=folder, capture_output=True, encoding="utf-8", timeout=60
    )
    return Done(done.returncode, done.stdout, done.stderr)


def codes(text: str) -> list[str]:
    return re.findall(r"(?:error|warning)\[([ELW]\d+)\]", text)


def tiny_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in that holds `tiny.nn` and `wrong.nn`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.nn").write_text(TINY)
    (tmp_path / "wrong.nn").write_text(WRONG)
    return tmp_path
