"""What is read under the name of a file: regular files, without waiting and within a bound."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dotnn.compiler.regular_files import NotRegular, instead, open_regular, read_regular, why_not

from tests.helpers.cli_calls import process, tiny_folder

folder = pytest.fixture(tiny_folder)
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A path of each kind."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    return {name: tmp_path / name for name in ("pipe", "folder", "link", "device")}


@pytest.mark.parametrize(
    ("name", "kind"), [("pipe", "a pipe"), ("link", "a pipe"), ("folder", "a folder"), ("device", "a device")]
)
def test_what_is_no_regular_file_says_what_it_is(places: dict[str, Path], name: str, kind: str):
    with pytest.raises(NotRegular) as raised:
        read_regular(places[name], 10)
    assert kind in why_not(raised.value)
    assert bool(instead(raised.value)) == (name != "folder")


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    regular, pipe = tmp_path / "regular", tmp_path / "pipe"
    regular.touch()
    os.mkfifo(pipe)
    before = os.stat(regular)
    monkeypatch.setattr("dotnn.compiler.regular_files.os.stat", lambda path: before)
    with pytest.raises(NotRegular):
        open_regular(pipe)


def test_no_more_is_read_than_is_wanted(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_regular(path, 10) == b"0123456789"
    assert read_regular(path, 4) == b"01234"


@pytest.mark.parametrize("name", ["none", "a" * 5000, "a\0b"])
def test_what_is_not_there_has_a_reason(tmp_path: Path, name: str):
    with pytest.raises((OSError, ValueError)) as raised:
        open_regular(tmp_path / name)
    assert why_not(raised.value)
    assert not instead(raised.value)


# The commands -------------------------------------------------------------------------------------------------------

#: How each kind of file is named on the command line.
READERS = {
    "text": "check {}",
    "labels of build": "build tiny.nn --labels {}",
    "labels of run": "run tiny.nn --random 1 --labels {}",
    "weights": "build tiny.nn --weights {}.safetensors",
    "archive of weights": "build tiny.nn --weights {}.npz",
    "model": "run {}.onnx --random 1",
    **{suffix: "run tiny.nn --input {}" + suffix for suffix in (".npy", ".npz", ".csv", ".json", ".png", ".jpg", "")},
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_no_command_waits_for_a_pipe_or_reads_a_device(folder: Path, reader: str, kind: str):
    ending = READERS[reader].partition("{}")[2].partition(" ")[0]
    path = folder / f"{kind}{ending}"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    done = process(*READERS[reader].format(kind).split())
    assert done.code == 2, done
    assert f"it is a {kind}" in done.out + done.err
    assert "into a file first" in done.out + done.err


@pytest.mark.parametrize("reader", ["text", "labels of run", ""])
def test_what_a_shell_gives_as_a_pipe_names_the_way_out(folder: Path, reader: str):
    call = READERS[reader].format("/dev/stdin") if reader else "run tiny.nn --input /dev/stdin"
    done = process(*call.split(), script='cat tiny.nn | "$@"')
    assert done.code == 2, done
    assert "it is a pipe" in done.out + done.err
    assert "into a file first" in done.out + done.err


def test_standard_input_is_a_file_where_it_is_one(folder: Path):
    assert process("check", "/dev/stdin", script='"$@" < tiny.nn').code == 0
    (folder / "names.txt").write_text("a\nb\nc\n", encoding="utf-8")
    done = process("run", "tiny.nn", "--random", "1", "--labels", "/dev/stdin", script='"$@" < names.txt')
    assert done.code == 0, done
