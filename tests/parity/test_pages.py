"""The pages that need PyTorch, or what comes with it: what they tell to do is done, and what they say comes out."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from dotnn import Session, compile_file
from dotnn.compiler.passes.targets import Target

from tests.helpers.cli_calls import dotnn
from tests.helpers.fences import page_fences
from tests.helpers.paths import DOCS, ROOT

# PyTorch brings sympy, which the quantization of onnxruntime needs for its pre-processing.
torch = pytest.importorskip("torch", reason="needs the extra [parity]")
pytest.importorskip("safetensors.torch", reason="needs the extra [parity]")


def test_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The programs of the page are one; its commands are given when what they read is there."""
    monkeypatch.chdir(tmp_path)
    program, commands = "", []
    for fence in page_fences(DOCS / "training.md"):
        if fence.file:
            Path(fence.file).write_text(fence.text, encoding="utf-8")
        elif fence.language == "python":
            program += fence.text
        elif fence.language == "sh":
            commands += [shlex.split(line)[1:] for line in fence.text.splitlines() if line.startswith("dotnn ")]
    first, second, start = commands
    assert dotnn(*start).code == 0
    found = runpy.run_path(write("program.py", program))
    printed = capsys.readouterr().out
    assert "conv1.weight [8, 1, 3, 3]\n" in printed
    assert "fc.bias [2]\n" in printed
    assert "`fc.weight` [2, 128]; did you mean `head.weight`?" in printed
    assert printed.endswith("<All keys matched successfully>\n")
    expected, classes = found["expected"], found["classes"]
    assert (expected.argmax(dim=1) == classes).float().mean() > 0.9
    # Nearly half of the answers are either, so that a network that always says the same would show.
    assert 0.4 < classes.float().mean() < 0.6
    assert dotnn(*first).code == 0
    run = dotnn(*second)
    assert "probabilities: float32[1, 2]" in run.out
    assert "never loaded or trained" not in run.err


# What Keras says of itself where it converts tensors of PyTorch for numpy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_coming_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs and commands of the page, in its order; the programs share their names."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras", reason="needs the extra [parity]")
    pytest.importorskip("h5py", reason="needs the extra [keras]")
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    printed: list[str] = []
    for fence in page_fences(DOCS / "coming_from.md"):
        if fence.file:
            Path(fence.file).write_text(fence.text, encoding="utf-8")
        elif fence.language == "python":
            exec(compile(fence.text, fence.place, "exec"), scope)
            printed.append(capsys.readouterr().out)
        elif fence.language == "sh":
            for line in fence.text.splitlines():
                done = dotnn(*shlex.split(line)[1:])
                assert (done.code, done.err) == (0, "")
                printed.append(done.out)
    text = "".join(printed)
    assert "loaded:               8 of 8 weights" in text
    # Nearly half of the answers are either, so that a network that always says the same would show.
    share = np.mean(scope["classes"])  # pyright: ignore[reportArgumentType,reportCallIssue]
    assert 0.4 < share < 0.6
    accuracies = dict(re.findall(r"^(PyTorch|Keras): ([\d.]+)$", text, re.MULTILINE))
    assert set(accuracies) == {"PyTorch", "Keras"}
    assert all(float(one) > 0.9 for one in accuracies.values()), accuracies


def test_quantization(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = [fence for fence in page_fences(DOCS / "onnx.md") if fence.language in ("sh", "python")]
    shell, python = (fence for fence in page if "prepared.onnx" in fence.text)
    build, preprocess = (shlex.split(line) for line in shell.text.splitlines()[1:])
    assert dotnn(*[str(ROOT / word) if word.startswith("examples/") else word for word in build[1:]]).code == 0
    subprocess.run([sys.executable, *preprocess[1:]], check=True, capture_output=True, timeout=120)
    images = np.random.default_rng(0).uniform(size=(80, 1, 28, 28)).astype(np.float32)
    np.save("images.npy", images)
    with warnings.catch_warnings():
        # What its own code warns of is not ours.
        warnings.simplefilter("ignore")
        runpy.run_path(write("quantize.py", python.text))
    expected = Session("digits.onnx", provider="cpu").run(images[:8])["probabilities"]
    for name in ("dynamic.onnx", "static.onnx"):
        found = Session(name, provider="cpu").run(images[:8])["probabilities"]
        assert 0 < np.abs(found - expected).max() < 0.033 * expected.max()
        assert Path(name).stat().st_size < Path("digits.onnx").stat().st_size / 3


@pytest.mark.parametrize(("name", "target"), [("mnist_cnn", "onnxruntime"), ("mnist_dense", "onnxruntime-cpu")])
def test_the_tools_of_quantization_do_not_take_fused_operators(name: str, target: Target, tmp_path: Path) -> None:
    """When they do, the page is to be changed."""
    from onnxruntime.quantization import quant_pre_process

    compile_file(ROOT / "examples" / f"{name}.nn").save(tmp_path / "fused.onnx", target=target)
    with pytest.raises(Exception, match="Incomplete symbolic shape inference"):
        quant_pre_process(tmp_path / "fused.onnx", tmp_path / "prepared.onnx")


def write(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name
