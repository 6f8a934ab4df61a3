"""What a file is that is no text of ours, by its first bytes, its text, and the ending of its name.

It is asked where a file does not begin as its name promises, and only to say something better: so a file that it does
not know is none of its business.
"""

from __future__ import annotations

import re
import shlex
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path, PurePath

from .diagnostics.other_files import OtherFile, Renaming
from .diagnostics.phrases import Phrase
from .regular_files import open_regular
from .syntax.read_source import begins_as_model

#: So many bytes tell what a file is.
LONGEST_HEAD = 1 << 16
#: The share of control characters from which bytes are no text: in UTF-8, and in what is no UTF-8 anyway.
_MOST_CONTROL, _MOST_CONTROL_ELSE = 0.3, 0.02
#: What every other byte of a text in UTF-16 mostly is, where its letters are Latin.
_MOST_WIDE = 0.7

#: How files of a kind begin.
_MAGIC: tuple[tuple[bytes, OtherFile], ...] = (
    (b"\x89PNG\r\n\x1a\n", OtherFile.PNG),
    (b"\xff\xd8\xff", OtherFile.JPEG),
    (b"GIF87a", OtherFile.OTHER_IMAGE),
    (b"GIF89a", OtherFile.OTHER_IMAGE),
    (b"II*\0", OtherFile.OTHER_IMAGE),
    (b"MM\0*", OtherFile.OTHER_IMAGE),
    (b"\x93NUMPY", OtherFile.ARRAY),
    # What `torch.save` wrote before it wrote zip archives.
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", OtherFile.TORCH_WEIGHTS),
    (b"\x80\x02", OtherFile.PICKLE),
    (b"\x80\x03", OtherFile.PICKLE),
    (b"\x80\x04", OtherFile.PICKLE),
    (b"\x80\x05", OtherFile.PICKLE),
    (b"\x1f\x8b", OtherFile.COMPRESSED),
    (b"BZh", OtherFile.COMPRESSED),
    (b"\xfd7zXZ\0", OtherFile.COMPRESSED),
    (b"\x28\xb5\x2f\xfd", OtherFile.COMPRESSED),
    (b"7z\xbc\xaf", OtherFile.COMPRESSED),
    (b"%PDF-", OtherFile.PDF),
    (b"\x7fELF", OtherFile.PROGRAM),
    (b"PK\x05\x06", OtherFile.ZIP_ARCHIVE),
    (b"version https://git-lfs", OtherFile.GIT_LFS_POINTER),
    (b"diff --git ", OtherFile.PATCH),
)
#: The first field of a model in ONNX is the version of the format, the next its producer, its graph or its operators.
_ONNX = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x32\x3a\x42]")
_ZIP = b"PK\x03\x04"
_HDF5 = b"\x89HDF\r\n\x1a\n"

#: The endings by which commands know files of a kind; the first is the usual one.
_TAKEN = {
    OtherFile.MODEL_TEXT: (".nn",),
    OtherFile.ONNX_MODEL: (".onnx",),
    OtherFile.SAFETENSORS: (".safetensors",),
    OtherFile.TORCH_WEIGHTS: (".pt", ".pth", ".bin"),
    OtherFile.KERAS_WEIGHTS: (".keras",),
    OtherFile.HDF5: (".h5", ".hdf5"),
    OtherFile.ARRAYS: (".npz",),
    OtherFile.ARRAY: (".npy",),
    OtherFile.PNG: (".png", ".jpg", ".jpeg"),
    OtherFile.JPEG: (".jpg", ".jpeg", ".png"),
    OtherFile.TABLE: (".csv",),
    OtherFile.JSON: (".json",),
}
#: Endings of names of files that are no text.
_BINARY_ENDINGS = {
    ".onnx": OtherFile.ONNX_MODEL,
    ".safetensors": OtherFile.SAFETENSORS,
    ".npz": OtherFile.ARRAYS,
    ".npy": OtherFile.ARRAY,
    ".keras": OtherFile.KERAS_WEIGHTS,
    **dict.fromkeys((".h5", ".hdf5"), OtherFile.HDF5),
    **dict.fromkeys((".pt", ".pth", ".ckpt"), OtherFile.TORCH_WEIGHTS),
    **dict.fromkeys((".pkl", ".pickle"), OtherFile.PICKLE),
    ".png": OtherFile.PNG,
    **dict.fromkeys((".jpg", ".jpeg"), OtherFile.JPEG),
    **dict.fromkeys((".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".avif"), OtherFile.OTHER_IMAGE),
    ".tflite": OtherFile.TFLITE_MODEL,
    ".pb": OtherFile.TENSORFLOW_GRAPH,
    ".pdf": OtherFile.PDF,
    ".zip": OtherFile.ZIP_ARCHIVE,
}
#: Endings of names of texts.
_TEXT_ENDINGS = {
    **dict.fromkeys((".py", ".pyi"), OtherFile.PYTHON_PROGRAM),
    ".ipynb": OtherFile.NOTEBOOK,
    ".dockerfile": OtherFile.DOCKERFILE,
    **dict.fromkeys((".yaml", ".yml"), OtherFile.YAML),
    ".json": OtherFile.JSON,
    **dict.fromkeys((".toml", ".ini", ".cfg"), OtherFile.SETTINGS),
    **dict.fromkeys((".csv", ".tsv"), OtherFile.TABLE),
    **dict.fromkeys((".md", ".markdown"), OtherFile.MARKDOWN),
    **dict.fromkeys((".html", ".htm"), OtherFile.WEB_PAGE),
    **dict.fromkeys((".xml", ".svg"), OtherFile.XML),
    **dict.fromkeys((".sh", ".bash", ".zsh"), OtherFile.SHELL_SCRIPT),
    **dict.fromkeys((".patch", ".diff"), OtherFile.PATCH),
    **dict.fromkeys((".prototxt", ".pbtxt"), OtherFile.CAFFE_NETWORK),
}
_LANGUAGES = {
    **dict.fromkeys((".c", ".h"), "C"),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hpp"), "C++"),
    **dict.fromkeys((".cu", ".cuh"), "CUDA"),
    ".cs": "C#",
    ".go": "Go",
    ".java": "Java",
    ".jl": "Julia",
    ".js": "JavaScript",
    ".kt": "Kotlin",
    ".lua": "Lua",
    ".r": "R",
    ".rs": "Rust",
    ".swift": "Swift",
    ".tex": "LaTeX",
    ".ts": "TypeScript",
}
#: Endings of texts that may be anything.
_OUR_ENDINGS = ("", ".txt")

_MODEL_TEXT = re.compile(r"^[ \t]*(?:model|block)[ \t]+[A-Za-z_]\w*[ \t]*[({]", re.MULTILINE)
_TORCH = re.compile(r"^[ \t]*(?:import|from) torch\b", re.MULTILINE)
_KERAS = re.compile(r"^[ \t]*(?:import|from) (?:keras|tensorflow)\b", re.MULTILINE)
_IN_PYTORCH = re.compile(r"\bnn\.Module\b|\bnn\.Sequential\(|\bnn\.(?:Linear|Conv\dd|LSTM|GRU)\(")
_IN_KERAS = re.compile(
    r"\bSequential\(|\blayers\.\w+\(|\bkeras\.(?:Model|Input|layers)\b|\((?:\w+\.)*(?:Model|Layer)\):"
)
_PYTHON = re.compile(
    r"^(?:import [a-z][\w.]*(?: as \w+)?[ \t]*(?:#.*)?$|from [\w.]+ import [\w(*]|(?:async )?def \w+\(|class \w+[(:]"
    r"|if __name__ ==|@\w)",
    re.MULTILINE,
)
_DOCKER = re.compile(r"^(?:RUN|CMD|COPY|ADD|ENTRYPOINT|WORKDIR|ENV|EXPOSE)[ \t]", re.MULTILINE)
_SHEBANG = re.compile(r"#![^\n]*\b(python|sh|bash|zsh|dash|ksh)[\d.]*\b")
_JSON_OBJECT = re.compile(r'\s*\{\s*(?:"(?:[^"\\\n]|\\.)*"\s*:|\}\s*\Z)')
_PAGE = re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_CAFFE = re.compile(r"^\s*layers?\s*\{.*?\btype\s*:", re.MULTILINE | re.DOTALL)


def kind_of(data: bytes, name: str) -> Phrase | None:
    """What a file is that is no `.nn` text.

    Args:
        data: what it holds, or its beginning.
        name: its path; or what stands for it, such as ``<stdin>``.

    Returns:
        What it is, and which command takes it; None where it may be a `.nn` text, or nobody can tell.
    """
    head = data[:LONGEST_HEAD].removeprefix(BOM_UTF8)
    # What comes from standard input is meant to be a text of ours.
    ending = ".nn" if name.startswith("<") else PurePath(name).suffix.lower()
    text = _text(head)
    kind = _of_bytes(head) or (_of_text(text, ending, name) if text is not None else _of_no_text(head, ending))
    return None if kind is None else _told(kind, name, ending)


def kind_of_file(path: Path) -> Phrase | None:
    """What a file is, `.nn` texts included; None where nobody can tell, or where it cannot be read."""
    try:
        with open_regular(path) as stream:
            head = stream.read(LONGEST_HEAD)
    except (OSError, ValueError):
        return None
    if begins_as_model(head) or (path.suffix.lower() == ".nn" and kind_of(head, str(path)) is None):
        return _told(OtherFile.MODEL_TEXT, str(path), path.suffix.lower())
    return kind_of(head, str(path))


def _told(kind: OtherFile, name: str, ending: str) -> Phrase:
    """The phrase of a kind, with the name under which commands take the file."""
    facts = {"language": _LANGUAGES[ending]} if kind is OtherFile.CODE else {}
    taken = _TAKEN.get(kind, (ending,))
    if name.startswith("<"):
        path = f"file{taken[0]}"
        return kind(path=path, first=str(Renaming.WRITE_TO_FILE(path=path)), **facts)
    if ending in taken:
        return kind(path=shlex.quote(name), first="", **facts)
    path = shlex.quote(str(PurePath(name).with_suffix(taken[0])))
    return kind(path=path, first=str(Renaming.RENAME(path=path)), **facts)


def _text(head: bytes) -> str | None:
    """The bytes as a text in UTF-8; None where they are none, or hardly."""
    try:
        # The last character may be cut off, and is let go.
        text = head.decode("utf-8") if len(head) < LONGEST_HEAD else head[: LONGEST_HEAD - 3].decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return None
    return None if _control_share(head) > _MOST_CONTROL and not _is_utf16(head) else text


def _control_share(head: bytes) -> float:
    """The share of the bytes that no text has: control characters but for tabs, line ends and page ends."""
    if not head:
        return 0
    kept = head.translate(None, bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b") + b"\x7f")
    return 1 - len(kept) / len(head)


def _is_utf16(head: bytes) -> bool:
    """Whether the bytes look like a text in UTF-16, with a byte order mark or without."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    even, odd = head[::2], head[1::2]
    return any(
        empty.count(0) > _MOST_WIDE * len(empty) and _control_share(letters) == 0
        for empty, letters in ((even, odd), (odd, even))
        if empty and letters
    )


def _of_bytes(head: bytes) -> OtherFile | None:
    if head[8:9] == b"{" and head[3:8] == bytes(5):
        # The first eight bytes are the length of the header, which is an object of JSON.
        return OtherFile.SAFETENSORS
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(_ZIP):
        return _of_archive(head)
    if head.startswith(_HDF5):
        return OtherFile.HDF5
    if head[4:8] == b"TFL3":
        return OtherFile.TFLITE_MODEL
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return OtherFile.OTHER_IMAGE
    return OtherFile.ONNX_MODEL if _ONNX.match(head) else None


def _of_archive(head: bytes) -> OtherFile:
    """What a zip archive is, by the name of its first member."""
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    if first.endswith(b".npy"):
        return OtherFile.ARRAYS
    if first.endswith((b"data.pkl", b".data/version")):
        return OtherFile.TORCH_WEIGHTS
    if first in (b"metadata.json", b"config.json", b"model.weights.h5"):
        return OtherFile.KERAS_WEIGHTS
    return OtherFile.ZIP_ARCHIVE


def _of_no_text(head: bytes, ending: str) -> OtherFile | None:
    """What bytes are that are no UTF-8; None where they look like a text in another encoding."""
    if _is_utf16(head) or (b"\0" not in head and _control_share(head) < _MOST_CONTROL_ELSE):
        return None
    return _BINARY_ENDINGS.get(ending, OtherFile.BINARY)


def _of_text(text: str, ending: str, name: str) -> OtherFile | None:
    if not text.strip():
        return None
    certain = next((kind for kind, is_meant in _CERTAIN if is_meant(text)), None)
    if certain is not None:
        return certain
    if ending in _LANGUAGES:
        return OtherFile.CODE
    if ending in _OUR_ENDINGS:
        return next((kind for kind, is_meant in _LIKELY if is_meant(text, name)), None)
    return _TEXT_ENDINGS.get(ending)


def _has_network(of_framework: re.Pattern[str], of_network: re.Pattern[str]) -> Callable[[str], bool]:
    def is_meant(text: str) -> bool:
        return bool(of_framework.search(text) and of_network.search(text)) and not _MODEL_TEXT.search(text)

    return is_meant


def _is_notebook(text: str) -> bool:
    return bool(_JSON_OBJECT.match(text)) and '"cells"' in text and ('"nbformat"' in text or '"cell_type"' in text)


def _is_weight_index(text: str) -> bool:
    return bool(_JSON_OBJECT.match(text)) and '"weight_map"' in text


def _is_keras_json(text: str) -> bool:
    return bool(_JSON_OBJECT.match(text)) and '"class_name"' in text and '"config"' in text


def _is_darknet(text: str) -> bool:
    return text.lstrip().startswith(("[net]", "[network]")) and "\n[convolutional]" in text


#: Kinds of texts that are told by what no text of ours has.
_CERTAIN: tuple[tuple[OtherFile, Callable[[str], bool]], ...] = (
    (OtherFile.NOTEBOOK, _is_notebook),
    (OtherFile.WEIGHT_INDEX, _is_weight_index),
    (OtherFile.KERAS_JSON, _is_keras_json),
    (OtherFile.JSON, lambda text: bool(_JSON_OBJECT.match(text))),
    (OtherFile.WEB_PAGE, lambda text: bool(_PAGE.match(text))),
    (OtherFile.XML, lambda text: text.lstrip().startswith("<?xml")),
    (OtherFile.DARKNET_NETWORK, _is_darknet),
    (OtherFile.PYTORCH_PROGRAM, _has_network(_TORCH, _IN_PYTORCH)),
    (OtherFile.KERAS_PROGRAM, _has_network(_KERAS, _IN_KERAS)),
)
#: Kinds that are guessed where the name does not say that it is a text of ours.
_LIKELY: tuple[tuple[OtherFile, Callable[[str, str], bool]], ...] = (
    (OtherFile.DOCKERFILE, lambda text, name: "dockerfile" in PurePath(name).name.lower()),
    (
        OtherFile.DOCKERFILE,
        lambda text, name: bool(re.search(r"^FROM \S", text, re.MULTILINE) and _DOCKER.search(text)),
    ),
    (OtherFile.PYTHON_PROGRAM, lambda text, name: _shebang(text) == "python"),
    (OtherFile.SHELL_SCRIPT, lambda text, name: _shebang(text) != ""),
    (OtherFile.PYTHON_PROGRAM, lambda text, name: bool(_PYTHON.search(text)) and not _MODEL_TEXT.search(text)),
    (OtherFile.CAFFE_NETWORK, lambda text, name: bool(_CAFFE.search(text))),
    (OtherFile.YAML, lambda text, name: text.startswith("---\n")),
)


def _shebang(text: str) -> str:
    found = _SHEBANG.match(text)
    return found.group(1) if found is not None else ""
