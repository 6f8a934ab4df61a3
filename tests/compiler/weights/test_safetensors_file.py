"""Files of safetensors, judged by that library."""

from __future__ import annotations

import json
import pickle  # noqa: TID251  to see that it is refused
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from dotnn.compiler.diagnostics.weights import (
    DamagedWeightFile,
)
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.safetensors_file import LONGEST_HEADER

from tests.helpers.weight_bytes import FOUR, content, entry, read_all
from tests.helpers.weight_helpers import (
    diagnostic_of,
    weight,
    write_file,
)


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
