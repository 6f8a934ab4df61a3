"""`dotnn run`: images, files, inputs and results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.cli_calls import DIGIT, MNIST, TEN, TINY, codes, dotnn, tiny_folder

tiny = pytest.fixture(tiny_folder)


def test_run_on_an_image() -> None:
    done = dotnn("run", MNIST, "--input", DIGIT, "--labels", TEN, "--top", "3", "--provider", "cpu")
    assert done.code == 0
    assert done.out.startswith("probabilities: float32[1, 10], probabilities of 10 classes\n")
    assert len(done.out.splitlines()) == 4
    notes = done.err.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    assert "never loaded or trained" in notes[0]
    assert "0..1" in notes[1]


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_run_needs_no_word_to_run_on_the_cpu(tiny: Path, provider: str) -> None:
    assert "CPU" not in dotnn("run", "tiny.nn", "--random", "1", "--provider", provider).err


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


def test_all_values_are_printed_as_json_and_rows_stay_lines(tiny: Path) -> None:
    (tiny / "wide.nn").write_text("model wide { input x: float32[N, 3] output y = x -> dense(400) }")
    done = dotnn("run", "wide.nn", "--random", "1", "--size", "N=3", "--json")
    (found,) = json.loads(done.out)
    assert np.shape(found["values"]) == (3, 400)
    assert done.out.count("\n") < 30


def test_too_many_values_for_json_are_an_error(tiny: Path) -> None:
    (tiny / "wide.nn").write_text("model wide { input x: float32[N, 3] output y = x -> dense(400) }")
    done = dotnn("run", "wide.nn", "--random", "1", "--size", "N=3000", "--json")
    assert (done.code, codes(done.err)) == (2, ["E954"])
    assert done.out == ""


@pytest.mark.parametrize("options", [[], ["--save", "out.npz"]], ids=["printed", "saved"])
def test_what_is_not_finite_is_told_whether_printed_or_saved(tiny: Path, options: list[str]) -> None:
    (tiny / "logarithm.nn").write_text("model logarithm { input x: float32[N, 3] output y = x / x }")
    done = dotnn("run", "logarithm.nn", "--input", "[[0, 1, 2]]", *options)
    assert done.code == 0
    assert "1 NaN and 0 infinite among 3 values" in (done.err if options else done.out)


def test_run_names_the_inputs_before_it_builds(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dotnn.compiler.compiled.Compiled.to_bytes", lambda *_, **__: pytest.fail("it was built"))
    done = dotnn("run", "tiny.nn")
    assert done.code == 2
    assert "x: float32[N, 3]" in done.err
    assert "--input" in done.err


def test_errors_come_without_notes(tiny: Path) -> None:
    done = dotnn("run", "tiny.nn", "--input", "[[1, 2]]")
    assert done.code == 2
    assert "note: running" not in done.err
    assert "never loaded" not in done.err


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


def test_a_model_that_reads_nothing_just_runs(tiny: Path) -> None:
    (tiny / "fixed.nn").write_text("model fixed { parameter p: float32[3] = ones output y = p -> relu }")
    done = dotnn("run", "fixed.nn")
    assert (done.code, done.out.splitlines()[0]) == (0, "y: float32[3]")
    assert dotnn("build", "fixed.nn").code == 0
    assert dotnn("run", "fixed.onnx").out == done.out


def test_words_that_belong_to_no_option_are_inputs_that_were_meant(tiny: Path) -> None:
    for call in (
        ["tiny.nn", "--input", "a.png", "b.png", "c.png"],
        ["--input", "a.png", "b.png", "tiny.nn"],
        ["tiny.nn", "b.png"],
    ):
        done = dotnn("run", *call)
        assert done.code == 2
        assert "'b.png' belongs to no option: --input takes one file" in done.err
        assert "the model reads x: float32[N, 3]" in done.err
    done = dotnn("run", "tiny.nn", "wrong.nn", "--random", "1")
    assert done.code == 2
    assert "'wrong.nn' is one more beside 'tiny.nn'" in done.err
    assert dotnn("run", "tiny.nn", "--nonsense").code == 2


def test_what_is_no_input_is_said_once_and_with_what_the_model_reads(tiny: Path) -> None:
    Path("x.png").touch()
    for text in (".", "x=", "missing.png", "text", "1,2", "x.jpg"):
        done = dotnn("run", "tiny.nn", "--input", text)
        assert done.code == 2
        assert len(codes(done.err)) == 1
        assert "the model reads one input: `x: float32[N, 3]`" in done.err
        assert done.out == ""


@pytest.mark.parametrize(
    ("option", "value", "least"),
    [("--random", "nan", 0), ("--random", "-1", 0), ("--seed", "1.5", 0), ("--top", "0", 1)],
)
def test_numbers_of_options_say_what_they_take(tiny: Path, option: str, value: str, least: int) -> None:
    done = dotnn("run", "tiny.nn", option, value)
    assert done.code == 2
    assert f"{option} takes a whole number from {least} on, not '{value}'" in done.err
