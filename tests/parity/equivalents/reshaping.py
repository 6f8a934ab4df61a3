"""Layers that join, divide and rearrange tensors, as PyTorch writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def _unsqueeze(layer: Any, weights: Any, x: torch.Tensor) -> torch.Tensor:
    rank = x.ndim + len(layer.axis)
    for axis in sorted(axis % rank for axis in layer.axis):
        x = x.unsqueeze(axis)
    return x


def _index(layer: Any, weights: Any, x: torch.Tensor) -> torch.Tensor:
    return x[tuple(item if isinstance(item, int) else slice(*item) for item in layer.items)]


def _concat(layer: Any, weights: Any, *parts: torch.Tensor) -> torch.Tensor:
    return torch.cat(parts, dim=1 if layer.axis is None else layer.axis)


def _split(layer: Any, weights: Any, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    axis = 1 if layer.axis is None else layer.axis
    # A number means the size of the parts in PyTorch, and their count here.
    sizes = x.shape[axis] // layer.parts if isinstance(layer.parts, int) else list(layer.parts)
    return torch.split(x, sizes, dim=axis)


PYTORCH: dict[str, Callable[..., Any]] = {
    "flatten": lambda layer, weights, x: torch.flatten(x, layer.start, layer.end),
    "reshape": lambda layer, weights, x: torch.reshape(x, layer.shape),
    "transpose": lambda layer, weights, x: torch.permute(x, layer.order),
    "expand": lambda layer, weights, x: torch.broadcast_to(x, layer.shape),
    "squeeze": lambda layer, weights, x: torch.squeeze(x, layer.axis),
    "unsqueeze": _unsqueeze,
    "flip": lambda layer, weights, x: torch.flip(x, layer.axis),
    "index": _index,
    "concat": _concat,
    "split": _split,
    "stack": lambda layer, weights, *parts: torch.stack(parts, dim=layer.axis),
}
