"""Writing a model to files: the `.onnx` file and, for large models, its weights in a data file beside it.

Weights are streamed one tensor at a time. The data file is named by its digest, so that the old and the new
one can stand side by side: it is complete and on the disk before the `.onnx` file that names it takes the old
one's place, and the old data is removed last. Whatever fails on the way, there is a complete model at the
destination, if there was one before.

Two processes that write one model each stream into files of their own. Only what comes then is done in turns: looking
which data the model there refers to, the renames, and the removal of data that it does not refer to any more. So one
comes after the other as if they had been started so, and neither waits for the other's numbers. Who is killed in his
turn has noted which files he was about, and the next one to write a model to the folder removes what is left over.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from ..atomic_files import PendingFile, require_replaceable, sync_directory, turn_at
from ..graph.graph import Graph
from ..locks import Turn
from ..weights.rounding_effects import Rounding
from ..weights.weight_values import WeightValues, raw_bytes
from .metadata import ModelMetadata
from .onnx_model import BuiltModel, build_model, serialized

#: Models with more bytes of weights than this keep them in a data file.
EXTERNAL_THRESHOLD = 64 << 20
#: Models with more bytes than this always do: a protocol buffer holds less than 2 GiB.
_INLINE_LIMIT = 1_900_000_000
#: Tensors with fewer bytes stay in the `.onnx` file, where readers that look at sizes and axes find them.
_SMALLEST_EXTERNAL = 1024
#: Where data may be mapped into memory: pages, and for large tensors the granularity of Windows.
_PAGE, _LARGE_PAGE, _LARGE = 4096, 65536, 1 << 20
#: Bytes of a name that are left for a digest and an ending: file systems take 255.
_LONGEST_STEM = 200
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
        rounding: what rounding to another element type did to the weights, where the build was asked for one.
    """

    path: Path
    size: int
    data: Path | None = None
    data_size: int = 0
    rounding: Rounding | None = field(default=None, repr=False)


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
        path: the `.onnx` file, or a link to it; external data goes to ``<stem>-<digest>.data`` beside it.
        values: where the values of weights come from.
        metadata: facts about the build.
        external_threshold: how many bytes of weights the `.onnx` file may hold; None for as many as it can.

    Raises:
        DotnnError: NoDirectory, NotPermitted, NotARegularFile, NoSpace or CannotWrite.
    """
    path = require_replaceable(path)
    built = build_model(graph, values, metadata=metadata)
    threshold = _INLINE_LIMIT if external_threshold is None else external_threshold
    is_large = built.weight_bytes > threshold or built.size > _INLINE_LIMIT
    if is_large and any(tensor.nbytes >= _SMALLEST_EXTERNAL for tensor in built.tensors):
        return _write_external(built, path)
    return _write_inline(built, path)


def _write_inline(built: BuiltModel, path: Path) -> WrittenModel:
    with PendingFile(path) as file:
        for index in range(len(built.tensors)):
            built.store_inline(index)
        content = serialized(built.proto)
        file.write(content)
        file.complete()
        _replace(path, file)
    return WrittenModel(path, len(content))


def _write_external(built: BuiltModel, path: Path) -> WrittenModel:
    with PendingFile(path, like=_replaced_data(path)) as data:
        digest, size = _stream(built, data)
        data.complete()
        target = path.with_name(f"{_data_stem(path)}-{digest[:16]}.data")
        content = serialized(_located(built.proto, target.name))
        with PendingFile(path) as file:
            file.write(content)
            file.complete()
            _replace(path, file, data, target)
    return WrittenModel(path, len(content), target, size)


# The files of a model in their places -------------------------------------------------------------------------------


def _replace(path: Path, file: PendingFile, data: PendingFile | None = None, target: Path | None = None) -> None:
    """Give a model that is complete its place, and remove the data that only the one before referred to."""
    with turn_at(path) as turn:
        _clean_up_after(turn, path.parent)
        names = _data_of_one_name(path) | ({target.name} if target is not None else set())
        try:
            if names:
                turn.note(json.dumps({"model": path.name, "data": sorted(names)}))
            if data is not None:
                data.place(turn, target)
                sync_directory(path)
            file.place(turn)
            sync_directory(path)
        finally:
            # Asked of the model itself, because an interrupt may come right after the new one is in its place.
            _remove_unreferenced(path, names)
            turn.note("")


def _clean_up_after(turn: Turn, directory: Path) -> None:
    """Remove the data that a process was about when it was killed, unless its model refers to it."""
    try:
        left = json.loads(turn.left or "{}")
    except (ValueError, RecursionError):
        return
    match left:
        case {"model": str(model), "data": list(names)} if _is_name(model) and all(map(_is_name, names)):
            path = directory / model
            _remove_unreferenced(path, {name for name in names if _ours(path).fullmatch(name)})


def _is_name(name: object) -> bool:
    """Whether this is the name of a file in the folder itself."""
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & {"/", "\\", ":", "\0"}:
        return False
    try:
        return bool(os.fsencode(name))
    except UnicodeEncodeError:
        return False


def _data_of_one_name(path: Path) -> set[str]:
    """The data of the model that stands at a path, if that is its only name: under another one it is still there."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_nlink > 1:
            return set()
    return _referenced_data(path) or set()


def _replaced_data(path: Path) -> Path | None:
    """The data file that a new one follows, if there is one: it has its permissions."""
    names = _referenced_data(path) or set()
    return path.with_name(min(names)) if names else None


def _remove_unreferenced(path: Path, names: Iterable[str]) -> None:
    """Remove those data files of a model to which it does not refer; if that is not possible it does no harm."""
    names = set(names)
    referenced = _referenced_data(path) if names else None
    if referenced is None:
        return
    for name in names - referenced:
        with contextlib.suppress(OSError):
            os.unlink(path.parent / name)


# The data file ------------------------------------------------------------------------------------------------------


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
        for content in (padding, raw_bytes(built.array(index))):
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
    them, and with room for a digest.

    What had to be changed is told apart by a digest: two models must never share a data file, because whoever is built
    anew removes the old one.
    """
    plain = re.sub(r"[^\w.-]", "_", path.stem)
    if plain == path.stem and len(os.fsencode(plain)) <= _LONGEST_STEM:
        return plain
    short = os.fsencode(plain)[:_LONGEST_STEM].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(os.fsencode(path.stem)).hexdigest()[:8]}"


def _ours(path: Path) -> re.Pattern[str]:
    """Names of data files that dotnn writes for the model of a path."""
    return re.compile(re.escape(_data_stem(path)) + r"-[0-9a-f]{16}\.data")


def _referenced_data(path: Path) -> set[str] | None:
    """Names of data files, written by dotnn for this path, that the model standing there refers to; mostly none.

    None if that cannot be told, because the file cannot be read, or is too large for one of ours with data.
    """
    try:
        if not path.is_file():
            return set()
        if path.stat().st_size > _LARGEST_SEARCHED:
            return None
        model = onnx.ModelProto.FromString(path.read_bytes())
    except DecodeError:
        return set()
    except OSError:
        return None
    return {name for name in _locations(model) if _ours(path).fullmatch(name)}


def _locations(model: onnx.ModelProto) -> Iterator[str]:
    for proto in model.graph.initializer:
        for entry in proto.external_data:
            if entry.key == "location":
                yield entry.value
