"""Signals that ask a command to end, sent while it writes a model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dotnn.cli.signals import AskedToEnd, Heeded
from dotnn.compiler import locks

from tests.helpers.cli_calls import TINY, process

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

ENDS = {"SIGINT": (130, "interrupted"), "SIGTERM": (143, "terminated"), "SIGHUP": (129, "hung up")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # A layer of 400 MB takes seconds to fill.
    Path("large.nn").write_text(TINY.replace("dense(size)", "dense(10_000) -> dense(10_000)"))
    Path("tiny.onnx").write_bytes(b"the old model")
    return tmp_path


@contextmanager
def building(folder: Path, ignored: signal.Signals | None = None) -> Iterator[subprocess.Popen[str]]:
    """A build that is writing its weights."""

    def prepare() -> None:
        # Where the tests themselves run in the background, interrupts are ignored, and children inherit that.
        for name in ENDS:
            number = signal.Signals[name]
            signal.signal(number, signal.SIG_IGN if number is ignored else signal.SIG_DFL)

    command = [sys.executable, "-m", "dotnn", "build", "large.nn"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(command, preexec_fn=prepare, **pipes) as running:
        until = time.monotonic() + 60
        while not list(folder.glob(".dotnn-*")) and time.monotonic() < until:
            time.sleep(0.01)
        yield running


@pytest.mark.parametrize(("name", "times"), [("SIGINT", 1), ("SIGTERM", 3), ("SIGHUP", 1)])
def test_a_build_that_is_asked_to_end_leaves_nothing(folder: Path, name: str, times: int) -> None:
    code, said = ENDS[name]
    with building(folder) as running:
        for _ in range(times):
            running.send_signal(signal.Signals[name])
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (code, "", f"{said}\n")
    assert {path.name for path in folder.iterdir()} == {"large.nn", "tiny.onnx"}
    assert Path("tiny.onnx").read_bytes() == b"the old model"


def test_what_the_caller_ignores_is_ignored(folder: Path) -> None:
    Path("large.nn").write_text(TINY.replace("dense(size)", "dense(5_000) -> dense(5_000)"))
    with building(folder, ignored=signal.SIGHUP) as running:
        running.send_signal(signal.SIGHUP)
        _, err = running.communicate(timeout=120)
    assert (running.returncode, err) == (0, "")
    assert Path("tiny.onnx").read_bytes() != b"the old model"


def test_a_terminal_that_has_gone_changes_no_exit_code(folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    script = """
exec 2> /dev/full
# Where the tests themselves run without a terminal, hanging up is ignored, and children inherit that.
env --default-signal=HUP "$@" & child=$!
# No further process: on a busy machine the build could be done before one has looked.
until compgen -G '.dotnn-*' > /dev/null; do :; done
kill -HUP $child
wait $child
echo $?
"""
    assert process("build", "large.nn", script=script).out == "129\n"


def test_signals_in_short_succession_are_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("dotnn.cli.signals.time.monotonic", lambda: now[0])
    heeded = Heeded()
    # Called as Python calls it: real signals come when they like, and here it matters when.
    with pytest.raises(AskedToEnd) as caught:
        heeded._raise(signal.SIGTERM, None)
    assert (caught.value.said, caught.value.exit_code) == ("terminated", 143)
    now[0] += 0.9
    heeded._raise(signal.SIGHUP, None)
    # Whatever has swallowed the first one, the next one counts.
    now[0] += 0.2
    with pytest.raises(AskedToEnd):
        heeded._raise(signal.SIGHUP, None)


def test_signals_have_their_meaning_back_afterwards() -> None:
    before = {name: signal.getsignal(signal.Signals[name]) for name in ENDS}
    try:
        for name in ENDS:
            signal.signal(signal.Signals[name], signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with Heeded():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert callable(signal.getsignal(signal.SIGTERM))
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        with pytest.raises(AskedToEnd), Heeded():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        for name, action in before.items():
            signal.signal(signal.Signals[name], action)


def test_warnings_while_files_are_written_are_printed_as_all_else_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.helpers.cli_calls import dotnn

    monkeypatch.setattr(locks, "try_lock", lambda handle: locks.Lock.NONE)
    Path("tiny.nn").write_text(TINY)
    done = dotnn("build", "tiny.nn", "--save-weights", "tiny.npz")
    assert done.code == 0
    assert done.err.count("warning[W841]: the files of `.` cannot be locked: ") == 1
