"""What matters of models of Keras: layers with names and classes, and weights with paths; in plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Variable:
    """A tensor of a layer, under a path such as ``conv1/kernel``."""

    def __init__(self, path: str, value: np.ndarray) -> None:
        self.path, self.value = path, value
        self.shape, self.dtype = value.shape, value.dtype


class KerasLayer:
    """A layer of the class that ``layer`` makes for it."""

    def __init__(self, name: str, weights: Sequence[Variable]) -> None:
        self.name, self.weights = name, list(weights)


class KerasModel:
    """A model, or one inside of another."""

    def __init__(self, layers: Sequence[Any], name: str = "sequential") -> None:
        self.name, self.layers = name, list(layers)

    @property
    def weights(self) -> list[Variable]:
        return [variable for layer in self.layers for variable in layer.weights]

    def get_weights(self) -> list[np.ndarray]:
        return [variable.value for variable in self.weights]


def layer(class_name: str, name: str, arrays: Mapping[str, np.ndarray | Sequence[int]]) -> KerasLayer:
    """A layer with tensors by their paths within it; a shape stands for numbers that count up."""
    made = type(class_name, (KerasLayer,), {})
    values = {path: value if isinstance(value, np.ndarray) else counted(value) for path, value in arrays.items()}
    return made(name, [Variable(f"{name}/{path}", value) for path, value in values.items()])


def counted(shape: Sequence[int]) -> np.ndarray:
    return np.arange(int(np.prod(shape)), dtype=np.float32).reshape(tuple(shape)) + 1


def conv2d(name: str, inputs: int, filters: int, *, bias: bool = True, kernel: int = 1) -> KerasLayer:
    arrays = {"kernel": (kernel, kernel, inputs, filters), **({"bias": (filters,)} if bias else {})}
    return layer("Conv2D", name, arrays)


def dense(name: str, inputs: int, units: int) -> KerasLayer:
    return layer("Dense", name, {"kernel": (inputs, units), "bias": (units,)})


def batch_norm(
    name: str, size: int, names: Sequence[str] = ("gamma", "beta", "moving_mean", "moving_variance")
) -> KerasLayer:
    return layer("BatchNormalization", name, dict.fromkeys(names, (size,)))


class UnnamedFile:
    """A model as `.weights.h5` has it: without the names of tensors."""

    def __init__(self, opened: Any) -> None:
        from dotnn.compiler.weights.keras_model import KerasLayer as Found
        from dotnn.compiler.weights.keras_model import KerasModel as Model
        from dotnn.compiler.weights.keras_model import KerasVariable

        self._opened, self.path = opened, "net.weights.h5"
        self.keras = Model(
            tuple(
                Found(
                    one.name,
                    one.path,
                    one.class_name,
                    one.automatic,
                    tuple(KerasVariable(None, v.part, v.index, v.full, v.shape) for v in one.tensors),
                )
                for one in opened.keras.layers
            )
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)
