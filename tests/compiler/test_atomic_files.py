"""What a rebuilt file keeps of the one before, and where a file goes that is named by a link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from dotnn.compiler import atomic_files
from dotnn.compiler.atomic_files import PendingFile, write_atomically
from dotnn.compiler.diagnostics import Diagnostic, DotnnError
from dotnn.compiler.diagnostics.writing import CannotWrite, NoDirectory, NotARegularFile, NotPermitted
from dotnn.compiler.export.save_weights import save_weights
from dotnn.compiler.weights.weight_values import WeightValues
from dotnn.runtime import Session
from dotnn.runtime.outputs import save_outputs

from tests.helpers.graphs import run
from tests.helpers.model_files import FEEDS, expected, files, network, referenced, write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")


@pytest.fixture(autouse=True)
def mask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def refusal(path: Path) -> Diagnostic:
    with pytest.raises(DotnnError) as caught:
        write_atomically(path, b"content")
    (found,) = caught.value.diagnostics
    return found


# Permissions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [0o600, 0o644, 0o666, 0o755, 0o444])
@pytest.mark.parametrize("threshold", [0, None], ids=["external", "inline"])
def test_a_rebuilt_model_keeps_its_permissions(tmp_path: Path, bits: int, threshold: int | None) -> None:
    path = tmp_path / "net.onnx"
    first = write(path, seed=1, threshold=threshold)
    assert mode(path) == 0o640
    path.chmod(bits)
    if first.data is not None:
        assert mode(first.data) == 0o640
        first.data.chmod(0o600)
    second = write(path, seed=2, threshold=threshold)
    assert mode(path) == bits
    assert second.data is None or mode(second.data) == 0o600
    assert files(tmp_path) == {path.name, *referenced(path)}


def test_data_that_is_new_is_as_private_as_the_model(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write(path, threshold=None)
    path.chmod(0o600)
    written = write(path, threshold=0)
    assert written.data is not None
    assert mode(written.data) == 0o600


def test_what_is_private_is_so_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    path.chmod(0o400)
    with PendingFile(path) as file:
        (temporary,) = files(tmp_path) - {"file"}
        assert mode(tmp_path / temporary) == 0o600
        file.commit()
    assert mode(path) == 0o400


def test_weights_and_outputs_keep_theirs(tmp_path: Path) -> None:
    weights, outputs = tmp_path / "net.safetensors", tmp_path / "y.npy"

    def modes_after_writing() -> set[int]:
        save_weights(weights, network().weights(), WeightValues())
        save_outputs(outputs, {"y": np.zeros(3)})
        return {mode(weights), mode(outputs)}

    assert modes_after_writing() == {0o640}
    for bits in (0o600, 0o606):
        weights.chmod(bits)
        outputs.chmod(bits)
        assert modes_after_writing() == {bits}


def test_a_group_that_cannot_be_kept_gives_its_permissions_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    path.chmod(0o674)
    asked = []

    def refused(handle: int, user: int, group: int) -> None:
        asked.append((user, group))
        raise PermissionError

    real = os.fstat

    def of_another_group(handle: int) -> os.stat_result:
        found = list(real(handle))
        found[5] += 1
        return os.stat_result(found)

    monkeypatch.setattr(atomic_files.os, "fchown", refused)
    with PendingFile(path) as file:
        file.write(b"content")
        file.complete()
        with atomic_files.turn_at(path) as turn, monkeypatch.context() as patch:
            patch.setattr(atomic_files.os, "fstat", of_another_group)
            file.place(turn)
    assert asked == [(-1, path.stat().st_gid)]
    assert mode(path) == 0o644


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_root_leaves_a_file_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write(path)
    os.chown(path, 1234, 4321)
    write(path, seed=2)
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (1234, 4321, 0o640)


# Links ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exists", [True, False], ids=["file", "dangling"])
@pytest.mark.parametrize("threshold", [0, None], ids=["external", "inline"])
def test_a_link_stays_and_its_file_is_written(tmp_path: Path, exists: bool, threshold: int | None) -> None:
    folder, here = tmp_path / "folder", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    path, link, second = folder / "net.onnx", here / "link.onnx", here / "second.onnx"
    link.symlink_to(Path("..") / "folder" / "net.onnx")
    second.symlink_to("link.onnx")
    if exists:
        write(path, seed=1, threshold=0)
        path.chmod(0o600)
    written = write(second, seed=2, threshold=threshold)
    assert second.is_symlink()
    assert link.is_symlink()
    assert not path.is_symlink()
    assert files(here) == {"link.onnx", "second.onnx"}
    # The data stands beside the file, under its name.
    assert files(folder) == {"net.onnx", *referenced(path)}
    assert written.data is None or written.data.parent.samefile(folder)
    np.testing.assert_array_equal(run(path, FEEDS)["y"], expected(2))
    np.testing.assert_array_equal(Session(second, provider="cpu").run(FEEDS)["y"], expected(2))
    assert mode(path) == (0o600 if exists else 0o640)


def test_the_data_of_other_programs_may_stand_beside_the_link(tmp_path: Path) -> None:
    """As in a folder of links to files that are named by their digests."""
    store, shown = tmp_path / "store", tmp_path / "shown"
    store.mkdir()
    shown.mkdir()
    written = write(store / "net.onnx")
    assert written.data is not None
    written.path.rename(store / "a")
    written.data.rename(store / "b")
    (shown / "net.onnx").symlink_to(store / "a")
    (shown / written.data.name).write_bytes((store / "b").read_bytes())
    np.testing.assert_array_equal(Session(shown / "net.onnx", provider="cpu").run(FEEDS)["y"], expected(1))


def test_weights_and_outputs_go_where_links_point(tmp_path: Path) -> None:
    for name in ("net.npz", "y.npy"):
        (tmp_path / f"link-{name}").symlink_to(name)
    save_weights(tmp_path / "link-net.npz", network().weights(), WeightValues())
    save_outputs(tmp_path / "link-y.npy", {"y": np.arange(3)})
    assert files(tmp_path) == {"net.npz", "y.npy", "link-net.npz", "link-y.npy"}
    assert (tmp_path / "link-y.npy").is_symlink()
    assert np.load(tmp_path / "y.npy").tolist() == [0, 1, 2]


def test_links_that_lead_to_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    for target, kind in ((tmp_path / "folder", NotARegularFile), (Path("/dev/null"), NotARegularFile)):
        link.symlink_to(target)
        assert isinstance(refusal(link), kind)
        link.unlink()
    link.symlink_to(tmp_path / "none" / "net.onnx")
    found = refusal(link)
    assert isinstance(found, NoDirectory)
    assert found.directory == str(tmp_path / "none")
    link.unlink()
    link.symlink_to(link)
    assert isinstance(refusal(link), CannotWrite)
    assert files(tmp_path) == {"folder", "link"}


def test_links_of_others_are_not_followed_where_anybody_may_put_some(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes links of others")
    shared, precious = tmp_path / "shared", tmp_path / "precious"
    shared.mkdir()
    shared.chmod(0o1777)
    precious.write_bytes(b"precious")
    link = shared / "net.onnx"
    link.symlink_to(precious)
    os.chown(link, 1234, 1234, follow_symlinks=False)
    assert isinstance(refusal(link), NotPermitted)
    assert precious.read_bytes() == b"precious"
    shared.chmod(0o755)
    write_atomically(link, b"content")
    assert precious.read_bytes() == b"content"
    assert files(shared) == {"net.onnx"}


def test_another_name_of_a_file_keeps_what_it_had(tmp_path: Path) -> None:
    path, other = tmp_path / "net.onnx", tmp_path / "other.onnx"
    first = write(path, seed=1)
    os.link(path, other)
    second = write(path, seed=2)
    assert first.data is not None
    assert second.data is not None
    np.testing.assert_array_equal(run(other, FEEDS)["y"], expected(1))
    np.testing.assert_array_equal(run(path, FEEDS)["y"], expected(2))
    assert files(tmp_path) == {path.name, other.name, first.data.name, second.data.name}


def test_long_names(tmp_path: Path) -> None:
    for stem in ("n" * 250, "ü" * 120):
        path = tmp_path / f"{stem}.onnx"
        written = write(path)
        assert written.data is not None
        assert files(tmp_path) == {path.name, written.data.name}
        np.testing.assert_array_equal(run(path, FEEDS)["y"], expected(1))
        path.unlink()
        written.data.unlink()
    assert isinstance(refusal(tmp_path / ("n" * 300)), CannotWrite)


@pytest.mark.parametrize("name", ["a\0b.onnx", "\ud800.onnx"])
def test_what_is_no_path_is_refused(tmp_path: Path, name: str) -> None:
    assert isinstance(refusal(tmp_path / name), CannotWrite)
    with pytest.raises(DotnnError, match="no path"):
        write(tmp_path / name)
    assert files(tmp_path) == set()
