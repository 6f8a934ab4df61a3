"""Weights written as `.safetensors` or `.npz` under PyTorch's names, one tensor in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..atomic import PendingFile
from ..diagnostics import DotnnError
from ..diagnostics.weights import UnwritableName, WeightFormatNotWritten
from ..graph.tensors import Weight
from ..weights.npz_file import write_npz
from ..weights.safetensors_file import METADATA, write_safetensors
from ..weights.values import WeightValues
from .elements import raw_bytes


def save_weights(path: str | Path, weights: Iterable[Weight], values: WeightValues) -> None:
    """Write the values of a model's weights, in the format that the ending of the name tells.

    The same weights give the same bytes. ``open_weights`` reads the file, and so do PyTorch (through safetensors) or
    numpy.

    Args:
        path: ends in ``.safetensors`` or ``.npz``; an existing file survives any failure.
        weights: those of the graph before or after the passes, which keep them.
        values: where the values come from.

    Raises:
        DotnnError: another ending, a name that the format cannot hold, or a file that cannot be written.
    """
    path = Path(path)
    weights = tuple(weights)
    suffix = path.suffix.lower()
    if suffix not in (".safetensors", ".npz"):
        raise DotnnError(WeightFormatNotWritten(path=str(path), suggested=f"{path.stem or 'net'}.safetensors"))
    if suffix == ".safetensors" and any(weight.name == METADATA for weight in weights):
        raise DotnnError(UnwritableName(path=str(path), name=METADATA))
    with PendingFile(path) as file:
        if suffix == ".safetensors":
            write_safetensors(file.write, weights, lambda weight: raw_bytes(values.values(weight)))
        else:
            write_npz(file.write, weights, values.values)
        file.commit()
