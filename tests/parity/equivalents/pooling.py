"""PyTorch's words for the poolings: over sliding windows, over all positions, into a number of windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

Tensor = torch.Tensor


def around(layer: Any, x: Tensor, fill: float) -> tuple[Tensor, list[tuple[int, int]]]:
    """The input in such padding that exactly the wanted windows fit, and the declared padding of each axis.

    How many windows that are is said by PyTorch's formula for ``ceil_mode``, which it has for equal padding alone.
    """
    window, pads = layer.window, list(layer.pads(tuple(x.shape[2:])))
    ceil = getattr(layer, "overhangs", False)
    needed: list[int] = []
    axes = zip(x.shape[2:], pads, window.kernel, window.stride, window.dilation, strict=True)
    for size, (before, after), kernel, stride, dilation in axes:
        extent = dilation * (kernel - 1) + 1
        windows = (size + before + after - extent + (stride - 1 if ceil else 0)) // stride + 1
        if ceil and (windows - 1) * stride >= size + before:
            windows -= 1
        needed = [before, (windows - 1) * stride + extent - before - size, *needed]
    return functional.pad(x, needed, value=fill), pads


def max_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    padded, _ = around(layer, x, -math.inf)
    pool = getattr(functional, f"max_pool{layer.spatial_rank}d")
    return pool(padded, layer.window.kernel, layer.window.stride, dilation=layer.window.dilation)


def sum_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    padded, _ = around(layer, x, 0.0)
    pool = getattr(functional, f"avg_pool{layer.spatial_rank}d")
    return pool(padded, layer.window.kernel, layer.window.stride) * math.prod(layer.window.kernel)


def avg_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """Sums over counts, which are the sums of ones."""
    _, pads = around(layer, x, 0.0)
    ones = torch.ones_like(x)
    if not layer.count_include_pad:
        return sum_pool(layer, weights, x) / sum_pool(layer, weights, ones)
    # Declared padding counts, and what a last window overhangs does not.
    padded, _ = around(layer, x, 0.0)
    wide = functional.pad(ones, [one for pad in reversed(pads) for one in pad], value=1.0)
    more = [padded.shape[axis] - wide.shape[axis] for axis in reversed(range(2, x.ndim))]
    counts = functional.pad(wide, [one for after in more for one in (0, after)])
    pool = getattr(functional, f"avg_pool{layer.spatial_rank}d")
    window = (layer.window.kernel, layer.window.stride)
    return pool(padded, *window) / pool(counts, *window)


def lp_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """PyTorch takes no absolute values."""
    padded, _ = around(layer, x.abs(), 0.0)
    kernel, stride = layer.window.kernel, layer.window.stride
    if layer.spatial_rank == 1:
        return functional.lp_pool1d(padded, layer.p, kernel[0], stride[0])
    return getattr(functional, f"lp_pool{layer.spatial_rank}d")(padded, layer.p, kernel, stride)


def global_max_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    return x.amax(layer.spatial_axes, keepdim=True)


def global_avg_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    return x.mean(layer.spatial_axes, keepdim=True)


def adaptive_max_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    return getattr(functional, f"adaptive_max_pool{layer.spatial_rank}d")(x, layer.size)


def adaptive_avg_pool(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    return getattr(functional, f"adaptive_avg_pool{layer.spatial_rank}d")(x, layer.size)


_FAMILIES = (
    max_pool,
    sum_pool,
    avg_pool,
    lp_pool,
    global_max_pool,
    global_avg_pool,
    adaptive_max_pool,
    adaptive_avg_pool,
)

PYTORCH: dict[str, Callable] = {f"{one.__name__}{rank}d": one for one in _FAMILIES for rank in (1, 2, 3)}
