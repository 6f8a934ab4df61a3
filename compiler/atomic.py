"""Files that are written completely or not at all.

Content goes to a temporary file in the destination's directory, which is brought to the disk and then
renamed. Whatever fails before the rename, an interrupt included, leaves the destination as it was and no
temporary file behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import final

from .diagnostics import Diagnostic, DotnnError
from .diagnostics.output import CannotWrite, NoDirectory, NoSpace, NotARegularFile, NotPermitted

#: Bytes handed to the operating system at once; between two pieces an interrupt is noticed.
_PIECE = 16 << 20
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NOT_PERMITTED = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_DIRECTORY_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)


@final
class PendingFile:
    """A temporary file on its way to a destination; a context manager that removes it unless it was
    committed.

    Args:
        destination: the file to replace or to make; its directory must exist.

    Raises:
        DotnnError: NoDirectory, NotPermitted, NotARegularFile, NoSpace or CannotWrite, here and in all
            methods.
    """

    def __init__(self, destination: Path) -> None:
        require_replaceable(destination)
        self._destination = destination
        self._temporary = destination.parent / f".dotnn-{secrets.token_hex(8)}.tmp"
        self._handle: int | None = None

    def __enter__(self) -> PendingFile:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            with output_errors(self._destination):
                self._handle = os.open(self._temporary, flags, 0o666)
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def write(self, content: bytes | memoryview) -> None:
        """Append bytes."""
        view = memoryview(content).cast("B")
        with output_errors(self._destination):
            while len(view):
                written = os.write(self._writable(), view[:_PIECE])
                view = view[written:]

    def commit(self, destination: Path | None = None) -> None:
        """Bring the content to the disk and give it its place.

        That is the destination, or another file in the same directory.
        """
        destination = destination or self._destination
        with output_errors(destination):
            os.fsync(self._writable())
            self._close()
            os.replace(self._temporary, destination)

    def _writable(self) -> int:
        if self._handle is None:
            raise ValueError("the file is not open")
        return self._handle

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _discard(self) -> None:
        """Remove the temporary file, which a commit has renamed already."""
        with contextlib.suppress(OSError):
            self._close()
        with contextlib.suppress(OSError):
            os.unlink(self._temporary)


def write_atomically(destination: Path, content: bytes | memoryview) -> None:
    """Replace a file by these bytes, or leave it as it is; raises what ``PendingFile`` raises."""
    with PendingFile(destination) as file:
        file.write(content)
        file.commit()
    sync_directory(destination)


def sync_directory(destination: Path) -> None:
    """Bring the names in the directory of a file to the disk, where the system can do that."""
    if os.name == "nt":
        return
    with output_errors(destination):
        handle = os.open(destination.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in _NO_DIRECTORY_SYNC:
                raise
        finally:
            os.close(handle)


def require_replaceable(destination: Path) -> None:
    """Raise a DotnnError unless the destination is a file, or free and in a directory."""
    if not destination.parent.is_dir():
        raise DotnnError(NoDirectory(path=str(destination), directory=str(destination.parent)))
    with output_errors(destination):
        try:
            mode = os.stat(destination).st_mode
        except FileNotFoundError:
            return
    if not stat.S_ISREG(mode):
        found = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise DotnnError(NotARegularFile(path=str(destination), found=found))


@contextlib.contextmanager
def output_errors(destination: Path) -> Iterator[None]:
    """Turn an OSError into the diagnostic that says what it means for this output."""
    try:
        yield
    except OSError as error:
        raise DotnnError(_diagnostic(destination, error)) from error


def _diagnostic(destination: Path, error: OSError) -> Diagnostic:
    path, directory = str(destination), str(destination.parent)
    reason = error.strerror or str(error)
    if error.errno in _NO_SPACE:
        return NoSpace(path=path)
    if error.errno in _NOT_PERMITTED:
        return NotPermitted(path=path, directory=directory, reason=reason)
    if error.errno == errno.ENOENT:
        return NoDirectory(path=path, directory=directory)
    return CannotWrite(path=path, reason=reason)
