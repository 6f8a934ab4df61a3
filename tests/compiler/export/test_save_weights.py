"""Weight files that are written, judged by the libraries that read them."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.diagnostics.weights import (
    UnwritableName,
    WeightFormatNotWritten,
)
from dotnn.compiler.diagnostics.writing import NoDirectory
from dotnn.compiler.export.save_weights import save_weights
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.initializers import Zeros
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import run
from tests.helpers.weight_helpers import (
    diagnostic_of,
    network,
    weight,
)


def mixed() -> list[Weight]:
    """All element types, in no order, with names that must be escaped."""
    types = (DType.FLOAT16, DType.FLOAT32, DType.FLOAT64)
    weights = [weight(f"{'zyx'[index]}.é{index}", 3, index + 1, dtype=one) for index, one in enumerate(types)]
    for dtype in (DType.BFLOAT16, DType.INT64, DType.INT32, DType.INT8, DType.UINT8, DType.BOOL):
        weights.append(Weight(f"n.{dtype}", (5,), dtype, Literal((5,), (0, 1, 0, 1, 1)), Fan(1, 1)))
    return [*weights, Weight("a.scalar", (), DType.FLOAT32, Literal((), (2.5,)), Fan(1, 1))]


@pytest.mark.parametrize("suffix", [".safetensors", ".npz", ".NPZ"])
def test_a_round_trip_is_exact(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    save_weights(path, mixed(), WeightValues(3))
    with open_weights(path) as file:
        bound = bind_weights(file, mixed())
        for one in mixed():
            expected = WeightValues(3).values(one)
            assert bound.load(one.name).tobytes() == expected.tobytes()
            assert bound.load(one.name).dtype == expected.dtype


def test_safetensors_are_the_bytes_of_the_library(tmp_path: Path) -> None:
    path, theirs = tmp_path / "net.safetensors", tmp_path / "theirs.safetensors"
    values = WeightValues(1)
    save_weights(path, mixed(), values)
    tensors = {one.name: np.array(values.values(one)) for one in reversed(mixed())}
    safetensors.numpy.save_file(tensors, theirs, metadata={"format": "pt"})
    assert path.read_bytes() == theirs.read_bytes()


def test_the_libraries_load_what_is_written(tmp_path: Path) -> None:
    values = WeightValues(2)
    for suffix in (".safetensors", ".npz"):
        save_weights(tmp_path / f"net{suffix}", network(), values)
    with np.load(tmp_path / "net.npz", allow_pickle=False) as archive:
        from_numpy = dict(archive)
    assert list(from_numpy) == [one.name for one in network()]
    from_safetensors = safetensors.numpy.load_file(tmp_path / "net.safetensors")
    for one in network():
        np.testing.assert_array_equal(from_numpy[one.name], values.values(one))
        np.testing.assert_array_equal(from_safetensors[one.name], values.values(one))
    with safetensors.safe_open(tmp_path / "net.safetensors", framework="numpy") as file:
        assert file.metadata() == {"format": "pt"}
    with zipfile.ZipFile(tmp_path / "net.npz") as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_one_tensor_is_held_at_a_time(tmp_path: Path, suffix: str) -> None:
    weights = [weight(f"layer{index}.weight", 1 << 18) for index in range(16)]
    values = WeightValues()
    save_weights(tmp_path / f"warm{suffix}", weights[:1], values)
    tracemalloc.start()
    try:
        save_weights(tmp_path / f"net{suffix}", weights, values)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / f"net{suffix}").stat().st_size > 16 << 20
    assert peak < 4 << 20


class Failing(WeightValues):
    """Stops at the last weight."""

    def values(self, tensor: Weight) -> np.ndarray:
        if tensor.name == "fc.weight":
            raise KeyboardInterrupt
        return super().values(tensor)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_an_existing_file_survives(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    save_weights(path, network(), WeightValues(1))
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        save_weights(path, network(), Failing(2))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    save_weights(path, network(), WeightValues(1))
    assert path.read_bytes() == before, "the same weights give the same bytes"
    save_weights(path, network(), WeightValues(2))
    assert path.read_bytes() != before


def test_what_cannot_be_written(tmp_path: Path) -> None:
    def fault(path: Path, weights: Sequence[Weight]) -> Diagnostic:
        return diagnostic_of(lambda: save_weights(path, weights, WeightValues()))

    for name in ("net.ckpt", "net.onnx", "net.weights.h5", "net", "net.safetensors.index.json"):
        diagnostic = fault(tmp_path / name, network())
        assert isinstance(diagnostic, WeightFormatNotWritten)
        assert "`net.safetensors`" in diagnostic.advice()
        assert ".safetensors, .npz" in diagnostic.headline()
    assert isinstance(fault(tmp_path / "none" / "net.npz", network()), NoDirectory)
    reserved = [Weight("__metadata__", (1,), DType.FLOAT32, Zeros(), Fan(1, 1))]
    assert isinstance(fault(tmp_path / "net.safetensors", reserved), UnwritableName)
    assert list(tmp_path.iterdir()) == []


def test_a_model_with_saved_weights_is_the_same_model(tmp_path: Path) -> None:
    text = """
        model m() {
            input x: float32[N, 3, 8, 8]
            output y = x -> conv: conv2d(4, kernel=3) -> bn: batch_norm -> relu
                -> fold: conv2d(1, kernel=1, weight=[[[[1]], [[2]], [[3]], [[4]]]], bias=false)
        }
    """
    compiled = compile_source(text)
    feeds = {"x": np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)}
    expected = run(compiled.to_bytes(optimize=False, seed=5), feeds)["y"]
    for suffix in (".safetensors", ".npz"):
        path = tmp_path / f"net{suffix}"
        save_weights(path, compiled.graph.weights(), WeightValues(5))
        with open_weights(path) as file:
            model = compiled.to_bytes(optimize=False, seed=6, weights=bind_weights(file, compiled.graph.weights()))
        np.testing.assert_array_equal(run(model, feeds)["y"], expected)
    assert np.abs(run(compiled.to_bytes(optimize=False, seed=6), feeds)["y"] - expected).max() > 1e-3
