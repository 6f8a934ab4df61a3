"""Weight files of any format: what is read, and what is said of what is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from dotnn.compiler.diagnostics.weights import (
    DamagedWeightFile,
    WeightFileUnreadable,
    WeightFormatNotRead,
)
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_file import WeightFile

from tests.helpers.weight_bytes import content, entry
from tests.helpers.weight_helpers import (
    arrays_for,
    count_refused,
    diagnostic_of,
    weight,
    write_file,
)

# Reading ------------------------------------------------------------------------------------------------------------


ELEMENTS = [bool, "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8"]


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
@pytest.mark.parametrize("element", ELEMENTS)
def test_every_element_type_is_read(tmp_path: Path, suffix: str, element: Any) -> None:
    array = (np.arange(24).reshape(2, 3, 4) % 5 - 1).astype(element)
    path = write_file(tmp_path / f"net{suffix}", {"a.b": array, "scalar": array[0, 0, 1], "none": array[:, :0]})
    with open_weights(path) as file:
        assert file.path == str(path)
        assert set(file.names) == {"a.b", "scalar", "none"}
        assert (file.shape("a.b"), file.shape("scalar"), file.shape("none")) == ((2, 3, 4), (), (2, 0, 4))
        assert file.element_type("a.b") == array.dtype.name
        for name, expected in (("a.b", array), ("scalar", array[0, 0, 1]), ("none", array[:, :0])):
            found = file.load(name)
            assert found.dtype == array.dtype
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("code", "dtype"),
    [("BF16", ml_dtypes.bfloat16), ("F8_E4M3", ml_dtypes.float8_e4m3fn), ("F8_E5M2", ml_dtypes.float8_e5m2)],
)
def test_element_types_that_numpy_lacks_become_float32(tmp_path: Path, code: str, dtype: Any) -> None:
    values = np.array([[0.5, -1.75, 3.0], [-0.0, 0.125, 6.0]], dtype)
    path = tmp_path / "net.safetensors"
    path.write_bytes(content({"w": entry(0, values.nbytes, 2, 3, dtype=code)}, values.tobytes()))
    with open_weights(path) as file:
        found = bind_weights(file, [weight("w", 2, 3)]).load("w")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[0.5, -1.75, 3.0], [-0.0, 0.125, 6.0]])


def test_files_are_given_back(tmp_path: Path) -> None:
    opened = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    for suffix in (".safetensors", ".npz"):
        path = write_file(tmp_path / f"net{suffix}", {"w": np.ones(3, np.float32)})
        with open_weights(path) as file:
            file.load("w")
        damaged = tmp_path / f"damaged{suffix}"
        damaged.write_bytes(path.read_bytes()[:-3])
        assert isinstance(diagnostic_of(lambda damaged=damaged: open_weights(damaged)), DamagedWeightFile)
    if opened:
        assert len(os.listdir("/proc/self/fd")) == opened


# Files that are refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("net.ckpt", "save_file"),
        ("net.PKL", "save_file"),
        ("net.npy", "np.savez"),
        ("net.json", ".safetensors.index.json"),
        ("weights", "weights are read from .safetensors, "),
        (".npz", "weights are read from "),
    ],
)
def test_other_formats_say_what_to_do(tmp_path: Path, name: str, words: str) -> None:
    diagnostic = diagnostic_of(lambda: open_weights(tmp_path / name))
    assert isinstance(diagnostic, WeightFormatNotRead)
    assert words in diagnostic.advice()


@pytest.mark.parametrize("name", ["none.npz", "folder.npz", "folder.safetensors", "pipe.safetensors", "a\0b.npz"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    if name.startswith("pipe"):
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no pipes with names")
        os.mkfifo(tmp_path / name)
    assert isinstance(diagnostic_of(lambda: open_weights(tmp_path / name)), WeightFileUnreadable)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_no_prefix_of_a_file_is_read_as_a_whole(tmp_path: Path, suffix: str) -> None:
    whole = write_file(tmp_path / f"whole{suffix}", {"a": np.ones((2, 2), np.float32), "b": np.ones(3)}).read_bytes()
    path = tmp_path / f"net{suffix}"
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        assert isinstance(diagnostic_of(lambda: open_weights(path)), DamagedWeightFile)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_changed_bytes_never_crash(tmp_path: Path, suffix: str) -> None:
    weights = [weight("a", 2, 2), weight("b", 3)]
    whole = write_file(tmp_path / f"whole{suffix}", arrays_for(weights)).read_bytes()
    path = tmp_path / f"net{suffix}"

    def bind(file: WeightFile) -> None:
        bound = bind_weights(file, weights)
        assert [bound.load(name).shape for name in bound.names]

    assert count_refused(path, whole, 300, 4, bind) > 100
