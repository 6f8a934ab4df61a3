"""Model files: external data, and what is left where writing fails."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.atomic_files import write_atomically
from dotnn.compiler.diagnostics import Diagnostic, DotnnError
from dotnn.compiler.diagnostics.writing import CannotWrite, NoDirectory, NoSpace, NotARegularFile, NotPermitted
from dotnn.compiler.export import WrittenModel, model_files, to_bytes, verify_model, write_model
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.graph.tensors import Weight
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.export_graphs import Loaded, Network
from tests.helpers.graphs import add_input, add_layer, float32, run
from tests.helpers.model_files import FEEDS, METADATA, expected, files, network, referenced, write
from tests.helpers.paths import ROOT


def diagnostic_of(action: Callable[[], object]) -> Diagnostic:
    with pytest.raises(DotnnError) as caught:
        action()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


# Content --------------------------------------------------------------------------------------------------


def test_small_models_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    written = write(path, threshold=3_800)
    assert files(tmp_path) == {"net.onnx"}
    assert path.read_bytes() == to_bytes(network(), WeightValues(1), metadata=METADATA)
    assert written == WrittenModel(path, path.stat().st_size)


def test_large_models_keep_their_weights_in_a_file_named_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    written = write(path, threshold=3_700)
    assert written.data is not None
    content = written.data.read_bytes()
    assert files(tmp_path) == {"net.onnx", f"net-{hashlib.sha256(content).hexdigest()[:16]}.data"}
    assert (written.size, written.data_size) == (path.stat().st_size, len(content))
    verify_model(path)
    np.testing.assert_array_equal(run(path, FEEDS)["y"], expected())


def test_external_tensors_are_aligned_and_small_ones_stay_inside(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write(path)
    entries: dict[str, dict[str, str]] = {}
    for tensor in onnx.load(path, load_external_data=False).graph.initializer:
        entries[tensor.name] = {entry.key: entry.value for entry in tensor.external_data}
        assert tensor.HasField("raw_data") == (not entries[tensor.name])
    assert (entries["a.bias"], entries["b.bias"]) == ({}, {})
    assert (entries["a.weight"]["offset"], entries["a.weight"]["length"]) == ("0", "2400")
    assert (entries["b.weight"]["offset"], entries["b.weight"]["length"]) == ("4096", "1200")
    assert entries["a.weight"]["location"] == entries["b.weight"]["location"]


def test_large_tensors_start_at_multiples_of_65536(tmp_path: Path) -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(1, 600))
    a = add_layer(graph, "a", Dense(units=600, bias=False), x)
    graph.outputs["y"] = add_layer(graph, "b", Dense(units=600, bias=False), a)
    path = tmp_path / "net.onnx"
    written = write_model(complete(graph), path, WeightValues(), metadata=METADATA, external_threshold=0)
    model = onnx.load(path, load_external_data=False)
    offsets = [int(tensor.external_data[1].value) for tensor in model.graph.initializer]
    assert offsets == [0, 22 * 65536]
    assert written.data_size == 22 * 65536 + 600 * 600 * 4
    assert onnx.load(path).graph.initializer[1].raw_data == WeightValues().values(graph.weights()[1]).tobytes()


def test_the_same_files_every_time(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        directory = tmp_path / name
        directory.mkdir()
        write(directory / "net.onnx")
        contents.append({path.name: path.read_bytes() for path in directory.iterdir()})
    assert contents[0] == contents[1]


def test_without_a_threshold_everything_that_fits_is_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write(tmp_path / "net.onnx", threshold=None).data is None
    # Private: a model beyond the true limit has 2 GB.
    monkeypatch.setattr(model_files, "_INLINE_LIMIT", 3_000)
    assert write(tmp_path / "net.onnx", threshold=None).data is not None


def test_a_model_of_small_tensors_has_no_data_file(tmp_path: Path) -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(1, 3))
    graph.outputs["y"] = add_layer(graph, "a", Dense(units=2), x)
    path = tmp_path / "net.onnx"
    assert write_model(complete(graph), path, WeightValues(), metadata=METADATA, external_threshold=0).data is None
    assert files(tmp_path) == {"net.onnx"}


def test_every_weight_is_asked_for_once(tmp_path: Path) -> None:
    """However large it is, and wherever its numbers go."""
    for sizes in ((3, 5), (3, 500), (400, 500)):
        net = Network()
        source = Loaded(**{f"w{size}": np.ones(size, np.float32) for size in sizes})
        for size in sizes:
            net.output(f"y{size}", net.op(ops.Mul(), net.input(f"x{size}", size), net.weight(f"w{size}", size)))
        path = tmp_path / "net.onnx"
        write_model(net.graph, path, WeightValues(0, source), metadata=METADATA, external_threshold=0)
        assert sorted(source.reads) == sorted(source.arrays)


def test_file_names_that_a_model_cannot_hold_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "größe 1\udcff.onnx"
    written = write(path)
    assert written.data is not None
    assert re.fullmatch(r"größe_1_-[0-9a-f]{8}-[0-9a-f]{16}\.data", written.data.name)
    assert onnx.load(path).graph.name == "net"


def test_models_of_similar_names_share_no_data(tmp_path: Path) -> None:
    spaced, joined = tmp_path / "a b.onnx", tmp_path / "a_b.onnx"
    write(spaced, seed=1)
    write(joined, seed=1)
    write(spaced, seed=2)
    np.testing.assert_array_equal(run(joined, FEEDS)["y"], expected(1))


def test_files_have_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    write(tmp_path / "net.onnx")
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1


# Replacing ------------------------------------------------------------------------------------------------


def test_old_data_is_removed_and_other_files_are_left_alone(tmp_path: Path) -> None:
    others = {"other-0123456789abcdef.data", "net-0123456789abcdef.data", "net.data", "net.onnx.bak"}
    for name in others:
        (tmp_path / name).write_bytes(b"precious")
    path = tmp_path / "net.onnx"
    first = write(path, seed=1)
    second = write(path, seed=2)
    assert first.data is not None
    assert second.data is not None
    assert files(tmp_path) == others | {"net.onnx", second.data.name}
    np.testing.assert_array_equal(run(path, FEEDS)["y"], expected(2))
    write(path, seed=2, threshold=None)
    assert files(tmp_path) == others | {"net.onnx"}


def test_data_stays_where_the_model_is_too_large_to_be_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Private: a file beyond the true limit takes long to write.
    monkeypatch.setattr(model_files, "_LARGEST_SEARCHED", 10)
    for seed in (1, 2):
        written = write(tmp_path / "net.onnx", seed=seed)
        assert written.data is not None
        assert written.data.exists()
        np.testing.assert_array_equal(run(tmp_path / "net.onnx", FEEDS)["y"], expected(seed))


def test_the_same_model_may_be_written_again(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    assert write(path) == write(path)
    assert len(files(tmp_path)) == 2
    np.testing.assert_array_equal(run(path, FEEDS)["y"], expected())


def test_data_of_another_name_that_the_old_model_refers_to_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write(path, seed=1, threshold=None)
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="mine.data", size_threshold=0)
    assert files(tmp_path) == {"net.onnx", "mine.data"}
    write(path, seed=2, threshold=None)
    assert files(tmp_path) == {"net.onnx", "mine.data"}


def test_what_stood_there_need_not_be_a_model(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\xff\x00 no model")
    write(path)
    np.testing.assert_array_equal(run(path, FEEDS)["y"], expected())


# Failures -------------------------------------------------------------------------------------------------

CALLS = ("open", "write", "fsync", "close", "replace", "unlink")


class Faults:
    """Stands for the functions of ``os``: counts calls and fails at one of them, before or after doing the work."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, fail: tuple[str, int] | None, error: BaseException, after: bool
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._fail, self._error, self._after = fail, error, after
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.counts[name] += 1
            fails = self._fail == (name, self.counts[name])
            if fails and not self._after:
                raise self._error
            result = function(*arguments)
            if fails:
                if name == "open":
                    real_close(result)
                raise self._error
            return result

        return call


real_close = os.close


def calls_of_one_write(path: Path, threshold: int | None) -> list[tuple[str, int]]:
    with pytest.MonkeyPatch.context() as patch:
        faults = Faults(patch, None, OSError(), after=False)
        write(path, seed=2, threshold=threshold)
    return [(name, number + 1) for name in CALLS for number in range(faults.counts[name])]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()], ids=["full", "interrupt"])
@pytest.mark.parametrize(("old", "new"), [(0, 0), (None, 0), (0, None), (None, None)])
def test_an_existing_model_survives_any_failure(
    tmp_path: Path, old: int | None, new: int | None, error: BaseException, after: bool
) -> None:
    (tmp_path / "trial").mkdir()
    write(tmp_path / "trial" / "net.onnx", seed=1, threshold=old)
    calls = calls_of_one_write(tmp_path / "trial" / "net.onnx", new)
    assert len(calls) > 6
    before, wanted = expected(1), expected(2)
    for number, call in enumerate(calls):
        directory = tmp_path / str(number)
        directory.mkdir()
        path = directory / "net.onnx"
        write(path, seed=1, threshold=old)
        failed = fails_to_write(path, new, call, error, after)
        found = run(path, FEEDS)["y"]
        replaced = np.array_equal(found, wanted)
        assert replaced or np.array_equal(found, before), call
        assert replaced or failed, call
        # What failed was perhaps the removal itself; then old data may be left, which does no harm.
        if call[0] != "unlink":
            assert not any(name.endswith(".tmp") for name in files(directory)), call
            data = {name for name in files(directory) if name.endswith(".data")}
            assert referenced(path) <= data, call
            assert replaced or data == referenced(path), call


def fails_to_write(path: Path, threshold: int | None, call: tuple[str, int], error: BaseException, after: bool) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        Faults(patch, call, error, after)
        try:
            write(path, seed=2, threshold=threshold)
        except DotnnError as caught:
            assert isinstance(caught.diagnostics[0], NoSpace)  # noqa: PT017
            return True
        except KeyboardInterrupt:
            return True
    return False


def test_a_failure_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    for name in ("write", "fsync", "replace"):
        for number in (1, 2):
            assert fails_to_write(tmp_path / "net.onnx", 0, (name, number), OSError(errno.ENOSPC, "full"), False)
            assert files(tmp_path) == set()


def test_values_that_cannot_be_computed_leave_the_old_model(tmp_path: Path) -> None:
    class Failing(WeightValues):
        def values(self, weight: Weight) -> np.ndarray:
            if weight.name == "b.weight":
                raise DotnnError(CannotWrite(path="weights", reason="a fault of the weights"))
            return super().values(weight)

    path = tmp_path / "net.onnx"
    write(path)
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    with pytest.raises(DotnnError, match="a fault of the weights"):
        write_model(network(), path, Failing(2), metadata=METADATA, external_threshold=0)
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == before


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    found = diagnostic_of(lambda: write(tmp_path / "no" / "net.onnx"))
    assert isinstance(found, NoDirectory)
    assert str(tmp_path / "no") in found.advice()


@pytest.mark.parametrize("threshold", [0, None])
def test_a_destination_that_is_no_file(tmp_path: Path, threshold: int | None) -> None:
    (tmp_path / "net.onnx").mkdir()
    found = diagnostic_of(lambda: write(tmp_path / "net.onnx", threshold=threshold))
    assert isinstance(found, NotARegularFile)
    assert found.is_directory
    found = diagnostic_of(lambda: write(Path("/dev/null"), threshold=threshold))
    assert isinstance(found, NotARegularFile)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EACCES, NotPermitted),
        (errno.EROFS, NotPermitted),
        (errno.EDQUOT, NoSpace),
        (errno.ENOENT, NoDirectory),
        (errno.EIO, CannotWrite),
    ],
)
def test_errors_of_the_system_are_told_by_what_they_mean(tmp_path: Path, number: int, kind: type[Diagnostic]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Faults(patch, ("open", 1), OSError(number, os.strerror(number)), after=False)
        found = diagnostic_of(lambda: write_atomically(tmp_path / "net.onnx", b"content"))
    assert type(found) is kind
    assert str(tmp_path / "net.onnx") in found.headline()
    assert found.advice()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert isinstance(diagnostic_of(lambda: write(tmp_path / "net.onnx")), NotPermitted)


def test_directories_that_cannot_be_synchronized_are_no_fault(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Faults(patch, ("fsync", 2), OSError(errno.EINVAL, "not supported"), after=False)
        write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


# Memory ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_weights_are_streamed_one_tensor_at_a_time(tmp_path: Path) -> None:
    script = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import re
from pathlib import Path
from tests.helpers.graphs import add_input, add_layer, float32
from dotnn.compiler.export import ModelMetadata, write_model
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.layers.dense import Dense
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.initializers import Ones
from dotnn.compiler.weights.weight_values import WeightValues

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

graph = Graph("net")
value = add_input(graph, "x", float32(1, 2048))
for number in range(8):
    value = add_layer(graph, f"fc{{number}}", Dense(units=2048, init=Ones()), value)
graph.outputs["y"] = value
graph = complete(graph)
before = peak()
write_model(graph, Path({str(tmp_path / "net.onnx")!r}), WeightValues(), metadata=ModelMetadata())
print(peak() - before)
"""
    result = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True, text=True)
    tensor = 2048 * 2048 * 4
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) > 8 * tensor
    assert int(result.stdout) < 2 * tensor
