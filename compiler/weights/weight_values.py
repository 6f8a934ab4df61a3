"""Where the values of weights come from: a loaded file, or the initializers.

Values are computed one tensor at a time when they are asked for, and never kept: whoever writes or evaluates
a model holds one tensor, and memory stays near the size of the largest.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from .. import initializers
from ..graph.tensors import Literal, Weight, numpy_name
from ..reprs import short_repr

if TYPE_CHECKING:
    import numpy as np

    from .rounding_effects import Rounding


class WeightSource(Protocol):
    """Loaded tensors by name, each read when it is asked for."""

    @property
    def names(self) -> Collection[str]:
        """The names of the tensors."""
        ...

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        ...

    def load(self, name: str) -> np.ndarray:
        """The values of a tensor."""
        ...


class WeightState(StrEnum):
    """How far the numbers of a model are meant to be of use."""

    INITIAL = "initial"  #: never loaded nor trained
    LOADED = "loaded"  #: read from a file
    COMPLETE = "complete"  #: there is nothing to load: every weight stands in the source, or there is none


class WeightValues:
    """The values of a model's tensors.

    Args:
        seed: of the model; with a weight's name it makes the stream that its initializer draws from.
        source: loaded tensors. A weight that it has takes its values from there, any other from its
            initializer; whether it has all, and in the right shapes, is the business of who binds the names.
        rounding: takes what rounding to the elements of a model does, where these are narrower than its text says.
    """

    def __init__(self, seed: int = 0, source: WeightSource | None = None, rounding: Rounding | None = None) -> None:
        self.seed = seed
        self.rounding = rounding
        self._source = source
        self._loaded = frozenset(source.names) if source is not None else frozenset()

    def __repr__(self) -> str:
        return short_repr(self, f"seed={self.seed}", f"{len(self._loaded):,} loaded")

    def values(self, weight: Weight) -> np.ndarray:
        """The values of a weight, in its shape and element type; the caller must not change them.

        Raises:
            ValueError: a loaded array has another shape than the weight.
        """
        array = self._array(weight)
        if array.shape != weight.shape:
            raise ValueError(f"{weight.name}: values of shape {array.shape} for a tensor of shape {weight.shape}")
        if self.rounding is not None:
            return self.rounding.rounded(weight, array)
        return array.astype(numpy_name(weight.dtype), copy=False)

    def state(self, weights: Iterable[Weight]) -> WeightState:
        """What can be said of a model with these weights."""
        open_weights = [weight for weight in weights if not isinstance(weight.initializer, Literal)]
        if not open_weights:
            return WeightState.COMPLETE
        if all(weight.name in self._loaded for weight in open_weights):
            return WeightState.LOADED
        return WeightState.INITIAL

    def _array(self, weight: Weight) -> np.ndarray:
        if self._source is not None and weight.name in self._loaded:
            return self._source.load(weight.name)
        initializer = weight.initializer
        dtype = weight.dtype if self.rounding is None else self.rounding.drawn(weight)
        if isinstance(initializer, Literal):
            return initializer.array(dtype)
        if not isinstance(initializer, initializers.Initializer):
            raise TypeError(f"{weight.name}: {initializer} is no initializer")
        return initializers.initialize(initializer, weight.shape, dtype.value, weight.fan, self.seed, weight.name)


def raw_bytes(values: np.ndarray) -> memoryview:
    """The elements in row-major order, least significant byte first; not copied where they lie so already."""
    import numpy as np

    values = np.ascontiguousarray(values)
    if sys.byteorder == "big":
        values = values.byteswap()
    return values.reshape(-1).view(np.uint8).data
