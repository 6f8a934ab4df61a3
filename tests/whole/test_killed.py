"""What a process leaves that was killed at any moment, and who removes it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dotnn.compiler import locks
from dotnn.compiler.atomic_files import PendingFile, write_atomically
from dotnn.compiler.locks import LOCK_NAME, machine, temporary_name
from dotnn.runtime import temporary_folder
from dotnn.runtime.temporary_folder import OWNER, TemporaryFolder, sweep_folders

from tests.helpers.graphs import run
from tests.helpers.model_files import FEEDS, expected, files, referenced, write
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes of POSIX")

#: Writes a model again and again, each time killed before or after one call of the operating system further on.
VICTIMS = """
import itertools, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.helpers.model_files import write

root, threshold = Path(sys.argv[2]), None if sys.argv[3] == "inline" else 0
CALLS = ("open", "write", "fsync", "close", "replace", "unlink", "ftruncate")

def deadly(step, after):
    left = [step]
    def wrapped(function):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments, **options)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result
        return call
    for name in CALLS:
        setattr(os, name, wrapped(getattr(os, name)))

for step in itertools.count(1):
    for after in (False, True):
        path = root / f"{step}-{after}" / "net.onnx"
        path.parent.mkdir()
        write(path, seed=1, threshold=0)
        child = os.fork()
        if child == 0:
            deadly(step, after)
            write(path, seed=2, threshold=threshold)
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            sys.exit()
"""


def folders_of_victims(root: Path, threshold: str) -> list[Path]:
    command = [sys.executable, "-W", "ignore", "-c", VICTIMS, str(ROOT), str(root), threshold]
    subprocess.run(command, check=True, timeout=120)
    found = list(root.iterdir())
    assert len(found) > 30
    return found


@pytest.mark.parametrize("threshold", ["external", "inline"])
def test_the_next_build_removes_what_a_killed_one_left(tmp_path: Path, threshold: str) -> None:
    left: set[str] = set()
    for folder in folders_of_victims(tmp_path, threshold):
        path = folder / "net.onnx"
        found = run(path, FEEDS)["y"]
        assert any(np.array_equal(found, expected(seed)) for seed in (1, 2)), folder
        left |= {name.rpartition(".")[2] for name in files(folder) - {path.name, *referenced(path)}}
        # Another model in the folder is enough.
        other = write(folder / "other.onnx", seed=3)
        assert other.data is not None
        ours = {path.name, *referenced(path), other.path.name, other.data.name}
        assert files(folder) == ours, folder
        np.testing.assert_array_equal(run(path, FEEDS)["y"], found)
    assert left == {"tmp", "lock", "data"}


def test_what_anything_but_a_model_is_written_to_leaves_the_notes_for_the_next_model(tmp_path: Path) -> None:
    data = "net-0123456789abcdef.data"
    (tmp_path / data).write_bytes(b"left over")
    (tmp_path / LOCK_NAME).write_text(f'{{"model": "net.onnx", "data": ["{data}"]}}')
    write_atomically(tmp_path / "weights.npz", b"content")
    assert files(tmp_path) == {"weights.npz", LOCK_NAME, data}
    write(tmp_path / "other.onnx", threshold=None)
    assert files(tmp_path) == {"weights.npz", "other.onnx"}


@pytest.mark.parametrize(
    "note",
    [
        '{"model": "net.onnx", "data": ["precious"]}',
        '{"model": "net.onnx", "data": ["../net-0123456789abcdef.data"]}',
        '{"model": "../net.onnx", "data": ["net-0123456789abcdef.data"]}',
        '{"model": "net.onnx", "data": [7, null]}',
        '{"model": "net.onnx", "data": "net-0123456789abcdef.data"}',
        '["net.onnx"]',
        '{"model": "\\ud800.onnx", "data": ["\\ud800-0123456789abcdef.data"]}',
        "[" * 5000,
        "\ud800\x00",
    ],
)
def test_notes_that_nobody_of_us_wrote_remove_nothing(tmp_path: Path, note: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    precious = {folder / "precious", tmp_path / "net-0123456789abcdef.data"}
    for path in precious:
        path.write_bytes(b"precious")
    (folder / LOCK_NAME).write_bytes(note.encode(errors="surrogatepass"))
    write(folder / "net.onnx", threshold=None)
    assert {path.read_bytes() for path in precious} == {b"precious"}
    assert files(folder) == {"precious", "net.onnx"}


# Temporary files ------------------------------------------------------------------------------------------


def abandoned(path: Path, age: float = 0.0) -> Path:
    path.write_bytes(b"left over")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_a_temporary_file_lives_as_long_as_its_owner(tmp_path: Path) -> None:
    with PendingFile(tmp_path / "one") as one:
        one.write(b"one")
        write_atomically(tmp_path / "two", b"two")
        one.commit()
    assert files(tmp_path) == {"one", "two"}
    assert (tmp_path / "one").read_bytes() == b"one"


def test_only_what_has_no_owner_and_was_made_here_is_removed(tmp_path: Path) -> None:
    precious = abandoned(tmp_path / "precious")
    kept = {precious, abandoned(tmp_path / ".dotnn-0123.tmp"), abandoned(tmp_path / "dotnn-0123456789abcdef.tmp")}
    link, second = tmp_path / temporary_name(), tmp_path / temporary_name()
    link.symlink_to(precious)
    os.link(abandoned(tmp_path / "first"), second)
    folder, pipe = tmp_path / temporary_name(), tmp_path / temporary_name()
    folder.mkdir()
    os.mkfifo(pipe)
    foreign = abandoned(tmp_path / ".dotnn-00000000-0123456789abcdef.tmp", age=23 * 3600)
    kept |= {link, second, tmp_path / "first", folder, pipe, foreign}
    abandoned(tmp_path / temporary_name())
    abandoned(tmp_path / ".dotnn-00000000-fedcba9876543210.tmp", age=25 * 3600)
    write_atomically(tmp_path / "file", b"content")
    assert set(tmp_path.iterdir()) == {*kept, tmp_path / "file"}
    assert precious.read_bytes() == b"left over"


def test_a_new_temporary_file_that_is_taken_for_an_abandoned_one_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dotnn.compiler import atomic_files

    taken, real = [], atomic_files.try_lock

    def late(handle: int) -> object:
        if len(taken) < 2:
            taken.append(handle)
            for path in tmp_path.glob(".dotnn-*.tmp"):
                path.unlink()
        return real(handle)

    monkeypatch.setattr(atomic_files, "try_lock", late)
    write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert files(tmp_path) == {"file"}


# Temporary folders ----------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(temporary_folder.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_temporary_folder_is_private_and_lives_as_long_as_its_owner(root: Path) -> None:
    folder = TemporaryFolder()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (folder.path / "model.onnx").write_bytes(b"model")
    (folder.path / "inner").mkdir()
    (folder.path / "inner" / "data").write_bytes(b"data")
    sweep_folders()
    assert files(folder.path) == {"model.onnx", "inner", OWNER}
    folder.remove()
    assert files(root) == set()
    dropped = TemporaryFolder()
    del dropped
    assert files(root) == set()


def test_a_later_run_removes_the_folder_of_a_killed_one(root: Path) -> None:
    script = """
import os, signal
from pathlib import Path
from dotnn.runtime.temporary_folder import TemporaryFolder
folder = TemporaryFolder()
(folder.path / "model.onnx").write_bytes(bytes(1000))
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = os.environ | {"TMPDIR": str(root)}
    assert subprocess.run([sys.executable, "-c", script], env=environment, timeout=60).returncode == -9
    assert [files(path) for path in root.glob("dotnn-*")] == [{"model.onnx", OWNER}]
    folder = TemporaryFolder()
    assert list(root.glob("dotnn-*")) == [folder.path]


def test_a_new_folder_that_is_taken_for_an_abandoned_one_is_made_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = os.open, []

    def late(path: Path, *arguments: int) -> int:
        if len(seen) < 2 and Path(path).name == OWNER:
            seen.append(path)
            sweep_folders()
            assert files(root) == set()
        return real(path, *arguments)

    monkeypatch.setattr(temporary_folder.os, "open", late)
    folder = TemporaryFolder()
    assert len(seen) == 2
    assert files(folder.path) == {OWNER}
    assert files(root) == {folder.path.name}


def test_an_interrupt_leaves_no_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(handle: int) -> locks.Lock:
        raise KeyboardInterrupt

    monkeypatch.setattr(temporary_folder, "try_lock", interrupted)
    with pytest.raises(KeyboardInterrupt):
        TemporaryFolder()
    assert files(root) == set()


def test_folders_of_others_are_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(number: int) -> Path:
        return root / f"dotnn-{machine()}-{number:016x}"

    precious = abandoned(root / "precious")
    make: list[Callable[[Path], object]] = [
        lambda path: path.mkdir(0o755),
        lambda path: path.symlink_to(root),
        lambda path: path.write_bytes(b""),
        lambda path: (path.mkdir(0o700), (path / "mine").write_bytes(b"")),
    ]
    for number, kind in enumerate(make):
        kind(named(number))
    (root / "dotnn-0123456789abcdef").mkdir(0o700)
    before = files(root)
    named(10).mkdir(0o700)
    assert files(root) > before
    sweep_folders()
    assert files(root) == before
    # Another user's folder is none of ours, whatever it is called.
    named(11).mkdir(0o700)
    monkeypatch.setattr(temporary_folder, "belongs_to_us", lambda found: False)
    sweep_folders()
    assert files(root) == {*before, named(11).name}
    assert precious.exists()
