"""Attention in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from dotnn.compiler.graph.types import TensorType

Tensor = torch.Tensor


def attention(
    layer: Any, weights: Mapping[str, Tensor], query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
) -> Tensor:
    """It refuses a mask together with ``is_causal``, and masks of one axis."""
    leading = torch.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    query, key, value = (one.expand(*leading, *one.shape[-2:]) for one in (query, key, value))
    if mask is None:
        return F.scaled_dot_product_attention(query, key, value, is_causal=layer.causal, scale=layer.scale)
    if layer.causal:
        mask = _causal(mask, query.shape[-2], key.shape[-2])
    mask = torch.atleast_2d(mask)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=layer.scale)


def _causal(mask: Tensor, queries: int, keys: int) -> Tensor:
    behind = torch.ones(queries, keys, dtype=torch.bool).triu(1)
    return torch.where(behind, False if mask.dtype == torch.bool else float("-inf"), mask)


def multi_head_attention(
    layer: Any,
    weights: Mapping[str, Tensor],
    query: Tensor,
    key: Tensor | None,
    value: Tensor | None,
    mask: Tensor | None,
) -> Tensor:
    """Its masks of truth values are the other way round, and its batches of one size."""
    key = query if key is None else key
    value = key if value is None else value
    batch = max(query.shape[0], key.shape[0], value.shape[0])
    query, key, value = (one.expand(batch, -1, -1).transpose(0, 1) for one in (query, key, value))
    if layer.causal:
        whole = torch.ones(query.shape[0], key.shape[0], dtype=torch.bool) if mask is None else mask
        mask = _causal(whole, query.shape[0], key.shape[0])
    if mask is not None and mask.ndim > 2:
        each_head = mask[:, None] if mask.ndim == 3 else mask
        mask = each_head.expand(batch, layer.heads, query.shape[0], key.shape[0]).flatten(0, 1)
    elif mask is not None:
        mask = mask.expand(query.shape[0], key.shape[0])
    if mask is not None and mask.dtype == torch.bool:
        mask = ~mask
    found, _ = F.multi_head_attention_forward(
        query,
        key,
        value,
        query.shape[2],
        layer.heads,
        weights["in_proj_weight"],
        weights.get("in_proj_bias"),
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=weights["out_proj.weight"],
        out_proj_bias=weights.get("out_proj.bias"),
        training=False,
        attn_mask=mask,
        need_weights=False,
    )
    return found.transpose(0, 1)


def sinusoidal_position(layer: Any, weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """The powers of a complex number, whose imaginary part is the sine and whose real part the cosine."""
    steps, channels = x.shape[1:]
    places = torch.arange(steps, dtype=torch.float64)
    waves = torch.zeros(steps, channels, dtype=torch.float64)
    for first in range(0, channels, 2):
        turned = torch.polar(torch.ones(steps, dtype=torch.float64), places * 10_000.0 ** (-first / channels))
        waves[:, first] = turned.imag
        if first + 1 < channels:
            waves[:, first + 1] = turned.real
    return x + waves.to(x.dtype)


def multi_head_attention_module(layer: Any, *types: TensorType | None) -> torch.nn.Module:
    query = types[0]
    assert query is not None
    return torch.nn.MultiheadAttention(query.shape[2], layer.heads, bias=layer.bias, batch_first=True)


PYTORCH: dict[str, Callable[..., Any]] = {
    "attention": attention,
    "multi_head_attention": multi_head_attention,
    "sinusoidal_position": sinusoidal_position,
}

MODULES: dict[str, Callable[..., torch.nn.Module]] = {"multi_head_attention": multi_head_attention_module}
