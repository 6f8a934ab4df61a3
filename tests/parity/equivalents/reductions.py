"""Reductions over axes, as PyTorch writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def _argmax(layer: Any, weights: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.argmax(x, dim=-1 if layer.axis is None else layer.axis)


PYTORCH: dict[str, Callable[..., Any]] = {
    "mean": lambda layer, weights, x: torch.mean(x, dim=layer.axis, keepdim=layer.keepdims),
    "variance": lambda layer, weights, x: torch.var(x, dim=layer.axis, correction=0, keepdim=layer.keepdims),
    "norm": lambda layer, weights, x: torch.linalg.vector_norm(x, dim=layer.axis, keepdim=layer.keepdims),
    # PyTorch sums int32 as int64 unless it is told not to.
    "sum": lambda layer, weights, x: torch.sum(x, dim=layer.axis, keepdim=layer.keepdims, dtype=x.dtype),
    "max": lambda layer, weights, x: torch.amax(x, dim=layer.axis, keepdim=layer.keepdims),
    "min": lambda layer, weights, x: torch.amin(x, dim=layer.axis, keepdim=layer.keepdims),
    "argmax": _argmax,
}
