"""Opening files for reading: regular ones only, without waiting for anybody, and no more of them than is wanted.

A pipe may never say anything, and a device may never end, so neither is read under the name of a file: that holds for
models, weights, inputs and labels, and for ``/dev/stdin`` and the ``<(command)`` of shells where they stand for a pipe.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from typing import BinaryIO, Final, TypeAlias

AnyPath: TypeAlias = str | os.PathLike[str]

_AT_ONCE: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS: Final = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
#: Bytes that are read at once.
_PIECE: Final = 1 << 20


class NotRegular(OSError):
    """What stands at a path is a folder, a pipe, a socket or a device.

    Attributes:
        reason: which of them.
    """

    def __init__(self, mode: int) -> None:
        # Most files are regular.
        from .diagnostics.unreadable_files import Unreadable

        is_folder = stat.S_ISDIR(mode)
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
        self.reason = Unreadable.IS_FOLDER() if is_folder else Unreadable.IS_NO_REGULAR_FILE(kind=kind)
        super().__init__(errno.EISDIR if is_folder else errno.EINVAL, str(self.reason))


def open_regular(path: AnyPath) -> BufferedReader:
    """Open a regular file for reading.

    Raises:
        OSError: it is not there, may not be read, or is no regular file (`NotRegular`).
        ValueError: no file can have this name.
    """
    # Opening some devices does something, and opening a pipe waits for who writes.
    _require_regular(os.stat(path).st_mode)
    handle = os.open(path, _AT_ONCE)
    try:
        # Another one may stand there by now.
        _require_regular(os.fstat(handle).st_mode)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: AnyPath, most: int) -> bytes:
    """What a regular file holds, up to a byte more than ``most``, which tells that there is more.

    Raises:
        OSError: as for `open_regular`.
        ValueError: likewise.
    """
    with open_regular(path) as stream:
        return read_bounded(stream, most)


def read_bounded(stream: BinaryIO, most: int) -> bytes:
    """What a stream holds, up to a byte more than ``most``; raises OSError where it has nothing to say yet."""
    pieces: list[bytes] = []
    left = most + 1
    # Asked for all at once, Python would reserve memory for all that may be there.
    while left > 0:
        piece = stream.read(min(left, _PIECE))
        if piece is None:
            # Files of the system such as `/proc/kmsg` call themselves regular and have nothing to say yet.
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def why_not(error: OSError | ValueError) -> str:
    """Why a file cannot be read, in words that follow a colon."""
    from .diagnostics.unreadable_files import Unreadable

    if isinstance(error, OSError):
        return (error.strerror or str(error) or str(Unreadable.READING_FAILS())).lower()
    return str(Unreadable.IS_NO_PATH())


def instead(error: OSError | ValueError) -> str:
    """What to do about it; empty where that depends on what the file was for."""
    return error.reason.advice() if isinstance(error, NotRegular) else ""


def _require_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotRegular(mode)
