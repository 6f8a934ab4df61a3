"""What all formats of weight files have in common: their registration, and what is said of files with wrong names."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dotnn.compiler.diagnostics.weight_formats import MissingLibrary
from dotnn.compiler.diagnostics.weights import DamagedWeightFile, WeightFormatNotRead, WeightFormatNotWritten
from dotnn.compiler.weights import formats
from dotnn.compiler.weights.formats import ENDINGS, WRITTEN_ENDINGS, all_formats, ending_of, format_of
from dotnn.compiler.weights.readers import open_weights

from tests.helpers.paths import ROOT
from tests.helpers.weight_helpers import diagnostic_of, write_file

ALL_ENDINGS = ENDINGS.replace(" or ", ", ").split(", ")


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("net.safetensors", ".safetensors"),
        ("a.b.NPZ", ".npz"),
        ("model.safetensors.index.json", ".safetensors.index.json"),
        ("pytorch_model.bin.index.json", ".bin.index.json"),
        ("net.weights.h5", ".weights.h5"),
        ("net.h5", ".h5"),
        (".h5", None),
        ("net.weights", None),
        ("h5", None),
        ("net.json", None),
    ],
)
def test_the_longest_ending_counts(name: str, ending: str | None) -> None:
    assert ending_of(Path("folder.npz") / name) == ending


def test_the_list_says_what_the_formats_say() -> None:
    # Private: the list is what the public functions read in place of the modules, so that none is loaded.
    assert len(list(all_formats())) == len(formats._LISTED)
    for listed, found in zip(formats._LISTED, all_formats(), strict=True):
        assert found.suffix in listed.endings
        assert (found.write is not None) == listed.written
        for ending in listed.endings:
            assert format_of(Path(f"net{ending}")) is found
            assert (ending in WRITTEN_ENDINGS.replace(" or ", ", ").split(", ")) == listed.written


@pytest.mark.parametrize("ending", ALL_ENDINGS)
def test_the_pages_name_all_endings(ending: str) -> None:
    assert f"`{ending}`" in inspect.cleandoc(WeightFormatNotRead.__doc__ or "")


@pytest.mark.parametrize("ending", WRITTEN_ENDINGS.replace(" or ", ", ").split(", ")[:3])
def test_the_page_of_writing_names_them(ending: str) -> None:
    assert f"`{ending}`" in inspect.cleandoc(WeightFormatNotWritten.__doc__ or "")


def test_the_commands_name_all_endings() -> None:
    command = [sys.executable, "-m", "dotnn", "build", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=ROOT).stdout
    plain = " ".join(said.split())
    assert ENDINGS in plain
    assert f"Also write the weights ({WRITTEN_ENDINGS})" in plain


def test_no_format_is_loaded_to_know_the_endings() -> None:
    code = "import sys, dotnn.compiler.weights.formats; print('numpy' in sys.modules, 'h5py' in sys.modules)"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=ROOT).stdout
    assert said.split() == ["False", "False"]


def test_files_under_the_name_of_another_format(tmp_path: Path) -> None:
    arrays = {"w": np.ones((2, 3), np.float32)}
    index = json.dumps({"weight_map": {"w": "net.safetensors"}})
    samples = {
        ".safetensors": write_file(tmp_path / "a.safetensors", arrays).read_bytes(),
        ".npz": write_file(tmp_path / "a.npz", arrays).read_bytes(),
        ".safetensors.index.json": index.encode(),
        ".onnx": onnx_model(),
    }
    for ending, content in samples.items():
        for other in samples:
            if other == ending:
                continue
            path = tmp_path / f"net{other}"
            path.write_bytes(content)
            diagnostic = diagnostic_of(lambda path=path: open_weights(path))
            assert isinstance(diagnostic, DamagedWeightFile), (ending, other)
            assert f"{ending}`" in diagnostic.advice(), (ending, other, diagnostic)


def onnx_model() -> bytes:
    import onnx

    tensor = onnx.numpy_helper.from_array(np.ones((2, 3), np.float32), "w")
    graph = onnx.helper.make_graph([], "net", [], [], [tensor])
    return onnx.helper.make_model(graph).SerializeToString()


@pytest.mark.parametrize(
    ("module", "name", "extra"),
    [("h5py", "net.weights.h5", "keras"), ("h5py", "net.h5", "keras"), ("torch", "net.pt", "torch")],
)
def test_a_library_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str, extra: str):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / name
    # A pickle of an empty dictionary, as the older PyTorch lays it out.
    legacy = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + b"\x80\x02}." * 4
    path.write_bytes(b"\x89HDF\r\n\x1a\n" if module == "h5py" else legacy)
    diagnostic = diagnostic_of(lambda: open_weights(path))
    assert isinstance(diagnostic, MissingLibrary)
    assert f'pip install "dotnn[{extra}]"' in diagnostic.advice()


def test_writing_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dotnn.compiler.export.save_weights import save_weights
    from dotnn.compiler.weights.weight_values import WeightValues

    from tests.helpers.weight_helpers import network

    monkeypatch.setitem(sys.modules, "torch", None)
    diagnostic = diagnostic_of(lambda: save_weights(tmp_path / "net.pt", network(), WeightValues()))
    assert isinstance(diagnostic, MissingLibrary)
    assert list(tmp_path.iterdir()) == []
