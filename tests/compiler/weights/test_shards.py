"""Weights in several `.safetensors` files, with an index as the Hugging Face libraries write it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.diagnostics.weight_formats import OneShardOfSeveral, OutsideOfTheFolder, ShardsDoNotFit
from dotnn.compiler.diagnostics.weights import DamagedWeightFile, WeightFileUnreadable
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.bounded_json import LONGEST
from dotnn.compiler.weights.readers import open_weights

from tests.helpers.weight_helpers import arrays_for, diagnostic_of, network

INDEX = "model.safetensors.index.json"
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def write_shards(folder: Path, shards: Mapping[str, Mapping[str, np.ndarray]]) -> Path:
    """The files, and the index that fits them."""
    for name, arrays in shards.items():
        safetensors.numpy.save_file(dict(arrays), folder / name)
    places = {tensor: name for name, arrays in shards.items() for tensor in arrays}
    return write_index(folder, places)


def write_index(folder: Path, places: Mapping[str, Any]) -> Path:
    path = folder / INDEX
    path.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return path


def two_shards(folder: Path, dtype: Any = np.float32) -> tuple[Path, dict[str, np.ndarray]]:
    arrays = {name: array.astype(dtype) for name, array in arrays_for(network()).items()}
    halves = {FIRST: dict(list(arrays.items())[:3]), SECOND: dict(list(arrays.items())[3:])}
    return write_shards(folder, halves), arrays


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_all_files_are_read_as_one(tmp_path: Path, dtype: Any) -> None:
    path, arrays = two_shards(tmp_path, dtype)
    with open_weights(path) as file:
        assert file.path == str(path)
        assert file.names == tuple(arrays)
        assert {file.element_type(name) for name in file.names} == {np.dtype(dtype).name}
        bound = bind_weights(file, network())
        for name, array in arrays.items():
            assert bound.load(name).dtype == np.float32
            np.testing.assert_array_equal(bound.load(name), array.astype(np.float32))


def test_files_are_given_back(tmp_path: Path) -> None:
    path, arrays = two_shards(tmp_path)
    folder = Path("/proc/self/fd")
    before = len(os.listdir(folder)) if folder.is_dir() else 0
    with open_weights(path) as file:
        array = file.load("fc.weight")
    write_index(tmp_path, {**dict.fromkeys(arrays, FIRST)})
    diagnostic_of(lambda: open_weights(path))
    np.testing.assert_array_equal(array, arrays["fc.weight"])
    del array, file
    if folder.is_dir():
        assert len(os.listdir(folder)) == before


@pytest.mark.parametrize("is_there", [True, False])
def test_one_of_several_files_tells_of_the_index(tmp_path: Path, is_there: bool) -> None:
    path, arrays = two_shards(tmp_path)
    if not is_there:
        path.unlink()
    diagnostic = diagnostic_of(lambda: open_weights(tmp_path / SECOND))
    assert isinstance(diagnostic, OneShardOfSeveral)
    assert "file 2 of 2" in diagnostic.headline()
    assert INDEX in diagnostic.advice()
    assert ("is not there" in diagnostic.advice()) != is_there
    with open_weights(tmp_path / SECOND, whole=False) as file:
        assert set(file.names) == set(list(arrays)[3:])


def test_the_only_file_is_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "model-00001-of-00001.safetensors"
    safetensors.numpy.save_file(arrays_for(network()), path)
    with open_weights(path) as file:
        assert len(file.names) == len(network())


def faults(diagnostic: Diagnostic) -> str:
    assert isinstance(diagnostic, ShardsDoNotFit)
    return "\n".join(diagnostic.notes())


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    path, _ = two_shards(tmp_path)
    (tmp_path / SECOND).unlink()
    assert f"`{SECOND}` is not there" in faults(diagnostic_of(lambda: open_weights(path)))


def test_a_part_that_the_index_does_not_name(tmp_path: Path) -> None:
    path, arrays = two_shards(tmp_path)
    write_index(tmp_path, dict.fromkeys(list(arrays)[:3], FIRST))
    assert "2 files, of which it names 1" in faults(diagnostic_of(lambda: open_weights(path)))


def test_tensors_in_other_files_than_the_index_says(tmp_path: Path) -> None:
    path, arrays = two_shards(tmp_path)
    places = {name: FIRST if place < 3 else SECOND for place, name in enumerate(arrays)}
    write_index(tmp_path, places | {"conv1.weight": SECOND, "lost": FIRST})
    said = faults(diagnostic_of(lambda: open_weights(path)))
    assert f"`conv1.weight` is not in `{SECOND}`, but in `{FIRST}`" in said
    assert f"`lost` is not in `{FIRST}`" in said
    del places["fc.bias"]
    write_index(tmp_path, places)
    said = faults(diagnostic_of(lambda: open_weights(path)))
    assert said == f"`fc.bias` is in `{SECOND}`, and the index does not name it"


def test_a_tensor_in_two_files(tmp_path: Path) -> None:
    arrays = {"a": np.ones(2), "b": np.ones(3)}
    path = write_shards(tmp_path, {"one.safetensors": arrays, "two.safetensors": {"a": np.zeros(2), "c": np.ones(1)}})
    write_index(tmp_path, {"a": "one.safetensors", "b": "one.safetensors", "c": "two.safetensors"})
    assert "`a` is in `two.safetensors` and in `one.safetensors`" in faults(diagnostic_of(lambda: open_weights(path)))


def test_many_faults_are_counted(tmp_path: Path) -> None:
    path, _ = two_shards(tmp_path)
    write_index(tmp_path, {f"t{index}": FIRST for index in range(1000)})
    assert faults(diagnostic_of(lambda: open_weights(path))).count("\n") == 10


@pytest.mark.parametrize(
    "name",
    [
        "../other.safetensors",
        "/etc/passwd",
        "a/../../b",
        "..\\b",
        "C:\\b",
        "C:b",
        "\\\\host\\b",
        "",
        "\0",
        "a\0b",
        "..",
    ],
)
def test_names_that_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    safetensors.numpy.save_file({"w": np.ones(3)}, tmp_path / "other.safetensors")
    path = write_index(inner, {"w": name})
    assert isinstance(diagnostic_of(lambda: open_weights(path)), OutsideOfTheFolder)


def test_links_that_lead_out_of_the_folder(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    safetensors.numpy.save_file({"w": np.ones(3)}, tmp_path / "other.safetensors")
    (inner / "link.safetensors").symlink_to(tmp_path / "other.safetensors")
    path = write_index(inner, {"w": "link.safetensors"})
    assert isinstance(diagnostic_of(lambda: open_weights(path)), OutsideOfTheFolder)


def test_a_cache_of_links_is_read(tmp_path: Path) -> None:
    """As Hugging Face's cache: all files are links into one folder."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "0"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    _, arrays = two_shards(blobs)
    for name in (INDEX, FIRST, SECOND):
        (snapshot / name).symlink_to(blobs / name)
    with open_weights(snapshot / INDEX) as file:
        assert file.names == tuple(arrays)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    path = write_index(tmp_path, {"w": "x" * 5000})
    assert "is not there" in faults(diagnostic_of(lambda: open_weights(path)))


def test_what_a_part_may_be(tmp_path: Path) -> None:
    path, _ = two_shards(tmp_path)
    (tmp_path / SECOND).write_bytes((tmp_path / SECOND).read_bytes()[:-1])
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert SECOND in diagnostic.headline()
    (tmp_path / SECOND).unlink()
    (tmp_path / SECOND).mkdir()
    assert isinstance(diagnostic_of(lambda: open_weights(path)), WeightFileUnreadable)


INDICES = {
    "empty": (b"", "no JSON"),
    "no JSON": (b"{'weight_map'}", "no JSON"),
    "a list": (b"[]", "weight_map"),
    "no map": (b"{}", "weight_map"),
    "a map that is none": (b'{"weight_map": ["a"]}', "weight_map"),
    "a place that is none": (b'{"weight_map": {"a": 3}}', "weight_map"),
    "a name twice": (b'{"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}}', "`a` twice"),
    "deep": (b'{"weight_map": ' + b"[" * 100_000, "nested too deeply"),
    "digits": (b'{"weight_map": ' + b"9" * 5000 + b"}", "no JSON"),
    "no text": (b"\xff\xfe", "no JSON"),
    "many files": (json.dumps({"weight_map": {str(i): f"{i}.safetensors" for i in range(600)}}).encode(), "600 files"),
    "long": (b" " * (LONGEST + 9), "at most"),
}


@pytest.mark.parametrize("case", INDICES)
def test_damaged_indices(tmp_path: Path, case: str) -> None:
    content, words = INDICES[case]
    path = tmp_path / INDEX
    path.write_bytes(content)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()
