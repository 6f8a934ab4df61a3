"""Constructs of other languages that cannot be read on, and texts that are another language as a whole."""

from __future__ import annotations

import pytest
from dotnn.compiler.diagnostics.fixes import apply_fix

from tests.helpers.trees import parsed


@pytest.mark.parametrize(
    ("text", "code", "place", "words"),
    [
        ("y = f(lambda t: t / 255)", "E146", "lambda", ["`t / 255`", "block f(t) { return t / 255 }"]),
        ("y = x -> Lambda(lambda t: g(t))", "E146", "lambda", ["`g(t)`"]),
        ("y = f(lambda: 3)", "E146", "lambda", ["block name(x)"]),
        ("y = [dense(w) for w in WIDTHS]", "E147", "for", ["`x -> for w in WIDTHS { dense(w) }`"]),
        ("y = sum(w for w in WIDTHS)", "E147", "for", ["for w in WIDTHS"]),
        ('y = {"filters": 3}', "E148", "{", ["braces hold stages"]),
        ('y = [{"type": "conv2d"}]', "E148", "{", ["`x -> conv2d(32, kernel=3)`"]),
        ('y = f(a=f"{x}_b")', "E145", "f", ["joined by `+`"]),
        ('y = r"abc"', "E145", "r", ['write `"abc"`']),
        ("with torch.no_grad():", "E149", "with", ["no gradients"]),
        ("print(x.shape)", "E149", "print", ["dotnn summary"]),
        ("assert x.rank == 4", "E149", "assert", ["`expect condition`"]),
        ("super().__init__()", "E149", "super", ["inherits nothing"]),
        ('compile(optimizer="adam")', "E149", "compile", ["training"]),
        ("while true { f }", "E149", "while", ["repeat(3)"]),
        ("pass", "E149", "pass", ["remove the line"]),
        ("y = x >> relu", "E133", ">>", ["write `->`"]),
        ("y = x |> relu", "E133", "|>", ["write `->`"]),
        ("for i in range(4):", "E112", "for", ["`y = x -> for i in range(4) { … }`"]),
        ("out += x", "E112", "out", ["`new_out = out + x`"]),
    ],
)
def test_constructs(text: str, code: str, place: str, words: list[str]) -> None:
    _, report = parsed(f"block b(x) {{\n    a = x\n    {text}\n    last = 1\n}}\n")
    (found,) = report.diagnostics
    assert (found.code, found.span.text if found.span else "") == (code, place)
    said = f"{found.headline()} {found.caret()} {found.advice()}"
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize(
    ("text", "language", "place"),
    [
        ("import torch.nn as nn\n\nclass Net(nn.Module):\n    pass\n", "Python", "import torch.nn as nn"),
        ("# mine\nclass Net(nn.Module):\n    def f(self):\n        return 1\n", "Python", "class Net(nn.Module):"),
        ("model = Sequential([\n    Dense(3),\n])\n", "Python", "model = Sequential(["),
        ("from keras import layers\nimport numpy as np\n", "Python", "from keras import layers"),
        ("layers:\n  - conv: {filters: 32}\n  - relu\n", "YAML", "layers:"),
        ("- conv2d\n- relu\n", "YAML", "- conv2d"),
        ("# net\nname: net\nlayers:\n  - dense: 10\n", "YAML", "name: net"),
        ('{"layers": [{"type": "conv2d"}]}', "JSON", "{"),
        ('\n[\n  {"type": "dense"}\n]\n', "JSON", "["),
    ],
)
def test_a_text_of_another_language_is_told_once(text: str, language: str, place: str) -> None:
    _, report = parsed(text)
    (found,) = report.diagnostics
    assert (found.code, found.span.text if found.span else "") == ("E150", place)
    assert f"this is {language}" in found.headline()
    assert "dotnn new" in found.advice()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def f(x):\n    return x", "E113"),
        ("x = 3", "E113"),
        ("import a", "E129"),
        ("class Net(Module):\n    x = 3\n\nmodel m { input x: float32[N] output y = x }", "E113"),
        ("[1, 2]", "E113"),
    ],
)
def test_a_single_slip_makes_no_other_language(text: str, code: str) -> None:
    _, report = parsed(text)
    assert report.diagnostics[0].code == code


def test_the_name_of_a_class_is_that_of_the_model() -> None:
    _, report = parsed("class LeNet(nn.Module):\n    def forward(self, x):\n        return x\n")
    assert "`model LeNet {" in report.diagnostics[0].advice()


def test_a_head_of_python_has_the_arguments_of_its_block() -> None:
    text = "def residual(self, x, width: int):\n    return x"
    _, report = parsed(text)
    found = report.diagnostics[0]
    assert "`block residual(x, width: int) { return … }`" in found.advice()
    fix = found.fix()
    assert fix is not None
    assert apply_fix(text, fix).startswith("block residual(x, width: int)")
