"""Attention against PyTorch and Keras: numbers, names of weights, and counts of multiplications."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import Layer

from tests.helpers.one_layer import floats, make, random_weights

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs the extra [parity]")
flop_counter = importlib.import_module("torch.utils.flop_counter")

equivalents = importlib.import_module("tests.parity.equivalents.attention")


def random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def types_of(arrays: Sequence[np.ndarray | None]) -> list[TensorType | None]:
    return [None if one is None else TensorType(DType(one.dtype.name), one.shape) for one in arrays]


def by_pytorch(layer: Layer, arrays: Sequence[np.ndarray | None]) -> tuple[Callable[[], Any], np.ndarray]:
    """What PyTorch computes, to be called, and what the reference gives with the same weights."""
    weights = random_weights(layer, types_of(arrays), np.random.default_rng(0))  # pyright: ignore[reportArgumentType]
    tensors = [None if one is None else torch.from_numpy(one) for one in arrays]
    theirs = {name: torch.from_numpy(one) for name, one in weights.items()}
    return lambda: equivalents.PYTORCH[layer.kind](layer, theirs, *tensors), layer.reference(arrays, weights)[0]


MASKS = {
    "none": None,
    "bool": np.random.default_rng(1).random((2, 5, 7)) < 0.4,
    "padding": np.arange(7) < np.array([[[4]], [[0]]]),
    "float": np.where(np.random.default_rng(2).random((5, 7)) < 0.4, 1.5, -np.inf).astype(np.float32),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_attention(mask: str, causal: bool, scale: float | None) -> None:
    """Queries that attend to no key are among them: zeros in both."""
    arrays = random(0, 2, 5, 6), random(1, 2, 7, 6), random(2, 2, 7, 3), MASKS[mask]
    theirs, ours = by_pytorch(make("attention", causal=causal, **({} if scale is None else {"scale": scale})), arrays)
    np.testing.assert_allclose(ours, theirs().numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("arguments", [{}, {"causal": True}, {"bias": False}])
@pytest.mark.parametrize("given", ["value", "key", "neither"])
def test_multi_head_attention(mask: str, arguments: dict[str, object], given: str) -> None:
    query, key, value = random(0, 2, 5, 6), random(1, 2, 7, 6), random(2, 2, 7, 6)
    layer, chosen = make("multi_head_attention", heads=3, **arguments), MASKS[mask]
    if given == "neither":
        key = None
        chosen = None if chosen is None else chosen[..., :5]
    theirs, ours = by_pytorch(layer, (query, key, value if given == "value" else None, chosen))
    np.testing.assert_allclose(ours, theirs().numpy(), rtol=0, atol=2e-5)


def test_a_module_of_pytorch_s_has_the_masks_of_truth_values_the_other_way_round() -> None:
    module = torch.nn.MultiheadAttention(6, 3, batch_first=True).eval()
    x, excluded = random(0, 2, 4, 6), np.array([[False, False, True, True], [False] * 4])
    weights = {name: one.detach().numpy() for name, one in module.state_dict().items()}
    given = torch.from_numpy(x)
    theirs, _ = module(given, given, given, key_padding_mask=torch.from_numpy(excluded), need_weights=False)
    (ours,) = make("multi_head_attention", heads=3).reference([x, None, None, ~excluded[:, None]], weights)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_weights_have_the_names_and_shapes_of_the_module(bias: bool) -> None:
    layer, x = make("multi_head_attention", heads=4, bias=bias), floats(1, 5, 12)
    module = equivalents.MODULES[layer.kind](layer, x, None, None, None)
    assert {name: tuple(one.shape) for name, one in module.state_dict().items()} == {
        spec.name: spec.shape for spec in layer.weights([x])
    }


def test_weights_start_in_the_bounds_of_the_module() -> None:
    """Its rows of query, key and value start as one matrix; `out_proj` starts otherwise there."""
    module = torch.nn.MultiheadAttention(64, 4)
    (spec, *_) = make("multi_head_attention", heads=4).weights([floats(1, 5, 64)])
    ours = (6 / (spec.fan.inputs + spec.fan.outputs)) ** 0.5
    theirs = module.in_proj_weight.detach().abs().max().item()
    assert 0.99 * ours < theirs <= ours


@pytest.mark.parametrize(
    ("kind", "arguments", "shapes"),
    [
        ("attention", {}, ((2, 5, 6), (2, 7, 6), (2, 7, 3))),
        ("attention", {}, ((5, 6), (7, 6), (7, 3))),
        ("attention", {}, ((2, 3, 5, 6), (2, 3, 7, 6), (2, 3, 7, 9))),
        ("multi_head_attention", {"heads": 2}, ((2, 5, 6),)),
        ("multi_head_attention", {"heads": 3, "bias": False}, ((2, 5, 6), (2, 7, 6))),
        ("multi_head_attention", {"heads": 1}, ((1, 5, 6), (1, 7, 6), (1, 7, 6))),
    ],
)
def test_multiply_accumulates_are_half_of_pytorch_s_operations(
    kind: str, arguments: dict[str, object], shapes: tuple
) -> None:
    """PyTorch counts a multiplication and an addition apart. In its unfused form every product is counted."""
    layer = make(kind, **arguments)
    arrays = [*(random(seed, *shape) for seed, shape in enumerate(shapes)), *[None] * (4 - len(shapes))]
    theirs, ours = by_pytorch(layer, arrays)
    backend = torch.nn.attention.SDPBackend.MATH
    with torch.nn.attention.sdpa_kernel(backend), flop_counter.FlopCounterMode(display=False) as counter:
        theirs()
    types = types_of(arrays)
    assert layer.macs(types, [TensorType(DType.FLOAT32, ours.shape)]) == counter.get_total_flops() / 2


# --- Keras ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_multi_head_attention_of_keras(cross: bool, bias: bool, causal: bool, masked: bool) -> None:
    """Where the heads fill the channels, ``key_dim * heads == C``; its tensors are brought into PyTorch's layout."""
    query = random(0, 2, 5, 12)
    memory = random(1, 2, 7, 12) if cross else query
    theirs = keras.layers.MultiHeadAttention(3, key_dim=4, use_bias=bias)
    theirs.build(query.shape, memory.shape)
    arrays = {one.path.partition("/")[2]: random(place, *one.shape) for place, one in enumerate(theirs.weights)}
    for one in theirs.weights:
        one.assign(arrays[one.path.partition("/")[2]])
    mask = np.random.default_rng(2).random((2, 5, memory.shape[1])) < 0.5 if masked else None
    if mask is not None:
        # Where nothing is attended to, Keras gives a mean.
        mask[..., 0] = True
    expected = theirs(query, memory, attention_mask=mask, use_causal_mask=causal).detach().numpy()
    layer = make("multi_head_attention", heads=3, bias=bias, causal=causal)
    given = [query, memory if cross else None, None, mask]
    weights = {spec.name: spec.from_keras(arrays) for spec in layer.weights(types_of(given))}
    np.testing.assert_allclose(layer.reference(given, weights)[0], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("causal", [True, False])
def test_attention_of_keras_is_not_scaled_and_takes_the_value_first(causal: bool) -> None:
    query, key, value = random(0, 2, 5, 6), random(1, 2, 7, 6), random(2, 2, 7, 3)
    expected = keras.layers.Attention()([query, value, key], use_causal_mask=causal).detach().numpy()
    (found,) = make("attention", scale=1.0, causal=causal).reference([query, key, value, None], {})
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
