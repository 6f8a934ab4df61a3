"""The fan of a weight."""

from __future__ import annotations

import pytest
from dotnn.compiler.graph.tensors import Fan


@pytest.mark.parametrize(
    ("shape", "fan"),
    [
        ((64, 784), Fan(784, 64)),
        ((32, 16, 3, 3), Fan(144, 288)),
        ((32, 1, 5), Fan(5, 160)),
        ((10,), Fan(10, 10)),
        ((), Fan(1, 1)),
    ],
)
def test_fan_of_a_shape(shape: tuple[int, ...], fan: Fan):
    assert Fan.of(shape) == fan


@pytest.mark.parametrize("numbers", [(0, 1), (1, 0), (-3, 2)])
def test_a_fan_is_positive(numbers: tuple[int, int]):
    with pytest.raises(ValueError, match="at least 1"):
        Fan(*numbers)
