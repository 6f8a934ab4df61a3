"""Writing a model to files: the `.onnx` file and, for large models, its weights in a data file beside it.

Weights are streamed one tensor at a time. The data file is named by its digest, so that the old and the new
one can stand side by side: it is complete and on the disk before the `.onnx` file that names it takes the old
one's place, and the old data is removed last. Whatever fails on the way, there is a complete model at the
destination, if there was one before.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from ..atomic import PendingFile, sync_directory, write_atomically
from ..graph.graph import Graph
from ..weights.values import WeightValues
from .elements import raw_bytes
from .metadata import ModelMetadata
from .model import BuiltModel, build_model, serialized

#: Models with more bytes of weights than this keep them in a data file.
EXTERNAL_THRESHOLD = 64 << 20
#: Models with more bytes than this always do: a protocol buffer holds less than 2 GiB.
_INLINE_LIMIT = 1_900_000_000
#: Tensors with fewer bytes stay in the `.onnx` file, where readers that look at sizes and axes find them.
_SMALLEST_EXTERNAL = 1024
#: Where data may be mapped into memory: pages, and for large tensors the granularity of Windows.
_PAGE, _LARGE_PAGE, _LARGE = 4096, 65536, 1 << 20
#: `.onnx` files with more bytes are not searched for the data they refer to: ours with external data are
#: small.
_LARGEST_SEARCHED = 64 << 20


@dataclass(frozen=True, slots=True)
class WrittenModel:
    """The files of a model.

    Attributes:
        path: the `.onnx` file.
        size: its bytes.
        data: the file with external data, if there is one.
        data_size: its bytes.
    """

    path: Path
    size: int
    data: Path | None = None
    data_size: int = 0


def write_model(
    graph: Graph,
    path: Path,
    values: WeightValues,
    *,
    metadata: ModelMetadata,
    external_threshold: int | None = EXTERNAL_THRESHOLD,
) -> WrittenModel:
    """Write a model, replacing what stands at ``path``, or fail and leave that as it is.

    Args:
        graph: the model.
        path: the `.onnx` file; external data goes to ``<stem>-<digest>.data`` beside it.
        values: where the values of weights come from.
        metadata: facts about the build.
        external_threshold: how many bytes of weights the `.onnx` file may hold; None for as many as it can.

    Raises:
        DotnnError: NoDirectory, NotPermitted, NotARegularFile, NoSpace or CannotWrite.
    """
    built = build_model(graph, values, metadata=metadata)
    old = _referenced_data(path)
    threshold = _INLINE_LIMIT if external_threshold is None else external_threshold
    if built.weight_bytes > threshold or built.size > _INLINE_LIMIT:
        written = _write_external(built, path)
    else:
        written = _write_inline(built, path)
    new = written.data.name if written.data is not None else None
    for name in old - {new}:
        _remove(path.parent / name)
    return written


def _write_inline(built: BuiltModel, path: Path) -> WrittenModel:
    with PendingFile(path) as file:
        for index in range(len(built.tensors)):
            built.store_inline(index)
        content = serialized(built.proto)
        file.write(content)
        file.commit()
    sync_directory(path)
    return WrittenModel(path, len(content))


def _write_external(built: BuiltModel, path: Path) -> WrittenModel:
    with PendingFile(path) as data:
        digest, size = _stream(built, data)
        if not size:
            return _write_inline(built, path)
        target = path.with_name(f"{_data_stem(path)}-{digest[:16]}.data")
        try:
            data.commit(target)
            sync_directory(path)
            content = serialized(_located(built.proto, target.name))
            write_atomically(path, content)
        except BaseException:
            # Asked of the file itself, because an interrupt may come right after the new one is in its place.
            if target.name not in _referenced_data(path):
                _remove(target)
            raise
    return WrittenModel(path, len(content), target, size)


def _stream(built: BuiltModel, data: PendingFile) -> tuple[str, int]:
    """Write the values of all large tensors, one at a time, and note in the model where each stands.

    Returns the digest and the size of what was written.
    """
    digest = hashlib.sha256()
    position = 0
    for index, tensor in enumerate(built.tensors):
        if tensor.nbytes < _SMALLEST_EXTERNAL:
            built.store_inline(index)
            continue
        padding = bytes(-position % (_LARGE_PAGE if tensor.nbytes >= _LARGE else _PAGE))
        for content in (padding, raw_bytes(tensor.values(built.values))):
            digest.update(content)
            data.write(content)
        position += len(padding)
        _locate(built.proto.graph.initializer[index], position, tensor.nbytes)
        position += tensor.nbytes
    return digest.hexdigest(), position


def _locate(proto: onnx.TensorProto, offset: int, length: int) -> None:
    proto.ClearField("raw_data")
    proto.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", ""), ("offset", offset), ("length", length)):
        proto.external_data.add(key=key, value=str(value))


def _located(model: onnx.ModelProto, location: str) -> onnx.ModelProto:
    """The model with the name of the data file filled in, which is known only when the data is complete."""
    for proto in model.graph.initializer:
        if proto.data_location == onnx.TensorProto.EXTERNAL:
            proto.external_data[0].value = location
    return model


def _data_stem(path: Path) -> str:
    """The stem of the `.onnx` file in letters, digits, `_`, `-` and `.`, as any file system and reader takes
    them.

    What had to be replaced is told apart by a digest: two models must never share a data file, because whoever is built
    anew removes the old one.
    """
    plain = re.sub(r"[^\w.-]", "_", path.stem)
    if plain == path.stem:
        return plain
    return f"{plain}-{hashlib.sha256(os.fsencode(path.stem)).hexdigest()[:8]}"


def _referenced_data(path: Path) -> set[str]:
    """Names of data files, written by dotnn for this path, that the model standing there refers to; mostly
    none.
    """
    with contextlib.suppress(OSError, DecodeError):
        if path.is_file() and path.stat().st_size <= _LARGEST_SEARCHED:
            model = onnx.ModelProto.FromString(path.read_bytes())
            ours = re.compile(re.escape(_data_stem(path)) + r"-[0-9a-f]{16}\.data")
            return {name for name in _locations(model) if ours.fullmatch(name)}
    return set()


def _locations(model: onnx.ModelProto) -> Iterator[str]:
    for proto in model.graph.initializer:
        for entry in proto.external_data:
            if entry.key == "location":
                yield entry.value


def _remove(path: Path) -> None:
    """Remove data that nothing refers to; if that is not possible it does no harm either."""
    with contextlib.suppress(OSError):
        os.unlink(path)
