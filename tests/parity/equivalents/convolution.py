"""Convolutions of PyTorch and Keras."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import torch
from dotnn.compiler.graph.types import TensorType
from torch.nn import functional

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

RANKS = (1, 2, 3)


def padded(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """The input with zeros around it: PyTorch pads both ends alike, and lists the last axis first."""
    pads = layer.pads(tuple(x.shape[2:]))
    return functional.pad(x, [amount for pair in reversed(pads) for amount in pair])


def sliding(layer: Any) -> dict[str, Any]:
    """Stride and dilation."""
    window = layer.window
    return {"stride": window.stride, "dilation": window.dilation}


def convolution(layer: Any, weights: Mapping[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    correlate = getattr(functional, f"conv{layer.spatial_rank}d")
    return correlate(
        padded(layer, x), weights["weight"], weights.get("bias"), **sliding(layer), groups=getattr(layer, "groups", 1)
    )


def depthwise(layer: Any, weights: Mapping[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    correlate = getattr(functional, f"conv{layer.spatial_rank}d")
    return correlate(padded(layer, x), weights["weight"], weights.get("bias"), **sliding(layer), groups=x.shape[1])


def separable(layer: Any, weights: Mapping[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    correlate = getattr(functional, f"conv{layer.spatial_rank}d")
    between = correlate(padded(layer, x), weights["depthwise.weight"], **sliding(layer), groups=x.shape[1])
    return correlate(between, weights["pointwise.weight"], weights.get("pointwise.bias"))


def transposed(layer: Any, weights: Mapping[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """All that the windows cover, of which each end is cut by itself; what is added at the end is the bias alone."""
    spread = getattr(functional, f"conv_transpose{layer.spatial_rank}d")
    covered = spread(x, weights["weight"], **sliding(layer), groups=layer.groups)
    ends, added = wanted_ends(layer)
    longer = functional.pad(covered, [amount for more in reversed(added) for amount in (0, more)])
    sizes = zip(ends, longer.shape[2:], strict=True)
    y = longer[(..., *(slice(before, size - after) for (before, after), size in sizes))]
    bias = weights.get("bias")
    return y if bias is None else y + bias.reshape(-1, *(1,) * layer.spatial_rank)


def wanted_ends(layer: Any) -> tuple[list[tuple[int, int]], list[int]]:
    """(before, after) that are cut off each axis, and what is added: TensorFlow's rule for ``"same"``."""
    rank, window = layer.spatial_rank, layer.window
    if layer.padding != "same":
        return list(layer.padding or ((0, 0),) * rank), list(layer.output_padding or (0,) * rank)
    extents = [dilation * (kernel - 1) + 1 for kernel, dilation in zip(window.kernel, window.dilation, strict=True)]
    totals = [extent - stride for extent, stride in zip(extents, window.stride, strict=True)]
    return [(max(one, 0) // 2, max(one, 0) - max(one, 0) // 2) for one in totals], [max(-one, 0) for one in totals]


PYTORCH: dict[str, Callable[..., Any]] = {
    **{f"conv{rank}d": convolution for rank in RANKS},
    **{f"conv_transpose{rank}d": transposed for rank in RANKS},
    **{f"depthwise_conv{rank}d": depthwise for rank in RANKS[:2]},
    **{f"separable_conv{rank}d": separable for rank in RANKS[:2]},
}


def _convolution_module(layer: Any, x: TensorType) -> torch.nn.Module:
    """Names and shapes of its tensors say nothing of padding, which PyTorch cannot have in every form."""
    made = getattr(torch.nn, f"Conv{layer.spatial_rank}d")
    return made(x.shape[1], layer.filters, layer.kernel, **sliding(layer), groups=layer.groups, bias=layer.bias)


def _transposed_module(layer: Any, x: TensorType) -> torch.nn.Module:
    made = getattr(torch.nn, f"ConvTranspose{layer.spatial_rank}d")
    return made(x.shape[1], layer.filters, layer.kernel, **sliding(layer), groups=layer.groups, bias=layer.bias)


def _depthwise_module(layer: Any, x: TensorType) -> torch.nn.Module:
    made = getattr(torch.nn, f"Conv{layer.spatial_rank}d")
    channels: Any = x.shape[1]
    return made(channels, channels * layer.multiplier, layer.kernel, groups=channels, bias=layer.bias)


def _separable_module(layer: Any, x: TensorType) -> torch.nn.Module:
    """As such blocks are commonly written: two convolutions by these names."""
    made = getattr(torch.nn, f"Conv{layer.spatial_rank}d")
    channels: Any = x.shape[1]
    copies, block = channels * layer.multiplier, torch.nn.Module()
    block.add_module("depthwise", made(channels, copies, layer.kernel, groups=channels, bias=False))
    block.add_module("pointwise", made(copies, layer.filters, 1, bias=layer.bias))
    return block


MODULES: dict[str, Callable[..., Any]] = {
    **{f"conv{rank}d": _convolution_module for rank in RANKS},
    **{f"conv_transpose{rank}d": _transposed_module for rank in RANKS},
    **{f"depthwise_conv{rank}d": _depthwise_module for rank in RANKS[:2]},
    **{f"separable_conv{rank}d": _separable_module for rank in RANKS[:2]},
}

NOT_IN_PYTORCH: dict[str, str] = {}

_layers: Any = keras.layers
_LENGTHS, _IMAGES, _VOLUMES = (2, 6, 9), (2, 6, 9, 8), (2, 3, 4, 5, 6)


def _case(kind: str, made: Callable[[], Any], shape: tuple[int, ...], **written: Any) -> tuple[Any, ...]:
    return ({"kind": kind, **written}, made, shape)


def _transposed_cases() -> dict[str, tuple[Any, ...]]:
    """``"same"`` with kernels longer and shorter than the stride; "valid" must say what Keras adds by itself."""
    cases = {}
    for kernel, stride in ((3, 1), (3, 2), (4, 2), (5, 3), (2, 2), (1, 2), (2, 5)):
        attributes = {"filters": 4, "kernel": kernel, "stride": stride}
        cases[f"conv_transpose2d same of {kernel} by {stride}"] = _case(
            "conv_transpose2d",
            lambda kernel=kernel, stride=stride: _layers.Conv2DTranspose(4, kernel, stride, padding="same"),
            _IMAGES,
            padding="same",
            **attributes,
        )
        cases[f"conv_transpose1d valid of {kernel} by {stride}"] = _case(
            "conv_transpose1d",
            lambda kernel=kernel, stride=stride: _layers.Conv1DTranspose(4, kernel, strides=stride),
            _LENGTHS,
            output_padding=max(stride - kernel, 0),
            **attributes,
        )
    return cases


KERAS: dict[str, tuple[Any, ...]] = {
    "conv1d": _case("conv1d", lambda: _layers.Conv1D(4, 3), _LENGTHS, filters=4, kernel=3),
    "conv1d causal": _case(
        "conv1d",
        lambda: _layers.Conv1D(4, 3, padding="causal", dilation_rate=2),
        _LENGTHS,
        filters=4,
        kernel=3,
        dilation=2,
        padding=((4, 0),),
    ),
    "conv2d in groups": _case(
        "conv2d", lambda: _layers.Conv2D(4, (3, 2), groups=2), _IMAGES, filters=4, kernel=(3, 2), groups=2
    ),
    "conv2d same with a stride": _case(
        "conv2d",
        lambda: _layers.Conv2D(4, 3, 2, padding="same"),
        _IMAGES,
        filters=4,
        kernel=3,
        stride=2,
        padding="same",
    ),
    "conv3d": _case("conv3d", lambda: _layers.Conv3D(3, 2), _VOLUMES, filters=3, kernel=2),
    **_transposed_cases(),
    "conv_transpose2d dilated": _case(
        "conv_transpose2d",
        lambda: _layers.Conv2DTranspose(4, (3, 2), dilation_rate=2),
        _IMAGES,
        filters=4,
        kernel=(3, 2),
        dilation=2,
    ),
    "conv_transpose2d same with output padding": _case(
        "conv_transpose2d",
        lambda: _layers.Conv2DTranspose(4, 3, 2, padding="same", output_padding=1),
        _IMAGES,
        filters=4,
        kernel=3,
        stride=2,
        padding=((0, 1), (0, 1)),
    ),
    "conv_transpose3d": _case(
        "conv_transpose3d",
        lambda: _layers.Conv3DTranspose(4, 3, 2, padding="same"),
        _VOLUMES,
        filters=4,
        kernel=3,
        stride=2,
        padding="same",
    ),
    "depthwise_conv1d": _case(
        "depthwise_conv1d", lambda: _layers.DepthwiseConv1D(3, depth_multiplier=2), _LENGTHS, kernel=3, multiplier=2
    ),
    "depthwise_conv2d": _case(
        "depthwise_conv2d", lambda: _layers.DepthwiseConv2D((3, 2), use_bias=False), _IMAGES, kernel=(3, 2), bias=False
    ),
    "depthwise_conv2d same with a stride": _case(
        "depthwise_conv2d",
        lambda: _layers.DepthwiseConv2D(3, 2, padding="same", depth_multiplier=3),
        _IMAGES,
        kernel=3,
        stride=2,
        padding="same",
        multiplier=3,
    ),
    "separable_conv1d": _case(
        "separable_conv1d",
        lambda: _layers.SeparableConv1D(4, 3, depth_multiplier=2),
        _LENGTHS,
        filters=4,
        kernel=3,
        multiplier=2,
    ),
    "separable_conv2d": _case(
        "separable_conv2d",
        lambda: _layers.SeparableConv2D(4, (3, 2), padding="same", use_bias=False),
        _IMAGES,
        filters=4,
        kernel=(3, 2),
        padding="same",
        bias=False,
    ),
    "separable_conv2d with a stride": _case(
        "separable_conv2d",
        lambda: _layers.SeparableConv2D(4, 3, 2, padding="same", depth_multiplier=2),
        _IMAGES,
        filters=4,
        kernel=3,
        stride=2,
        padding="same",
        multiplier=2,
    ),
}
