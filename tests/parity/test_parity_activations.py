"""Activations against PyTorch where they bend, vanish and overflow, in float32 and float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.helpers.activation_cases import EXTREMES, FUNCTIONS, IDS
from tests.helpers.one_layer import make
from tests.parity.equivalent_tables import table

torch = pytest.importorskip("torch", reason="needs the extra [parity]")

PYTORCH = table("PYTORCH")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "arguments"), [row[:2] for row in FUNCTIONS], ids=IDS)
def test_extreme_numbers(kind: str, arguments: dict[str, Any], dtype: str) -> None:
    layer, x = make(kind, **arguments), np.array(EXTREMES, dtype)
    if kind in ("gelu", "hard_swish"):
        # There PyTorch 2.13 overflows on its way: 3.4e38 becomes infinite, and of infinity its gelu is no number.
        x = x[~(x > 1e37)]
    expected = PYTORCH[kind](layer, {}, torch.from_numpy(x)).numpy()
    # Above 20 PyTorch's softplus is the number itself.
    tolerance = 1e-6 if dtype == "float32" else 1e-8 if kind in ("softplus", "mish") else 1e-14
    np.testing.assert_allclose(layer.reference([x], {})[0], expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("slopes", [[0.3], [0.5, -2.0, 0.0]])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 2, 4, 5)])
def test_prelu(slopes: list[float], shape: tuple[int, ...]) -> None:
    layer, x = make("prelu", per_channel=len(slopes) > 1), np.random.default_rng(0).normal(0, 2, shape)
    weight = np.array(slopes)
    expected = PYTORCH["prelu"](layer, {"weight": torch.from_numpy(weight)}, torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(layer.reference([x], {"weight": weight})[0], expected, rtol=1e-15)


def test_one_hot_of_classes() -> None:
    ids = np.random.default_rng(0).integers(0, 7, (2, 3, 4))
    expected = torch.nn.functional.one_hot(torch.from_numpy(ids), 7).float().numpy()
    np.testing.assert_array_equal(make("one_hot", classes=7).reference([ids], {})[0], expected)
