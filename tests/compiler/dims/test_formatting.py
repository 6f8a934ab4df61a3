"""The printed form of dimensions."""

from __future__ import annotations

import subprocess
import sys

import pytest
from dotnn.compiler.dims import (
    Dim,
    ceil_div,
    dim_max,
    dim_min,
    format_dim,
    symbol,
)

H, W, N = symbol("H"), symbol("W"), symbol("N")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (2 * H * W + 3, "2*H*W + 3"),
        ((H + 1) * (W + 2), "H*W + 2*H + W + 2"),
        ((H - 2) // 3 + 1, "floor((H - 2) / 3) + 1"),
        ((H - 2) // 3, "floor((H - 2) / 3)"),
        (dim_max(H - 2, 1), "max(H - 2, 1)"),
        (dim_max(H + 1, W + 1), "max(H, W) + 1"),
        (dim_min(H, W, 7), "min(H, W, 7)"),
        (dim_max(-H, -W), "-min(H, W)"),
        (dim_max(2 * H, 2 * W), "2*max(H, W)"),
        (dim_max(dim_max(N, H), W), "max(H, N, W)"),
        (5 - H, "5 - H"),
        (-H - 5, "-H - 5"),
        (H * H * W, "H**2*W"),
        (W + N * 3, "3*N + W"),
        (H % 2, "H - 2*floor(H / 2)"),
        (H // W, "floor(H / W)"),
        (ceil_div(H, W), "ceil(H / W)"),
        (ceil_div(H + W, 2), "ceil((H + W) / 2)"),
        ((H + 1) // (2 * W), "floor((H + 1) / (2*W))"),
        (-H // 3, "-ceil(H / 3)"),
        (2 * H // 3, "floor(2*H / 3)"),
        (64 * ceil_div(H, 2) * ceil_div(W, 2), "64*ceil(H / 2)*ceil(W / 2)"),
        (((H + 1) // 3) * W, "W*floor((H + 1) / 3)"),
        (dim_max((H - 2) // 2, (W - 2) // 2), "max(floor(H / 2), floor(W / 2)) - 1"),
        (7, "7"),
    ],
)
def test_printed_forms(dim: Dim, text: str) -> None:
    assert format_dim(dim) == text
    assert str(dim) == text


# Determinism
def test_text_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "from dotnn.compiler.dims import *\n"
        "a, b, c = (symbol(n) for n in ('H', 'W', 'N'))\n"
        "print(dim_max(c, b, a // 2, a - 7) * (b + c // b) + dim_min(b, a, 5) // c + (a * b + c) // 6)"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1
