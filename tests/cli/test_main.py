"""The command line: what it prints where, its exit codes, and that no wrong call ends in a traceback."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.cli_calls import DIGIT, LONG, MNIST, TINY, codes, dotnn, tiny_folder

tiny = pytest.fixture(tiny_folder)


# Help -----------------------------------------------------------------------------------------------------------------


def test_help_names_every_command_in_one_line() -> None:
    done = dotnn("--help")
    assert done.code == 0
    listed = done.out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    commands = ["new", "check", "summary", "build", "run", "weights", "explain", "explain-shape", "layers"]
    assert [line.split()[0] for line in listed] == commands
    assert not any(line.endswith("...") for line in listed)


def test_no_command_shows_the_help() -> None:
    assert "Commands:" in dotnn().out + dotnn().err


@pytest.mark.parametrize(
    "command", ["new", "check", "summary", "build", "run", "weights", "explain", "explain-shape", "layers"]
)
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
    (["run", "tiny.nn", "--input", "x="], "behind `x=`"),
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


def test_a_file_that_is_taken_for_an_option_is_told_how_to_be_named(tiny: Path) -> None:
    Path("-x.nn").write_bytes((tiny / "tiny.nn").read_bytes())
    assert "No such option '-x': did you mean `./-x.nn`?" in dotnn("check", "-x.nn").err
    assert dotnn("check", "./-x.nn").code == 0
    assert dotnn("check", "-y.nn").err.endswith("No such option '-y'.\n")


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
