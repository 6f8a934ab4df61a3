"""Convolutions and poolings against PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.helpers.one_layer import make
from tests.helpers.window_layers import apply

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
functional = torch.nn.functional

SPATIAL = {1: (11,), 2: (9, 8), 3: (6, 7, 5)}


def close(ours: np.ndarray, theirs: Any) -> None:
    assert ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5, rtol=0)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def padded(x: np.ndarray, pads: list[list[int]], value: float) -> Any:
    """PyTorch lists the last axis first."""
    return functional.pad(torch.from_numpy(x), [one for pad in reversed(pads) for one in pad], value=value)


def convolutions() -> Iterator[tuple[int, int, int, int, int, int, bool]]:
    options = itertools.product((1, 2, 3), (1, 2, 3), (1, 2), (0, 1, 2), (1, 2), (1, 2, 4), (True,))
    yield from options
    yield from ((rank, 3, 1, 1, 1, 1, False) for rank in (1, 2, 3))


def test_convolutions() -> None:
    """Every rank with kernels, strides, paddings, dilations and groups, symmetric as PyTorch has them."""
    for rank, kernel, stride, padding, dilation, groups, bias in convolutions():
        x = numbers(2, 4, *SPATIAL[rank])
        weight, offset = numbers(8, 4 // groups, *(kernel,) * rank, seed=1) / 5, numbers(8, seed=2)
        options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        theirs = getattr(functional, f"conv{rank}d")(
            torch.from_numpy(x), torch.from_numpy(weight), torch.from_numpy(offset) if bias else None, **options
        )
        layer = make(f"conv{rank}d", filters=8, kernel=kernel, bias=bias, **options)
        close(apply(layer, x, weight=weight, **({"bias": offset} if bias else {})), theirs)


def test_convolutions_that_differ_by_axis() -> None:
    x, weight, bias = numbers(3, 4, 9, 8), numbers(6, 2, 3, 2, seed=1), numbers(6, seed=2)
    options = {"stride": [2, 1], "dilation": [1, 3], "groups": 2}
    pads = [[2, 0], [1, 4]]
    theirs = functional.conv2d(padded(x, pads, 0.0), torch.from_numpy(weight), torch.from_numpy(bias), **options)
    close(apply(make("conv2d", filters=6, kernel=[3, 2], padding=pads, **options), x, weight=weight, bias=bias), theirs)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_same_padding_of_stride_1(kernel: int, dilation: int) -> None:
    x, weight = numbers(2, 3, 9, 8), numbers(5, 3, kernel, kernel, seed=1)
    theirs = functional.conv2d(torch.from_numpy(x), torch.from_numpy(weight), padding="same", dilation=dilation)
    layer = make("conv2d", filters=5, kernel=kernel, padding="same", dilation=dilation, bias=False)
    close(apply(layer, x, weight=weight), theirs)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_max_pooling(rank: int) -> None:
    options = itertools.product((1, 2, 3, 4), (1, 2, 3), (0, 1, 2), (1, 2), (False, True))
    x = numbers(2, 3, *SPATIAL[rank]) - 5
    compared = 0
    for kernel, stride, padding, dilation, ceil in options:
        if padding > kernel // 2 or dilation * (kernel - 1) + 1 > min(SPATIAL[rank]) + 2 * padding:
            continue
        pool = getattr(functional, f"max_pool{rank}d")
        theirs = pool(torch.from_numpy(x), kernel, stride, padding, dilation, ceil_mode=ceil)
        written = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation, "ceil": ceil}
        close(apply(make(f"max_pool{rank}d", **written), x), theirs)
        compared += 1
    assert compared > 60


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("included", [False, True])
def test_average_pooling(rank: int, included: bool) -> None:
    options = itertools.product((1, 2, 3, 4), (1, 2, 3), (0, 1, 2), (False, True))
    x = numbers(2, 3, *SPATIAL[rank])
    compared = 0
    for kernel, stride, padding, ceil in options:
        if padding > kernel // 2:
            continue
        pool = getattr(functional, f"avg_pool{rank}d")
        theirs = pool(torch.from_numpy(x), kernel, stride, padding, ceil_mode=ceil, count_include_pad=included)
        written = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}
        close(apply(make(f"avg_pool{rank}d", **written, count_include_pad=included), x), theirs)
        compared += 1
    assert compared > 40


@pytest.mark.parametrize("rank", [2, 3])
def test_sum_pooling(rank: int) -> None:
    """PyTorch has no sum pooling, but a divisor of one's own choice."""
    x = numbers(2, 3, *SPATIAL[rank])
    for kernel, stride, padding, ceil in itertools.product((2, 3, 4), (1, 2, 3), (0, 1), (False, True)):
        pool = getattr(functional, f"avg_pool{rank}d")
        theirs = pool(torch.from_numpy(x), kernel, stride, padding, ceil_mode=ceil, divisor_override=1)
        layer = make(f"sum_pool{rank}d", kernel=kernel, stride=stride, padding=padding, ceil=ceil)
        close(apply(layer, x), theirs)


def test_poolings_that_differ_by_axis() -> None:
    x = numbers(2, 3, 9, 8) - 5
    pads = [[0, 1], [1, 0]]
    options = {"kernel": [3, 2], "stride": [1, 3], "padding": pads}
    theirs = functional.max_pool2d(padded(x, pads, -np.inf), (3, 2), (1, 3), dilation=(2, 1))
    close(apply(make("max_pool2d", **options, dilation=[2, 1]), x), theirs)
    theirs = functional.avg_pool2d(padded(x, pads, 0.0), (3, 2), (1, 3))
    close(apply(make("avg_pool2d", **options, count_include_pad=True), x), theirs)
    counts = functional.avg_pool2d(padded(np.ones_like(x), pads, 0.0), (3, 2), (1, 3))
    close(apply(make("avg_pool2d", **options), x), theirs / counts)
    close(apply(make("sum_pool2d", **options), x), theirs * 6)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_global_pooling(rank: int) -> None:
    x = numbers(2, 3, *SPATIAL[rank])
    axes = tuple(range(2, 2 + rank))
    close(apply(make(f"global_max_pool{rank}d"), x), torch.from_numpy(x).amax(axes, keepdim=True))
    close(apply(make(f"global_avg_pool{rank}d"), x), torch.from_numpy(x).mean(axes, keepdim=True))
