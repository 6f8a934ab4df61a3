"""What normalizations are in PyTorch and Keras."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from dotnn.compiler.graph.types import TensorType

os.environ["KERAS_BACKEND"] = "torch"

Weights = Mapping[str, torch.Tensor]


def batch_norm(layer: Any, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    statistics = weights["running_mean"], weights["running_var"]
    return F.batch_norm(x, *statistics, weights.get("weight"), weights.get("bias"), eps=layer.eps)


def instance_norm(layer: Any, weights: Weights, x: torch.Tensor) -> Any:
    if math.prod(x.shape[2:]) == 1:
        return NotImplemented  # PyTorch refuses a single position.
    return F.instance_norm(x, weight=weights.get("weight"), bias=weights.get("bias"), eps=layer.eps)


def group_norm(layer: Any, weights: Weights, x: torch.Tensor) -> Any:
    if x[0].numel() == layer.groups:
        return NotImplemented  # PyTorch refuses groups of a single element.
    return F.group_norm(x, layer.groups, weights.get("weight"), weights.get("bias"), layer.eps)


def layer_norm(layer: Any, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    axes = layer.axes_of(x.ndim)
    places = range(-len(axes), 0)
    ahead = torch.movedim(x, axes, tuple(places))
    y = F.layer_norm(ahead, ahead.shape[-len(axes) :], weights.get("weight"), weights.get("bias"), layer.eps)
    return torch.movedim(y, tuple(places), axes)


def rms_norm(layer: Any, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    axes = layer.axes_of(x.ndim)
    places = range(-len(axes), 0)
    ahead = torch.movedim(x, axes, tuple(places))
    y = F.rms_norm(ahead, ahead.shape[-len(axes) :], weights.get("weight"), layer.eps)
    return torch.movedim(y, tuple(places), axes)


def local_response_norm(layer: Any, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    return F.local_response_norm(x, layer.size, layer.alpha, layer.beta, layer.k)


PYTORCH: dict[str, Callable[..., Any]] = {
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "group_norm": group_norm,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "local_response_norm": local_response_norm,
}


def channels(x: TensorType) -> int:
    return int(x.shape[1])  # pyright: ignore[reportArgumentType]


def batch_norm_module(layer: Any, x: TensorType) -> Any:
    if layer.scale != layer.bias or x.rank > 5:
        return NotImplemented
    rank = max(x.rank - 2, 1)
    made = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d)[rank - 1]
    return made(channels(x), layer.eps, layer.momentum, affine=layer.scale)


def instance_norm_module(layer: Any, x: TensorType) -> Any:
    if layer.scale != layer.bias or x.rank > 5 or math.prod(x.shape[2:], start=1) == 1:
        return NotImplemented
    made = (torch.nn.InstanceNorm1d, torch.nn.InstanceNorm2d, torch.nn.InstanceNorm3d)[x.rank - 3]
    return made(channels(x), layer.eps, affine=layer.scale)


def group_norm_module(layer: Any, x: TensorType) -> Any:
    elements = math.prod(x.shape[1:], start=1)
    if layer.scale != layer.bias or elements == layer.groups:
        return NotImplemented
    return torch.nn.GroupNorm(layer.groups, channels(x), layer.eps, affine=layer.scale)


def normalized_shape(layer: Any, x: TensorType) -> list[Any] | None:
    """The sizes of the last axes, which alone PyTorch normalizes; None for others."""
    axes = layer.axes_of(x.rank)
    return list(x.shape[axes[0] :]) if axes == tuple(range(axes[0], x.rank)) else None


def layer_norm_module(layer: Any, x: TensorType) -> Any:
    shape = normalized_shape(layer, x)
    if shape is None or (layer.bias and not layer.scale):
        return NotImplemented
    return torch.nn.LayerNorm(shape, layer.eps, elementwise_affine=layer.scale, bias=layer.bias)


def rms_norm_module(layer: Any, x: TensorType) -> Any:
    shape = normalized_shape(layer, x)
    return NotImplemented if shape is None else torch.nn.RMSNorm(shape, layer.eps, elementwise_affine=layer.scale)


MODULES: dict[str, Callable[..., Any]] = {
    "batch_norm": batch_norm_module,
    "instance_norm": instance_norm_module,
    "group_norm": group_norm_module,
    "layer_norm": layer_norm_module,
    "rms_norm": rms_norm_module,
}

NOT_IN_PYTORCH: dict[str, str] = {}


def keras_layer(name: str, **arguments: Any) -> Any:
    """A layer of Keras, which is imported where it is wanted."""
    import keras

    return getattr(keras.layers, name)(**arguments)


IMAGES, SEQUENCES, VECTORS = (2, 6, 9, 8), (2, 7, 5), (3, 6)

#: Images are given to Keras with their channels last.
KERAS: dict[str, tuple[dict[str, Any], Callable[[], Any], tuple[int, ...]]] = {
    "batch norm of images": (
        {"kind": "batch_norm", "eps": 1e-3},
        lambda: keras_layer("BatchNormalization"),
        IMAGES,
    ),
    "batch norm without a shift": (
        {"kind": "batch_norm", "eps": 1e-3, "bias": False},
        lambda: keras_layer("BatchNormalization", center=False),
        VECTORS,
    ),
    "layer norm": ({"kind": "layer_norm", "eps": 1e-3}, lambda: keras_layer("LayerNormalization"), SEQUENCES),
    "layer norm over time and features": (
        {"kind": "layer_norm", "eps": 1e-3, "axis": (1, 2)},
        lambda: keras_layer("LayerNormalization", axis=[1, 2]),
        SEQUENCES,
    ),
    "layer norm of pixels": (
        {"kind": "layer_norm", "eps": 1e-3, "axis": 1},
        lambda: keras_layer("LayerNormalization"),
        IMAGES,
    ),
    "layer norm of whole images": (
        {"kind": "layer_norm", "eps": 1e-3, "axis": (1, 2, 3)},
        lambda: keras_layer("LayerNormalization", axis=[1, 2, 3]),
        IMAGES,
    ),
    "layer norm of columns of images": (
        {"kind": "layer_norm", "eps": 1e-3, "axis": (1, 2)},
        lambda: keras_layer("LayerNormalization", axis=[1, 3]),
        IMAGES,
    ),
    "layer norm without a scale": (
        {"kind": "layer_norm", "eps": 1e-3, "scale": False},
        lambda: keras_layer("LayerNormalization", scale=False),
        VECTORS,
    ),
    "group norm of images": (
        {"kind": "group_norm", "groups": 3, "eps": 1e-3},
        lambda: keras_layer("GroupNormalization", groups=3),
        IMAGES,
    ),
    "instance norm of images": (
        {"kind": "instance_norm", "eps": 1e-3},
        lambda: keras_layer("GroupNormalization", groups=-1),
        IMAGES,
    ),
    "rms norm": ({"kind": "rms_norm"}, lambda: keras_layer("RMSNormalization"), SEQUENCES),
}
