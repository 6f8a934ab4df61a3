"""Weight files: what is read and written, judged by the safetensors library and by numpy."""

from __future__ import annotations

import io
import json
import os
import pickle  # noqa: TID251  to see that it is refused
import struct
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.diagnostics.output import NoDirectory
from dotnn.compiler.diagnostics.weights import (
    DamagedWeightFile,
    MisshapenWeights,
    PickledWeights,
    UnwritableName,
    WeightFileUnreadable,
    WeightFormatNotRead,
    WeightFormatNotWritten,
    WrongElementTypes,
)
from dotnn.compiler.export.weight_files import save_weights
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.initializers import Zeros
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.safetensors_file import LONGEST_HEADER
from dotnn.compiler.weights.values import WeightValues
from dotnn.compiler.weights.weight_file import WeightFile

from tests.helpers.graphs import run
from tests.helpers.weight_helpers import (
    arrays_for,
    count_refused,
    diagnostic_of,
    diagnostics_of,
    network,
    weight,
    write_file,
)


def read_all(path: Path) -> dict[str, np.ndarray]:
    with open_weights(path) as file:
        return {name: np.array(file.load(name)) for name in file.names}


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


def test_npz_files_in_other_layouts(tmp_path: Path) -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    path = tmp_path / "net.npz"
    np.savez_compressed(path, rows=array, columns=np.asfortranarray(array), big=array.astype(">f4"))
    found = read_all(path)
    for name in ("rows", "columns", "big"):
        np.testing.assert_array_equal(found[name], array)
    with open_weights(path) as file:
        assert file.element_type("big") == "float32"
        bound = bind_weights(file, [weight(name, 2, 3, 4) for name in ("rows", "columns", "big")])
        assert bound.load("big").dtype == np.dtype("=f4")


def test_safetensors_are_mapped_not_copied(tmp_path: Path) -> None:
    path = write_file(tmp_path / "net.safetensors", {"w": np.ones((1 << 20, 2), np.float32)})
    tracemalloc.start()
    try:
        with open_weights(path) as file:
            bound = bind_weights(file, [weight("w", 1 << 20, 2)])
            found = bound.load("w")
            peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
    assert not found.flags.writeable
    assert found.sum() == 2 << 20, "an array outlives the file that it was loaded from"


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


def content(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    """A `.safetensors` file with a header as it is, valid or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(start: int, end: int, *shape: Any, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


FOUR = b"\0" * 4
DAMAGED = {
    "empty": (b"", "it is empty"),
    "short": (b"\1\0\0", "only 3 bytes"),
    "length beyond the end": (content({}, length=1000), "announce a header of 1,000 bytes"),
    "length of 2^63": (content({}, length=1 << 63), "announce"),
    "no text": (content(b"\xff\xfe{}"), "no JSON"),
    "no JSON": (content(b"{'a': 1}"), "no JSON"),
    "a list": (content([]), "no JSON object"),
    "deep": (content(b"[" * 100_000), "nested too deeply"),
    "a huge number": (content(b'{"w":' + b"9" * 5000 + b"}"), "no JSON"),
    "notes that are none": (content({"__metadata__": 3}), "__metadata__"),
    "an entry that is none": (content({"w": 3}), "gives `w` no dtype"),
    "no dtype": (content({"w": {"shape": [1], "data_offsets": [0, 4]}}, FOUR), "gives `w` no dtype"),
    "unknown dtype": (content({"w": entry(0, 4, 1, dtype="F31")}, FOUR), "unknown type `F31`"),
    "dtype of another type": (content({"w": entry(0, 4, 1, dtype=[])}, FOUR), "gives `w` no dtype"),
    "three offsets": (content({"w": {**entry(0, 4, 1), "data_offsets": [0, 4, 4]}}, FOUR), "gives `w` no dtype"),
    "negative axis": (content({"w": entry(0, 4, -1, -1)}, FOUR), "impossible shape"),
    "axis that is true": (content({"w": entry(0, 4, True)}, FOUR), "impossible shape"),
    "fractional axis": (content({"w": entry(0, 4, 1.0)}, FOUR), "impossible shape"),
    "too many axes": (content({"w": entry(0, 4, *[1] * 99)}, FOUR), "impossible shape"),
    "negative offset": (content({"w": entry(-4, 0, 1)}, FOUR), "do not fit its shape"),
    "offsets turned round": (content({"w": entry(4, 0, 1)}, FOUR), "do not fit its shape"),
    "size of another shape": (content({"w": entry(0, 4, 2)}, FOUR), "do not fit its shape"),
    "an enormous shape": (content({"w": entry(0, 4, 1 << 62, 1 << 62)}, FOUR), "do not fit its shape"),
    "overlap": (content({"a": entry(0, 8, 2), "b": entry(4, 12, 2)}, FOUR * 3), "`b` overlap those of `a`"),
    "the same place": (content({"a": entry(0, 4, 1), "b": entry(0, 4, 1)}, FOUR), "overlap"),
    "a gap": (content({"a": entry(0, 4, 1), "b": entry(8, 12, 1)}, FOUR * 3), "4 bytes before `b` belong to no"),
    "a gap at the start": (content({"a": entry(4, 8, 1)}, FOUR * 2), "belong to no tensor"),
    "more at the end": (content({"a": entry(0, 4, 1)}, FOUR * 2), "last 4 bytes belong to no tensor"),
    "cut off": (content({"a": entry(0, 4, 1)}, b"\0\0\0"), "cut off"),
    "a name twice": (content(b'{"w":%b,"w":%b}' % ((json.dumps(entry(0, 4, 1)).encode(),) * 2), FOUR), "`w` twice"),
    "pickle": (pickle.dumps({"w": [1.0, 2.0]}, protocol=4), "nothing is ever unpickled"),
    "zip": (b"PK\x03\x04" + b"\x14\0\6\0" * 9, "zip archive"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5"),
    "web page": (b"<!DOCTYPE html>\n<html>", "web page"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
}


#: Where the library takes the last of two tensors, or more axes than numpy has.
STRICTER = ("a name twice", "too many axes")


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_safetensors(tmp_path: Path, case: str) -> None:
    data, words = DAMAGED[case]
    path = tmp_path / "net.safetensors"
    path.write_bytes(data)
    if case not in STRICTER:
        with pytest.raises(safetensors.SafetensorError):
            safetensors.deserialize(data)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()


def test_long_headers_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", LONGEST_HEADER + 1))
        stream.truncate(LONGEST_HEADER + 9)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert "at most 16,777,216 are read" in diagnostic.headline()


def test_the_order_of_a_header_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    body = np.arange(3, dtype="<f4").tobytes()
    path.write_bytes(content({"b": entry(4, 12, 2), "empty": entry(4, 4, 0), "a": entry(0, 4)}, body))
    found = read_all(path)
    assert list(found) == ["b", "empty", "a"]
    np.testing.assert_array_equal(found["b"], [1, 2])
    assert found["a"] == 0


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


class Exploding:
    """Leaves a trace if it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = tmp_path / "net.npz"
    np.savez(path, w=np.array([Exploding(trace)], dtype=object))
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, PickledWeights)
    assert diagnostic.name == "w"
    path.with_suffix(".safetensors").write_bytes(pickle.dumps(Exploding(trace)))
    assert isinstance(diagnostic_of(lambda: open_weights(path.with_suffix(".safetensors"))), DamagedWeightFile)
    assert not trace.exists()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def npy_with_header(header: str, body: bytes = b"", length: int | None = None) -> bytes:
    text = header.encode("latin1")
    return b"\x93NUMPY\2\0" + struct.pack("<I", len(text) if length is None else length) + text + body


F4_HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': %s}"
MEMBERS = {
    "no array": ([("w.npy", b"not an array")], "magic string"),
    "another member": ([("w.npy", npy(np.ones(2))), ("notes.txt", b"hello")], "`notes.txt`, which is no array"),
    "PyTorch's file": ([("archive/data.pkl", b"\x80\2}."), ("archive/data/0", FOUR)], "it is a PyTorch file"),
    "a name twice": ([("w.npy", npy(np.ones(2)))] * 2, "`w` twice"),
    "records": ([("w.npy", b"\x93NUMPY\3\0" + bytes(8))], "records"),
    "an unknown version": ([("w.npy", b"\x93NUMPY\x09\0" + bytes(8))], "9.0"),
    "less than declared": ([("w.npy", npy(np.ones(8))[:-1])], "do not fit"),
    "more than declared": ([("w.npy", npy(np.ones(8)) + b"\0")], "do not fit"),
    "an enormous shape": ([("w.npy", npy_with_header(F4_HEADER % "(1 << 70,)"))], ""),
    "a shape beyond memory": ([("w.npy", npy_with_header(F4_HEADER % f"({1 << 50}, {1 << 50})", FOUR))], "impossible"),
    "a shape beyond the file": ([("w.npy", npy_with_header(F4_HEADER % f"({1 << 50},)", FOUR))], "do not fit"),
    "a negative shape": ([("w.npy", npy_with_header(F4_HEADER % "(-1, -1)", FOUR))], "impossible"),
    "a long header": ([("w.npy", npy_with_header(F4_HEADER % "(1,)", bytes(1 << 20), 1 << 20))], ""),
    "a header of 4 GB": ([("w.npy", npy_with_header(F4_HEADER % "(1,)", b"", (1 << 32) - 1))], ""),
    "a nested header": ([("w.npy", npy_with_header("(" * 5000))], ""),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", MEMBERS)
def test_damaged_npz(tmp_path: Path, case: str) -> None:
    members, words = MEMBERS[case]
    path = tmp_path / "net.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()


def test_a_changed_number_in_an_npz_is_noticed(tmp_path: Path) -> None:
    path = write_file(tmp_path / "net.npz", {"w": np.full(10_000, 1.5, np.float32)})
    data = bytearray(path.read_bytes())
    data[30_000] ^= 1
    path.write_bytes(data)
    with open_weights(path) as file:
        diagnostic = diagnostic_of(lambda: bind_weights(file, [weight("w", 10_000)]).load("w"))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert "CRC" in diagnostic.headline()


def test_what_is_unpacked_is_bounded_by_the_model(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    np.savez_compressed(path, w=np.zeros(64 << 20, np.uint8))
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        with open_weights(path) as file:
            found = diagnostics_of(lambda: bind_weights(file, [weight("w", 3)]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {type(one) for one in found} == {MisshapenWeights, WrongElementTypes}
    assert peak < 4 << 20


# Writing ------------------------------------------------------------------------------------------------------------


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
