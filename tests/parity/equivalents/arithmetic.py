"""Arithmetic, products of matrices, functions of every element, dense layers and tables, as PyTorch writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from dotnn.compiler.graph.types import TensorType
from dotnn.compiler.layers.shape_rules import known

Weights = Mapping[str, torch.Tensor]


def _dense(layer: Any, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    axis = -1 if layer.axis is None else layer.axis
    y = torch.nn.functional.linear(x.movedim(axis, -1), weights["weight"], weights.get("bias"))
    return y.movedim(-1, axis)


def _linear(layer: Any, x: TensorType) -> torch.nn.Module:
    axis = -1 if layer.axis is None else layer.axis
    return torch.nn.Linear(known(x.shape[axis]), layer.units, bias=layer.bias)


PYTORCH: dict[str, Callable[..., Any]] = {
    "add": lambda layer, weights, a, b: a + b,
    "sub": lambda layer, weights, a, b: a - b,
    "mul": lambda layer, weights, a, b: a * b,
    "div": lambda layer, weights, a, b: a / b,
    "pow": lambda layer, weights, a, b: a**b,
    "neg": lambda layer, weights, x: -x,
    "maximum": lambda layer, weights, a, b: torch.maximum(a, b),
    "matmul": lambda layer, weights, a, b: a @ b,
    "abs": lambda layer, weights, x: torch.abs(x),
    "sqrt": lambda layer, weights, x: torch.sqrt(x),
    "exp": lambda layer, weights, x: torch.exp(x),
    "log": lambda layer, weights, x: torch.log(x),
    "dense": _dense,
    "embedding": lambda layer, weights, ids: torch.nn.functional.embedding(ids, weights["weight"]),
}

MODULES: dict[str, Callable[..., Any]] = {
    "dense": _linear,
    "embedding": lambda layer, ids: torch.nn.Embedding(layer.vocabulary, layer.dim),
}
