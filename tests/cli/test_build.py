"""`dotnn build`: files, targets, weights and labels."""

from __future__ import annotations

import re
from pathlib import Path

import onnx
import pytest
from dotnn.compiler.passes.class_labels import judge_labels

from tests.helpers.cli_calls import FUSIBLE, MNIST, TEN, TINY, codes, dotnn, tiny_folder

tiny = pytest.fixture(tiny_folder)


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
