"""The formulas beside the costs of a summary, judged by computing them."""

from __future__ import annotations

import math

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.dims import evaluate

SIZES = {"H": 13, "W": 8, "L": 17, "T": 5}


@pytest.mark.parametrize(
    ("inputs", "layers"),
    [
        ("x: float32[N, 4, H, W]", "x -> conv2d(6, kernel=[3, 2], stride=[4, 1], groups=2) -> conv2d(1, kernel=1)"),
        ("x: float32[2, 4, H, W]", "x -> conv2d(6, kernel=3, bias=false) -> dense(3, axis=1)"),
        ("x: float32[N, 4, H, W]", "x -> conv_transpose2d(6, kernel=[3, 2], stride=2, groups=2) -> relu"),
        ("x: float32[N, 4, L]", "x -> conv_transpose1d(6, kernel=3, bias=false) -> separable_conv1d(5, kernel=3)"),
        ("x: float32[3, 4, H, W]", "x -> depthwise_conv2d(kernel=3, multiplier=2) -> depthwise_conv2d(kernel=2)"),
        ("n: float32[N]\ninput x: float32[2*N, 3, L]", "x -> conv1d(2, kernel=3, stride=4)"),
        (
            "x: float32[N, T, 3]",
            "x -> lstm(4, layers=2, bidirectional=true) -> dense(5) -> dense(2, axis=2, bias=false)",
        ),
        ("x: float32[3, T, 3]", "x[:, 1:] -> gru(4, reset_after=false)"),
        ("x: float32[N, T, 3]", "x -> rnn(4, recurrent_bias=true)"),
        ("x: float32[5, N]", "x -> dense(2, axis=0)"),
        ("x: float32[N, T, 8]", "x -> multi_head_attention(2) -> multi_head_attention(4, bias=false)"),
        ("x: float32[3, T, 8]\ninput k: float32[3, L, 8]", "x -> multi_head_attention(2, key=k)"),
    ],
)
def test_formulas_give_the_counts_for_one_example(inputs: str, layers: str) -> None:
    summary = compile_source(f"model m {{ input {inputs} output y = {layers} }}").summary()
    rows = [row for row in summary.rows if row.count.params]
    assert rows
    for row in rows:
        assert row.macs is not None
        functions = {"ceil": math.ceil, "floor": math.floor}
        assert eval(row.params_formula) == row.count.params
        assert eval(row.macs_formula, functions, dict(SIZES)) == evaluate(row.macs, SIZES), row.macs_formula
