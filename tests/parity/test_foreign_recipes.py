"""What is to be written instead of a function of PyTorch is that function, also where it bends."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics.foreign_layers import LAYER_NOTES
from dotnn.compiler.reference_evaluation import evaluate
from dotnn.compiler.weights.weight_values import WeightValues

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
F = torch.nn.functional

FUNCTIONS: dict[str, Callable] = {
    "argmin": lambda x: x.argmin(dim=-1),
    "glu": torch.nn.GLU(),
    "hardshrink": torch.nn.Hardshrink(),
    "hardtanh": torch.nn.Hardtanh(),
    "logsigmoid": torch.nn.LogSigmoid(),
    "normalize": lambda x: F.normalize(x, dim=-1),
    "reciprocal": torch.reciprocal,
    "softmax2d": lambda x: torch.nn.Softmax2d()(x),
    "softmin": lambda x: torch.nn.Softmin(dim=-1)(x),
    "softshrink": torch.nn.Softshrink(),
    "square": torch.square,
    "swiglu": lambda x: F.silu(x.chunk(2, -1)[0]) * x.chunk(2, -1)[1],
    "tanhshrink": torch.nn.Tanhshrink(),
    "threshold": torch.nn.Threshold(1.0, 0.0),
}


@pytest.mark.parametrize("word", FUNCTIONS)
def test_what_is_written_instead_computes_the_same(word: str) -> None:
    x = np.array([[[-3, -1.5, -1, -0.5], [-0.25, -(2.0**-10), 0.25, 0.5], [0.75, 1, 1.5, 40]]])
    *statements, code = re.findall(r"`([^`]+)`", LAYER_NOTES[word])
    code, shape = (f"x {code}" if code.startswith("->") else code), "1, 3, 4"
    if word == "softmax2d":
        x, shape = x[None], "1, 1, 3, 4"
    body = "\n".join([*statements, f"output y = {code}"])
    graph = compile_source(f"model m {{ input x: float32[{shape}]\n{body}\n}}").graph
    found = evaluate(graph, {"x": x}, WeightValues())[graph.outputs["y"]]
    np.testing.assert_allclose(found, FUNCTIONS[word](torch.tensor(x)).numpy(), rtol=1e-12, atol=1e-15)
