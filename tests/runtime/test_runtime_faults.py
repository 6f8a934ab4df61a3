"""Valid models that a version of onnxruntime breaks by its own optimizer: found by random programs, told here.

Where a newer version mends one, its test passes there and says so.
"""

from __future__ import annotations

import onnxruntime
import pytest
from dotnn.compiler import DotnnError, compile_source
from dotnn.runtime import Session

#: Models by the fusion that breaks them, each with the versions that do.
BROKEN = {
    "MatMulScaleFusion": (
        "model m { input x: float32[N, T, 4] v = 0.25 * x output y = v -> dense(2) output z = v / 4 -> dense(6) }",
        ("1.32",),
    ),
}


@pytest.mark.parametrize("fusion", BROKEN)
def test_a_valid_model_loads(fusion: str, request: pytest.FixtureRequest) -> None:
    text, versions = BROKEN[fusion]
    broken = onnxruntime.__version__.startswith(versions)
    request.applymarker(pytest.mark.xfail(broken, reason=f"{fusion} of onnxruntime", raises=DotnnError, strict=True))
    Session(compile_source(text), provider="cpu")


@pytest.mark.parametrize("fusion", BROKEN)
def test_it_loads_without_its_optimizer(fusion: str) -> None:
    Session(compile_source(BROKEN[fusion][0]), provider="cpu", optimize=False)
