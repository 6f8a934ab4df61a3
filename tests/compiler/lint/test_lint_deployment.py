"""Rules about targets and providers: asked only where one is given, and right about what is built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import onnxruntime
import pytest
from dotnn import DotnnError, compile_source
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic, Severity
from dotnn.compiler.lint.index import RULES
from dotnn.compiler.lint.provider_kernels import CUDA
from dotnn.compiler.operators import OPERATORS
from dotnn.compiler.passes.targets import CheckedProvider, Target

from tests.helpers.paths import EXAMPLES

DEPLOYMENT = [code for code, row in RULES.items() if row.needs]


def found(text: str, **options: Any) -> list[Diagnostic]:
    """What the rules say of a text."""
    return list(check(Path("net.nn").resolve(), text=text, **options).diagnostics)


def net(stages: str, kind: str = "float32[N, 3, 32, 32]") -> str:
    """A model of some stages."""
    return f"model net {{\n    input x: {kind}\n    output y = x -> {stages}\n}}\n"


WIDE = net("a: conv2d(8, kernel=3) -> relu -> b: conv2d(8, kernel=3)", "float64[N, 3, 32, 32]")


def test_nothing_is_said_of_targets_unless_one_is_given() -> None:
    assert not found(WIDE)
    assert not found(WIDE, select=DEPLOYMENT)
    assert [one.code for one in found(WIDE, target="onnxruntime")] == ["L501"]
    assert not found(WIDE, target="onnxruntime", ignore=["L5"])


def test_what_is_built_only_when_asked_is_suppressed_only_then() -> None:
    text = net("dense(64) -> celu -> dense(8)", "float32[N, 64]").replace("dense(8)", "dense(8)  # dotnn: ignore[L502]")
    assert not found(text)
    assert not found(text, target="onnx", provider="cuda")
    assert [one.code for one in found(text, provider="cpu")] == ["L401"]


@pytest.mark.parametrize("target", get_args(Target))
@pytest.mark.parametrize("elements", ["float32", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize("stages", ["conv2d(8, kernel=3) -> relu", "flatten", "softplus", "max_pool2d(2)", "celu"])
def test_a_kernel_is_missing_exactly_where_the_build_says_so(stages: str, elements: str, target: Target) -> None:
    text = net(stages, f"{elements}[N, 3, 32, 32]")
    said = [one for one in found(text, target=target) if one.code == "L501"]
    try:
        compile_source(text).to_bytes(target=target)
    except DotnnError as error:
        (fault,) = error.diagnostics
        assert [one.span and one.span.text for one in said] == [fault.span and fault.span.text]
        assert said[0].notes() == fault.notes()
        assert said[0].severity is Severity.ERROR
        return
    assert not said


def test_findings_name_layers_whatever_they_became() -> None:
    text = """block head(x) {
    return x -> act: celu -> dense(8)
}
model net {
    input x: float32[N, 64]
    output y = x -> one: head -> two: head
}
"""
    (one,) = found(text, provider="cuda")
    assert (one.code, one.span and one.span.text) == ("L502", "celu")
    assert one.notes() == ("the same is true of `two.act`",)
    assert "`Celu`" in one.headline()


def test_layers_of_the_library_are_told_of_where_they_are_called() -> None:
    text = """import vgg_features from "dotnn/vgg"
model net {
    input image: float32[1, 3, 32, 32]
    output y = image -> vgg_features([1, 1, 1, 1, 1])
}
"""
    (one,) = found(text, provider="qnn")
    assert one.code == "L502"
    assert one.span is not None
    assert one.span.text.startswith("vgg_features(")
    assert not found(text, provider="qnn", target="onnx")


def test_a_provider_without_a_target_is_asked_of_the_default_build() -> None:
    text = net("conv2d(8, kernel=3) -> relu", "float32[1, 3, 32, 32]")
    assert [one.code for one in found(text, provider="nnapi")] == ["L502"]
    assert not found(text, provider="cuda")
    assert not found(text, provider="cpu")


def test_a_provider_that_lacks_an_element_type_names_those_that_it_has() -> None:
    (one,) = found(net("leaky_relu", "bfloat16[N, 4]"), target="onnx", provider="cuda")
    assert one.headline().endswith("has no `LeakyRelu` for bfloat16")
    assert "it has `float16`, `float32`, `float64`" in one.advice()


def test_symbolic_dimensions_are_told_of_once_in_a_model() -> None:
    text = """model net {
    input a: float32[N, 3, 2 * H, W]
    input b: float32[N, 8]
    input c: float32[1, 8]
    output y = a -> conv2d(8, kernel=3)
    output z = b
    output u = c
}
"""
    (one,) = found(text, target="onnx", provider="qnn")
    assert (one.code, one.span and one.span.line) == ("L503", 2)
    assert one.caret() == "`N`, `H`, `W` are symbolic"
    assert one.notes() == ("the same is true of `b`",)
    assert not found(text, target="onnx", provider="cuda")


def test_the_tool_that_is_advised_fixes_the_dimension(tmp_path: Path) -> None:
    text = net("conv2d(8, kernel=3) -> relu")
    (one,) = found(text, target="onnx", provider="qnn")
    command = one.advice().rpartition(": `python ")[2].removesuffix("`").split()
    (tmp_path / "net.onnx").write_bytes(compile_source(text).to_bytes(target="onnx"))
    subprocess.run([sys.executable, *command], cwd=tmp_path, check=True, capture_output=True)
    session = onnxruntime.InferenceSession(tmp_path / "fixed.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == [1, 3, 32, 32]


@pytest.mark.parametrize("stages", ["sigmoid", "leaky_relu", "relu6"])
def test_what_is_fused_for_the_cpu_is_refused_for_cuda(stages: str) -> None:
    text = net(f"conv2d(16, kernel=3) -> {stages}")
    (one,) = found(text, target="onnxruntime-cpu", provider="cuda")
    assert (one.code, one.severity) == ("L504", Severity.ERROR)
    assert "--target onnxruntime`" in one.advice()
    assert not found(text, target="onnxruntime", provider="cuda")
    assert not found(text, target="onnxruntime-cpu", provider="cpu")


def test_uneven_channels_count_by_the_size_of_their_elements() -> None:
    text = net("dense(36) -> relu -> dense(10)", "float32[N, 64]")
    assert not found(text, provider="cuda")
    (half,) = found(text.replace("float32", "float16"), target="onnx", provider="cuda")
    assert (half.code, half.advice()) == ("L303", "write 40, or 32, unless a file of weights has 36")
    assert not found(text.replace("float32", "float16"), target="onnx", provider="cpu")


def test_a_word_that_is_no_target_is_refused() -> None:
    for options in ({"target": "tensorrt"}, {"provider": "gpu"}):
        with pytest.raises(DotnnError, match=next(iter(options.values()))):
            found(WIDE, **options)


def test_every_operator_was_looked_up() -> None:
    assert set(CUDA) == {kind for domain, kind in OPERATORS if domain != "dotnn"}


@pytest.mark.parametrize("provider", get_args(CheckedProvider))
@pytest.mark.parametrize("example", ["mnist_cnn", "char_rnn", "zoo/unet", "zoo/vit_b_16", "zoo/speech_recognizer"])
def test_examples_run_where_they_are_meant_to(example: str, provider: CheckedProvider) -> None:
    said = check(EXAMPLES / f"{example}.nn", target="onnx", provider=provider).diagnostics
    wanted = {"L503"} if provider in ("coreml", "nnapi", "qnn") else set[str]()
    assert {one.code for one in said} == wanted
