"""A private folder for files that onnxruntime reads, and what becomes of it when its owner is killed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import tempfile
import weakref
from pathlib import Path
from typing import final

from ..compiler.atomic_files import output_errors
from ..compiler.locks import Lock, belongs_to_us, is_at, is_too_young, machine, open_existing, release, try_lock

#: The file in a folder whose lock its owner holds.
OWNER = ".dotnn-owner"
_NAME = re.compile(r"dotnn-(?P<machine>[0-9a-f]{8})-[0-9a-f]{16}")
#: How often a new folder may be taken for an abandoned one before its lock is there.
_ATTEMPTS = 100


@final
class TemporaryFolder:
    """A folder below the system's folder for temporary files, which nobody else may look into.

    It lives as long as this object, or until it is removed. Folders that killed processes of this user have left are
    removed before.

    Attributes:
        path: the folder.

    Raises:
        DotnnError: NoDirectory, NotPermitted, NoSpace or CannotWrite.
    """

    def __init__(self) -> None:
        sweep_folders()
        with output_errors(Path(tempfile.tempdir or "the folder for temporary files") / "dotnn"):
            self.path, handle = _owned_folder(Path(tempfile.gettempdir()))
        # Not every system lets go of files that onnxruntime has open: then they are removed when the session ends.
        self._finalizer = weakref.finalize(self, _remove_owned, self.path, handle)

    def remove(self) -> None:
        """Give the disk space back at once where the system lets go of open files."""
        if os.name != "nt":
            self._finalizer()


def _owned_folder(root: Path) -> tuple[Path, int]:
    """A new folder, and the file whose lock shows that it has an owner."""
    for attempt in range(_ATTEMPTS):
        path = root / f"dotnn-{machine()}-{secrets.token_hex(8)}"
        try:
            os.mkdir(path, 0o700)
            handle = _owner_of(path, sure=attempt < _ATTEMPTS - 1)
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        if handle is not None:
            return path, handle
    raise FileNotFoundError(errno.ENOENT, "others remove its temporary folders")


def _owner_of(path: Path, *, sure: bool) -> int | None:
    """Mark a folder; None if somebody takes it for an abandoned one, because the lock was not there yet.

    Where a file system gives open files another identity one can never be sure; nor can those who would remove it.
    """
    try:
        handle = os.open(path / OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileNotFoundError:
        return None
    state = try_lock(handle)
    if state is Lock.NONE or (state is Lock.MINE and is_at(handle, path / OWNER)) or not sure:
        return handle
    release(handle)
    _remove_ownerless(path)
    return None


def _remove_owned(path: Path, handle: int) -> None:
    _empty(path)
    if os.name == "nt":
        release(handle)
    with contextlib.suppress(OSError):
        os.unlink(path / OWNER)
        os.rmdir(path)
    if os.name != "nt":
        release(handle)


def sweep_folders() -> None:
    """Remove the folders of this kind whose owners are gone."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            found = _NAME.fullmatch(entry.name)
            if found and _is_private(entry) and not is_too_young(found["machine"], entry):
                _remove_ownerless(Path(entry.path))


def _is_private(entry: os.DirEntry[str]) -> bool:
    """Whether this is a folder, of this user, that nobody else can put anything into."""
    found = entry.stat(follow_symlinks=False)
    return stat.S_ISDIR(found.st_mode) and belongs_to_us(found) and (os.name == "nt" or not found.st_mode & 0o077)


def _remove_ownerless(path: Path) -> None:
    with contextlib.suppress(OSError):
        try:
            handle = open_existing(path / OWNER)
        except FileNotFoundError:
            # Its owner was killed before there was anything in it; what is not empty is not ours.
            os.rmdir(path)
            return
        if try_lock(handle) is Lock.MINE and is_at(handle, path / OWNER):
            _remove_owned(path, handle)
        else:
            release(handle)


def _empty(path: Path) -> None:
    """Remove everything but the mark of the owner, which goes last: without it nobody would know the rest again."""
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name != OWNER:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
