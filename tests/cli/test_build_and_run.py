"""Building and running models from the command line: files, weights, labels, inputs and results."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from dotnn.compiler.passes.labels import judge_labels

from tests.helpers.cli_calls import DIGIT, FUSIBLE, MNIST, TEN, TINY, codes, dotnn, tiny_folder

tiny = pytest.fixture(tiny_folder)

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


# Files that are read --------------------------------------------------------------------------------------------------


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
