"""`dotnn weights`: a file listed, matched to a model, and written in another format."""

from __future__ import annotations

import json
import os
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.statistics import statistics_of
from safetensors.numpy import load_file, save_file

from tests.helpers.cli_calls import codes, dotnn, process
from tests.helpers.weight_helpers import write_file

NET = "model net { input x: float32[N, 3] output y = x -> a: dense(4) -> relu -> b: dense(2) }"


def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(3)
    return {
        "a.weight": generator.normal(size=(4, 3)).astype(np.float32),
        "a.bias": np.array([0, 0, 0, 2], np.float32),
        "b.weight": generator.normal(size=(2, 4)).astype(np.float16),
        "b.bias": np.array([1, 3], np.float64),
    }


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.nn").write_text(NET)
    write_file(tmp_path / "net.safetensors", arrays())
    np.savez("net.npz", **arrays())  # pyright: ignore[reportArgumentType]


# List -----------------------------------------------------------------------------------------------------------------


def test_a_list_as_text() -> None:
    done = dotnn("weights", "net.npz")
    assert (done.code, done.err) == (0, "")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in done.out.splitlines() if "." in line.split(" ")[0]}
    assert rows["a.bias"] == "float32 [4] 0.5 0.866 0 2 75%"
    assert rows["b.bias"] == "float64 [2] 2 1 1 3"
    assert [line for line in done.out.splitlines() if line.endswith(" 26")] == ["numbers:              26"]


@pytest.mark.parametrize("name", ["net.safetensors", "net.npz"])
def test_a_list_as_json(name: str) -> None:
    found = json.loads(dotnn("weights", name, "--json").out)
    by_name = {one["name"]: one for one in found["tensors"]}
    assert set(by_name) == set(arrays())
    for key, array in arrays().items():
        one, doubles = by_name[key], array.astype(np.float64)
        assert (one["dtype"], one["shape"], one["bytes"]) == (array.dtype.name, list(array.shape), array.nbytes)
        expected = (doubles.mean(), doubles.std(), doubles.min(), doubles.max())
        np.testing.assert_allclose([one[word] for word in ("mean", "std", "min", "max")], expected, rtol=1e-12)
        assert one["zeros"] == (array == 0).sum()
    assert found["totals"] == {"tensors": 4, "elements": 26, "bytes": 96, "zeros": 3, "not_finite": 0}


def test_what_is_not_finite_is_counted_and_left_out_of_the_statistics() -> None:
    np.savez("bad.npz", x=np.array([1, np.nan, np.inf, 3, -np.inf], np.float32), y=np.full(2, np.nan))
    (x, y) = json.loads(dotnn("weights", "bad.npz", "--json").out)["tensors"]
    assert (x["mean"], x["std"], x["min"], x["max"], x["not_finite"]) == (2, 1, 1, 3, 3)
    assert (y["mean"], y["min"], y["not_finite"]) == (None, None, 2)


def test_tensors_without_numbers_or_names_to_show() -> None:
    save_file({"a\x1b[2J": np.zeros((0, 3), np.float32), "c": np.zeros(1, np.complex64)}, "odd.safetensors")
    done = dotnn("weights", "odd.safetensors")
    assert done.code == 0
    assert "a\\x1b[2J  float32" in done.out.replace("    ", "  ").replace("   ", "  ")


def test_one_of_several_files_is_listed_by_itself() -> None:
    os.rename("net.safetensors", "net-00001-of-00002.safetensors")
    assert dotnn("weights", "net-00001-of-00002.safetensors").code == 0
    assert dotnn("weights", "convert", "net-00001-of-00002.safetensors", "out.npz").code == 2


def test_a_damaged_file() -> None:
    Path("bad.safetensors").write_bytes(b"\0" * 20)
    done = dotnn("weights", "bad.safetensors")
    assert (done.code, done.out, codes(done.err)) == (2, "", ["E803"])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ml_dtypes.bfloat16, np.int64, np.bool_])
def test_statistics_in_pieces(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dotnn.compiler.weights.statistics._PIECE", 7)
    array = np.random.default_rng(1).normal(3, 2, (5, 9)).astype(kind)
    found, doubles = statistics_of(array.T), array.astype(np.float64)
    assert found is not None
    expected = (doubles.mean(), doubles.std(), doubles.min(), doubles.max(), (doubles == 0).sum(), 0)
    np.testing.assert_allclose(
        (found.mean, found.deviation, found.least, found.greatest, found.zeros, found.not_finite), expected, rtol=1e-12
    )


def test_statistics_of_extremes_do_not_overflow() -> None:
    found = statistics_of(np.array([1.7e308, -1.7e308]))
    assert found is not None
    assert (found.mean, found.deviation) == (0, 1.7e308)


# Match ----------------------------------------------------------------------------------------------------------------


def test_a_file_that_fits() -> None:
    done = dotnn("weights", "net.safetensors", "--for", "net.nn")
    assert (done.code, done.err) == (0, "")
    assert "b.weight  [2, 4]  b.weight  float16 as float32" in done.out
    assert done.out.endswith("loaded:               4 of 4 weights\n")
    assert not Path("net.onnx").exists()


@pytest.mark.parametrize(
    ("options", "expected"), [((), 2), (("--strip-prefix", "module."), 0), (("--match", "order"), 0)]
)
def test_the_options_and_the_report_are_those_of_build(options: tuple[str, ...], expected: int) -> None:
    np.savez("module.npz", **{f"module.{name}": one for name, one in arrays().items()})  # pyright: ignore
    done = dotnn("weights", "module.npz", "--for", "net.nn", *options)
    build = dotnn("build", "net.nn", "--weights", "module.npz", *options)
    assert done.code == build.code == expected
    if expected:
        assert (done.out, done.err) == ("", build.err)
    else:
        assert "a.weight  [4, 3]  module.a.weight  float32" in done.out


def test_what_is_missing_and_what_is_not_read() -> None:
    given = {**arrays(), "a.num_batches_tracked": np.array(1)}
    del given["b.bias"]
    np.savez("part.npz", **given)  # pyright: ignore[reportArgumentType]
    assert codes(dotnn("weights", "part.npz", "--for", "net.nn").err) == ["E811"]
    done = dotnn("weights", "part.npz", "--for", "net.nn", "--allow-missing", "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert [one["values"] for one in found["weights"]] == ["file", "file", "file", "initializer"]
    assert found["not_read"] == ["a.num_batches_tracked"]


def test_numbers_that_build_refuses_are_refused() -> None:
    np.savez("bad.npz", **{**arrays(), "a.bias": np.full(4, np.nan, np.float32)})  # pyright: ignore
    done = dotnn("weights", "bad.npz", "--for", "net.nn")
    assert (done.code, codes(done.err)) == (2, ["E867"])
    assert dotnn("weights", "bad.npz", "--for", "net.nn", "--allow-nonfinite").code == 0


def test_a_model_with_errors() -> None:
    Path("net.nn").write_text(NET.replace("relu", "rellu"))
    assert dotnn("weights", "net.npz", "--for", "net.nn").code == 1


# Convert --------------------------------------------------------------------------------------------------------------


def test_there_and_back_is_the_same() -> None:
    done = dotnn("weights", "convert", "net.safetensors", "new.npz")
    assert (done.code, done.err) == (0, "")
    assert dotnn("weights", "convert", "new.npz", "back.safetensors").code == 0
    assert Path("back.safetensors").read_bytes() != b""
    for name, array in load_file("back.safetensors").items():
        assert array.dtype == arrays()[name].dtype
        np.testing.assert_array_equal(array, arrays()[name])


def test_pytorch_files_keep_types_too() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    given = {**arrays(), "half": np.arange(3).astype(ml_dtypes.bfloat16)}
    save_file(given, "more.safetensors")
    assert dotnn("weights", "convert", "more.safetensors", "more.pt").code == 0
    found = torch.load("more.pt", weights_only=True)
    assert {name: str(one.dtype) for name, one in found.items()} == {
        name: f"torch.{one.dtype.name}" for name, one in given.items()
    }
    assert dotnn("weights", "convert", "more.pt", "back.safetensors").code == 0
    assert load_file("back.safetensors")["half"].dtype == ml_dtypes.bfloat16


def test_what_a_format_lacks_is_said() -> None:
    save_file({"half": np.arange(3).astype(ml_dtypes.bfloat16)}, "half.safetensors")
    done = dotnn("weights", "convert", "half.safetensors", "half.npz")
    assert done.code == 0
    assert "bfloat16" in done.err
    with np.load("half.npz") as found:
        assert found["half"].dtype == np.float32
    save_file({"odd": np.arange(3).astype(np.uint16)}, "odd.safetensors")
    done = dotnn("weights", "convert", "odd.safetensors", "odd.npz")
    assert (done.code, Path("odd.npz").exists()) == (2, False)
    assert "uint16" in done.err


def test_a_file_never_replaces_itself() -> None:
    before = Path("net.npz").read_bytes()
    os.link("net.npz", "hard.npz")
    os.symlink("net.npz", "soft.npz")
    for name in ("net.npz", "./net.npz", "hard.npz", "soft.npz"):
        done = dotnn("weights", "convert", "net.npz", name)
        assert (done.code, "would be replaced" in done.err) == (2, True)
    assert Path("net.npz").read_bytes() == before


def test_no_part_of_a_file_is_replaced_either() -> None:
    index = {"weight_map": dict.fromkeys(arrays(), "net.safetensors")}
    Path("net.safetensors.index.json").write_text(json.dumps(index))
    done = dotnn("weights", "convert", "net.safetensors.index.json", "net.safetensors")
    assert (done.code, "would be replaced" in done.err) == (2, True)
    assert dotnn("weights", "convert", "net.safetensors.index.json", "one.safetensors").code == 0


def test_the_numbers_of_an_onnx_file_are_not_replaced() -> None:
    import onnx

    dotnn("build", "net.nn", "--no-optimize")
    onnx.save(onnx.load("net.onnx"), "net.onnx", save_as_external_data=True, location="net.bin", size_threshold=0)
    assert dotnn("weights", "net.onnx").code == 0
    done = dotnn("weights", "convert", "net.onnx", "net.bin")
    assert (done.code, "would be replaced" in done.err) == (2, True)


def test_an_existing_file_survives_a_failure() -> None:
    Path("bad.npz").write_bytes(Path("net.npz").read_bytes()[:-200])
    Path("old.safetensors").write_bytes(b"old")
    assert dotnn("weights", "convert", "bad.npz", "old.safetensors").code == 2
    assert Path("old.safetensors").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["convert", "net.npz"], "takes two files"),
        (["convert", "net.npz", "b.npz", "c.npz"], "takes two files"),
        (["convert", "net.npz", "b.npz", "--for", "net.nn"], "takes no options"),
        (["net.npz", "b.npz"], "only one file"),
        (["net.npz", "--match", "order"], "give it by --for"),
        (["net.npz", "--set", "a=1"], "give it by --for"),
        ([], "Missing argument"),
    ],
)
def test_wrong_calls(call: list[str], said: str) -> None:
    done = dotnn("weights", *call)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_as_a_process(tmp_path: Path) -> None:
    done = process("weights", "net.safetensors", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    process("weights", "convert", "net.safetensors", "new.npz", folder=tmp_path)
    with open_weights(tmp_path / "new.npz") as file:
        assert set(file.names) == set(arrays())
