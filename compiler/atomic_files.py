"""Files that are written completely or not at all.

Content goes to a temporary file in the destination's folder, which is brought to the disk and then renamed, in a turn
of its own (``locks``). Whatever fails before the rename, an interrupt included, leaves the destination as it was and no
temporary file behind. What a killed process leaves is removed by the next one that writes to the folder.

A file that is replaced gives its permissions to the new one. A link is followed: what it points to is replaced.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import final

from .diagnostics import Diagnostic, DotnnError
from .diagnostics.unreadable_files import Unreadable
from .diagnostics.writing import (
    AlreadyThere,
    CannotWrite,
    ChangedMeanwhile,
    FileIsReadOnly,
    NoDirectory,
    NoSpace,
    NotARegularFile,
    NotPermitted,
)
from .locks import Lock, Turn, belongs_to_us, is_at, release, sweep, temporary_name, try_lock
from .regular_files import read_regular

#: Bytes handed to the operating system at once; between two pieces an interrupt is noticed.
_PIECE = 16 << 20
#: How often a new temporary file may be taken for an abandoned one before its lock is there; see ``locks``.
_ATTEMPTS = 100
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NOT_PERMITTED = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_DIRECTORY_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)


@final
class PendingFile:
    """A temporary file on its way to a destination; a context manager that removes it unless it got its place.

    Args:
        destination: the file to replace or to make; its folder must exist. A link stands for what it points to.
        like: the file whose permissions it has; by default that at the destination. A new file has those that the
            user's mask leaves.

    Raises:
        DotnnError: NoDirectory, NotPermitted, NotARegularFile, NoSpace or CannotWrite, here and in all
            methods.
    """

    def __init__(self, destination: Path, like: Path | None = None) -> None:
        self._destination = require_replaceable(destination)
        self._like = like or self._destination
        self._temporary = self._destination.parent / temporary_name()
        self._handle: int | None = None
        self._is_placed = False

    def __enter__(self) -> PendingFile:
        try:
            with output_errors(self._destination):
                self._open()
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

    def complete(self) -> None:
        """Bring the content to the disk; what takes long is done after that."""
        with output_errors(self._destination):
            os.fsync(self._writable())

    def place(self, turn: Turn, destination: Path | None = None) -> None:
        """Give the content its place: the destination, or another file in the same folder.

        Args:
            turn: shows that no other process does the same.
            destination: the other file.
        """
        destination = destination or self._destination
        with output_errors(destination):
            handle = self._writable()
            _take_permissions(handle, self._like)
            if os.name == "nt":
                # An open file is not renamed there.
                self._close()
            os.replace(self._temporary, destination)
            self._close()

    def commit(self) -> None:
        """Bring the content to the disk and give it its place at the destination."""
        self.complete()
        with turn_at(self._destination) as turn:
            self.place(turn)
            sync_directory(self._destination)

    def commit_new(self) -> None:
        """Like ``commit``, but raises AlreadyThere where something has come to the destination by then."""
        self.complete()
        with turn_at(self._destination) as turn:
            try:
                # Alone among the ways to name a file, this one never replaces another.
                os.link(self._temporary, self._destination)
            except OSError:
                # There is one, or the file system has no second names.
                _require_free(self._destination)
                self.place(turn)
            sync_directory(self._destination)

    def _open(self) -> None:
        """Make the temporary file and take its lock, so that nobody takes it for an abandoned one."""
        directory = self._destination.parent
        sweep(directory)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        model = _status(self._like)
        # What is to be private is so while it is written; its owner must be able to open it to clean up.
        mode = 0o666 if model is None else model.st_mode & 0o666 | 0o600
        for _ in range(_ATTEMPTS):
            self._handle = handle = os.open(self._temporary, flags, mode)
            state = try_lock(handle)
            if state is Lock.NONE or (state is Lock.MINE and is_at(handle, self._temporary)):
                return
            self._discard()
            self._temporary = directory / temporary_name()
        self._handle = os.open(self._temporary, flags, mode)

    def _writable(self) -> int:
        if self._handle is None:
            raise ValueError("the file is not open")
        return self._handle

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            release(handle)

    def _discard(self) -> None:
        """Remove the temporary file, which has its place already if all went well."""
        if os.name == "nt":
            with contextlib.suppress(OSError):
                self._close()
        with contextlib.suppress(OSError):
            os.unlink(self._temporary)
        with contextlib.suppress(OSError):
            self._close()


def write_atomically(destination: Path, content: bytes | memoryview) -> None:
    """Replace a file by these bytes, or leave it as it is; raises what ``PendingFile`` raises."""
    with PendingFile(destination) as file:
        file.write(content)
        file.commit()


def replace_atomically(destination: Path, before: bytes, after: bytes) -> None:
    """Replace the content of a file by another one, or leave it as it is.

    Raises:
        DotnnError: ChangedMeanwhile, if the file holds something else than ``before``; FileIsReadOnly; or what
            ``PendingFile`` raises.
    """
    settled = require_replaceable(destination)
    if os.path.exists(settled) and not os.access(settled, os.W_OK):
        # Renaming would not ask for it: that is up to the folder.
        raise DotnnError(FileIsReadOnly(path=str(destination)))
    with PendingFile(destination) as file:
        file.write(after)
        file.complete()
        with turn_at(settled) as turn:
            if not _holds(settled, before):
                raise DotnnError(ChangedMeanwhile(path=str(destination)))
            file.place(turn)
            sync_directory(settled)


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file is there and holds this."""
    with output_errors(path), contextlib.suppress(FileNotFoundError):
        return read_regular(path, len(content)) == content
    return False


def create_atomically(destination: Path, content: bytes | memoryview) -> None:
    """Make a new file of these bytes, wholly or not at all.

    Raises:
        DotnnError: AlreadyThere, or what ``PendingFile`` raises.
    """
    if _is_path(destination):
        _require_free(destination)
    with PendingFile(destination) as file:
        file.write(content)
        file.commit_new()


def _require_free(destination: Path) -> None:
    # A link that leads nowhere is something, too.
    if os.path.lexists(destination):
        raise DotnnError(AlreadyThere(path=str(destination)))


@contextlib.contextmanager
def turn_at(destination: Path) -> Iterator[Turn]:
    """The turn to replace files in the folder of an output; see ``Turn``.

    Raises:
        DotnnError: the folder cannot be written to, or is gone.
    """
    with contextlib.ExitStack() as stack:
        with output_errors(destination):
            turn = stack.enter_context(Turn(destination.parent))
        yield turn


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


def require_replaceable(destination: Path) -> Path:
    """The file that a destination means: what it points to, if it is a link.

    Raises:
        DotnnError: it is neither a file nor free and in a folder.
    """
    if not _is_path(destination):
        raise DotnnError(CannotWrite(path=str(destination), reason=Unreadable.IS_NO_PATH()))
    with output_errors(destination):
        settled = _target(destination) if os.path.islink(destination) else destination
    if not settled.parent.is_dir():
        raise DotnnError(NoDirectory(path=str(destination), directory=str(settled.parent)))
    with output_errors(destination):
        found = _status(settled)
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise DotnnError(NotARegularFile(path=str(destination), is_directory=stat.S_ISDIR(found.st_mode)))
    return settled


def _is_path(path: Path) -> bool:
    """Whether the operating system can take it for one: a text with a NUL or half of a surrogate pair is none."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def _target(link: Path) -> Path:
    """What a link points to.

    Where anybody may put links, as in /tmp, only one's own and those of the folder's owner are followed.
    """
    folder, itself = os.stat(link.parent), os.lstat(link)
    is_shared = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    if is_shared and not belongs_to_us(itself) and itself.st_uid != folder.st_uid:
        raise PermissionError(errno.EACCES, str(Unreadable.IS_LINK_OF_ANOTHER()))
    return Path(os.path.realpath(link))


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _take_permissions(handle: int, like: Path) -> None:
    """Give a file the permission bits of another one and, as far as that is allowed, its owner and its group.

    A file system without them is no fault.
    """
    model = _status(like)
    if model is None or os.name == "nt":
        return
    mode, mine = stat.S_IMODE(model.st_mode) & 0o777, os.fstat(handle)
    with contextlib.suppress(OSError):
        if mine.st_uid != model.st_uid:
            os.fchown(handle, model.st_uid, -1)
    try:
        if mine.st_gid != model.st_gid:
            os.fchown(handle, -1, model.st_gid)
    except OSError:
        # Another group than was meant gets no more than everybody.
        mode = mode & ~0o070 | (mode & 0o007) << 3
    with contextlib.suppress(OSError):
        os.fchmod(handle, mode)


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
