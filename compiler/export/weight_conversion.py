"""Weight files written anew in another format: the same names, shapes, element types and numbers."""

from __future__ import annotations

from pathlib import Path

from ..graph.tensors import Fan, Weight
from ..graph.types import DType
from ..initializers import Zeros
from ..weights.weight_file import WeightFile
from ..weights.weight_values import WeightValues
from .save_weights import save_weights

#: What can be written.
WRITTEN_TYPES = tuple(one.value for one in DType)


def unwritten_types(file: WeightFile) -> dict[str, str]:
    """The tensors with elements of types that are not written, by name, and these types."""
    types = {name: file.element_type(name) for name in file.names}
    return {name: found for name, found in types.items() if found not in WRITTEN_TYPES}


def convert_weights(file: WeightFile, path: Path) -> None:
    """Write the tensors of a file to another file, in the format that the ending of its name tells.

    One tensor is in memory at a time, but where PyTorch writes. ``.npz`` files have no bfloat16: such tensors become
    float32, which holds them exactly.

    Args:
        file: an open file, in which all tensors are of types that are written.
        path: of the new file; an existing one survives any failure. It is not the file that is read.

    Raises:
        DotnnError: another ending, a name that the format cannot hold, a damaged file, or one that cannot be written.
    """
    weights = [
        Weight(name, file.shape(name), DType(file.element_type(name)), Zeros(), Fan(1, 1)) for name in file.names
    ]
    save_weights(path, weights, WeightValues(source=file))
