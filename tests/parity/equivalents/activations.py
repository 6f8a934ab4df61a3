"""What PyTorch computes for activations, dropout, casts, one-hot vectors and extremes of two tensors.

Modules of equivalents have ``PYTORCH``, by kind a function of the layer, its weights by name and its operands;
``MODULES``, by kind a function of the layer and the types of its operands that makes PyTorch's module with the same
state; ``NOT_IN_PYTORCH``, by kind why there is nothing; ``KERAS``, by a name the arguments of a layer, Keras's layer,
and the shape that the layer reads here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

Weights = Mapping[str, torch.Tensor]


def _of(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A function without attributes and weights."""
    return lambda layer, weights, x: function(x)


def _softmax(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda layer, weights, x: function(x, dim=-1 if layer.axis is None else layer.axis)


def _one_hot(layer: Any, weights: Weights, ids: torch.Tensor) -> torch.Tensor:
    """PyTorch's refuses what is no class, whose vector is zeros here."""
    is_class = (ids >= 0) & (ids < layer.classes)
    found = functional.one_hot(torch.where(is_class, ids, 0).long(), layer.classes)
    return torch.where(is_class[..., None], found, 0).float()


def _spatial_dropout(layer: Any, weights: Weights, x: torch.Tensor) -> Any:
    functions = {3: functional.dropout1d, 4: functional.dropout2d, 5: functional.dropout3d}
    return functions[x.ndim](x, layer.rate, training=False) if x.ndim in functions else NotImplemented


PYTORCH: dict[str, Callable[..., Any]] = {
    "relu": _of(functional.relu),
    "relu6": _of(functional.relu6),
    "leaky_relu": lambda layer, weights, x: functional.leaky_relu(x, layer.slope),
    "prelu": lambda layer, weights, x: functional.prelu(x, weights["weight"]),
    "clip": lambda layer, weights, x: x.clamp(*(type(x.flatten()[0].item())(one) for one in (layer.low, layer.high))),
    "sigmoid": _of(torch.sigmoid),
    "hard_sigmoid": _of(functional.hardsigmoid),
    "tanh": _of(torch.tanh),
    "step": lambda layer, weights, x: torch.heaviside(x, torch.ones((), dtype=x.dtype)),
    "silu": _of(functional.silu),
    "mish": _of(functional.mish),
    "hard_swish": _of(functional.hardswish),
    "gelu": lambda layer, weights, x: functional.gelu(x, approximate=layer.approximate),
    "elu": lambda layer, weights, x: functional.elu(x, layer.alpha),
    "celu": lambda layer, weights, x: functional.celu(x, layer.alpha),
    "selu": _of(functional.selu),
    "softplus": _of(functional.softplus),
    "softsign": _of(functional.softsign),
    "softmax": _softmax(functional.softmax),
    "log_softmax": _softmax(functional.log_softmax),
    "dropout": lambda layer, weights, x: functional.dropout(x, layer.rate, training=False),
    "spatial_dropout": _spatial_dropout,
    "cast": lambda layer, weights, x: x.to(getattr(torch, str(layer.type))),
    "one_hot": _one_hot,
    "minimum": lambda layer, weights, a, b: torch.minimum(a, b),
}

MODULES: dict[str, Callable[..., Any]] = {
    "prelu": lambda layer, x: torch.nn.PReLU(x.shape[1] if layer.per_channel else 1),
}

NOT_IN_PYTORCH: dict[str, str] = {}


def _keras() -> dict[str, tuple[dict[str, Any], Callable[[], Any], tuple[int, ...]]]:
    """What Keras calls otherwise, or has other defaults of; keras is imported where a layer is made."""

    def layer(name: str, *arguments: Any, **named: Any) -> Callable[[], Any]:
        def made() -> Any:
            import keras

            return getattr(keras.layers, name)(*arguments, **named)

        return made

    def activation(name: str) -> Callable[[], Any]:
        return layer("Activation", name)

    vectors, images = (3, 6), (2, 6, 9, 8)
    plain = ("hard_sigmoid", "gelu", "selu", "elu", "celu", "softplus", "softsign", "mish", "silu", "relu6")
    return {
        **{name.replace("_", " "): ({"kind": name}, activation(name), vectors) for name in plain},
        "hard swish": ({"kind": "hard_swish"}, activation("hard_silu"), vectors),
        "leaky relu": ({"kind": "leaky_relu", "slope": 0.3}, layer("LeakyReLU"), vectors),
        "one slope": ({"kind": "prelu"}, layer("PReLU", shared_axes=[1]), vectors),
        "a slope for every feature": ({"kind": "prelu", "per_channel": True}, layer("PReLU"), vectors),
        "a slope for every channel": (
            {"kind": "prelu", "per_channel": True},
            layer("PReLU", shared_axes=[1, 2]),
            images,
        ),
    }


KERAS = _keras()
