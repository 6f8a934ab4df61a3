"""Initializers of `.onnx` files as weights, judged by the onnx library."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.weight_formats import OutsideOfTheFolder
from dotnn.compiler.diagnostics.weights import DamagedWeightFile, WeightFileUnreadable
from dotnn.compiler.export.model_files import write_model
from dotnn.compiler.graph.tensors import Weight
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_file import WeightFile
from onnx import TensorProto, helper, numpy_helper

from tests.helpers.graphs import run
from tests.helpers.weight_helpers import arrays_for, diagnostic_of, network, weight

FLOATS = ("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ")
INTEGERS = ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "BOOL")


def write_tensors(path: Path, *tensors: TensorProto) -> Path:
    graph = helper.make_graph([], "net", [], [], list(tensors))
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return path


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("name", [*FLOATS, *INTEGERS, "COMPLEX64", "COMPLEX128"])
def test_every_element_type_is_read(tmp_path: Path, name: str, raw: bool) -> None:
    code = getattr(TensorProto, name)
    dtype = helper.tensor_dtype_to_np_dtype(code)
    numbers = [0, 1, 2.5, -3, 0.25, 7] if name in FLOATS else [0, 1, 2, 3, 100, 7]
    if name in ("INT8", "INT16", "INT32", "INT64"):
        numbers = [0, -1, 2, -128, 100, 7]
    array = np.array(numbers).astype(dtype).reshape(2, 3)
    values = array.tobytes() if raw else array.flatten().tolist()
    tensor = helper.make_tensor("w", code, (2, 3), values, raw=raw)
    expected = numpy_helper.to_array(tensor)
    path = write_tensors(tmp_path / "net.onnx", tensor)
    with open_weights(path) as file:
        assert file.names == ("w",)
        assert file.shape("w") == (2, 3)
        assert file.element_type("w") == dtype.name
        found = file.load("w")
        assert found.dtype == dtype
        assert found.tobytes() == expected.tobytes() == array.tobytes()


def test_float16_and_bfloat16_become_the_models_floats(tmp_path: Path) -> None:
    numbers = [0.5, -1.75, 3.0, 6.0]
    tensors = [
        helper.make_tensor(name, getattr(TensorProto, name), (4,), numbers)
        for name in ("FLOAT16", "BFLOAT16", "DOUBLE")
    ]
    with open_weights(write_tensors(tmp_path / "net.onnx", *tensors)) as file:
        bound = bind_weights(file, [weight(one.name, 4) for one in tensors])
        for one in tensors:
            assert bound.load(one.name).dtype == np.float32
            np.testing.assert_array_equal(bound.load(one.name), numbers)


def test_scalars_and_empty_tensors(tmp_path: Path) -> None:
    tensors = [numpy_helper.from_array(np.array(2.5, np.float32), "s"), numpy_helper.from_array(np.ones((2, 0)), "e")]
    with open_weights(write_tensors(tmp_path / "net.onnx", *tensors)) as file:
        assert file.load("s") == np.float32(2.5)
        assert file.load("e").shape == (2, 0)


def test_numbers_that_are_not_packed(tmp_path: Path) -> None:
    """Writers of the older protocol buffers make each number a field of its own; both kinds may be mixed."""
    single = b"".join(b"\x38" + bytes((value,)) for value in (5, 6))
    packed = b"\x3a\x03\x07\x80\x01"
    tensor = b"\x08\x04\x10\x07\x42\x01w" + single + packed
    floats = b"\x08\x02\x10\x01\x42\x01f" + b"".join(b"\x25" + np.float32(value).tobytes() for value in (1.5, -2))
    graph = b"".join(b"\x2a" + bytes((len(one),)) + one for one in (tensor, floats))
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x08\x0a\x3a" + bytes((len(graph),)) + graph)
    by_library = onnx.load(path).graph.initializer
    with open_weights(path) as file:
        for one in by_library:
            np.testing.assert_array_equal(file.load(one.name), numpy_helper.to_array(one))
        assert file.load("w").tolist() == [5, 6, 7, 128]
        assert file.load("f").tolist() == [1.5, -2]


TEXT = """
    model m() {
        input x: float32[N, 3, 8, 8]
        output y = x -> conv: conv2d(4, kernel=3) -> bn: batch_norm -> relu -> flatten -> fc: dense(5)
    }
"""


@pytest.mark.parametrize("threshold", [None, 0])
def test_our_own_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threshold: int | None) -> None:
    """Also those with their numbers in a file beside them."""
    monkeypatch.setitem(write_model.__kwdefaults__, "external_threshold", threshold)
    compiled = compile_source(TEXT)
    path = tmp_path / "first.onnx"
    compiled.save(path, optimize=False, seed=5)
    assert len(list(tmp_path.iterdir())) == (1 if threshold is None else 2)
    feeds = {"x": np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)}
    with open_weights(path) as file:
        assert {one.name for one in compiled.graph.weights()} <= set(file.names)
        bound = bind_weights(Chosen(file, compiled.graph.weights()), compiled.graph.weights())
        model = compiled.to_bytes(optimize=False, seed=6, weights=bound)
    expected = run(compiled.to_bytes(optimize=False, seed=5), feeds)["y"]
    np.testing.assert_array_equal(run(model, feeds)["y"], expected)


class Chosen:
    """A file without the tensors that the model does not name: constants of the exporter."""

    def __init__(self, file: WeightFile, weights: Iterable[Weight]) -> None:
        self._file = file
        self.names = tuple(weight.name for weight in weights)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_what_is_derived_from_a_weight_is_named_so(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    compile_source(TEXT).save(path, seed=5)
    with open_weights(path) as file:
        assert any(":" in name for name in file.names), file.names
        assert {one.name for one in onnx.load(path).graph.initializer} == set(file.names)


def write_external(path: Path, **entries: str) -> Path:
    """A model whose two tensors lie in a file, but for what is said otherwise."""
    tensors = []
    for index, name in enumerate(("a", "b")):
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=(3,), data_location=TensorProto.EXTERNAL)
        facts = {"location": "net.data", "offset": str(index * 16), "length": "12"} | entries
        for key, value in facts.items():
            tensor.external_data.add(key=key, value=value)
        tensors.append(tensor)
    (path.parent / "net.data").write_bytes(np.arange(7, dtype=np.float32).tobytes())
    return write_tensors(path, *tensors)


def test_external_data(tmp_path: Path) -> None:
    path = write_external(tmp_path / "net.onnx")
    by_library = onnx.load(path).graph.initializer
    with open_weights(path) as file:
        arrays = {name: file.load(name) for name in file.names}
    for one in by_library:
        np.testing.assert_array_equal(arrays[one.name], numpy_helper.to_array(one))
    assert arrays["b"].tolist() == [4, 5, 6]


def test_external_data_in_many_files(tmp_path: Path) -> None:
    tensors = []
    for index in range(5):
        tensor = TensorProto(
            name=f"t{index}", data_type=TensorProto.FLOAT, dims=(2,), data_location=TensorProto.EXTERNAL
        )
        tensor.external_data.add(key="location", value=f"sub/{index}.bin")
        tensors.append(tensor)
    (tmp_path / "sub").mkdir()
    for index in range(5):
        (tmp_path / "sub" / f"{index}.bin").write_bytes(np.float32([index, -index]).tobytes())
    with open_weights(write_tensors(tmp_path / "net.onnx", *tensors)) as file:
        arrays = [file.load(name) for name in file.names]
    assert [array.tolist() for array in arrays] == [[index, -index] for index in range(5)]


@pytest.mark.parametrize(
    ("entries", "kind", "words"),
    [
        ({"location": "../net.data"}, OutsideOfTheFolder, "../net.data"),
        ({"location": "/etc/passwd"}, OutsideOfTheFolder, "/etc/passwd"),
        ({"location": ""}, OutsideOfTheFolder, ""),
        ({"location": "none.data"}, WeightFileUnreadable, "none.data"),
        ({"location": "."}, OutsideOfTheFolder, ""),
        ({"location": "folder"}, WeightFileUnreadable, "folder"),
        ({"offset": "20"}, DamagedWeightFile, "too short"),
        ({"offset": "99999999999999999"}, DamagedWeightFile, "too short"),
        ({"offset": "-4"}, DamagedWeightFile, "no number"),
        ({"offset": "9" * 5000}, DamagedWeightFile, "no number"),
        ({"offset": "٣"}, DamagedWeightFile, "no number"),
        ({"length": "8"}, DamagedWeightFile, "do not fit"),
    ],
)
def test_damaged_external_data(tmp_path: Path, entries: dict[str, str], kind: type, words: str) -> None:
    (tmp_path / "in" / "folder").mkdir(parents=True)
    (tmp_path / "net.data").write_bytes(bytes(100))
    path = write_external(tmp_path / "in" / "net.onnx", **entries)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, kind)
    assert words in diagnostic.headline()


def test_external_data_behind_a_link(tmp_path: Path) -> None:
    path = write_external(tmp_path / "net.onnx")
    inner = tmp_path / "in"
    inner.mkdir()
    (inner / "net.onnx").write_bytes(path.read_bytes())
    (inner / "net.data").symlink_to(tmp_path / "net.data")
    assert isinstance(diagnostic_of(lambda: open_weights(inner / "net.onnx")), OutsideOfTheFolder)


def test_external_data_that_becomes_shorter(tmp_path: Path) -> None:
    path = write_external(tmp_path / "net.onnx")
    with open_weights(path) as file:
        (tmp_path / "net.data").write_bytes(b"")
        assert isinstance(diagnostic_of(lambda: file.load("a")), DamagedWeightFile)


def tensor_with(**facts: Any) -> TensorProto:
    return TensorProto(**({"name": "w", "data_type": 1, "dims": (2,), "raw_data": bytes(8)} | facts))


TENSORS: dict[str, tuple[list[TensorProto], str]] = {
    "no name": ([tensor_with(name="")], "has no name"),
    "a name twice": ([tensor_with(), tensor_with()], "`w` twice"),
    "unknown type": ([tensor_with(data_type=99)], "unknown type 99"),
    "no type": ([tensor_with(data_type=0)], "unknown type 0"),
    "negative": ([tensor_with(dims=(-1, -2))], "impossible"),
    "enormous": ([tensor_with(dims=(1 << 40, 1 << 40))], "impossible"),
    "empty and enormous": ([tensor_with(dims=(0, 1 << 62), raw_data=b"")], "impossible"),
    "many axes": ([tensor_with(dims=(1,) * 40)], "too many axes"),
    "8 GB": ([tensor_with(dims=(1 << 31,))], "do not fit its shape"),
    "too short": ([tensor_with(raw_data=bytes(7))], "do not fit its shape"),
    "typed, too few": ([TensorProto(name="w", data_type=1, dims=(2,), float_data=(1.0,))], "do not fit its shape"),
    "typed, wrong kind": ([TensorProto(name="w", data_type=1, dims=(2,), int64_data=(1, 2))], "do not fit its shape"),
    "nothing": ([TensorProto(name="w", data_type=1, dims=(2,))], "do not fit its shape"),
    "segments": ([tensor_with(segment=TensorProto.Segment(begin=0, end=1))], "segments"),
    "a long name": ([tensor_with(name="w" * 100_000)], "too long"),
}


@pytest.mark.parametrize("case", TENSORS)
def test_damaged_tensors(tmp_path: Path, case: str) -> None:
    tensors, words = TENSORS[case]
    path = write_tensors(tmp_path / "net.onnx", *tensors)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x08\x0a", "no model"),
        (b"hello, world", ""),
        (b"\x08", "does not end"),
        (b"\x08" + b"\xff" * 20, "does not end"),
        (b"\x08\x0a\x3a\xff\xff\xff\xff\x7f", "goes beyond"),
        (b"\x08\x0a\x3b\x08", "unknown kind"),
        (b"\x08\x0a\x00\x08", "no number"),
        (b"\x08\x0a\x3a\x00\x3a\x00", "no model"),
        (b"\x08\x0a\x3a\x02\x2a\x00", "has no name"),
        (b"\x08\x0a\x3a\x02\x7a\x00", "sparse"),
        (b"\x08\x0a\x3a\x05\x2a\x03\x42\x01\xff", "no text"),
    ],
)
def test_damaged_messages(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert words in diagnostic.headline()


def test_types_that_numpy_lacks_are_named_and_not_read(tmp_path: Path) -> None:
    four = helper.make_tensor("four", TensorProto.INT4, (3,), [1, 2, 3])
    text = helper.make_tensor("text", TensorProto.STRING, (1,), [b"hello"])
    with open_weights(write_tensors(tmp_path / "net.onnx", four, text)) as file:
        assert (file.element_type("four"), file.element_type("text")) == ("int4", "string")
        for name in file.names:
            assert isinstance(diagnostic_of(lambda name=name: file.load(name)), DamagedWeightFile)
        assert {one.code for one in _misfits(file)} == {"E812"}


def _misfits(file: Any) -> tuple[Any, ...]:
    with pytest.raises(DotnnError) as caught:
        bind_weights(file, [])
    return caught.value.diagnostics


def test_numbers_are_not_copied(tmp_path: Path) -> None:
    tensor = numpy_helper.from_array(np.ones((1 << 20, 2), np.float32), "w")
    path = write_tensors(tmp_path / "net.onnx", tensor)
    tracemalloc.start()
    try:
        with open_weights(path) as file:
            found = file.load("w")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
    assert found.sum() == 2 << 20, "an array outlives the file that it was loaded from"
    assert not found.flags.writeable


def test_files_are_given_back(tmp_path: Path) -> None:
    folder = Path("/proc/self/fd")
    before = len(os.listdir(folder)) if folder.is_dir() else 0
    path = write_external(tmp_path / "net.onnx")
    with open_weights(path) as file:
        file.load("a")
    path.write_bytes(path.read_bytes()[:-1])
    diagnostic_of(lambda: open_weights(path))
    if folder.is_dir():
        assert len(os.listdir(folder)) == before


def test_changed_bytes_never_crash(tmp_path: Path) -> None:
    weights = network()
    typed = helper.make_tensor("n", TensorProto.FLOAT16, (4,), [1, 2, 3, 4])
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays_for(weights).items()]
    whole = write_tensors(tmp_path / "whole.onnx", typed, *tensors).read_bytes()
    path = tmp_path / "net.onnx"
    generator = np.random.default_rng(7)
    places = np.flatnonzero(np.frombuffer(whole, np.uint8) < 128)
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for place in generator.choice(places, size=generator.integers(1, 4)):
            data[place] = generator.integers(256)
        path.write_bytes(data)
        try:
            with open_weights(path) as file:
                assert [file.load(name).shape for name in file.names if file.element_type(name) != "string"]
        except DotnnError:
            refused += 1
    assert refused > 20
