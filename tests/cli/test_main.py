"""The command line: what it prints where, its exit codes, and that no wrong call ends in a traceback."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.cli_calls import DIGIT, LONG, MNIST, SEVERAL, TINY, WRONG, codes, dotnn, tiny_folder
from tests.helpers.paths import EXAMPLES

tiny = pytest.fixture(tiny_folder)

# Help -----------------------------------------------------------------------------------------------------------------


def test_help_names_every_command_in_one_line() -> None:
    done = dotnn("--help")
    assert done.code == 0
    listed = done.out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    commands = ["new", "check", "summary", "build", "run", "weights", "explain", "layers"]
    assert [line.split()[0] for line in listed] == commands
    assert not any(line.endswith("...") for line in listed)


def test_no_command_shows_the_help() -> None:
    assert "Commands:" in dotnn().out + dotnn().err


@pytest.mark.parametrize("command", ["new", "check", "summary", "build", "run", "weights", "explain", "layers"])
def test_help_of_commands(command: str) -> None:
    done = dotnn(command, "-h")
    assert done.code == 0
    # Types in the place of names would be Python's words.
    assert "int range" not in done.out
    assert "{source}" not in done.out


def test_help_describes_arguments_and_options() -> None:
    shown = " ".join(dotnn("build", "--help").out.split())
    assert "Arguments: FILE A .nn file; `-` reads standard input." in shown
    assert "--target [onnx|onnxruntime|onnxruntime-cpu]" in shown
    assert "[default: onnxruntime]" in shown
    assert "-o, --output FILE" in shown


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


def test_check_takes_folders(tiny: Path) -> None:
    for name in ("b/deep/one.nn", "a/two.nn", "a/notes.txt", ".git/three.nn", "env/pyvenv.cfg", "env/lib/four.nn"):
        (tiny / name).parent.mkdir(parents=True, exist_ok=True)
        (tiny / name).write_text(WRONG)
    found = json.loads(dotnn("check", ".", "--format", "json").out)
    places = [one["file"] for one in found["diagnostics"]]
    assert places == ["./a/two.nn", "./b/deep/one.nn", "./wrong.nn"]
    assert dotnn("check", "a", "b").code == 1
    (tiny / "a" / "two.nn").write_text(TINY)
    assert dotnn("check", "a").out == "ok: a/two.nn\n"
    # What is named is checked, wherever it stands, and once.
    assert codes(dotnn("check", ".git", ".git/three.nn", f"{tiny}/.git").out) == ["E203"]
    assert dotnn("check", str(EXAMPLES)).out == f"ok: {len(list(EXAMPLES.rglob('*.nn')))} files\n"


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_check_of_a_folder_follows_no_links_in_a_circle(tiny: Path) -> None:
    (tiny / "a").mkdir()
    (tiny / "a" / "again").symlink_to(tiny)
    (tiny / "a" / "linked.nn").symlink_to(tiny / "tiny.nn")
    assert dotnn("check", "a").out == "ok: a/linked.nn\n"


def test_strict_makes_warnings_errors(tiny: Path) -> None:
    call = ["check", MNIST, "--set", "classes=5"]
    assert dotnn(*call).code == 0
    done = dotnn(*call, "--strict")
    assert (done.code, codes(done.out)) == (1, ["W701"])
    assert "error[W701]" in done.out
    found = json.loads(dotnn(*call, "--strict", "--format", "json").out)
    assert (found["errors"], found["warnings"]) == (1, 0)
    assert found["diagnostics"][0]["severity"] == "error"
    assert dotnn(*call, "--strict", "--format", "github").out.startswith("::error ")
    fine = dotnn("check", "tiny.nn", "--strict")
    assert (fine.code, fine.out) == (0, "ok: tiny.nn\n")
    assert dotnn("check", "none.nn", "--strict").code == 2


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
    done = dotnn("summary", str(EXAMPLES / "zoo" / "resnet152.nn"))
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


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("name", ["zoo/resnet50", "char_rnn", "zoo/video_cnn", "x_or_o", "zoo/gru_tagger"])
def test_summary_breaks_no_word_on_a_terminal(
    name: str, columns: int, explain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["summary", str(EXAMPLES / f"{name}.nn"), *(["--explain"] if explain else [])]
    whole = dotnn(*call).out
    monkeypatch.setattr("dotnn.cli.summary.text_width", lambda stream: columns)
    folded = dotnn(*call).out
    assert max(map(len, folded.splitlines())) <= columns
    # Where a line may end: behind a dot of a path, an operator of a formula, and where there is a blank.
    words = {piece for word in whole.split() for piece in re.findall(r"[^.*+]+[.*+]*", word)}
    for line in folded.splitlines():
        for word in line.replace("─", " ").split():
            assert all(piece in words for piece in re.findall(r"[^.*+]+[.*+]*", word)), (line, word)
    numbers = set(re.findall(r"\d{1,3}(?:,\d{3})+", whole))
    assert numbers <= set(re.findall(r"\d{1,3}(?:,\d{3})+", folded))


def test_a_table_that_is_a_little_too_wide_breaks_names_behind_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dotnn.cli.summary.text_width", lambda stream: 76)
    lines = dotnn("summary", str(EXAMPLES / "zoo" / "resnet18.nn")).out.splitlines()
    row = next(index for index, line in enumerate(lines) if line.startswith("layer1.0.    "))
    assert lines[row].split() == ["layer1.0.", "conv2d", "[N,", "64,", "56,", "56]", "36,864", "115,605,504"]
    assert lines[row + 1] == "conv1"


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("call", ["explain", "explain E4", "layers", "layers lstm", "layers conv2d", "explain E413"])
def test_lists_and_pages_break_no_word(call: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dotnn(*call.split()).out.partition("Samples:")[0]
    monkeypatch.setattr(f"dotnn.cli.{call.split()[0]}.prose_width", lambda stream: columns)
    folded = dotnn(*call.split()).out.partition("Samples:")[0]
    assert folded.split() == whole.split()
    # Code stays as it is, and so does what is longer than a line.
    prose = re.sub(r"```.*?```", "", folded, flags=re.DOTALL)
    assert all(len(line) <= columns or len(line.split()) == 1 for line in prose.splitlines())


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


def test_explain_lists_groups() -> None:
    listed = dotnn("explain").out.splitlines()
    for group in ("E4", "e43", "W", "E"):
        found = dotnn("explain", group).out.splitlines()
        assert found == [line for line in listed if line.startswith(group.upper())]
        assert 1 < len(found) < len(listed)


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
    (["chek"], "did you mean `check`?"),
    (["train"], "there are new, check, summary"),
    (["check", "tiny.nn", "--fromat", "json"], "--format"),
    (["--versoin"], "--version"),
    (["check"], "FILE"),
    (["check", "none.nn"], "no such file"),
    (["check", "none.nn", "--format", "github"], "no such file"),
    (["check", "empty"], "no .nn file in 'empty'"),
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
    (["build", "tiny.nn", "--save-weights", "weights.txt"], ".safetensors"),
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
    Path("empty").mkdir()
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


@pytest.mark.parametrize(
    ("value", "code"), [("1__000", 1), ("20_000", 0), ("999999999999999", 0), ("1e9", 2), ("-1", 2)]
)
def test_limits_are_numbers(value: str, code: int) -> None:
    """Underscores stand anywhere, and no memory is reserved for what may come; the file has more than 1,000 bytes."""
    assert dotnn("check", MNIST, "--limit", f"source_bytes={value}").code == code


def test_random_seeds_have_64_bits(tmp_path: Path) -> None:
    done = dotnn("run", MNIST, "--random", str(2**64))
    assert (done.code, codes(done.err)) == (2, ["E908"])


def test_a_call_without_a_command_is_the_help() -> None:
    done = dotnn()
    assert done.code == 2
    assert done.err.rstrip("\n") == dotnn("--help").out.rstrip("\n")


def test_a_number_that_is_too_large_is_told_the_largest() -> None:
    done = dotnn("check", "-", stdin="model m { input x: float32[N, 3] output y = x -> dense(2 ** 40) }")
    assert "at most 2,147,483,647" in done.out


def test_needs_say_the_most_of_each_dimension() -> None:
    assert [
        line.split()[1:]
        for line in dotnn("summary", str(EXAMPLES / "zoo" / "text_cnn.nn")).out.splitlines()
        if "needs" in line
    ] == [["T", ">=", "5"]]
