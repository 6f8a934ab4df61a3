"""The names in a weight file that models are held against."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class TensorNames(NamedTuple):
    """What rules know of a weight file.

    Attributes:
        path: the file.
        names: the names of its tensors, in their order.
        by_layers: whether it is of Keras, whose tensors are matched by layers and not by names.
    """

    path: str
    names: tuple[str, ...]
    by_layers: bool = False


def tensor_names(path: str) -> TensorNames:
    """The names in a weight file, of which no number is read; DotnnError if it cannot be read."""
    from ..weights.readers import open_weights

    with open_weights(Path(path)) as file:
        return TensorNames(path, file.names, file.keras is not None)
