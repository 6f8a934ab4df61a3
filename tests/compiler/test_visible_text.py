"""Foreign text reaches no terminal and no log as what it is: every field that is printed is fed the worst of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from dotnn.cli.streams import write
from dotnn.compiler.visible_text import visible
from onnx import TensorProto, helper

from tests.helpers.cli_calls import TINY, WRONG, Done, dotnn, process

#: A colour, a window title, a one-byte escape, text from right to left, line ends of all kinds, commands of CI systems.
NASTY = "a\x1b[31mb\x1b]0;title\x07c\x9b1md\u202ee\u2066f\u2028g\rh\n::error::INJECTED\r\n##[error]INJECTED"
#: The same as a name of a file, which may hold any bytes.
NASTY_NAME = NASTY.replace("/", "") + "\udc80"
#: What begins like a command without any character that cannot be seen.
COMMAND = "::error::INJECTED"


def check_harmless(done: Done, *, commands: bool = False) -> None:
    """Nothing but visible text in lines of our own; ``commands`` allows lines that CI systems are to obey."""
    text = done.out + done.err
    assert done.code in (0, 1, 2), done
    for line in text.split("\n"):
        assert line.isprintable(), (line, done)
        assert commands or not re.match(r"\s*::\w", line), (line, done)
        assert not re.match(r"\s*(::error::|##\[error\])?INJECTED", line), (line, done)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", "true")
    (tmp_path / f"{NASTY_NAME}.nn").write_text(TINY)
    (tmp_path / f"{NASTY_NAME}-wrong.nn").write_text(WRONG)
    (tmp_path / "tiny.nn").write_text(TINY)
    (tmp_path / "labels.txt").write_text("\n".join([NASTY.replace("\n", " ").replace("\r", " "), "b", "c", "d"]))
    return tmp_path


def nasty_onnx(path: Path, name: str = NASTY, dim: str = NASTY, **metadata: str) -> str:
    """A model that calls everything by nasty names."""
    inputs = [helper.make_tensor_value_info(f"x{name}", TensorProto.FLOAT, [dim, 3])]
    outputs = [helper.make_tensor_value_info(f"{name}{i}", TensorProto.FLOAT, [dim, 3]) for i in range(2)]
    nodes = [helper.make_node("Relu", [f"x{name}"], [f"{name}{i}"], name=f"{name}{i}") for i in range(2)]
    graph = helper.make_graph(nodes, name, inputs, outputs, doc_string=name)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10, producer_name=name)
    helper.set_model_props(model, metadata)
    path.write_bytes(model.SerializeToString())
    return str(path)


@pytest.mark.usefixtures("folder")
class TestFileNames:
    """The names of files and folders."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ["check", f"{NASTY_NAME}.nn"],
            ["check", f"{NASTY_NAME}-wrong.nn"],
            ["check", f"{NASTY_NAME}-missing.nn"],
            ["check", "tiny.nn", "--root", NASTY_NAME],
            ["summary", f"{NASTY_NAME}.nn"],
            ["summary", f"{NASTY_NAME}-wrong.nn"],
            ["summary", f"{NASTY_NAME}-missing.nn"],
            ["build", f"{NASTY_NAME}.nn"],
            ["build", "tiny.nn", "-o", f"{NASTY_NAME}.onnx"],
            ["build", "tiny.nn", "-o", f"{NASTY_NAME}.nn"],
            ["build", "tiny.nn", "-o", f"{NASTY_NAME}/x.onnx"],
            ["build", "tiny.nn", "-o", f"{COMMAND}.onnx"],
            ["build", "tiny.nn", "--save-weights", f"{NASTY_NAME}.npz"],
            ["build", "tiny.nn", "--save-weights", f"{NASTY_NAME}.nasty"],
            ["build", "tiny.nn", "--weights", f"{NASTY_NAME}.npz"],
            ["build", "tiny.nn", "--labels", NASTY_NAME],
            ["run", f"{NASTY_NAME}.nn", "--random", "1"],
            ["run", f"{NASTY_NAME}.onnx", "--random", "1"],
            ["run", "tiny.nn", "--random", "1", "--save", f"{NASTY_NAME}.npz"],
            ["run", "tiny.nn", "--random", "1", "--save", f"{COMMAND}.npz"],
            ["run", "tiny.nn", "--random", "1", "--save", f"{NASTY_NAME}.nasty"],
            ["run", "tiny.nn", "--input", f"{NASTY_NAME}.npy"],
            ["run", "tiny.nn", "--input", f"{NASTY_NAME}.nasty"],
        ],
        ids=lambda arguments: " ".join(arguments).encode("unicode_escape", "surrogatepass").decode()[:40],
    )
    def test_are_visible(self, arguments: list[str]) -> None:
        check_harmless(dotnn(*arguments))

    def test_are_visible_in_annotations(self) -> None:
        check_harmless(dotnn("check", f"{NASTY_NAME}-wrong.nn", "--format", "github"), commands=True)

    def test_leave_json_valid(self) -> None:
        done = dotnn("check", f"{NASTY_NAME}-wrong.nn", "--format", "json")
        check_harmless(done)
        assert json.loads(done.out)["diagnostics"][0]["file"] == f"{NASTY_NAME}-wrong.nn"

    def test_are_what_is_written(self, folder: Path) -> None:
        """Only what is printed is changed."""
        assert dotnn("build", "tiny.nn", "-o", f"{NASTY_NAME}.onnx").code == 0
        assert (folder / f"{NASTY_NAME}.onnx").is_file()


@pytest.mark.usefixtures("folder")
class TestArguments:
    """What is written on the command line."""

    @pytest.mark.parametrize(
        "arguments",
        [
            [NASTY],
            [f"--{NASTY}"],
            ["check", "tiny.nn", f"--{NASTY}"],
            ["check", "tiny.nn", "--format", NASTY],
            ["check", "tiny.nn", "--model", NASTY],
            ["check", "tiny.nn", "--set", NASTY],
            ["check", "tiny.nn", "--set", f"{NASTY}=1"],
            ["check", "tiny.nn", "--set", f"size={NASTY}"],
            ["check", "tiny.nn", "--limit", f"{NASTY}=1"],
            ["check", "tiny.nn", "--limit", f"nodes={NASTY}"],
            ["summary", "tiny.nn", NASTY],
            ["build", "tiny.nn", "--seed", NASTY],
            ["build", "tiny.nn", "--target", NASTY],
            ["run", "tiny.nn", "--random", "1", "--size", f"{NASTY}=2"],
            ["run", "tiny.nn", "--random", "1", "--size", f"N={NASTY}"],
            ["run", "tiny.nn", "--input", f"{NASTY}=[[1, 2, 3]]"],
            ["run", "tiny.nn", "--input", f"x=[{NASTY}]"],
            ["run", "tiny.nn", "--input", f'x="{NASTY}"'],
            ["run", "tiny.nn", "--input", "x.png", "--mean", NASTY],
            ["run", "tiny.nn", "--input", "x.png", "--scale", NASTY],
            ["explain", NASTY],
            ["layers", NASTY],
        ],
        ids=lambda arguments: " ".join(arguments).encode("unicode_escape").decode()[:40],
    )
    def test_are_visible(self, arguments: list[str]) -> None:
        check_harmless(dotnn(*arguments))


TEXTS = {
    "a string": f'model m {{ input x: float32[N, 3] output y = x expect y.dtype == "{NASTY}" }}',
    "an escaped string": r'model m { input x: float32[3] expect "\u{1b}[31m\n::error::INJECTED" == "" output y = x }',
    "an import": f'import a from "{NASTY}" model m {{ input x: float32[N, 3] output y = x }}',
    "an escaped import": r'import a from "\u{1b}[31m\u{202e}\n::error::INJECTED" model m { input x: float32[3] }',
    "an argument": r'model m(a: int = "\u{1b}]0;t\n::error::INJECTED") { input x: float32[3] output y = x }',
    "a comment": f"# {NASTY}\nmodel m {{ input x: float32[N, 3] output y = x -> dens(3) }}",
    "a doc comment": "##[error]INJECTED\nmodel m { input x: float32[3] output y = x -> ##[error]INJECTED\n dens(3) }",
    "a name": f"model m {{ input x: float32[N, 3] output {NASTY} = x }}",
}


@pytest.mark.parametrize(
    "name", [f"q\x1b[31m\nINJECTED{'a' * 50_000}", f"\nINJECTED{'a' * 50_000}"], ids=["colour", "plain"]
)
def test_a_wrong_call_quotes_in_one_short_line(folder: Path, name: str) -> None:
    """click takes colours out of what it prints, so that nothing may be looked up in that."""
    model = nasty_onnx(folder / "model.onnx", name, "M")
    for call in (["run", model], ["run", "tiny.nn", "--random", "1", "--labels", name], ["check", f"--{name}"]):
        done = dotnn(*call)
        check_harmless(done)
        assert (done.code, len(done.err) < 4000) == (2, True), done


@pytest.mark.usefixtures("folder")
class TestSources:
    """What a ``.nn`` file holds."""

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    @pytest.mark.parametrize("command", [["check"], ["check", "--format", "json"], ["summary"], ["build"]])
    def test_is_visible(self, text: str, command: list[str]) -> None:
        name, *options = command
        check_harmless(dotnn(name, "-", *options, stdin=text))

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    def test_is_visible_in_annotations(self, text: str) -> None:
        check_harmless(dotnn("check", "-", "--format", "github", stdin=text), commands=True)


@pytest.mark.usefixtures("folder")
class TestModels:
    """What an ``.onnx`` file says of itself."""

    @pytest.mark.parametrize("name", [NASTY, COMMAND])
    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--random", "1"],
            ["--random", "1", "--json"],
            ["--random", "1", "--save", "out.npz"],
            ["--random", "1", "--save", "out.npy"],
            ["--random", "1", "--size", "M=3"],
            ["--input", "[[1, 2, 3]]"],
            ["--input", "[[1, 2, 3, 4]]"],
            ["--input", "[1, 2]"],
            ["--input", '["a"]'],
            ["--input", "y=[[1, 2, 3]]"],
        ],
        ids=" ".join,
    )
    def test_is_visible(self, folder: Path, name: str, arguments: list[str]) -> None:
        check_harmless(dotnn("run", nasty_onnx(folder / "model.onnx", name, name), *arguments))

    @pytest.mark.parametrize(
        "metadata",
        [
            {"dotnn.labels": json.dumps([NASTY, NASTY, NASTY])},
            {"dotnn.labels": NASTY},
            {"dotnn.demands": json.dumps([{"dim": "M", "minimum": 100, "reason": NASTY}])},
            {"dotnn.demands": json.dumps([{"dim": NASTY, "minimum": 100, "reason": NASTY}])},
            {"dotnn.demands": NASTY},
            {"dotnn.format": NASTY, "dotnn.weights": NASTY},
        ],
    )
    def test_is_visible_in_metadata(self, folder: Path, metadata: dict[str, str]) -> None:
        path = nasty_onnx(folder / "model.onnx", "name", "M", **metadata)
        check_harmless(dotnn("run", path, "--input", "[[1, 2, 3]]"))

    def test_leaves_json_valid(self, folder: Path) -> None:
        done = dotnn("run", nasty_onnx(folder / "model.onnx"), "--random", "1", "--json")
        assert [one["name"] for one in json.loads(done.out)] == [f"{NASTY}0", f"{NASTY}1"]


@pytest.mark.usefixtures("folder")
class TestDataFiles:
    """What files with weights, inputs and labels hold."""

    def test_labels(self) -> None:
        done = dotnn("run", "tiny.nn", "--random", "1", "--labels", "labels.txt")
        check_harmless(done)
        assert r"\x1b[31m" in done.out

    @pytest.mark.parametrize("command", [["build", "--weights"], ["run", "--input"]], ids=" ".join)
    def test_names_in_archives(self, command: list[str]) -> None:
        np.savez("nasty.npz", **{NASTY: np.zeros(3, "float32"), COMMAND: np.zeros(3, "float32")})
        check_harmless(dotnn(command[0], "tiny.nn", command[1], "nasty.npz"))

    def test_names_in_safetensors(self, folder: Path) -> None:
        entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
        for name, header in {"names": {NASTY: entry}, "type": {"a": {**entry, "dtype": NASTY}}}.items():
            text = json.dumps(header).encode()
            (folder / f"{name}.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
            check_harmless(dotnn("build", "tiny.nn", "--weights", f"{name}.safetensors"))

    @pytest.mark.parametrize("suffix", ["csv", "json", "npy", "npz", "png", "jpg"])
    def test_content_of_inputs(self, folder: Path, suffix: str) -> None:
        (folder / f"x.{suffix}").write_text(NASTY)
        check_harmless(dotnn("run", "tiny.nn", "--input", f"x.{suffix}"))

    def test_damaged_models(self, folder: Path) -> None:
        (folder / "bad.onnx").write_text(NASTY)
        check_harmless(dotnn("run", "bad.onnx", "--random", "1"))
        path = Path(nasty_onnx(folder / "odd.onnx"))
        model = onnx.load(path)
        model.graph.node[0].op_type = NASTY
        path.write_bytes(model.SerializeToString())
        check_harmless(dotnn("run", str(path), "--random", "1"))


def test_colours_are_ours_only(folder: Path) -> None:
    done = process("check", f"{NASTY_NAME}.nn", f"{NASTY_NAME}-wrong.nn", environment={"FORCE_COLOR": "1"})
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.out)
    check_harmless(Done(done.code, plain, done.err))
    assert "\x1b[31mb" not in done.out


def test_signs_of_life_are_visible(folder: Path) -> None:
    """The line of a running command, on a terminal."""
    script = r"""SHELL="$(command -v bash)" script -qec "$(printf '%q ' "$@")" /dev/null </dev/null"""
    name = "[red]" + NASTY_NAME.replace("\n", "").replace("\udc80", "")
    nasty_onnx(folder / f"{name}.onnx")
    done = process("run", f"{name}.onnx", "--random", "1", script=script, folder=folder)
    assert done.code == 0, done
    assert "\x1b]0;title" not in done.out
    assert "\u202e" not in done.out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\nlines\twith tabs", "plain\nlines\twith tabs"),
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        ("\x1b]0;t\x07", r"\x1b]0;t\x07"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\u202eb\x9b", r"a\r\u202eb\x9b"),
        ("\u2028x\x85", r"\u2028x\x85"),
        ("::warning::x", r":\x3awarning::x"),
        ("x\n  ::warning::x", "x\n  :\\x3awarning::x"),
        ("a ::warning::", "a ::warning::"),
        ("::: net.nn:4:30", "::: net.nn:4:30"),
    ],
)
def test_what_was_forgotten_does_no_harm(capsys: pytest.CaptureFixture[str], text: str, shown: str) -> None:
    import sys

    write(text, sys.stdout)
    assert capsys.readouterr().out == f"{shown}\n"


@pytest.mark.parametrize(("ci", "shown"), [("", "##[N] ##vso[x]"), ("true", r"#\x23[N] #\x23vso[x]")])
def test_commands_within_lines_are_broken_where_they_would_be_obeyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, ci: str, shown: str
) -> None:
    import sys

    monkeypatch.setenv("CI", ci)
    write("##[N] ##vso[x]", sys.stdout)
    assert capsys.readouterr().out == f"{shown}\n"


@pytest.mark.parametrize("make", [str, lambda text: text * 3], ids=["once", "thrice"])
def test_visible_text_is_one_line_and_stays_as_it_is(make: Callable[[str], str]) -> None:
    text = visible(make(NASTY_NAME))
    assert text.isprintable()
    assert visible(text) == text
