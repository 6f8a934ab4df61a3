"""Layers of one tensor of floats, such as convolutions and poolings: their shapes and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dotnn.compiler.diagnostics.base import Diagnostic
from dotnn.compiler.dims import Dim, evaluate
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Layer

from tests.helpers.one_layer import build, fault, floats, infer, make, random_weights, run


def result_shape(layer: Layer, *shape: Dim) -> tuple[Dim, ...]:
    (result,) = infer(layer, floats(*shape))
    assert result.dtype is DType.FLOAT32
    return result.shape


def refused(layer: Layer, *shape: Dim, dtype: DType = DType.FLOAT32) -> Diagnostic:
    """The one diagnostic that the layer answers a tensor of this shape with."""
    return fault(layer, TensorType(dtype, shape))


def apply(layer: Layer, x: np.ndarray, **weights: np.ndarray) -> np.ndarray:
    (y,) = layer.reference([x], weights)
    assert y.dtype == x.dtype
    return y


def pooled(kind: str, row: Sequence[float], **written: Any) -> list[float]:
    """A pooling of one row of numbers."""
    return apply(make(kind, **written), np.array(row, float)[None, None]).ravel().tolist()


def convolved(row: Sequence[float], kernel: Sequence[float], **written: Any) -> list[float]:
    """A convolution of one row of numbers with one kernel."""
    layer = make("conv1d", filters=1, kernel=len(kernel), bias=False, **written)
    weight = np.array(kernel, float)[None, None]
    return apply(layer, np.array(row, float)[None, None], weight=weight).ravel().tolist()


def image(text: str) -> np.ndarray:
    rows = [[float(digit) for digit in row] for row in text.split()]
    return np.array(rows, np.float32)[None, None]


def small_weights(layer: Layer, *shape: Dim) -> dict[str, np.ndarray]:
    """Weights that many can be summed of, and float32 still be exact enough."""
    return random_weights(layer, [floats(*shape)], np.random.default_rng(0), deviation=0.6)


def agree(layer: Layer, shape: tuple[Dim, ...], sizes: Sequence[Mapping[str, int]] = ({},)) -> None:
    """One model, fed at several sizes: onnxruntime against the reference, and shapes against the inferred ones."""
    weights = small_weights(layer, *shape)
    model = build(layer, [floats(*shape)], weights)
    inferred = result_shape(layer, *shape)
    for number, chosen in enumerate(sizes):
        generator = np.random.default_rng(number)
        found = [evaluate(dim, chosen) for dim in shape]
        x = generator.normal(0, 1, found).astype(np.float32)
        expected = apply(layer, x.astype(np.float64), **weights)
        (got,) = run(model, [x])
        assert got.shape == expected.shape == tuple(evaluate(dim, chosen) for dim in inferred), chosen
        np.testing.assert_allclose(got, expected, atol=1e-5, rtol=1e-5, err_msg=str(chosen))
