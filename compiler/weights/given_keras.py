"""A model of Keras that a caller in Python has, as if it were a file of it; Keras itself is not imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, final

from ..diagnostics import DotnnError
from ..diagnostics.weights import NotArrays
from .given_arrays import NotAnArray, as_array
from .keras_model import KerasLayer, KerasModel, KerasVariable, is_automatic
from .weight_file import WeightFile

if TYPE_CHECKING:
    import numpy as np

#: The state of random numbers, which dropout has.
_RANDOM: Final = "seed_generator"
#: Models inside of models.
_DEEPEST: Final = 64


def is_keras_model(given: object) -> bool:
    """Whether a value is a model of Keras: it has layers, and weights with paths."""
    layers, weights = getattr(given, "layers", None), getattr(given, "weights", None)
    if not isinstance(layers, list | tuple) or not isinstance(weights, list | tuple):
        return False
    return callable(getattr(given, "get_weights", None)) and all(hasattr(one, "path") for one in weights)


@final
class GivenKerasModel(WeightFile):
    """The tensors of a model of Keras, each converted when it is asked for."""

    holder = "Keras model"

    def __init__(self, model: Any) -> None:
        self.path = "weights"
        self._variables: dict[str, Any] = {}
        self.keras = KerasModel(tuple(self._layers(model, (), 0)))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors, in the order of the model."""
        return tuple(self._variables)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, in Keras's layout."""
        return tuple(self._variables[name].shape)

    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type."""
        return str(self._variables[name].dtype)

    def load(self, name: str) -> np.ndarray:
        """A tensor, in Keras's layout.

        Raises:
            DotnnError: it cannot be read.
        """
        variable = self._variables[name]
        try:
            # Its value is a tensor of whatever computes for Keras.
            return as_array(getattr(variable, "value", variable))
        except NotAnArray as fault:
            raise DotnnError(NotArrays(path=self.path, faults=((name, fault.reason),))) from fault

    def close(self) -> None:
        """Nothing is held."""

    def _layers(self, model: Any, outer: tuple[str, ...], depth: int) -> Iterator[KerasLayer]:
        """The layers that have tensors, those of models inside of models among them."""
        for layer in model.layers:
            path = (*outer, str(layer.name))
            if isinstance(getattr(layer, "layers", None), list | tuple) and depth < _DEEPEST:
                yield from self._layers(layer, path, depth + 1)
                continue
            found = self._layer(path, type(layer).__name__, layer.weights)
            if found.tensors:
                yield found
        taken = {id(variable) for variable in self._variables.values()}
        for variable in model.weights:
            # What a model of a class of the user's has beside its layers.
            if id(variable) not in taken and not _is_random(variable):
                yield self._layer((*outer, _parts(variable)[-1]), type(model).__name__, [variable])

    def _layer(self, path: tuple[str, ...], class_name: str, variables: Iterable[Any]) -> KerasLayer:
        tensors: list[KerasVariable] = []
        for variable in variables:
            if _is_random(variable):
                continue
            *inner, name = _parts(variable)
            part = "/".join(inner[len(inner) - inner[::-1].index(path[-1]) :] if path[-1] in inner else inner)
            index = sum(one.part == part for one in tensors)
            full = "/".join((*path, *([part] if part else []), name))
            self._variables[full] = variable
            tensors.append(KerasVariable(name, part, index, full, tuple(variable.shape)))
        automatic = is_automatic(path[-1], class_name)
        return KerasLayer(path[-1], ".".join(path), class_name, automatic, tuple(tensors))


def _is_random(variable: Any) -> bool:
    return _RANDOM in str(variable.path)


def _parts(variable: Any) -> list[str]:
    return str(variable.path).partition(":")[0].split("/")
