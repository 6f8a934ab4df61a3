"""PyTorch's words for the layers that give axes another size, and Keras's where they are the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import torch
from torch.nn import functional

Tensor = torch.Tensor

MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def as_float(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What PyTorch has for floats alone, of any elements."""
    return function(x) if x.is_floating_point() else function(x.double()).to(x.dtype)


def resampled(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    sizes = tuple(layer.sizes(tuple(x.shape)))
    if layer.mode == "nearest":
        # `interpolate` multiplies by a quotient in float32, which lies below whole numbers at times.
        for axis, size in enumerate(sizes, start=2):
            x = x.index_select(axis, torch.arange(size) * x.shape[axis] // size)
        return x
    aligned = getattr(layer, "align_corners", False)
    return functional.interpolate(x, size=sizes, mode=layer.mode, align_corners=aligned)


def pad(layer: Any, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    pads = layer.padding if isinstance(layer.padding, tuple) else ((layer.padding,) * 2,) * (x.ndim - 2)
    last_first = [one for pair in reversed(pads) for one in pair]
    if layer.mode == "constant":
        return functional.pad(x, last_first, value=layer.value)
    return as_float(lambda floats: functional.pad(floats, last_first, mode=MODES[layer.mode]), x)


PYTORCH: dict[str, Callable] = {
    "upsample": resampled,
    "resize": resampled,
    "pad": pad,
    "pixel_shuffle": lambda layer, weights, x: functional.pixel_shuffle(x, layer.factor),
    "channel_shuffle": lambda layer, weights, x: functional.channel_shuffle(x, layer.groups),
}

#: Channels last there, so that what these read here has the channels moved.
KERAS: dict[str, tuple] = {
    "zero padding": (
        {"kind": "pad", "padding": ((1, 2), (0, 3))},
        lambda: keras.layers.ZeroPadding2D(((1, 2), (0, 3))),
        (2, 3, 5, 4),
    ),
    "zero padding of sequences": (
        {"kind": "pad", "padding": ((1, 2),)},
        lambda: keras.layers.ZeroPadding1D((1, 2)),
        (2, 3, 5),
    ),
    "upsampling": ({"kind": "upsample", "factor": (2, 3)}, lambda: keras.layers.UpSampling2D((2, 3)), (2, 3, 5, 4)),
    "bilinear upsampling": (
        {"kind": "upsample", "factor": 2, "mode": "bilinear"},
        lambda: keras.layers.UpSampling2D(2, interpolation="bilinear"),
        (2, 3, 5, 4),
    ),
}
