"""Weights of Keras in HDF5: `.weights.h5` of Keras 3, and the `.h5` files of Keras 2 that it still writes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import IO, final

import numpy as np

from ..diagnostics.damage import FileDamage, Hdf5Damage
from . import keras2_layers, keras3_layers
from .formats import WeightFormat
from .hdf5 import SIGNATURE, Array, Hdf5File
from .keras_config import ConfigLayer
from .keras_model import KerasModel
from .readers import head_of
from .weight_file import WeightFile

KIND = "Keras file (HDF5)"


@final
class KerasFile(WeightFile):
    """The tensors of a file of Keras, under names such as ``conv1/0``, or ``conv1/kernel`` where it has such.

    Args:
        stream: the open HDF5 file; it is closed with this object.
        path: as the user wrote it.
        kind: what it is called in messages.
        config: the model's configuration, where it is not in the file.
        archive: what the HDF5 file lies in, which is closed with this object.

    Attributes:
        keras: the layers that the tensors belong to.

    Raises:
        DotnnError: MissingLibrary, DamagedWeightFile or UnsafeHdf5.
    """

    def __init__(
        self,
        stream: IO[bytes],
        path: Path,
        kind: str = KIND,
        config: ConfigLayer | None = None,
        archive: IO[bytes] | None = None,
    ) -> None:
        self.path = str(path)
        self._arrays: dict[str, Array] = {}
        self._file = Hdf5File(stream, path, kind, keras2_layers.NO_WEIGHTS | keras3_layers.NO_WEIGHTS)
        with ExitStack() as opened:
            opened.callback(self._file.close_library)
            with self._file.reading():
                self.keras = self._read(config)
            opened.pop_all()
        self._archive = archive

    def _read(self, config: ConfigLayer | None) -> KerasModel:
        layers = []
        if keras2_layers.is_of_keras2(self._file):
            found = keras2_layers.layers_of(self._file)
        else:
            found = keras3_layers.layers_of(self._file, config)
        for layer, arrays in found:
            layers.append(layer)
            for variable, array in zip(layer.tensors, arrays, strict=True):
                if variable.full in self._arrays:
                    raise self._file.damaged(FileDamage.HOLDS_TWICE(name=variable.full))
                self._arrays[variable.full] = array
        if not layers and any(True for _ in self._file.root.all_arrays()):
            raise self._file.damaged(Hdf5Damage.NO_KERAS_MODEL())
        return KerasModel(tuple(layers))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors, in the order of the model as far as the file tells it."""
        return tuple(self._arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, in Keras's layout."""
        return self._arrays[name].shape

    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type."""
        return self._arrays[name].element

    def load(self, name: str) -> np.ndarray:
        """A tensor, in Keras's layout.

        Raises:
            DotnnError: DamagedWeightFile.
        """
        return self._file.load(self._arrays[name])

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._archive is not None:
            self._archive.close()


def _recognize(stream: IO[bytes]) -> bool:
    return head_of(stream, len(SIGNATURE)) == SIGNATURE


FORMAT = WeightFormat(".h5", KIND, KerasFile, keeps_stream=True, recognize=_recognize)
