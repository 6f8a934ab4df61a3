"""Files of PyTorch as weights: what they hold is looked at without PyTorch; reading them wants it (`tests/parity`)."""

from __future__ import annotations

import io
import pickle  # noqa: TID251  to see that it is refused
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from dotnn.compiler.diagnostics.weight_formats import NoStateDict, WouldRunCode
from dotnn.compiler.diagnostics.weights import DamagedWeightFile
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.torch_contents import LEGACY_MAGIC, check_contents

from tests.helpers.weight_helpers import diagnostic_of

#: A pickle of an empty dictionary.
EMPTY = b"\x80\x02}."


class Exploding:
    """Leaves a trace if it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def archive(*members: tuple[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packed) as file:
        for name, data in members:
            file.writestr(name, data)
    return content.getvalue()


def of_pickle(content: bytes) -> bytes:
    return archive(("archive/data.pkl", content), ("archive/version", b"3\n"), ("archive/data/0", bytes(4)))


def calling(name: str) -> bytes:
    """A pickle that calls something without arguments."""
    return b"\x80\x02c" + name.replace(" ", "\n").encode() + b"\n)R."


ALLOWED = (
    "collections OrderedDict",
    "torch FloatStorage",
    "torch.storage UntypedStorage",
    "torch Size",
    "torch float16",
    "torch bfloat16",
    "torch float8_e4m3fn",
    "torch int64",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
)
REFUSED = (
    "posix system",
    "os system",
    "builtins eval",
    "builtins bytearray",
    "builtins getattr",
    "torch load",
    "torch.hub load",
    "torch Tensor",
    "torch._utils _rebuild_tensor_v2.__globals__",
    "torch.serialization load",
    "torch.nn.modules.linear Linear",
    "__main__ Net",
    "_codecs encode",
    "numpy.core.multiarray scalar",
    "collections OrderedDict.fromkeys",
    "torch intentionally.bad",
    "torch float16;x",
)


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("legacy", [False, True])
def test_what_tensors_are_made_of(name: str, legacy: bool) -> None:
    content = LEGACY_MAGIC + calling(name) * 4 if legacy else of_pickle(calling(name))
    assert check_contents(io.BytesIO(content)) == (not legacy)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("legacy", [False, True])
def test_what_could_run_code(tmp_path: Path, name: str, legacy: bool) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(LEGACY_MAGIC + EMPTY + calling(name) * 3 if legacy else of_pickle(calling(name)))
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, WouldRunCode)
    assert diagnostic.name == name.replace(" ", ".", 1)
    assert "state_dict()" in diagnostic.advice()
    assert ("whole network" in diagnostic.headline()) == name.startswith("torch.nn.")


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_unpickled(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    content = pickle.dumps(OrderedDict(w=Exploding(trace)), protocol=protocol)
    for index, whole in enumerate((of_pickle(content), LEGACY_MAGIC + content * 4)):
        path = tmp_path / f"{index}.pth"
        path.write_bytes(whole)
        assert isinstance(diagnostic_of(lambda path=path: open_weights(path)), WouldRunCode)
    (tmp_path / "net.bin").write_bytes(content)
    assert isinstance(diagnostic_of(lambda: open_weights(tmp_path / "net.bin")), WouldRunCode | DamagedWeightFile)
    assert not trace.exists()


CONTENTS = {
    "empty": (b"", DamagedWeightFile, "empty"),
    "no file of PyTorch": (b"hello", DamagedWeightFile, "does not begin"),
    "a web page": (b"<html>", DamagedWeightFile, "web page"),
    "another pickle": (EMPTY, DamagedWeightFile, "pickle"),
    "four pickles": (LEGACY_MAGIC + EMPTY * 3, DamagedWeightFile, "damaged"),
    "a pickle without an end": (of_pickle(EMPTY[:-1]), DamagedWeightFile, "damaged"),
    "an unknown step": (of_pickle(b"\x80\x02\xff."), DamagedWeightFile, "damaged"),
    "4 GB of text": (of_pickle(b"\x80\x02X\xff\xff\xff\x7fa."), DamagedWeightFile, "damaged"),
    "2^60 bytes": (of_pickle(b"\x80\x04\x8e" + (1 << 60).to_bytes(8, "little") + b"."), DamagedWeightFile, "damaged"),
    "digits": (of_pickle(b"\x80\x02L" + b"9" * 5000 + b"L\n."), DamagedWeightFile, "damaged"),
    "many steps": (of_pickle(b"\x80\x02" + b"]" * 2_000_001 + b"."), DamagedWeightFile, "more than 2,000,000 steps"),
    "a long pickle": (of_pickle(bytes(17 << 20)), DamagedWeightFile, "at most"),
    "packed": (archive(("a/data.pkl", EMPTY), packed=zipfile.ZIP_DEFLATED), DamagedWeightFile, "packed"),
    "a bomb": (
        archive(("a/data.pkl", EMPTY), ("a/data/0", bytes(50 << 20)), packed=zipfile.ZIP_DEFLATED),
        DamagedWeightFile,
        "packed",
    ),
    "two pickles": (archive(("a/data.pkl", EMPTY), ("b/data.pkl", EMPTY)), DamagedWeightFile, "without the pickle"),
    "TorchScript": (archive(("a/data.pkl", EMPTY), ("a/constants.pkl", EMPTY)), NoStateDict, "TorchScript"),
    "sparse": (of_pickle(calling("torch._utils _rebuild_sparse_tensor")), NoStateDict, "sparse"),
    "protocol 4": (of_pickle(pickle.dumps(OrderedDict(), protocol=4)), NoStateDict, "protocol"),
    "an extension": (of_pickle(b"\x80\x02\x82\x01."), WouldRunCode, "without a name"),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_damaged_contents(tmp_path: Path, case: str) -> None:
    content, kind, words = CONTENTS[case]
    path = tmp_path / "net.pt"
    path.write_bytes(content)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, kind)
    assert words in diagnostic.headline()


def test_members_that_overlap(tmp_path: Path) -> None:
    """A quine of archives names the same bytes many times."""
    content = bytearray(of_pickle(EMPTY))
    list_at = content.index(b"PK\1\2")
    first, second = list_at, content.index(b"PK\1\2", list_at + 4)
    third = content.index(b"PK\1\2", second + 4)
    # The second and the third member stand where the first does.
    for at in (second, third):
        content[at + 42 : at + 46] = content[first + 42 : first + 46]
        content[at + 20 : at + 28] = content[first + 20 : first + 28]
    path = tmp_path / "net.pt"
    path.write_bytes(content)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, DamagedWeightFile)
    assert "overlap" in diagnostic.headline()


def test_an_archive_that_begins_before_its_file(tmp_path: Path) -> None:
    content = bytearray(of_pickle(EMPTY))
    # The list of members says to lie further behind than it does.
    end = content.index(b"PK\5\6")
    content[end + 16 : end + 20] = (int.from_bytes(content[end + 16 : end + 20], "little") + 50).to_bytes(4, "little")
    path = tmp_path / "net.pt"
    path.write_bytes(content)
    assert isinstance(diagnostic_of(lambda: open_weights(path)), DamagedWeightFile)
