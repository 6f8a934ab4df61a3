"""Archives of numpy, judged by numpy: layouts, damage, and nothing is unpickled."""

from __future__ import annotations

import io
import pickle  # noqa: TID251  to see that it is refused
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.diagnostics.weights import (
    DamagedWeightFile,
    MisshapenWeights,
    PickledWeights,
    WrongElementTypes,
)
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights

from tests.helpers.weight_bytes import FOUR, read_all
from tests.helpers.weight_helpers import (
    diagnostic_of,
    diagnostics_of,
    weight,
    write_file,
)


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
