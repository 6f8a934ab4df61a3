"""Weights made by hand, files written by the libraries that define their formats, and the diagnostics of an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from dotnn.compiler.diagnostics import Diagnostic, DotnnError
from dotnn.compiler.diagnostics.render import render
from dotnn.compiler.graph.tensors import Fan, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.initializers import HeNormal
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_file import WeightFile

Arrays = Mapping[str, np.ndarray]


def weight(name: str, *shape: int, dtype: DType = DType.FLOAT32) -> Weight:
    return Weight(name, shape, dtype, HeNormal(), Fan(3, 5))


def network() -> list[Weight]:
    """A convolution, its normalization and a dense layer."""
    return [
        weight("conv1.weight", 4, 3, 2, 2),
        weight("bn1.weight", 4),
        weight("bn1.bias", 4),
        weight("bn1.running_mean", 4),
        weight("bn1.running_var", 4),
        weight("fc.weight", 10, 4),
        weight("fc.bias", 10),
    ]


def arrays_for(weights: Sequence[Weight], seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {one.name: generator.normal(size=one.shape).astype(np.float32) for one in weights}


def write_file(path: Path, arrays: Arrays) -> Path:
    """Written by the libraries that define the formats."""
    if path.suffix == ".npz":
        np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
    else:
        safetensors.numpy.save_file({name: np.array(array, order="C") for name, array in arrays.items()}, path)
    return path


def diagnostics_of(action: Callable[[], object]) -> tuple[Diagnostic, ...]:
    with pytest.raises(DotnnError) as caught:
        action()
    for diagnostic in caught.value.diagnostics:
        assert render(diagnostic)
    return caught.value.diagnostics


def diagnostic_of(action: Callable[[], object]) -> Diagnostic:
    (diagnostic,) = diagnostics_of(action)
    return diagnostic


def misfits_of(tmp_path: Path, arrays: Arrays, weights: Sequence[Weight]) -> dict[type[Diagnostic], Any]:
    path = write_file(tmp_path / "net.safetensors", arrays)
    with open_weights(path) as file:
        found = diagnostics_of(lambda: bind_weights(file, weights))
    assert len({type(one) for one in found}) == len(found)
    return {type(one): one for one in found}


def _read_all(file: WeightFile) -> None:
    """Read every array, which has the shape that the file says."""
    for name in file.names:
        assert file.load(name).shape == file.shape(name)


def count_refused(
    path: Path, whole: bytes, rounds: int, changes: int, read: Callable[[WeightFile], None] = _read_all
) -> int:
    """How many of so many files are refused that differ from a whole one in fewer bytes than ``changes``.

    The others are read by ``read``, which may raise nothing else.
    """
    generator = np.random.default_rng(7)
    refused = 0
    for _ in range(rounds):
        data = bytearray(whole)
        for place in generator.integers(len(data), size=generator.integers(1, changes)):
            data[place] = generator.integers(256)
        path.write_bytes(data)
        try:
            with open_weights(path) as file:
                read(file)
        except DotnnError:
            refused += 1
    return refused
