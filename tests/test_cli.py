"""The command line: what it prints where, its exit codes, and that no wrong call ends in a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from dotnn.cli import printing
from dotnn.cli.main import app
from dotnn.compiler.passes.labels import judge_labels
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
DATA = EXAMPLES / "data"
MNIST = str(EXAMPLES / "mnist_cnn.nn")
DIGIT = str(DATA / "digit.png")
TEN = str(DATA / "digits.txt")
TWO = str(DATA / "x_or_o.txt")

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
    return re.findall(r"(?:error|warning)\[([EW]\d+)\]", text)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in that holds `tiny.nn` and `wrong.nn`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.nn").write_text(TINY)
    (tmp_path / "wrong.nn").write_text(WRONG)
    return tmp_path


# Help -----------------------------------------------------------------------------------------------------------------


def test_help_names_every_command_in_one_line() -> None:
    done = dotnn("--help")
    assert done.code == 0
    listed = done.out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == ["check", "summary", "build", "run", "explain", "layers"]
    assert not any(line.endswith("...") for line in listed)


def test_no_command_shows_the_help() -> None:
    assert "Commands:" in dotnn().out + dotnn().err


@pytest.mark.parametrize("command", ["check", "summary", "build", "run", "explain", "layers"])
def test_help_of_commands(command: str) -> None:
    done = dotnn(command, "-h")
    assert done.code == 0
    # Types in the place of names would be Python's words.
    assert "int range" not in done.out
    assert "{source}" not in done.out


def test_version() -> None:
    done = dotnn("--version")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"dotnn \d+\.\d+\.\d+\S*\n", done.out)


# check ----------------------------------------------------------------------------------------------------------------


def test_check_fine(tiny: Path) -> None:
    done = dotnn("check", "tiny.nn")
    assert (done.code, done.out, done.err) == (0, "ok: tiny.nn\n", "")


def test_check_several_files(tiny: Path) -> None:
    assert dotnn("check", "tiny.nn", MNIST).out == "ok: 2 files\n"
    done = dotnn("check", "tiny.nn", "wrong.nn")
    assert done.code == 1
    assert codes(done.out) == ["E203"]
    assert "wrong.nn:3:21" in done.out


def test_check_says_what_is_wrong_with_an_imported_file_once(tiny: Path) -> None:
    Path("block.nn").write_text("block b(x) {\n    return x -> dens(4)\n}\n")
    for name in ("first", "second"):
        text = 'import b from "block.nn"\nmodel m {\n    input x: float32[N, 3]\n    output y = b(x)\n}\n'
        Path(f"{name}.nn").write_text(text)
    done = dotnn("check", "first.nn", "second.nn", "--format", "json")
    assert json.loads(done.out)["errors"] == 1
    assert done.code == 1


def test_check_standard_input(tiny: Path) -> None:
    assert dotnn("check", "-", stdin=TINY).out == "ok: <stdin>\n"
    done = dotnn("check", "-", stdin=WRONG)
    assert done.code == 1
    assert "<stdin>:3:21" in done.out
    assert dotnn("check", "-", stdin=bytes(range(256))).code == 1


def test_check_json(tiny: Path) -> None:
    fine = json.loads(dotnn("check", "tiny.nn", "--format", "json").out)
    assert fine == {"diagnostics": [], "errors": 0, "warnings": 0}
    done = dotnn("check", "wrong.nn", "--format", "json")
    found = json.loads(done.out)
    (one,) = found["diagnostics"]
    assert done.code == 1
    assert found["errors"] == 1
    assert (one["code"], one["file"], one["line"], one["column"]) == ("E203", "wrong.nn", 3, 21)


def test_check_github(tiny: Path) -> None:
    done = dotnn("check", "wrong.nn", "--format", "github")
    assert done.code == 1
    assert done.out.startswith("::error file=wrong.nn,line=3,")
    assert dotnn("check", "tiny.nn", "--format", "github").out == ""


def test_check_warns_where_an_expectation_is_for_the_defaults() -> None:
    done = dotnn("check", MNIST, "--set", "classes=5")
    assert done.code == 0
    assert codes(done.out) == ["W701"]


def test_check_takes_a_model_of_several(tiny: Path) -> None:
    Path("several.nn").write_text(SEVERAL)
    assert dotnn("check", "several.nn").code == 0
    assert dotnn("check", "several.nn", "--model", "two").code == 0
    done = dotnn("summary", "several.nn")
    assert done.code == 2
    assert "--model" in done.err
    assert dotnn("summary", "several.nn", "--model", "two").out.startswith("model two\n")


# summary --------------------------------------------------------------------------------------------------------------


def test_summary_ends_in_the_parameters() -> None:
    done = dotnn("summary", str(EXAMPLES / "resnet152.nn"))
    assert done.code == 0
    assert done.out.endswith("\nparameters:           60,192,808\n")


def test_summary_explains_each_count() -> None:
    lines = dotnn("summary", MNIST, "--explain").out.splitlines()
    row = next(line for line in lines if line.startswith("conv2d_1 "))
    assert "(3*3*32+1)*32 = 9,248" in row
    assert "3*3*32*32*11*11 = 1,115,136" in row
    assert "(800+1)*64 = 51,264" in next(line for line in lines if line.startswith("dense "))


def test_summary_in_a_pipe_has_whole_rows_and_no_blanks_at_their_ends(tiny: Path) -> None:
    label = "x" * 200
    Path("wide.nn").write_text(f"model wide {{\n input x: float32[N, 3]\n output y = x -> {label}: dense(4)\n}}\n")
    done = dotnn("summary", "wide.nn", "--explain")
    assert re.search(rf"^{label}  dense  \[N, 4\] +\(3\+1\)\*4 = 16 +3\*4 = 12$", done.out, re.MULTILINE)
    assert not any(line != line.rstrip() for line in done.out.splitlines())
    assert "\x1b" not in done.out


def test_summary_json() -> None:
    found = json.loads(dotnn("summary", MNIST, "--json").out)
    assert found["params"] == 61_482
    by_name = {row["name"]: row for row in found["layers"]}
    assert by_name["conv2d_1"]["params_formula"] == "(3*3*32+1)*32"
    assert by_name["conv2d_1"]["outputs"] == [{"dtype": "float32", "shape": ["N", 32, 11, 11]}]


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("explain", [False, True])
def test_summary_fits_a_terminal(columns: int, explain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dotnn.cli.summary.text_width", lambda stream: columns)
    name = str(EXAMPLES / "resnet50.nn")
    done = dotnn("summary", name, *(["--explain"] if explain else []))
    assert max(map(len, done.out.splitlines())) <= columns
    if columns >= 80:
        # Numbers stay whole, whatever becomes of the names.
        assert "115,605,504" in done.out
        assert "2,359,296" in done.out
        assert "[N, 2048, 7, 7]" in done.out
    assert done.out.endswith(" 25,557,032\n")


# build ----------------------------------------------------------------------------------------------------------------


def test_build_names_the_file_by_the_model(tiny: Path) -> None:
    done = dotnn("build", "tiny.nn", "--set", "size=7")
    assert done.code == 0
    assert done.err == ""
    assert re.fullmatch(r"tiny\.onnx: \S+ (bytes|kB)\n", done.out)
    model = onnx.load("tiny.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.output[0].type.tensor_type.shape.dim[1].dim_value == 7


def test_build_targets_and_fusions(tiny: Path) -> None:
    Path("fusible.nn").write_text(FUSIBLE)
    done = dotnn("build", "fusible.nn", "--explain-fusion")
    assert "conv2d + relu" in done.out
    assert "FusedGemm" in done.out.partition("not fused")[2]
    assert {node.op_type for node in onnx.load("fusible.onnx").graph.node} >= {"FusedConv"}
    dotnn("build", "fusible.nn", "--target", "onnx", "-o", "standard.onnx")
    assert {node.domain for node in onnx.load("standard.onnx").graph.node} == {""}
    plain = dotnn("build", "fusible.nn", "--no-optimize", "--explain-fusion", "-o", "plain.onnx")
    assert "nothing was fused" in plain.out
    assert sum(node.op_type == "Relu" for node in onnx.load("plain.onnx").graph.node) == 3


def test_build_seeds_and_weights(tiny: Path) -> None:
    dotnn("build", "tiny.nn", "--seed", "1", "-o", "one.onnx", "--save-weights", "one.safetensors")
    dotnn("build", "tiny.nn", "--seed", "1", "-o", "same.onnx")
    dotnn("build", "tiny.nn", "--seed", "2", "-o", "two.onnx")
    assert Path("one.onnx").read_bytes() == Path("same.onnx").read_bytes()
    assert Path("one.onnx").read_bytes() != Path("two.onnx").read_bytes()
    # Weights may be saved into the file that they come from.
    done = dotnn("build", "tiny.nn", "--weights", "one.safetensors", "--save-weights", "one.safetensors")
    assert done.code == 0
    assert "one.safetensors: " in done.out
    built, loaded = onnx.load("one.onnx"), onnx.load("tiny.onnx")
    assert [onnx.numpy_helper.to_array(one).tolist() for one in built.graph.initializer] == [
        onnx.numpy_helper.to_array(one).tolist() for one in loaded.graph.initializer
    ]


def test_build_refuses_the_weights_of_another_model(tiny: Path) -> None:
    dotnn("build", "tiny.nn", "--save-weights", "tiny.npz")
    done = dotnn("build", MNIST, "--weights", "tiny.npz", "-o", "new.onnx")
    assert done.code == 2
    assert "conv2d.weight" in done.err
    assert not Path("new.onnx").exists()


def test_build_never_replaces_what_it_reads(tiny: Path) -> None:
    for arguments in (
        ["tiny.nn", "-o", "tiny.nn"],
        ["tiny.nn", "-o", "other.nn"],
        ["tiny.nn", "-o", "./labels.txt", "--labels", "labels.txt"],
        ["tiny.nn", "-o", "same.npz", "--save-weights", "same.npz"],
    ):
        Path("labels.txt").write_text("a\nb\nc\nd\n")
        done = dotnn("build", *arguments)
        assert done.code == 2, done
        assert "-o" in done.err
    assert Path("tiny.nn").read_text() == TINY
    assert sorted(path.name for path in tiny.iterdir()) == ["labels.txt", "tiny.nn", "wrong.nn"]


def test_build_of_a_wrong_model_keeps_the_old_file(tiny: Path) -> None:
    Path("old.onnx").write_bytes(b"old")
    done = dotnn("build", "wrong.nn", "-o", "old.onnx")
    assert (done.code, codes(done.err), done.out) == (1, ["E203"], "")
    assert Path("old.onnx").read_bytes() == b"old"


def test_labels_reach_the_model_and_are_counted(tiny: Path) -> None:
    Path("four.txt").write_text("a\nb\nc\nd\n\n", encoding="utf-8-sig")
    done = dotnn("build", "tiny.nn", "--labels", "four.txt")
    assert (done.code, done.err) == (0, "")
    assert "a (class 0)" in dotnn("run", "tiny.onnx", "-i", "[[0, 0, 0]]").out
    done = dotnn("build", "tiny.nn", "--labels", TEN)
    assert (done.code, codes(done.err)) == (0, ["W908"])
    assert "10 names, and `logits` has 4" in done.err
    done = dotnn("run", "tiny.nn", "--random", "1", "--labels", TEN)
    assert (done.code, codes(done.err)) == (0, ["W908"])


def test_labels_of_unknown_size_may_fit() -> None:
    assert judge_labels(["a", "b"], {"y": ("N", 2)}) is None
    assert judge_labels(["a", "b"], {"y": ("N", "C")}) is None
    assert judge_labels(["a", "b"], {"y": None}) is None
    assert judge_labels(["a", "b"], {"y": (1, 3), "z": (1, 2)}) is None
    assert judge_labels(["a", "b"], {"y": (1, 3)}) is not None


# run ------------------------------------------------------------------------------------------------------------------


def test_run_on_an_image() -> None:
    done = dotnn("run", MNIST, "--input", DIGIT, "--labels", TEN, "--top", "3", "--provider", "cpu")
    assert done.code == 0
    assert done.out.startswith("probabilities: float32[1, 10], probabilities of 10 classes\n")
    assert len(done.out.splitlines()) == 4
    notes = done.err.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    assert "never loaded or trained" in notes[0]
    assert "0..1" in notes[1]


def test_run_says_in_one_line_that_it_fell_back(tiny: Path) -> None:
    done = dotnn("run", "tiny.nn", "--random", "1", "--provider", "auto")
    (note,) = [line for line in done.err.splitlines() if "CPU" in line]
    assert note.startswith("note: running on the CPU: ")
    assert len(note) < 100
    assert "CPU" not in dotnn("run", "tiny.nn", "--random", "1", "--provider", "cpu").err


def test_run_of_a_built_file(tiny: Path) -> None:
    dotnn("build", "tiny.nn", "--save-weights", "tiny.npz")
    untrained = dotnn("run", "tiny.onnx", "--input", "[[1, 2, 3]]")
    assert "never loaded or trained" in untrained.err
    dotnn("build", "tiny.nn", "--weights", "tiny.npz")
    loaded = dotnn("run", "tiny.onnx", "--input", "x=[[1, 2, 3]]")
    assert "never loaded or trained" not in loaded.err
    assert loaded.out == untrained.out == dotnn("run", "tiny.nn", "-i", "-", stdin="[[1, 2, 3]]").out
    Path("TINY.ONNX").write_bytes(Path("tiny.onnx").read_bytes())
    assert dotnn("run", "TINY.ONNX", "--input", "[[1, 2, 3]]").out == loaded.out


def test_run_saves_and_prints_json(tiny: Path) -> None:
    done = dotnn("run", "tiny.nn", "--random", "1", "--size", "N=2", "--save", "out.npz")
    assert done.out == "out.npz: logits\n"
    found = json.loads(dotnn("run", "tiny.nn", "--random", "1", "--size", "N=2", "--json").out)
    assert found[0]["shape"] == [2, 4]
    with np.load("out.npz") as saved:
        np.testing.assert_allclose(saved["logits"], found[0]["values"], rtol=1e-6)


def test_run_names_the_inputs_before_it_builds(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dotnn.compiler.driver.Compiled.to_bytes", lambda *_, **__: pytest.fail("it was built"))
    done = dotnn("run", "tiny.nn")
    assert done.code == 2
    assert "x: float32[N, 3]" in done.err
    assert "--input" in done.err


def test_errors_come_without_notes(tiny: Path) -> None:
    done = dotnn("run", "tiny.nn", "--input", "[[1, 2]]")
    assert done.code == 2
    assert "note: running" not in done.err
    assert "never loaded" not in done.err


# explain and layers ---------------------------------------------------------------------------------------------------


def test_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    page = dotnn("explain", "e203").out
    assert page.startswith("E203 ")
    listed = dotnn("explain").out
    assert re.match(r"E1\d\d  ", listed)
    monkeypatch.setattr("dotnn.cli.explain.prose_width", lambda stream: 60)
    for code in re.findall(r"^[EW]\d+", listed, re.MULTILINE)[::7]:
        prose = re.sub(r"```.*?```", "", dotnn("explain", code).out, flags=re.DOTALL)
        words = dotnn("explain", code).out.split()
        assert words
        assert all(len(line) <= 60 for line in prose.splitlines() if not line.startswith((" ", "*", "-", "|"))), code
    assert max(map(len, dotnn("explain").out.splitlines())) <= 60


def test_explain_keeps_every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = dotnn("explain", "E413").out
    monkeypatch.setattr("dotnn.cli.explain.prose_width", lambda stream: 50)
    narrow = dotnn("explain", "E413").out
    assert narrow != wide
    assert narrow.split() == wide.split()
    fence = re.compile(r"```nn\n.*?\n```", re.DOTALL)
    assert fence.findall(narrow) == fence.findall(wide)


def test_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    wide, listed = dotnn("layers", "conv2d").out, dotnn("layers").out
    assert wide.startswith("conv2d(x | filters, kernel=")
    assert re.search(r"^lstm +\S", listed, re.MULTILINE)
    monkeypatch.setattr("dotnn.cli.layers.prose_width", lambda stream: 70)
    prose = dotnn("layers", "conv2d").out.partition("Samples:")[0]
    assert max(map(len, prose.splitlines())) <= 70
    assert prose.split() == wide.partition("Samples:")[0].split()
    assert max(map(len, dotnn("layers").out.splitlines())) <= 70
    assert dotnn("layers").out.split() == listed.split()


# Wrong calls ----------------------------------------------------------------------------------------------------------

#: A call, and a part of what is said to it. All of them end with exit code 2.
WRONG_CALLS: list[tuple[Sequence[str], str]] = [
    (["chek"], "check"),
    (["check"], "FILE"),
    (["check", "none.nn"], "no such file"),
    (["check", "none.nn", "--format", "github"], "no such file"),
    (["check", "."], "directory"),
    (["check", f"{LONG}.nn"], "too long"),
    (["check", "tiny.nn", "--format", "xml"], "xml"),
    (["check", "tiny.nn", "--model", "tny"], "tiny"),
    (["check", "tiny.nn", "--set", "sise=3"], "`size`"),
    (["check", "tiny.nn", "--set", "size=large"], "declared int"),
    (["check", "tiny.nn", "--set", "size=[1, 2]"], "declared int"),
    (["check", "tiny.nn", "--set", "size=3 4"], "E101"),
    (["check", "tiny.nn", "--set", "size=10**10000000"], "integer_bits"),
    (["check", "tiny.nn", "--set", "size=1", "--set", "size=2"], "twice"),
    (["check", "tiny.nn", "--set", "size"], "NAME=VALUE"),
    (["check", "tiny.nn", "--set", "=1"], "NAME=VALUE"),
    (["check", "tiny.nn", "--limit", "nods=1"], "nodes"),
    (["check", "tiny.nn", "--limit", "nodes=many"], "many"),
    (["check", "tiny.nn", "--limit", "nodes=9999999999999999"], "nodes"),
    (["check", "tiny.nn", "--root", "nowhere"], "nowhere"),
    (["check", "tiny.nn", "--root", "tiny.nn"], "tiny.nn"),
    (["summary", "none.nn"], "no such file"),
    (["summary", "-"], "no model"),
    (["summary", "tiny.nn", "extra.nn"], "extra.nn"),
    (["build", "tiny.nn", "-o", "nowhere/tiny.onnx"], "nowhere"),
    (["build", "tiny.nn", "-o", "."], "directory"),
    (["build", "tiny.nn", "-o", "/dev/null"], "/dev/null"),
    (["build", "tiny.nn", "-o", f"{LONG}.onnx"], "too long"),
    (["build", "tiny.nn", "--target", "tensorrt"], "onnxruntime-cpu"),
    (["build", "tiny.nn", "--seed", "nan"], "--seed"),
    (["build", "tiny.nn", "--seed", "-1"], "--seed"),
    (["build", "tiny.nn", "--weights", "none.npz"], "no such file"),
    (["build", "tiny.nn", "--weights", "tiny.nn"], ".safetensors"),
    (["build", "tiny.nn", "--weights", "."], ".safetensors"),
    (["build", "tiny.nn", "--save-weights", "weights.bin"], ".safetensors"),
    (["build", "tiny.nn", "--save-weights", "nowhere/w.npz"], "nowhere"),
    (["build", "tiny.nn", "--labels", "none.txt"], "no such file"),
    (["build", "tiny.nn", "--labels", "."], "directory"),
    (["build", "tiny.nn", "--labels", DIGIT], "UTF-8"),
    (["run", "none.nn", "--random", "1"], "no such file"),
    (["run", "none.onnx", "--random", "1"], "no such file"),
    (["run", "empty.onnx", "--random", "1"], "empty"),
    (["run", "text.onnx", "--random", "1"], "not an ONNX model"),
    (["run", "text.onnx", "--random", "1", "--weights", "w.npz"], "--weights"),
    (["run", "text.onnx", "--random", "1", "--seed", "4", "--limit", "nodes=3"], "--seed, --limit"),
    (["run", "text.onnx", "--random", "1", "--target", "onnx"], "--target"),
    (["run", "tiny.nn"], "--input"),
    (["run", "tiny.nn", "--random", "1", "--input", "[[1, 2, 3]]"], "exclude"),
    (["run", "tiny.nn", "--random", "nan"], "--random"),
    (["run", "tiny.nn", "--random", "1", "--size", "M=2"], "`N`"),
    (["run", "tiny.nn", "--random", "1", "--size", "N=0"], "from 1 on"),
    (["run", "tiny.nn", "--random", "1", "--size", "N=x"], "number"),
    (["run", "tiny.nn", "--random", "1", "--size", "N=1", "--size", "N=2"], "twice"),
    (["run", "tiny.nn", "--input", "[[1, 2, 3]]", "--size", "N=1"], "--random"),
    (["run", "tiny.nn", "--random", "1", "--top", "0"], "--top"),
    (["run", "tiny.nn", "--random", "1", "--provider", "gpu"], "cuda"),
    (["run", "tiny.nn", "--random", "1", "--json", "--save", "o.npz"], "exclude"),
    (["run", "tiny.nn", "--random", "1", "--save", "o.txt"], ".npz"),
    (["run", "tiny.nn", "--random", "1", "--save", "nowhere/o.npz"], "nowhere"),
    (["run", "tiny.nn", "--random", "1", "--scale", "0..1", "--resize", "crop"], "--scale, --resize"),
    (["run", "tiny.nn", "--input", "y=[[1, 2, 3]]"], "no input `y`"),
    (["run", "tiny.nn", "--input", "x=[[1, 2, 3]]", "--input", "x=[[1, 2, 3]]"], "twice"),
    (["run", "tiny.nn", "--input", "[[1, 2"], "JSON"),
    (["run", "tiny.nn", "--input", "[[1, 2]]"], "[N, 3]"),
    (["run", "tiny.nn", "--input", "none.npy"], "no such file"),
    (["run", "tiny.nn", "--input", "tiny.nn"], ".npy"),
    (["run", "tiny.nn", "--input", "x="], "folder"),
    (["run", "tiny.nn", "--input", f"{LONG}.npy"], "too long"),
    (["run", "-", "--input", "-"], "standard input"),
    (["run", MNIST, "--input", DIGIT, "--scale", "abc"], "0..1"),
    (["run", MNIST, "--input", DIGIT, "--mean", "a,b"], "--mean"),
    (["run", MNIST, "--input", DIGIT, "--mean", "1,2,3"], "1 number"),
    (["run", MNIST, "--input", DIGIT, "--std", "0"], "0"),
    (["run", MNIST, "--input", DIGIT, "--resize", "bigger"], "stretch"),
    (["explain", "E999"], "E999"),
    (["explain", ""], "dotnn explain"),
    (["layers", "conv2"], "conv2d"),
    (["layers", ""], "dotnn layers"),
]


@pytest.mark.parametrize(("call", "part"), WRONG_CALLS, ids=[" ".join(call)[:60] for call, _ in WRONG_CALLS])
def test_wrong_call(call: Sequence[str], part: str, tiny: Path) -> None:
    Path("empty.onnx").touch()
    Path("text.onnx").write_text(TINY)
    before = sorted(tiny.iterdir())
    done = dotnn(*call, stdin="")
    assert done.code == 2, done
    assert part in done.out + done.err, done
    assert sorted(tiny.iterdir()) == before


def test_cuda_that_is_not_there_says_what_is_and_how_to_get_it(tiny: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    done = dotnn("run", "tiny.nn", "--random", "1", "--provider", "cuda")
    assert done.code == 2
    assert f"onnxruntime {onnxruntime.__version__}" in done.err
    assert "pip install" in done.err


@pytest.mark.parametrize("name", ["spaces in it", "ünï-çödé", "-dash"])
def test_odd_file_names(name: str, tiny: Path) -> None:
    path = f"./{name}.nn"
    Path(path).write_text(TINY)
    assert dotnn("check", path).out == f"ok: {path}\n"
    assert dotnn("build", path, "-o", f"./{name}.onnx", "--save-weights", f"./{name}.npz").code == 0
    assert dotnn("run", f"./{name}.onnx", "--random", "1", "--save", f"./{name}.npy").code == 0
    assert np.load(f"./{name}.npy").shape == (1, 4)


def test_exit_codes_blame_the_model_or_the_call(tiny: Path) -> None:
    assert dotnn("check", "wrong.nn").code == 1
    assert dotnn("check", "tiny.nn", "--limit", "nodes=1").code == 1
    assert dotnn("run", "wrong.nn", "--random", "1").code == 1
    # Where both are to blame, the call is mended first.
    assert dotnn("check", "wrong.nn", "none.nn").code == 2


def test_limits_that_no_machine_has_are_taken(tiny: Path) -> None:
    assert dotnn("check", "tiny.nn", "--limit", "nesting=999999999999").code == 0


# Processes ------------------------------------------------------------------------------------------------------------


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
class TestShell:
    """What shells do to a command."""

    def test_reader_that_goes_away(self, tiny: Path) -> None:
        many = process("summary", str(EXAMPLES / "resnet152.nn"), script='"$@" | head -1; echo ${PIPESTATUS[0]}')
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

    def test_terminal_without_unicode(self, tiny: Path) -> None:
        Path("ünï.nn").write_text(WRONG.replace("dens(4)", "dens(4)  # ä → b"), encoding="utf-8")
        ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
        for call in (["check", "ünï.nn"], ["summary", "tiny.nn"]):
            done = process(*call, environment=ascii_only)
            assert done.code == (1 if call[0] == "check" else 0), done
            assert done.out.isascii()
            assert done.err == ""

    def test_interrupted_build_leaves_nothing(self, tiny: Path) -> None:
        before = sorted(tiny.iterdir())
        # Twenty layers of 256 MB each: the build is still at it when the signal comes, however fast the machine.
        Path("large.nn").write_text(TINY.replace("dense(size)", "repeat(20) { dense(8_000) } -> dense(size)"))
        command = [sys.executable, "-m", "dotnn", "build", "large.nn"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as running:
            until = time.monotonic() + 60
            while len(list(tiny.iterdir())) == len(before) + 1 and time.monotonic() < until:
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        assert (running.returncode, out, err) == (130, "", "interrupted\n")
        assert sorted(tiny.iterdir()) == sorted([*before, tiny / "large.nn"])


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
    monkeypatch.setattr(printing, "text_width", lambda stream: 40)
    printing.print_note("a note of which the second line stands under the first")
    assert capsys.readouterr().err == "note: a note of which the second line\n      stands under the first\n"


@pytest.mark.parametrize(
    "call",
    [
        ("build", "uses.nn", "-o", "consts.txt"),
        ("build", "uses.nn", "--save-weights", "consts.txt"),
        ("build", "uses.nn", "--labels", "labels.txt", "--save-weights", "labels.txt"),
        ("run", "uses.nn", "--input", "x=x.npy", "--save", "x.npy"),
    ],
)
def test_what_is_read_is_never_replaced(call: tuple[str, ...], tiny: Path) -> None:
    files = {"consts.txt": "const SIZE = 4\n", "labels.txt": "a\nb\nc\nd\n"}
    files["uses.nn"] = 'import SIZE from "consts.txt"\n' + TINY.replace("(size: int = 4)", "").replace("size", "SIZE")
    for name, text in files.items():
        (tiny / name).write_text(text)
    np.save(tiny / "x.npy", np.zeros((1, 3), np.float32))
    before = {path.name: path.read_bytes() for path in tiny.iterdir()}
    assert dotnn(*call).code == 2
    assert {path.name: path.read_bytes() for path in tiny.iterdir()} == before
