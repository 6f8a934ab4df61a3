"""onnxruntime, as dotnn imports it, tells nobody anything: no file of its own, no word, and no trace in the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.cli_calls import TINY

SWITCH = "ORT_DISABLE_TELEMETRY"

SESSION = """
import os
import numpy as np
import dotnn
text = "model tiny() { input x: float32[N, 4] output y = x -> dense(3) }"
dotnn.Session(dotnn.compile_source(text), provider="cpu").run(np.ones((2, 4), np.float32))
print(os.environ.get("ORT_DISABLE_TELEMETRY"))
"""


def run(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, whose environment tells nothing but where the user's files are."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LOCALAPPDATA": str(home), **more}
    return subprocess.run(
        (sys.executable, *arguments), env={**kept, **places}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    (path / "cache").mkdir(parents=True)
    return path


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.nn"
    path.write_text(TINY, encoding="utf-8")
    return path


def files(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def test_the_command_leaves_nothing_in_the_users_folders(home: Path, network: Path):
    done = run("-m", "dotnn", "run", str(network), "--random", "1", home=home)
    assert done.returncode == 0, done.stderr
    assert files(home) == []


def test_running_a_built_model_leaves_nothing_in_the_users_folders(home: Path, network: Path):
    model = network.with_suffix(".onnx")
    built = run("-m", "dotnn", "build", str(network), "-o", str(model), home=network.parent)
    done = run("-m", "dotnn", "run", str(model), "--random", "1", home=home)
    assert (built.returncode, done.returncode) == (0, 0), built.stderr + done.stderr
    assert files(home) == []


def test_a_session_leaves_nothing_in_the_users_folders_and_the_environment(home: Path):
    done = run("-c", SESSION, home=home)
    assert (done.returncode, done.stdout) == (0, "None\n"), done.stderr
    assert files(home) == []


def test_nothing_is_said_where_the_users_folders_cannot_be_written_to(tmp_path: Path):
    no_folder = tmp_path / "file"
    no_folder.touch()
    done = run("-c", SESSION, home=no_folder)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("value", ["0", "1", ""])
def test_what_the_user_has_set_stays(home: Path, value: str):
    code = f"import os, dotnn.runtime.engine; print(repr(os.environ[{SWITCH!r}]))"
    done = run("-c", code, home=home, **{SWITCH: value})
    assert (done.returncode, done.stdout) == (0, f"{value!r}\n"), done.stderr
