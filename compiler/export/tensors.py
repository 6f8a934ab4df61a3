"""The tensors that a model stores: its initializers, before they have values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..graph.tensors import Literal, Tensor
from ..graph.types import DType
from ..graph.value_names import unique_name

# Loaded here rather than by the first weight: loading numpy's random module can swallow an interrupt, and by then a
# file is being written.
from ..weights import random_streams  # noqa: F401
from ..weights.values import WeightValues
from .elements import array_of


@dataclass(frozen=True, slots=True, eq=False)
class StoredTensor:
    """An initializer: its name and type, and where its values come from.

    Attributes:
        content: a tensor of the graph, a literal of the source, or a small array made by a lowering.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    content: Tensor | Literal | np.ndarray
    doc: str = ""

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""
        return math.prod(self.shape) * self.dtype.size

    def values(self, values: WeightValues) -> np.ndarray:
        """Its values; only those of weights and derived tensors depend on ``values``."""
        if isinstance(self.content, Literal):
            return self.content.array(self.dtype)
        if isinstance(self.content, np.ndarray):
            return self.content
        return values.values(self.content)


class TensorStore:
    """The initializers of one model, each tensor and each equal constant once, in the order of first use.

    Args:
        taken: names that inputs, outputs, weights and layers have; the store adds its own.
    """

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._names: dict[Tensor, str] = {}
        self._constants: dict[tuple[DType, tuple[int, ...], bytes], str] = {}
        self.tensors: list[StoredTensor] = []

    def tensor(self, tensor: Tensor, doc: str = "") -> str:
        """The name under which a weight or derived tensor is stored: its own; with its documentation comment.

        Two unequal derived tensors may have wished for one name; the second one's is numbered. Weights have
        their names reserved.
        """
        name = self._names.get(tensor)
        if name is None:
            name = tensor.name if tensor.sources == (tensor,) else unique_name(tensor.name, self._taken)
            self._names[tensor] = name
            self._add(StoredTensor(name, tensor.dtype, tensor.shape, tensor, doc))
        return name

    def literal(self, name: str, literal: Literal, dtype: DType) -> None:
        """Store a constant of the graph under the name of its value."""
        self._add(StoredTensor(name, dtype, literal.shape, literal))

    def constant(self, wished: str, values: object, dtype: DType) -> str:
        """The name of a small constant: the wished one, unless an equal constant is there already."""
        array = array_of(values, dtype)
        key = (dtype, array.shape, array.tobytes())
        name = self._constants.get(key)
        if name is None:
            name = unique_name(wished, self._taken)
            self._constants[key] = name
            self._add(StoredTensor(name, dtype, array.shape, array))
        return name

    def _add(self, stored: StoredTensor) -> None:
        self._taken.add(stored.name)
        self.tensors.append(stored)
