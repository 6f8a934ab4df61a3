"""Weight files: opened by the ending of their names, read one tensor at a time, and never unpickled."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import IO, Final, Protocol

from ..diagnostics import DotnnError
from ..diagnostics.weights import CHECK_THE_PATH, DamagedWeightFile, WeightFileUnreadable, WeightFormatNotRead
from ..files import instead, open_regular, why_not
from .formats import WeightFormat, format_of
from .values import WeightSource


class WeightFile(WeightSource, AbstractContextManager["WeightFile"], Protocol):
    """The tensors of an open file; as a context manager, it closes the file."""

    @property
    def path(self) -> str:
        """The file's path, as the user wrote it."""
        ...

    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type, such as ``float32``."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...


#: How files begin that are given names of weight files by mistake: what they are, and what to do.
_DISGUISES: Final[tuple[tuple[bytes, str, str, str], ...]] = (
    (b"PK\x03\x04", ".npz", "it is a zip archive, as `.npz` and PyTorch's files are", "rename it to what it is"),
    (b"\x89HDF\r\n\x1a\n", "", "it is an HDF5 file, as Keras writes them", "see `dotnn explain E801`"),
    (b"\x80\x02", "", "it is a pickle, and nothing is ever unpickled", "see `dotnn explain E801`"),
    (b"\x80\x04", "", "it is a pickle, and nothing is ever unpickled", "see `dotnn explain E801`"),
    (b"version https://git-lfs", "", "it is a Git LFS pointer that stands for the file", "run `git lfs pull`"),
    (b"<", "", "it is a web page", "download the file itself"),
)


def open_weights(path: str | Path) -> WeightFile:
    """Open a `.safetensors` or `.npz` file; its layout is checked as a whole, its tensors are read when asked for.

    Raises:
        DotnnError: another format, a file that cannot be read, or a damaged one; nothing is ever unpickled.
    """
    path = Path(path)
    found = format_of(path)
    if found is None:
        raise DotnnError(WeightFormatNotRead(path=str(path), suffix=path.suffix.lower()))
    with ExitStack() as opened:
        stream = opened.enter_context(_open(path))
        try:
            file = found.open(stream, path)
        except DotnnError as error:
            disguise = _disguise(stream, path, found)
            if disguise is None:
                raise
            raise DotnnError(disguise) from error
        if found.keeps_stream:
            opened.pop_all()
    return file


def _open(path: Path) -> IO[bytes]:
    try:
        return open_regular(path)
    except (OSError, ValueError) as error:
        shown = str(path).replace("\0", "\\0")
        fault = WeightFileUnreadable(path=shown, reason=why_not(error), hint=instead(error) or CHECK_THE_PATH)
        raise DotnnError(fault) from error


def _disguise(stream: IO[bytes], path: Path, taken_for: WeightFormat) -> DamagedWeightFile | None:
    """What to say of a file of another known format; None where it is none."""
    stream.seek(0)
    head = stream.read(32)
    for magic, known_as, reason, hint in _DISGUISES:
        if head.startswith(magic) and taken_for.suffix != known_as:
            return DamagedWeightFile(path=str(path), kind=taken_for.kind, reason=reason, hint=hint)
    return None
