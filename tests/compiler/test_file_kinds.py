"""What files are that stand where a text of ours belongs: by content and name, and never of a text that is ours."""

from __future__ import annotations

import io
import json
import re
import shlex
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dotnn.compiler.diagnostics.other_files import OtherFile
from dotnn.compiler.driver import check
from dotnn.compiler.file_kinds import LONGEST_HEAD, kind_of, kind_of_file
from dotnn.compiler.limits import Limits
from dotnn.compiler.syntax.read_source import begins_as_model
from PIL import Image

from tests.helpers.cli_calls import TINY, codes, dotnn, tiny_folder
from tests.helpers.language import write
from tests.helpers.paths import EXAMPLES, ROOT

tiny = pytest.fixture(tiny_folder)


def archive(*members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for member in members:
            file.writestr(member, "{}")
    return stream.getvalue()


def image(form: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, form)
    return stream.getvalue()


def saved_array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros((2, 3), np.float32))
    return stream.getvalue()


HEADER = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
PYTORCH = """import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(32, 10)
"""
KERAS = """from tensorflow import keras
from tensorflow.keras import layers

model = keras.Sequential([
    layers.Dense(64, activation="relu"),
])
"""
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": ["import torch\n"]}], "nbformat": 4}, indent=1)

SAMPLES: dict[str, tuple[OtherFile, bytes | str]] = {
    "x.png": (OtherFile.PNG, image("PNG")),
    "x.jpg": (OtherFile.JPEG, image("JPEG")),
    "x.gif": (OtherFile.OTHER_IMAGE, image("GIF")),
    "x.webp": (OtherFile.OTHER_IMAGE, image("WEBP")),
    "x.tiff": (OtherFile.OTHER_IMAGE, image("TIFF")),
    "x.bmp": (OtherFile.OTHER_IMAGE, image("BMP")),
    "a.npy": (OtherFile.ARRAY, saved_array()),
    "a.npz": (OtherFile.ARRAYS, archive("w.npy")),
    "net.pt": (OtherFile.TORCH_WEIGHTS, archive("net/data.pkl", "net/version")),
    "old.pth": (OtherFile.TORCH_WEIGHTS, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."),
    "net.keras": (OtherFile.KERAS_WEIGHTS, archive("metadata.json", "config.json", "model.weights.h5")),
    "net.h5": (OtherFile.HDF5, b"\x89HDF\r\n\x1a\n" + bytes(80)),
    "net.safetensors": (OtherFile.SAFETENSORS, len(HEADER).to_bytes(8, "little") + HEADER + bytes(24)),
    # Its first bytes are those of a pickle.
    "long.safetensors": (OtherFile.SAFETENSORS, (0x280).to_bytes(8, "little") + HEADER.ljust(0x280) + bytes(24)),
    "net.pkl": (OtherFile.PICKLE, b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94."),
    "net.tflite": (OtherFile.TFLITE_MODEL, b"\x1c\x00\x00\x00TFL3" + bytes(40)),
    "saved_model.pb": (OtherFile.TENSORFLOW_GRAPH, b"\n\x10\xff\xfe\x00\x01graph" + bytes(40)),
    "x.pdf": (OtherFile.PDF, b"%PDF-1.7\n%\xe2\xe3\n"),
    "x.zip": (OtherFile.ZIP_ARCHIVE, archive("notes.txt")),
    "net.nn.gz": (OtherFile.COMPRESSED, b"\x1f\x8b\x08\x00" + bytes(20)),
    "a.out": (OtherFile.PROGRAM, b"\x7fELF\x02\x01\x01" + bytes(40)),
    "noise.nn": (OtherFile.BINARY, bytes(range(256)) * 4),
    "zeros.nn": (OtherFile.BINARY, b"\xff" + bytes(1000)),
    "lfs.nn": (OtherFile.GIT_LFS_POINTER, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
    "train.py": (OtherFile.PYTORCH_PROGRAM, PYTORCH),
    "net.nn": (OtherFile.PYTORCH_PROGRAM, PYTORCH),
    "<stdin>": (OtherFile.KERAS_PROGRAM, KERAS),
    "keras_net.py": (OtherFile.KERAS_PROGRAM, KERAS),
    "util.py": (OtherFile.PYTHON_PROGRAM, "# helpers\nimport os\n\n\ndef main():\n    pass\n"),
    "script": (OtherFile.PYTHON_PROGRAM, "#!/usr/bin/env python3\nprint(1)\n"),
    "notes.txt": (OtherFile.PYTHON_PROGRAM, "from os import path\nprint(path)\n"),
    "nb.ipynb": (OtherFile.NOTEBOOK, NOTEBOOK),
    "config.yaml": (OtherFile.YAML, "model:\n  name: resnet\n  layers: [conv, dense]\n"),
    "config": (OtherFile.YAML, "---\nmodel:\n  name: resnet\n"),
    "config.json": (OtherFile.JSON, '{"model": {"layers": 3}}'),
    "values.json": (OtherFile.JSON, "[[1, 2], [3, 4]]"),
    "odd.nn": (OtherFile.JSON, '{\n  "layers": [64, 10]\n}\n'),
    "model.json": (OtherFile.KERAS_JSON, '{"class_name": "Sequential", "config": {"layers": []}}'),
    "m.safetensors.index.json": (OtherFile.WEIGHT_INDEX, '{"metadata": {}, "weight_map": {"w": "a.safetensors"}}'),
    "pyproject.toml": (OtherFile.SETTINGS, '[project]\nname = "x"\n'),
    "yolo.cfg": (OtherFile.DARKNET_NETWORK, "[net]\nbatch=64\n\n[convolutional]\nfilters=32\n"),
    "lenet.prototxt": (OtherFile.CAFFE_NETWORK, 'name: "LeNet"\nlayer {\n  type: "Input"\n}\n'),
    "data.csv": (OtherFile.TABLE, "a,b\n1,2\n"),
    "Dockerfile": (OtherFile.DOCKERFILE, "FROM python:3.11\nRUN pip install x\n"),
    "gpu.Dockerfile": (OtherFile.DOCKERFILE, "FROM python:3.11\nRUN pip install x\n"),
    "run.sh": (OtherFile.SHELL_SCRIPT, "#!/bin/bash\nset -e\n"),
    "train.cpp": (OtherFile.CODE, "#include <torch/torch.h>\nint main() { return 0; }\n"),
    "README.md": (OtherFile.MARKDOWN, "# A network\n\nIt has two layers.\n"),
    "page.nn": (OtherFile.WEB_PAGE, "<!DOCTYPE html>\n<html><body>Not Found</body></html>\n"),
    "net.xml": (OtherFile.XML, '<?xml version="1.0"?>\n<net name="x"/>\n'),
    "change.diff": (OtherFile.PATCH, "--- a/net.nn\n+++ b/net.nn\n@@ -1 +1 @@\n"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_kinds(name: str) -> None:
    kind, content = SAMPLES[name]
    data = content.encode() if isinstance(content, str) else content
    assert not begins_as_model(data)
    found = kind_of(data, name)
    assert found is not None
    assert found.kind is kind
    assert found.advice()
    assert kind_of(b"\xef\xbb\xbf" + data, name) is not None


def test_every_kind_has_a_sample() -> None:
    met = {kind for kind, _ in SAMPLES.values()}
    assert set(OtherFile) - met == {OtherFile.ONNX_MODEL, OtherFile.MODEL_TEXT}


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.nn")) + sorted((ROOT / "library").glob("*.nn")), ids=str)
def test_our_texts_are_told_by_their_beginnings(path: Path) -> None:
    data = path.read_bytes()
    assert begins_as_model(data)
    assert begins_as_model(b"\xef\xbb\xbf\r\n\t # more\r\n" + data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n# a comment",
        "input x: float32[N, 3]\noutput y = x\n",
        "net model {\n    input x: float32[N, 3]\n}\n",
        "import torch\nmodel net {\n    x = nn.Linear(3, 4)\n}\n",
        "class Net(nn.Module):\n    pass\n",
        "import block\n",
        "model: net {\n}\n",
        "[net]\n",
        "{\n}\nmodel net {}\n",
        "x = 1 \x1b[0m\n",
        "diff\n",
    ],
)
def test_mistakes_in_our_texts_are_no_other_kind(text: str) -> None:
    assert kind_of(text.encode(), "net.nn") is None
    assert kind_of(text.encode(), "<stdin>") is None
    assert not begins_as_model(text.encode())


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_our_texts_in_another_encoding_are_texts(encoding: str) -> None:
    text = f"# größer\n{TINY}"
    assert kind_of(text.encode(encoding), "net.nn") is None


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("model net {", True),
        ("# a\n\n  block b(x) {", True),
        ("const a = 1", True),
        ('import a, b from "x.nn"', True),
        ("model: 3", False),
        ("model = Net()", False),
        ('import torch\n# "x"', False),
        ("models net", False),
        ("", False),
        ("#", False),
        ("# a\n\n", False),
        ("import", False),
        ('import a,\n    b\n  from "x.nn"', True),
        ('import torch\nfrom x import y\nz = "a"', False),
        ("model", False),
    ],
)
def test_beginnings(text: str, begins: bool) -> None:
    assert begins_as_model(text.encode()) is begins


def test_a_letter_that_is_cut_off_is_no_damage() -> None:
    data = b"---\n" + "ü".encode() * LONGEST_HEAD
    for length in range(LONGEST_HEAD - 2, LONGEST_HEAD + 3):
        found = kind_of(data[:length] if length < LONGEST_HEAD else data, "config.yaml")
        assert length < LONGEST_HEAD or found is not None


def test_paths_are_written_for_a_shell_and_with_an_ending_that_is_taken() -> None:
    advice = kind_of(image("PNG"), "my digit.nn")
    assert advice is not None
    assert advice.advice().startswith("rename it to `'my digit.png'`: `dotnn run net.nn --input 'my digit.png'`")
    piped = kind_of(image("PNG"), "<stdin>")
    assert piped is not None
    assert piped.advice().startswith("write it into a file, `file.png`: ")
    kept = kind_of(image("PNG"), "it's.jpg")
    assert kept is not None
    (command,) = re.findall("`(.+)`", kept.advice())
    assert shlex.split(command)[-1] == "it's.jpg"


# Where texts are read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "summary", "build", "run"])
@pytest.mark.parametrize("name", ["x.png", "net.safetensors", "train.py", "config.yaml", "noise.nn", "Dockerfile"])
def test_each_command_says_what_a_file_is_in_one_error(tiny: Path, command: str, name: str) -> None:
    content = SAMPLES[name][1]
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    done = dotnn(command, name)
    said = done.out + done.err
    assert done.code == 2
    assert codes(said) == ["E990"]
    assert str(SAMPLES[name][0].says) in said
    assert said.isprintable() or said.replace("\n", "").isprintable()
    assert len(said.splitlines()) == 5


def test_an_onnx_model_is_run_and_not_read_as_text(tiny: Path) -> None:
    assert dotnn("build", "tiny.nn").code == 0
    data = Path("tiny.onnx").read_bytes()
    Path("tiny.bin").write_bytes(data)
    for command in ("check", "summary", "build"):
        done = dotnn(command, "tiny.onnx")
        assert (done.code, codes(done.out + done.err)) == (2, ["E990"])
        assert "`dotnn run tiny.onnx` runs it" in done.out + done.err
    assert "rename it to `tiny.onnx`" in dotnn("run", "tiny.bin").err
    assert dotnn("run", "tiny.onnx", "--random", "1").code == 0


def test_files_beyond_the_limit_are_told_as_well(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(SAMPLES["net.safetensors"][1] + bytes(10_000))  # pyright: ignore[reportOperatorIssue]
    report = check(path, limits=Limits(source_bytes=1000))
    assert [one.code for one in report.diagnostics] == ["E990"]


def test_an_import_says_what_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(PYTORCH)
    (tmp_path / "w.npz").write_bytes(archive("w.npy"))
    body = "    input x: float32[N, 3]\n    output y = Net(x)\n"
    text = f'import Net from "net.py"\nimport w from "w.npz"\nmodel m {{\n{body}}}\n'
    first, second = check(write(tmp_path, {"m.nn": text})).diagnostics
    assert (first.code, second.code) == ("E601", "E601")
    assert first.headline() == "cannot import from `net.py`: it is a Python program with a network in PyTorch"
    assert "docs/coming_from.md" in first.advice()
    assert first.span is not None
    assert first.span.text == '"net.py"'
    assert second.headline() == "cannot import from `w.npz`: it is an archive of numpy arrays"


def test_a_text_of_ours_may_be_called_as_it_likes(tiny: Path) -> None:
    for name in ("net.py", "net.json", "net.onnx.txt", "net.png"):
        Path(name).write_text(TINY)
        assert dotnn("check", name).out == f"ok: {name}\n"


def test_files_that_are_given_for_something_else(tmp_path: Path) -> None:
    (tmp_path / "net.txt").write_text(TINY)
    (tmp_path / "half.nn").write_text("input x")
    for name in ("net.txt", "half.nn"):
        found = kind_of_file(tmp_path / name)
        assert found is not None
        assert found.kind is OtherFile.MODEL_TEXT
    (tmp_path / "x.nn").write_bytes(image("PNG"))
    found = kind_of_file(tmp_path / "x.nn")
    assert found is not None
    assert found.kind is OtherFile.PNG
    assert kind_of_file(tmp_path / "none.nn") is None
    assert kind_of_file(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("x.png", "E801", "it is a PNG image"),
        ("net.nn", "E801", "it is a Python program with a network in PyTorch"),
        ("tiny.nn", "E801", "`dotnn summary tiny.nn` shows its layers"),
        ("nets", "E801", "it is a folder (directory)"),
    ],
)
def test_files_that_are_given_for_weights(tiny: Path, name: str, code: str, said: str) -> None:
    (tiny / "nets").mkdir()
    if name in SAMPLES:
        content = SAMPLES[name][1]
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    done = dotnn("weights", name)
    assert (done.code, codes(done.err)) == (2, [code])
    assert said in done.err


@pytest.mark.parametrize("name", ["x.png", "train.py", "tiny.nn"])
def test_files_that_are_called_like_models(tiny: Path, name: str) -> None:
    if name in SAMPLES:
        content = SAMPLES[name][1]
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    Path(name).rename("net.onnx")
    done = dotnn("run", "net.onnx", "--random", "1")
    kind = SAMPLES[name][0] if name in SAMPLES else OtherFile.MODEL_TEXT
    assert (done.code, codes(done.err)) == (2, ["E902"])
    assert f"`net.onnx` is not an ONNX model: it is {kind.says}" in done.err


# Paths that lead nowhere --------------------------------------------------------------------------------------------


def test_a_missing_file_names_those_that_may_be_meant(tiny: Path) -> None:
    (tiny / "nets").mkdir()
    (tiny / "nets" / "resnet.nn").write_text(TINY)
    assert "did you mean `tiny.nn`?" in dotnn("check", "tiny").out
    assert "did you mean `tiny.nn`?" in dotnn("check", "tinny.nn").out
    assert "did you mean `nets/resnet.nn`?" in dotnn("check", "nets/resnte.nn").out
    assert "give the path of a `.nn` file" in dotnn("check", "elsewhere/net.nn").out
    assert "give the path of a `.nn` file" in dotnn("check", "something_else.nn").out


def test_a_folder_names_its_files(tiny: Path) -> None:
    (tiny / "nets").mkdir()
    said = dotnn("build", "nets").err
    assert codes(said) == ["E607"]
    assert "there is no `.nn` file in it" in said
    for name in "abcdef":
        (tiny / "nets" / f"{name}.nn").write_text(TINY)
    assert "name one file: `nets/a.nn`, `nets/b.nn`, `nets/c.nn` or `nets/d.nn`" in dotnn("run", "nets").err
