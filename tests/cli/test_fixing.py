"""`dotnn check --fix`: files, streams, exit codes and what is said."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from dotnn.compiler import fixing

from tests.helpers.cli_calls import dotnn, process

#: One mistake that is mended safely, on its third line.
WRONG = 'model net {\n    input x: float32[N, 3, 8, 8]\n    output y = x -> conv2d(8, kernel=3, padding="SAME")\n}\n'
RIGHT = WRONG.replace("SAME", "same")
#: Another one, that nothing mends.
LOST = WRONG.replace("    output", "    output z = unknown_thing\n    output")


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.nn"
    path.write_text(WRONG)
    return path


def test_a_safe_fix_is_written(net: Path) -> None:
    done = dotnn("check", "--fix", "net.nn")
    assert (done.code, done.out, done.err) == (0, "ok: net.nn\n1 fixed\n", "")
    assert net.read_text() == RIGHT
    again = dotnn("check", "--fix", "net.nn")
    assert (again.code, again.out) == (0, "ok: net.nn\n")


def test_what_remains_is_said_and_is_an_error(net: Path) -> None:
    net.write_text(LOST)
    done = dotnn("check", "--fix", "net.nn")
    assert done.code == 1
    assert done.out.endswith("1 error\n1 fixed, 1 remains\n")
    assert net.read_text() == LOST.replace("SAME", "same")


def test_without_an_option_nothing_is_written(net: Path) -> None:
    before = net.stat().st_mtime_ns
    assert dotnn("check", "net.nn").code == 1
    assert (net.read_text(), net.stat().st_mtime_ns) == (WRONG, before)


def test_a_diff_shows_what_would_be_changed_and_changes_nothing(net: Path) -> None:
    done = dotnn("check", "--diff", "net.nn")
    assert done.code == 1
    assert done.err == "1 would be fixed\n"
    assert done.out == (
        "--- net.nn\n+++ net.nn\n@@ -1,4 +1,4 @@\n model net {\n     input x: float32[N, 3, 8, 8]\n"
        '-    output y = x -> conv2d(8, kernel=3, padding="SAME")\n'
        '+    output y = x -> conv2d(8, kernel=3, padding="same")\n }\n'
    )
    assert dotnn("check", "--fix", "--diff", "net.nn").out == done.out
    assert net.read_text() == WRONG
    net.write_text(RIGHT)
    assert dotnn("check", "--diff", "net.nn").code == 0


def test_a_diff_counts_what_would_remain_and_tells_what_cannot_be_read(net: Path) -> None:
    net.write_text(LOST)
    done = dotnn("check", "--diff", "net.nn", "absent.nn")
    assert done.code == 2
    assert done.err.startswith("error[E607]: cannot read `absent.nn`")
    assert done.err.endswith("1 error\n1 would be fixed, 2 remain\n")
    assert "unknown_thing" not in done.err


def test_a_diff_tells_of_a_missing_line_end(net: Path) -> None:
    net.write_text(WRONG.replace("\n", " ").rstrip())
    lines = dotnn("check", "--diff", "net.nn").out.splitlines()
    assert [line[:1] for line in lines] == ["-", "+", "@", "-", "\\", "+", "\\"]


def test_line_ends_and_a_byte_order_mark_are_kept(net: Path) -> None:
    net.write_bytes(b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").replace("}", "} # \u00fc").encode())
    before = net.read_bytes()
    assert "\r" not in dotnn("check", "--diff", "net.nn").out
    assert dotnn("check", "--fix", "net.nn").code == 0
    assert net.read_bytes() == before.replace(b"SAME", b"same")


def test_permissions_and_a_link_are_kept(net: Path, tmp_path: Path) -> None:
    net.chmod(0o640)
    link = tmp_path / "link.nn"
    link.symlink_to("net.nn")
    assert dotnn("check", "--fix", "link.nn").code == 0
    assert link.is_symlink()
    assert net.read_text() == RIGHT
    assert stat.S_IMODE(net.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.nn", "net.nn"]


def test_a_file_of_two_names_is_fixed_once(net: Path, tmp_path: Path) -> None:
    (tmp_path / "link.nn").symlink_to("net.nn")
    assert dotnn("check", "--fix", "link.nn", "net.nn").out.endswith("1 fixed\n")
    assert net.read_text() == RIGHT


def test_a_read_only_file_is_left_alone(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net.chmod(0o444)
    if os.access(net, os.W_OK):
        # To the superuser everything is writable.
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    done = dotnn("check", "--fix", "net.nn")
    assert (done.code, net.read_text()) == (2, WRONG)
    assert "error[E981]: `net.nn` is read-only" in done.out
    assert "error[E301]" in done.out
    assert done.out.endswith("0 fixed, 2 remain\n")


def test_a_file_that_changes_meanwhile_is_left_alone(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = fixing._Fixing.run  # The moment between reading and writing is nobody else's to give.

    def slow(self: fixing._Fixing) -> fixing.Fixed:
        found = run(self)
        net.write_text("# mine\n" + WRONG)
        return found

    monkeypatch.setattr(fixing._Fixing, "run", slow)
    done = dotnn("check", "--fix", "net.nn")
    assert (done.code, net.read_text()) == (2, "# mine\n" + WRONG)
    assert "error[E980]: `net.nn` has changed since it was read" in done.out
    monkeypatch.setattr(fixing._Fixing, "run", lambda self: (run(self), net.unlink())[0])
    assert dotnn("check", "--fix", "net.nn").code == 2
    assert not net.exists()


def test_standard_input_goes_fixed_to_standard_output() -> None:
    text = b"\xef\xbb\xbf" + LOST.replace("\n", "\r\n").encode()
    done = process(
        "check", "--fix", "-", script=f"printf '{_octal(text)}' | \"$@\" | od -An -v -tx1; exit ${{PIPESTATUS[1]}}"
    )
    assert bytes.fromhex(done.out) == text.replace(b"SAME", b"same")
    assert done.code == 1
    assert "<stdin>:3:16" in done.err
    assert done.err.endswith("1 fixed, 1 remains\n")


def _octal(data: bytes) -> str:
    return "".join(f"\\{one:03o}" for one in data)


def test_standard_input_without_a_fix_goes_on_as_it_is() -> None:
    done = dotnn("check", "--fix", "-", stdin=RIGHT)
    assert (done.code, done.out, done.err) == (0, RIGHT, "ok: <stdin>\n")
    unreadable = dotnn("check", "--fix", "-", stdin=b"\xff\xfe\x00")
    assert (unreadable.code, unreadable.out) == (1, "")


def test_json_says_how_many_were_fixed(net: Path) -> None:
    assert "fixed" not in json.loads(dotnn("check", "--format", "json", "net.nn").out)
    net.write_text(LOST)
    found = json.loads(dotnn("check", "--fix", "--format", "json", "net.nn").out)
    assert (found["fixed"], found["errors"]) == (1, 1)


def test_a_folder_is_fixed_file_by_file(net: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "other.nn").write_text(WRONG)
    (tmp_path / "more" / "broken.nn").write_bytes(b"\xff")
    done = dotnn("check", "--fix", ".")
    assert done.code == 1
    assert done.out.endswith("2 fixed, 1 remains\n")
    assert net.read_text() == (tmp_path / "more" / "other.nn").read_text() == RIGHT


@pytest.mark.parametrize("options", [["--fix", "--model", "net"], ["--diff", "--format", "json"]])
def test_what_does_not_go_together_is_refused(net: Path, options: list[str]) -> None:
    done = dotnn("check", *options, "net.nn")
    assert (done.code, net.read_text()) == (2, WRONG)
    assert f"{options[0] if options[0] == '--diff' else '--model'}" in done.err


def test_what_a_baseline_hides_is_not_counted_as_fixable(net: Path) -> None:
    net.write_text(RIGHT.replace("output y = x", "output y = x -> relu -> relu"))
    assert dotnn("check", "net.nn", "--write-baseline", "known.json").code == 0
    Path("lost.nn").write_text(LOST.replace("SAME", "same"))
    done = dotnn("check", "--fix", "net.nn", "lost.nn", "--baseline", "known.json")
    assert done.out.endswith("0 fixed, 1 remains\n")


def test_what_remains_has_the_remedies_that_were_tried(net: Path) -> None:
    net.write_text("model s {\n    input x: float32[N, 8]\n    output y = x + (x -> dense(4))\n}\n")
    before, after = (json.loads(dotnn("check", *fix, "net.nn", "--format", "json").out) for fix in ([], ["--fix"]))
    assert after["diagnostics"] == before["diagnostics"]
    assert after["diagnostics"][0]["fixes"]
