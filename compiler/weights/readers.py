"""Weight files: opened by the ending of their names, read one tensor at a time, and never run."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.damage import FileDamage
from ..diagnostics.phrases import Phrases
from ..diagnostics.weight_formats import OneShardOfSeveral
from ..diagnostics.weights import (
    CHECK_THE_PATH,
    KNOWN_OTHERS,
    DamagedWeightFile,
    FolderForWeights,
    OtherFileForWeights,
    WeightFileUnreadable,
    WeightFormatNotRead,
)
from ..file_kinds import kind_of_file
from ..regular_files import instead, open_regular, why_not
from .formats import ENDINGS, WeightFormat, all_formats, format_of
from .shard_names import shard_of
from .weight_file import WeightFile

#: How files begin that hold no weights at all but are given as such.
_DISGUISES: Final[tuple[tuple[bytes, Phrases], ...]] = (
    (b"PK\x03\x04", FileDamage.IS_ZIP_ARCHIVE),
    (b"\x80\x02", FileDamage.IS_PICKLE),
    (b"\x80\x04", FileDamage.IS_PICKLE),
    (b"version https://git-lfs", FileDamage.IS_GIT_LFS_POINTER),
    (b"<", FileDamage.IS_WEB_PAGE),
)


def open_weights(path: str | Path, *, whole: bool = True) -> WeightFile:
    """Open a weight file; its layout is checked as a whole, its tensors are read when asked for.

    Args:
        path: the ending of its name tells the format.
        whole: whether a file that holds some of the tensors only, by its name (``model-00001-of-00003.safetensors``),
            is an error.

    Raises:
        DotnnError: another format, a file that cannot be read, or a damaged one; no code is ever run.
    """
    path = Path(path)
    found = format_of(path)
    if found is None:
        raise DotnnError(_no_weights(path))
    shard = shard_of(path) if whole else None
    if shard is not None:
        facts = {"number": shard.number, "total": shard.total, "index": str(shard.index)}
        raise DotnnError(OneShardOfSeveral(path=str(path), **facts, is_there=shard.index.is_file()))
    with ExitStack() as opened:
        stream = opened.enter_context(open_stream(path))
        try:
            file = found.open(stream, path)
        except DotnnError as error:
            disguise = _disguise(stream, path, found)
            if disguise is None or not _is_damaged(error):
                raise
            raise DotnnError(disguise) from error
        if found.keeps_stream:
            opened.pop_all()
    return file


def _no_weights(path: Path) -> Diagnostic:
    """What to say of a file whose name has no ending of a format."""
    facts: dict[str, Any] = {"path": str(path), "suffix": path.suffix.lower(), "endings": ENDINGS}
    if path.is_dir():
        return FolderForWeights(**facts)
    kind = None if path.suffix.lower() in KNOWN_OTHERS else kind_of_file(path)
    return WeightFormatNotRead(**facts) if kind is None else OtherFileForWeights(**facts, kind=kind)


def open_stream(path: Path) -> IO[bytes]:
    """A regular file, open for reading.

    Raises:
        DotnnError: WeightFileUnreadable.
    """
    try:
        return open_regular(path)
    except (OSError, ValueError) as error:
        shown = str(path).replace("\0", "\\0")
        fault = WeightFileUnreadable(path=shown, reason=why_not(error), hint=instead(error) or CHECK_THE_PATH)
        raise DotnnError(fault) from error


def _is_damaged(error: DotnnError) -> bool:
    return any(isinstance(one, DamagedWeightFile) for one in error.diagnostics)


def _disguise(stream: IO[bytes], path: Path, taken_for: WeightFormat) -> DamagedWeightFile | None:
    """What to say of a file of another known format; None where it is none."""
    for other in all_formats():
        if other.suffix != taken_for.suffix and not stream.closed and other.recognize(stream):
            what = FileDamage.IS_OTHER_FORMAT(kind=other.kind, suggested=f"{path.stem}{other.suffix}")
            return DamagedWeightFile(path=str(path), kind=taken_for.kind, reason=what)
    head = head_of(stream, 32)
    for magic, what in _DISGUISES:
        if head.startswith(magic) and not taken_for.recognize(stream):
            return DamagedWeightFile(path=str(path), kind=taken_for.kind, reason=what())
    return None


def head_of(stream: IO[bytes], length: int) -> bytes:
    """The first bytes of an open file."""
    stream.seek(0)
    return stream.read(length)
