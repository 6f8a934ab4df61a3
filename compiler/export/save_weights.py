"""Weights written to files under PyTorch's names, one tensor in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..atomic_files import PendingFile
from ..diagnostics import DotnnError
from ..diagnostics.weights import UnwritableName, WeightFormatNotWritten
from ..graph.tensors import Weight
from ..weights.formats import WRITTEN_ENDINGS, ending_of, format_of
from ..weights.weight_values import WeightValues


def save_weights(path: str | Path, weights: Iterable[Weight], values: WeightValues) -> None:
    """Write the values of a model's weights, in the format that the ending of the name tells.

    The same weights give the same bytes. ``open_weights`` reads the file, and so do PyTorch (through safetensors) or
    numpy.

    Args:
        path: ends as the files of a format that is written; an existing file survives any failure.
        weights: those of the graph before or after the passes, which keep them.
        values: where the values come from.

    Raises:
        DotnnError: another ending, a name that the format cannot hold, or a file that cannot be written.
    """
    path = Path(path)
    weights = tuple(weights)
    found = format_of(path)
    if found is None or found.write is None:
        stem = path.name[: len(path.name) - len(ending_of(path) or path.suffix)]
        suggested = f"{stem or 'net'}.safetensors"
        raise DotnnError(WeightFormatNotWritten(path=str(path), suggested=suggested, endings=WRITTEN_ENDINGS))
    refused = next((weight.name for weight in weights if weight.name in found.unwritable), None)
    if refused is not None:
        raise DotnnError(UnwritableName(path=str(path), name=refused))
    with PendingFile(path) as file:
        found.write(file.write, weights, values.values)
        file.commit()
