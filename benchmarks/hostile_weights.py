"""Weight files of ONNX, Keras and PyTorch, and in several parts: valid ones and directed attacks.

They are written by a process of their own (``python hostile_weights.py FOLDER``): PyTorch takes much memory, and what a
process takes counts as that of those that it starts.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

WEIGHT = np.ones((4, 3), np.float32)
BIAS = np.zeros(4, np.float32)


def onnx_file(*tensors: Any) -> bytes:
    """A model of initializers."""
    from onnx import helper

    return helper.make_model(helper.make_graph([], "net", [], [], list(tensors))).SerializeToString()


def hdf5(fill: Callable[[Any], object]) -> bytes:
    """An HDF5 file as Keras lays it out, with something more."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"] = WEIGHT.T
        file["layers/dense/vars/1"] = BIAS
        file["layers/dense/vars"].attrs["name"] = "fc"
        fill(file)
    return content.getvalue()


def legacy(file: Any) -> None:
    """The layout of Keras 2, in the same file."""
    root = file.create_group("model_weights")
    root.attrs["layer_names"] = [b"fc"]
    root["fc/fc/kernel:0"] = WEIGHT.T
    root["fc"].attrs["weight_names"] = [b"fc/kernel:0"]
    file.attrs["model_config"] = json.dumps(CONFIG)


CONFIG = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"name": "fc"}}]}}


def archive(*members: tuple[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as file:
        for name, data in members:
            file.writestr(name, data)
    return content.getvalue()


def keras(weights: bytes, config: bytes | None = None, kind: int = zipfile.ZIP_STORED) -> bytes:
    """A `.keras` file."""
    text = json.dumps(CONFIG).encode() if config is None else config
    return archive(("config.json", text), ("model.weights.h5", weights), kind=kind)


def torch_file(content: Any, zipped: bool = True) -> bytes:
    """What PyTorch saves."""
    import torch

    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def index(places: object) -> bytes:
    """The index of several files."""
    return json.dumps({"weight_map": places}).encode()


def made_seeds() -> dict[str, list[bytes]]:
    """Valid files of each kind."""
    import torch
    from onnx import TensorProto, helper, numpy_helper

    state = {"fc.weight": torch.ones(4, 3), "fc.bias": torch.zeros(4, dtype=torch.bfloat16)}
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).state_dict()
    plain = hdf5(lambda file: None)
    packed = hdf5(lambda file: file.create_dataset("layers/a/vars/0", data=WEIGHT, compression="gzip", shuffle=True))
    return {
        ".weights.onnx": [
            onnx_file(numpy_helper.from_array(WEIGHT, "fc.weight"), numpy_helper.from_array(BIAS, "fc.bias")),
            onnx_file(
                helper.make_tensor("fc.weight", TensorProto.FLOAT16, (4, 3), range(12)),
                helper.make_tensor("fc.bias", TensorProto.FLOAT, (4,), range(4)),
                helper.make_tensor("n", TensorProto.INT64, (3,), (1, -2, 300)),
            ),
        ],
        ".weights.h5": [plain, packed],
        ".h5": [hdf5(legacy)],
        ".keras": [keras(plain), keras(packed, kind=zipfile.ZIP_DEFLATED)],
        ".pt": [
            torch_file(state), torch_file(state, zipped=False), torch_file({"epoch": 3, "model": network}),
            torch_file(network, zipped=False),
        ],
        ".safetensors.index.json": [index({"fc.weight": "part.safetensors", "fc.bias": "part.safetensors"})],
    }  # fmt: skip


# Attacks ------------------------------------------------------------------------------------------------------------


def onnx_weight_attacks() -> Iterator[tuple[str, bytes]]:
    """Initializers that lie."""
    from onnx import TensorProto

    changes: tuple[dict[str, Any], ...] = (
        {"dims": (1 << 31,)}, {"dims": (-1, -12)}, {"dims": (1 << 40, 1 << 40)}, {"dims": (0, 1 << 62)},
        {"dims": (1,) * 70}, {"data_type": 8}, {"data_type": 22}, {"data_type": 99}, {"name": ""}, {"raw_data": b""},
        {"name": "x" * 10**6}, {"data_location": 1}, {"raw_data": bytes(47)}, {"data_type": 16},
    )  # fmt: skip
    whole = {"name": "fc.weight", "data_type": 1, "dims": (4, 3), "raw_data": bytes(48)}
    for change in changes:
        yield f"tensor {change}"[:60], onnx_file(TensorProto(**(whole | change)))
    for key, value in (
        ("location", "../x"), ("location", "/etc/passwd"), ("location", "/dev/zero"), ("location", "a\0b"),
        ("location", "net.nn"), ("offset", "-1"), ("length", str(2**70)), ("offset", "9" * 10**5),
    ):  # fmt: skip
        tensor = TensorProto(**({**whole, "raw_data": b""} | {"data_location": 1}))
        facts = {"location": "net.nn", "offset": "0", "length": "48"} | {key: value}
        for name, text in facts.items():
            tensor.external_data.add(key=name, value=text)
        yield f"external {key} {value}"[:60], onnx_file(tensor)
    yield "many tensors", b"\x08\x0a\x3a\x80\xa4\xe8\x03" + b"\x2a\x00" * 4_000_000
    yield "many fields", b"\x08\x0a" * 5_000_000
    graph = b"".join(b"\x2a\x09\x42\x03%03x\x10\x01\x4a\x00" % (number % 4096) for number in range(10))
    yield "short tensors", b"\x08\x0a\x3a" + bytes((len(graph),)) + graph
    yield "ones", b"\x08\x0a\x3a" + b"\xff" * 10_000
    yield "empty", b""


def hdf5_attacks() -> Iterator[tuple[str, bytes]]:
    """What HDF5 can do and weights never need."""
    import h5py

    def fills() -> Iterator[tuple[str, Callable[[Any], object]]]:
        yield "external link", lambda file: file.update({"layers/x": h5py.ExternalLink("/etc/passwd", "/")})
        yield "soft link", lambda file: file.update({"layers/x": h5py.SoftLink("/layers")})
        yield "cycle", lambda file: file.update({"layers/dense/x": file["layers"]})
        yield "8 GB", lambda file: file.create_dataset("layers/x/vars/0", (1 << 31,), "f4", chunks=(1 << 20,))
        yield (
            "8 GB of gzip",
            lambda file: file.create_dataset(
                "layers/x/vars/0", (1 << 31,), "f4", chunks=(1 << 20,), compression="gzip"
            ),
        )
        yield "8 GB at once", lambda file: file.create_dataset("layers/x/vars/0", (1 << 31,), "f4")
        yield (
            "external storage",
            lambda file: file.create_dataset("layers/x/vars/0", (4,), "f4", external=[("/etc/passwd", 0, 16)]),
        )
        yield (
            "references",
            lambda file: file.create_dataset("layers/x/vars/0", data=np.array([file.ref], dtype=h5py.ref_dtype)),
        )
        yield "many groups", lambda file: [file.create_group(f"layers/g{number}") for number in range(20_000)]
        yield "deep", lambda file: file.create_group("layers/" + "g/" * 2000)
        yield "a long name", lambda file: file["layers/dense/vars"].attrs.update(name="n" * 10**6)
        yield "control", lambda file: file["layers/dense/vars"].attrs.update(name="\x1b[31m\u202e")
        yield "a name of numbers", lambda file: file["layers/dense/vars"].attrs.update(name=np.arange(3))
        yield "lines", lambda file: file.update({"layers/a\nb/vars/0": WEIGHT})

    for title, fill in fills():
        yield title, hdf5(fill)
    yield "signature alone", b"\x89HDF\r\n\x1a\n"
    yield "signature and ones", b"\x89HDF\r\n\x1a\n" + b"\xff" * 5000


def keras_attacks() -> Iterator[tuple[str, bytes]]:
    """Archives around them."""
    weights = hdf5(lambda file: None)
    yield "bomb", keras(bytes(200 << 20), kind=zipfile.ZIP_DEFLATED)
    yield "bomb of configuration", keras(weights, b" " * (200 << 20), kind=zipfile.ZIP_DEFLATED)
    yield "nested configuration", keras(weights, b"[" * 200_000)
    yield "digits", keras(weights, b"9" * 200_000)
    deep = b'{"class_name": "M", "config": {"layers": [' * 300 + b"{}" + b"]}}" * 300
    yield "models in models", keras(weights, deep)
    yield "many layers", keras(weights, json.dumps(
        {"class_name": "M", "config": {"layers": [{"class_name": "D", "config": {}}] * 200_000}}
    ).encode())  # fmt: skip
    yield "no weights", archive(("config.json", b"{}"))
    yield "twice", keras(weights) + keras(weights)
    yield "no HDF5", keras(b"hello")


def torch_attacks() -> Iterator[tuple[str, bytes]]:
    """Pickles that would run code or fill the memory."""
    import os

    import torch

    for zipped in (True, False):
        yield f"code {zipped}", torch_file({"fc.weight": os.system}, zipped)
        yield f"network {zipped}", torch_file(torch.nn.Linear(3, 4), zipped)
        yield f"expanded {zipped}", torch_file({"fc.weight": torch.ones(1).expand(1 << 40)}, zipped)
        yield f"sparse {zipped}", torch_file({"fc.weight": torch.eye(3).to_sparse()}, zipped)
        yield f"tensor {zipped}", torch_file(torch.ones(3), zipped)
        yield f"NaN {zipped}", torch_file({"fc.weight": torch.ones(4, 3) * torch.nan, "fc.bias": torch.ones(4)}, zipped)

    def pickled(content: bytes) -> bytes:
        return archive(("a/data.pkl", content), ("a/version", b"3\n"), ("a/data/0", bytes(4)))

    yield "bytearray", pickled(b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\0\0\0\0\x02\x85R.")
    yield "Tensor", pickled(b"\x80\x02ctorch\nTensor\n\x8a\x05\0\0\0\0\x02\x85R.")
    yield "lists", pickled(b"\x80\x02" + b"]" * 1_900_000 + b".")
    yield "nested", pickled(b"\x80\x02" + b"]" * 500_000 + b"a" * 499_999 + b".")
    yield "many steps", pickled(b"\x80\x02" + b"]" * (15 << 20) + b".")
    yield "tuples", pickled(b"\x80\x02)" + b"q\0h\0\x86" * 60 + b".")
    yield "bomb", archive(("a/data.pkl", b"\x80\x02}."), ("a/data/0", bytes(200 << 20)), kind=zipfile.ZIP_DEFLATED)
    yield "members", archive(*((f"a/data/{number}", b"") for number in range(60_000)))
    yield "empty", b""


def index_attacks() -> Iterator[tuple[str, bytes]]:
    """Indices that name files they should not."""
    for name in ("../x", "/etc/passwd", "/dev/zero", ".", "net.nn", "a\0b", "x" * 5000, "C:\\x", "none.safetensors"):
        yield f"name {name}"[:60], index({"fc.weight": name})
    yield "nested", b'{"weight_map": ' + b"[" * 200_000
    yield "many files", index({str(number): f"{number}.safetensors" for number in range(100_000)})
    yield "long", b" " * (20 << 20)
    yield "empty", b""


def made_attacks() -> Iterator[tuple[str, Iterator[tuple[str, bytes]]]]:
    """The endings, and title and content of the attacks with such files."""
    yield ".weights.onnx", onnx_weight_attacks()
    yield ".weights.h5", hdf5_attacks()
    yield ".keras", keras_attacks()
    yield ".pt", torch_attacks()
    yield ".safetensors.index.json", index_attacks()


# Files of another process -------------------------------------------------------------------------------------------


def write_all(folder: Path) -> None:
    """Write all files, each under a number, and a list of what they are."""
    listed: list[tuple[str, str | None]] = [(ending, None) for ending, found in made_seeds().items() for _ in found]
    contents = [content for found in made_seeds().values() for content in found]
    for ending, found in made_attacks():
        for title, content in found:
            listed.append((ending, title))
            contents.append(content)
    for number, content in enumerate(contents):
        (folder / str(number)).write_bytes(content)
    (folder / "list.json").write_text(json.dumps(listed))


@cache
def _files() -> tuple[tuple[str, str | None, bytes], ...]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run((sys.executable, __file__, name), check=True, stderr=subprocess.DEVNULL)
        listed = json.loads((folder / "list.json").read_text())
        return tuple((*facts, (folder / str(number)).read_bytes()) for number, facts in enumerate(listed))


def weight_seeds() -> dict[str, list[bytes]]:
    """Valid files of each kind."""
    found: dict[str, list[bytes]] = {}
    for ending, title, content in _files():
        if title is None:
            found.setdefault(ending, []).append(content)
    return found


def weight_attacks() -> Iterator[tuple[str, Iterator[tuple[str, bytes]]]]:
    """The endings, and title and content of the attacks with such files."""
    for ending, title, content in _files():
        if title is not None:
            yield ending, iter([(title, content)])


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
