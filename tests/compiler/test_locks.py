"""Two writers of one model: each is stopped at every step, and the other one comes in between."""

from __future__ import annotations

import errno
import os
import queue
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn.compiler import atomic_files, locks
from dotnn.compiler.atomic_files import write_atomically
from dotnn.compiler.diagnostics import Diagnostic, DotnnError
from dotnn.compiler.diagnostics.notices import DotnnWarning, listening
from dotnn.compiler.diagnostics.writing import FilesNotLocked, NoDirectory, WaitsForWriter
from dotnn.compiler.locks import LOCK_NAME, Turn

from tests.helpers.graphs import run
from tests.helpers.model_files import FEEDS, expected, files, referenced, write
from tests.helpers.paths import ROOT

CALLS = ("open", "write", "fsync", "close", "replace", "unlink")
#: Longer than anything here takes; reached only by a deadlock.
PATIENCE = 30


class Stops:
    """Stands for the functions of ``os``: stops one thread before one of its calls, until it is let go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int | None) -> None:
        self.thread: threading.Thread | None = None
        self.steps = 0
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._at = at
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is self.thread:
                self.steps += 1
                if self.steps == self._at:
                    self.reached.set()
                    assert self.go_on.wait(PATIENCE)
            return function(*arguments, **options)

        return call


def started(action: Callable[[], object], done: Callable[[], None]) -> threading.Thread:
    def work() -> None:
        try:
            action()
        finally:
            done()

    return threading.Thread(target=work)


def race(path: Path, first: int | None, second: int | None, stop_at: int | None) -> int:
    """Write a model with a stop before a step, and another one meanwhile; gives the steps of the first one."""
    with pytest.MonkeyPatch.context() as patch:
        stops = Stops(patch, stop_at)
        slept = time.sleep
        happened: queue.Queue[str] = queue.Queue()

        def sleep(seconds: float) -> None:
            happened.put("waits")
            slept(seconds)

        patch.setattr(locks.time, "sleep", sleep)
        one = started(lambda: write(path, seed=1, threshold=first), stops.reached.set)
        two = started(lambda: write(path, seed=2, threshold=second), lambda: happened.put("done"))
        stops.thread = one
        one.start()
        assert stops.reached.wait(PATIENCE)
        two.start()
        # The second one has done what it can, with the first one where it is.
        assert happened.get(timeout=PATIENCE)
        stops.go_on.set()
        one.join(PATIENCE)
        two.join(PATIENCE)
        assert not one.is_alive()
        assert not two.is_alive()
        return stops.steps


def assert_whole(path: Path, *seeds: int) -> None:
    """One of these models is there, with its data and nothing else."""
    found = run(path, FEEDS)["y"]
    assert any(np.array_equal(found, expected(seed)) for seed in seeds)
    assert files(path.parent) == {path.name, *referenced(path)}


@pytest.mark.parametrize("old", [0, None], ids=["external", "inline"])
@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, None), (None, 0)])
def test_either_may_come_last_and_the_model_is_whole(
    tmp_path: Path, old: int | None, first: int | None, second: int | None
) -> None:
    (tmp_path / "trial").mkdir()
    write(tmp_path / "trial" / "net.onnx", seed=3, threshold=old)
    steps = race(tmp_path / "trial" / "net.onnx", first, second, stop_at=None)
    assert steps > 10
    for step in range(1, steps + 1):
        directory = tmp_path / str(step)
        directory.mkdir()
        write(directory / "net.onnx", seed=3, threshold=old)
        race(directory / "net.onnx", first, second, stop_at=step)
        assert_whole(directory / "net.onnx", 1, 2)


def test_a_writer_that_fails_removes_nothing_of_the_other_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two have the same data, which the one that cannot replace the model must not take along."""
    path = tmp_path / "net.onnx"
    write(path, seed=3)
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        if Path(target) == path:
            raise OSError(errno.ENOSPC, "full")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(DotnnError):
            write(path, seed=1)
    assert_whole(path, 3)
    write(path, seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(DotnnError):
            write(path, seed=1)
    assert_whole(path, 1)


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.helpers.model_files import write
for turn in range(12):
    write(Path(sys.argv[2]), seed=int(sys.argv[3]) + turn % 3, threshold=(0, 0, None)[turn % 3])
"""


def test_processes_and_several_names_of_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    (tmp_path / "folder").symlink_to(folder)
    (folder / "link.onnx").symlink_to("net.onnx")
    names = (folder / "net.onnx", folder / ".." / "real" / "link.onnx", tmp_path / "folder" / "net.onnx")
    command = [sys.executable, "-c", WRITER, str(ROOT)]
    running = [subprocess.Popen([*command, str(name), str(10 * seed)]) for seed, name in enumerate(names)]
    assert [one.wait(120) for one in running] == [0, 0, 0]
    found = run(folder / "net.onnx", FEEDS)["y"]
    assert any(np.array_equal(found, expected(10 * one + turn)) for one in range(3) for turn in range(3))
    assert files(folder) == {"net.onnx", "link.onnx", *referenced(folder / "net.onnx")}


# Turns ----------------------------------------------------------------------------------------------------


@pytest.fixture
def told() -> Iterator[list[Diagnostic]]:
    heard: list[Diagnostic] = []
    with listening(heard.append):
        yield heard


def test_a_turn_leaves_nothing(tmp_path: Path) -> None:
    with Turn(tmp_path):
        assert files(tmp_path) == {LOCK_NAME}
    assert files(tmp_path) == set()


def test_whoever_waits_long_is_told_why_and_can_be_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[Diagnostic]
) -> None:
    pauses: Counter[str] = Counter()

    def sleep(seconds: float) -> None:
        pauses["slept"] += 1
        if pauses["slept"] == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(locks, "PATIENCE", -1.0)
    monkeypatch.setattr(locks.time, "sleep", sleep)
    with Turn(tmp_path):
        with pytest.raises(KeyboardInterrupt):
            write_atomically(tmp_path / "file", b"content")
        assert files(tmp_path) == {LOCK_NAME}
    assert told == [WaitsForWriter(directory=str(tmp_path))]
    assert files(tmp_path) == set()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EBADF])
def test_a_file_system_without_locks_gives_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[Diagnostic], number: int
) -> None:
    def no_lock(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", no_lock)
    path = tmp_path / "net.onnx"
    for seed in (1, 2):
        write(path, seed=seed)
        assert_whole(path, seed)
    assert [type(one) for one in told] == [FilesNotLocked]
    # Nobody can know there whether its owner lives.
    (tmp_path / locks.temporary_name()).write_bytes(b"")
    write(path)
    assert len(files(tmp_path)) == 3


def test_without_a_listener_it_is_a_warning_of_python(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LOCK_NAME)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write_atomically(tmp_path / "file", b"content")
    assert [one.category for one in caught] == [DotnnWarning]
    assert "W841" in str(caught[0].message)


@pytest.mark.parametrize("kind", ["fifo", "folder", "link", "dangling"])
def test_what_stands_at_the_place_of_the_lock_is_neither_followed_nor_removed(
    tmp_path: Path, told: list[Diagnostic], kind: str
) -> None:
    lock, precious = tmp_path / LOCK_NAME, tmp_path / "precious"
    precious.write_bytes(b"precious")
    make: dict[str, Callable[[], object]] = {
        "fifo": lambda: os.mkfifo(lock),
        "folder": lock.mkdir,
        "link": lambda: lock.symlink_to(precious),
        "dangling": lambda: lock.symlink_to(tmp_path / "none"),
    }
    make[kind]()
    write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert precious.read_bytes() == b"precious"
    assert files(tmp_path) == {"file", "precious", LOCK_NAME}
    assert [type(one) for one in told] == [FilesNotLocked]


def test_a_lock_that_was_removed_meanwhile_is_not_taken_for_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening the file and locking it, its owner has removed it, and another one has made a new one."""
    opened, real = [], locks.try_lock

    def late(handle: int) -> locks.Lock:
        if not opened:
            opened.append(handle)
            os.unlink(tmp_path / LOCK_NAME)
            (tmp_path / LOCK_NAME).write_bytes(b"")
        return real(handle)

    monkeypatch.setattr(locks, "try_lock", late)
    with Turn(tmp_path) as turn:
        assert opened
        turn.note("left to do")
        assert (tmp_path / LOCK_NAME).read_text() == "left to do"
        turn.note("")
    assert files(tmp_path) == set()


def test_a_folder_that_vanishes(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with atomic_files.PendingFile(folder / "file") as file:
        file.write(b"content")
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        with pytest.raises(DotnnError) as caught:
            file.commit()
    assert isinstance(caught.value.diagnostics[0], NoDirectory)
    assert files(tmp_path) == set()


def test_a_lock_with_another_name_is_not_written_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    os.link(precious, tmp_path / LOCK_NAME)
    path = tmp_path / "net.onnx"
    for seed in (1, 2):
        write(path, seed=seed)
    assert precious.read_bytes() == b"precious"
    assert files(tmp_path) >= {"precious", path.name, *referenced(path)}


def test_a_file_system_that_gives_open_files_another_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[Diagnostic]
) -> None:
    monkeypatch.setattr(locks, "is_at", lambda handle, path: False)
    monkeypatch.setattr(atomic_files, "is_at", lambda handle, path: False)
    monkeypatch.setattr(locks.time, "sleep", lambda seconds: None)
    write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert [type(one) for one in told] == [FilesNotLocked]


def test_nobody_waits_for_a_lock_that_only_its_owner_may_open(
    tmp_path: Path, told: list[Diagnostic], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.05)
    # Private, because the user whom the tests run as may be one who can open everything.
    monkeypatch.setattr(Turn, "_open", lambda turn: None)
    write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert [type(one) for one in told] == [FilesNotLocked]
    assert "another user" in told[0].headline()
