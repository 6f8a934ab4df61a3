"""Values of weights: of a file, of the text, or first ones."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler import initializers
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.weights.weight_values import WeightState, WeightValues

from tests.helpers.export_graphs import Loaded


def weight(name: str, shape: tuple[int, ...], initializer: object = None) -> Weight:
    chosen = initializers.HeNormal() if initializer is None else initializer
    return Weight(name, shape, DType.FLOAT32, chosen, Fan(3, 5))  # pyright: ignore


def test_values_come_from_the_file_the_literal_or_the_initializer() -> None:
    source = Loaded(a=np.arange(3.0))
    values = WeightValues(5, source)
    loaded = values.values(weight("a", (3,)))
    assert loaded.dtype == np.float32
    assert loaded.tolist() == [0, 1, 2]
    assert values.values(weight("b", (3,), Literal((3,), (4, 5, 6)))).tolist() == [4, 5, 6]
    drawn = values.values(weight("c", (3,)))
    again = initializers.initialize(initializers.HeNormal(), (3,), "float32", Fan(3, 5), 5, "c")
    assert drawn.tolist() == again.tolist()
    assert source.reads == ["a"]


def test_values_are_kept_nowhere() -> None:
    source = Loaded(a=np.arange(3.0))
    values = WeightValues(0, source)
    for _ in range(3):
        assert values.values(weight("a", (3,))).tolist() == [0, 1, 2]
    assert source.reads == ["a"] * 3


def test_an_array_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a: values of shape \(2,\) for a tensor of shape \(3,\)"):
        WeightValues(0, Loaded(a=np.zeros(2))).values(weight("a", (3,)))


def test_the_state_of_weights() -> None:
    literal, open_weight = weight("l", (1,), Literal((1,), (1,))), weight("o", (1,))
    assert WeightValues().state([]) is WeightState.COMPLETE
    assert WeightValues().state([literal]) is WeightState.COMPLETE
    assert WeightValues().state([literal, open_weight]) is WeightState.INITIAL
    assert WeightValues(0, Loaded(o=np.zeros(1))).state([literal, open_weight]) is WeightState.LOADED
