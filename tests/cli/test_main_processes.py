"""The command in a process of its own: shells, signals, streams and terminals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from dotnn.cli import terminal

from tests.helpers.cli_calls import TEN, WRONG, Done, codes, process, tiny_folder
from tests.helpers.paths import EXAMPLES

tiny = pytest.fixture(tiny_folder)


def test_module_is_the_command(tiny: Path) -> None:
    installed = Path(sys.executable).with_name("dotnn")
    if not installed.exists():
        pytest.skip("the command is not installed beside this Python")
    done = subprocess.run(
        [installed, "check", "tiny.nn", "wrong.nn"], capture_output=True, encoding="utf-8", timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, *_both(process("check", "tiny.nn", "wrong.nn")))


def _both(done: Done) -> tuple[str, str]:
    return done.out, done.err


@pytest.mark.skipif(os.name == "nt", reason="signals and shells of POSIX")
def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class TestShell:
    """What shells do to a command."""

    def test_reader_that_goes_away(self, tiny: Path) -> None:
        many = process(
            "summary", str(EXAMPLES / "zoo" / "resnet152.nn"), script='"$@" | head -1; echo ${PIPESTATUS[0]}'
        )
        assert (many.out, many.err) == ("model resnet152\n0\n", "")
        wrong = process("check", "wrong.nn", script='"$@" | true; echo ${PIPESTATUS[0]}')
        assert (wrong.out, wrong.err) == ("1\n", "")

    def test_closed_streams(self, tiny: Path) -> None:
        without_input = process("check", "-", script='"$@" <&-')
        assert (without_input.code, codes(without_input.out)) == (2, ["E607"])
        without_values = process("run", "tiny.nn", "--input", "-", script='"$@" <&-')
        assert (without_values.code, codes(without_values.err)) == (2, ["E901"])
        assert _both(process("check", "wrong.nn", script='"$@" >&- 2>&-; echo $? ')) == ("1\n", "")
        assert process("build", "tiny.nn", script='"$@" >&- 2>&- <&-').code == 0
        onnx.checker.check_model(onnx.load("tiny.onnx"))

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
    def test_full_disk_behind_standard_output(self, tiny: Path) -> None:
        done = process("summary", "tiny.nn", script='"$@" > /dev/full')
        assert done.code == 2
        assert done.err == "error: cannot write to <stdout>: no space left on device\n"

    @pytest.mark.parametrize(
        "call", ["--help", "run --help", "--version", "--show-completion zsh", "layers", "explain"]
    )
    def test_help_that_nobody_reads(self, call: str) -> None:
        gone = process(*call.split(), script='"$@" | true; echo ${PIPESTATUS[0]}')
        assert _both(gone) == ("0\n", "")
        closed = process(*call.split(), script='"$@" >&- 2>&-; echo $?')
        assert _both(closed) == ("0\n", "")
        if Path("/dev/full").exists():
            full = process(*call.split(), script='"$@" > /dev/full')
            assert (full.code, full.err) == (2, "error: cannot write to <stdout>: no space left on device\n")

    @pytest.mark.parametrize("call", ["", "chek", "check --fromat", "explain E999"])
    def test_usage_errors_that_nobody_reads(self, call: str) -> None:
        assert _both(process(*call.split(), script='"$@" 2>&1 | true; echo ${PIPESTATUS[0]}')) == ("2\n", "")
        if Path("/dev/full").exists():
            assert process(*call.split(), script='"$@" 2> /dev/full').code == 2

    def test_terminal_without_unicode(self, tiny: Path) -> None:
        Path("ünï.nn").write_text(WRONG.replace("dens(4)", "dens(4)  # ä → b"), encoding="utf-8")
        ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
        for call in (["check", "ünï.nn"], ["summary", "tiny.nn"]):
            done = process(*call, environment=ascii_only)
            assert done.code == (1 if call[0] == "check" else 0), done
            assert done.out.isascii()
            assert done.err == ""


#: A library that is interrupted while it is imported.
_INTERRUPTED = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("library", ["click", "networkx", "dataclasses"])
def test_interrupt_while_importing(library: str, tiny: Path) -> None:
    Path("libraries").mkdir()
    Path("libraries", f"{library}.py").write_text(_INTERRUPTED)
    command = [sys.executable, "-m", "dotnn", "check", "tiny.nn"]
    environment = os.environ | {"PYTHONPATH": "libraries"}
    done = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", timeout=60, preexec_fn=_heed_interrupts
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


class TestCompletion:
    """What shells complete, and how they learn it."""

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_is_installed_once(self, shell: str, tmp_path: Path) -> None:
        environment = {"HOME": str(tmp_path), "SHELL": f"/usr/bin/{shell}"}
        start = tmp_path / f".{shell}rc"
        start.write_text("alias a=b")
        for _ in range(2):
            done = process("--install-completion", environment=environment)
            assert (done.code, done.err) == (0, ""), done
        path = Path(done.out.partition(": ")[0])
        assert path.is_relative_to(tmp_path)
        assert path.read_text() == process("--show-completion", shell).out
        told = start.read_text().splitlines()
        assert told[0] == "alias a=b"
        assert len(told) == (1 if shell == "fish" else 2)

    def test_bash_completes(self, tiny: Path) -> None:
        script = process("--show-completion", "bash").out
        Path("dotnn").write_text(f"#!/bin/sh\nexec '{sys.executable}' -m dotnn \"$@\"\n")
        Path("dotnn").chmod(0o755)
        ask = (
            f"{script}\nCOMP_WORDS=($WORDS); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); compopt() {{ :; }}\n"
            '_dotnn_completion ./dotnn; echo "${COMPREPLY[@]}"'
        )

        def completed(words: str) -> str:
            environment = os.environ | {"WORDS": words}
            done = subprocess.run(["bash", "-c", ask], env=environment, capture_output=True, text=True, timeout=60)
            assert not done.stderr
            return done.stdout.strip()

        assert completed("dotnn ex") == "explain explain-shape"
        assert completed("dotnn check --fo") == "--format"
        assert completed("dotnn build --target onnxruntime-") == "onnxruntime-cpu"

    @pytest.mark.parametrize(("shell", "part"), [("tcsh", "bash, zsh, fish"), ("", "$SHELL")])
    def test_other_shells(self, shell: str, part: str) -> None:
        done = process("--show-completion", environment={"SHELL": shell and f"/bin/{shell}"})
        assert done.code == 2
        assert part in done.err

    def test_nothing_is_installed_where_nothing_can_be(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_text("no folder")
        done = process("--install-completion", "bash", environment={"HOME": str(tmp_path / "home")})
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("Error: completion cannot be installed: ")


def test_colours_are_for_terminals() -> None:
    def colored(**environment: str) -> bool:
        return "\x1b[" in process("check", "none.nn", environment=environment).out

    assert not colored()
    assert colored(FORCE_COLOR="1")
    assert not colored(FORCE_COLOR="1", NO_COLOR="1")


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_on_a_terminal(tiny: Path) -> None:
    """Within a pseudo-terminal of 60 columns: colours, lines that fit, and a sign of life that is wiped away."""
    import fcntl
    import pty
    import struct
    import termios

    main, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    keys = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
    environment = {key: value for key, value in os.environ.items() if key not in keys} | {"TERM": "xterm-256color"}
    command = [sys.executable, "-m", "dotnn", "run", "tiny.nn", "--random", "1", "--labels", TEN, "--provider", "cpu"]
    running = subprocess.Popen(command, stdin=secondary, stdout=secondary, stderr=secondary, env=environment)
    os.close(secondary)
    pieces = []
    try:
        while piece := os.read(main, 65536):
            pieces.append(piece)
    except OSError:
        # Linux says so when the other side has closed.
        pass
    os.close(main)
    assert running.wait(timeout=20) == 0
    text = b"".join(pieces).decode()
    assert "building tiny" in text
    assert "\x1b[1;33mwarning" in text
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert all(len(line) <= 60 for line in re.split(r"[\r\n]+", shown))
    assert "never loaded or trained" in " ".join(shown.split())


def test_note_is_wrapped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(terminal, "text_width", lambda stream: 40)
    terminal.print_note("a note of which the second line stands under the first")
    assert capsys.readouterr().err == "note: a note of which the second line\n      stands under the first\n"
