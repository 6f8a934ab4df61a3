"""Locks of the operating system: whose a temporary file is, and whose turn it is to replace the files of a folder.

A lock belongs to an open file, and ends with its process however that ends. So whoever can take the lock of a temporary
file knows that its owner is gone, and may remove it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import secrets
import stat
import sys
import time
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Final, final

from .diagnostics.notices import tell
from .diagnostics.phrases import Phrase
from .diagnostics.writing import FilesNotLocked, NotLocked, WaitsForWriter

#: The file whose lock says whose turn it is in a folder. It is there during a turn only.
LOCK_NAME: Final = ".dotnn.lock"
#: Seconds after which somebody who waits is told why.
PATIENCE: Final = 5.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
#: How often a locked file that has a name may seem not to be the one that stands there, before nothing is made of it:
#: some file systems give an open file another identity.
_STRANGE = 100
#: Notes are a few names; no more is read of what may be anybody's file.
_LONGEST_NOTE = 1 << 16

_HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF)
#: As far away as C's `long` says on Windows.
_LOCKED_BYTE = (1 << 31) - 2
#: What stands at the place of the lock's file is a link, a folder or a socket.
_NO_FILE = (errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO)
#: Neither a link nor a pipe that somebody has put there is followed or waited for.
_CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_TEMPORARY = re.compile(r"\.dotnn-(?:(?P<machine>[0-9a-f]{8})-)?[0-9a-f]{16}\.tmp")
#: Some network file systems have locks that other machines do not see. What comes from another machine is given up
#: only when nothing has been written to it for a day.
_OLD = 24 * 60 * 60


class Lock(Enum):
    """What came of an attempt to take a lock."""

    MINE = auto()
    OTHERS = auto()
    NONE = auto()  #: the file system has no locks


def _lock(handle: int, *, take: bool = True) -> None:
    """Take a lock without waiting, or give it back."""
    if sys.platform == "win32":
        import msvcrt

        # Windows locks bytes, and lets nobody else touch what is locked: so it is one that nobody else looks for.
        position = os.lseek(handle, 0, os.SEEK_CUR)
        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK if take else msvcrt.LK_UNLCK, 1)
        finally:
            os.lseek(handle, position, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB if take else fcntl.LOCK_UN)


def try_lock(handle: int) -> Lock:
    """Take the lock of an open file, unless another process or thread has it.

    Raises:
        OSError: neither that nor a file system without locks.
    """
    try:
        _lock(handle)
    except OSError as error:
        if error.errno in _HELD:
            return Lock.OTHERS
        if error.errno in _NO_LOCKS:
            return Lock.NONE
        raise
    return Lock.MINE


def release(handle: int) -> None:
    """Give a lock back and close its file, whose content is on the disk already if it matters.

    Closing alone would not do where a child process was forked: it has the same lock.
    """
    with contextlib.suppress(OSError):
        _lock(handle, take=False)
    with contextlib.suppress(OSError):
        os.close(handle)


def is_at(handle: int, path: Path) -> bool:
    """Whether an open file is the one that stands at a path: it may have been removed, or replaced by another."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False


# Temporary files ----------------------------------------------------------------------------------------------------


def machine() -> str:
    """Eight characters that tell this machine from others that see the same files."""
    return hashlib.sha256(platform.node().encode(errors="replace")).hexdigest()[:8]


def temporary_name() -> str:
    """A name for a temporary file that nothing has; ``sweep`` knows it again."""
    return f".dotnn-{machine()}-{secrets.token_hex(8)}.tmp"


def sweep(directory: Path) -> None:
    """Remove the temporary files in a folder whose owners are gone: killed, for instance."""
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name)
            if found and not is_too_young(found["machine"], entry):
                remove_ownerless(Path(entry.path))


def is_too_young(made_by: str | None, entry: os.DirEntry[str]) -> bool:
    """Whether a lock does not prove that what stands there has no owner."""
    # On Windows an open file is not renamed, so its owner lets go of it a moment before it gets its place.
    if made_by == machine() and os.name != "nt":
        return False
    return time.time() - entry.stat(follow_symlinks=False).st_mtime < _OLD


def remove_ownerless(path: Path, *, largest: int | None = None) -> None:
    """Remove a file if nobody holds its lock, and if that is possible.

    Left alone are links, what is no regular file, what belongs to another user or has another name as well, and where a
    bound is given what has more bytes.
    """
    with contextlib.suppress(OSError):
        handle = open_existing(path)
        try:
            is_ownerless = _is_ownerless(handle, path, largest)
            if is_ownerless and os.name != "nt":
                os.unlink(path)
        finally:
            release(handle)
        if is_ownerless and os.name == "nt":
            # Nothing is removed there that anybody has open.
            os.unlink(path)


def _is_ownerless(handle: int, path: Path, largest: int | None) -> bool:
    if not _is_plain(os.fstat(handle)):
        return False
    if try_lock(handle) is not Lock.MINE or not is_at(handle, path):
        return False
    return largest is None or os.fstat(handle).st_size <= largest


def _is_plain(found: os.stat_result) -> bool:
    """Whether this is a file of this user's that has no other name."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink <= 1 and belongs_to_us(found)


def open_existing(path: Path) -> int:
    """Open a file that somebody has made, to take its lock; some file systems want to write for that."""
    try:
        return os.open(path, os.O_RDWR | _CAREFULLY)
    except PermissionError:
        return os.open(path, os.O_RDONLY | _CAREFULLY)


def belongs_to_us(found: os.stat_result) -> bool:
    """Whether a file is this user's; on Windows, where nobody says, its place has to tell."""
    return sys.platform == "win32" or found.st_uid == os.geteuid()


# Turns --------------------------------------------------------------------------------------------------------------


@final
class Turn:
    """The right to give files of a folder their places: one process and thread at a time has it.

    A turn is for renaming and removing what is complete already, so it takes milliseconds, and one for a whole folder
    will do: then two names of one file cannot be taken for two files. Nobody waits inside of a turn, so nobody waits
    for ever. A file with the lock stands in the folder for as long as the turn takes. Whoever waits for it looks, once
    the lock is his, whether it is still the file that stands there: the one before him has removed it.

    Attributes:
        left: what a process that was killed in its turn had noted.

    Args:
        directory: the folder.

    Raises:
        OSError: the folder cannot be written to. A file system without locks is told as a warning, and the turn is
            given all the same.
    """

    def __init__(self, directory: Path) -> None:
        self.left = ""
        self._directory = directory
        self._path = directory / LOCK_NAME
        self._handle: int | None = None
        self._is_locked = False
        self._may_note = False
        self._strange = 0
        #: Whether the lock's file cannot even be opened, so that nobody can tell whether somebody has it.
        self._is_closed = False

    def __enter__(self) -> Turn:
        pause, start, told = _SHORTEST_PAUSE, time.monotonic(), False
        try:
            while not self._try():
                is_late = time.monotonic() - start > PATIENCE
                if is_late and self._is_closed:
                    self._go_without(NotLocked.LOCK_OF_ANOTHER(lock=LOCK_NAME))
                    break
                if is_late and not told:
                    tell(WaitsForWriter(directory=str(self._directory)))
                    told = True
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        except BaseException:
            self._leave()
            remove_ownerless(self._path, largest=0)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def note(self, text: str) -> None:
        """Note what has to be done if this process does not come to it, or nothing any more if the text is empty.

        The next one who has a turn finds it in ``left``.
        """
        if self._handle is None or not self._may_note:
            return
        # A note is for those who are killed; a full disk is no reason not to go on.
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, text.encode())

    def _try(self) -> bool:
        """Take the lock if nobody has it; where there are no locks, go on without."""
        try:
            self._handle = handle = self._open()
        except OSError as error:
            if error.errno not in _NO_FILE:
                raise
            return self._go_without(NotLocked.LOCK_IS_NO_FILE(lock=LOCK_NAME))
        self._is_closed = handle is None
        if handle is None:
            return False
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            self._leave()
            return self._go_without(NotLocked.LOCK_IS_NO_FILE(lock=LOCK_NAME))
        state = try_lock(handle)
        if state is Lock.MINE and is_at(handle, self._path):
            self._is_locked = True
            self._may_note = _is_plain(os.fstat(handle))
            self.left = os.read(handle, _LONGEST_NOTE).decode(errors="replace") if self._may_note else ""
            return True
        # What the one before has removed has no name any more.
        self._strange += state is Lock.MINE and os.fstat(handle).st_nlink > 0
        self._leave()
        if state is Lock.NONE:
            self._remove()
            return self._go_without(NotLocked.HAS_NO_LOCKS())
        if self._strange == _STRANGE:
            return self._go_without(NotLocked.HAS_NO_IDENTITIES())
        return False

    def _open(self) -> int | None:
        """The lock's file; None if it is another user's, and was removed or may not be read."""
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | _CAREFULLY, 0o666)
        except PermissionError:
            if not os.path.lexists(self._path) and not os.access(self._directory, os.W_OK):
                raise
        try:
            return open_existing(self._path)
        except (FileNotFoundError, PermissionError):
            return None

    def _go_without(self, reason: Phrase) -> bool:
        tell(FilesNotLocked(directory=str(self._directory), reason=reason))
        return True

    def _leave(self) -> None:
        handle, self._handle = self._handle, None
        if handle is None:
            return
        is_done = False
        try:
            is_done, self._is_locked = self._is_locked and os.fstat(handle).st_size == 0, False
            if is_done and os.name != "nt":
                self._remove()
        finally:
            release(handle)
        if is_done and os.name == "nt":
            # Nothing is removed there that anybody has open: who comes next removes it.
            self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._path)
