"""Zip archives from anywhere: neither their lists of members nor the members themselves may fill the memory."""

from __future__ import annotations

import io
import lzma
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import IO, Any, Final, final

from ..diagnostics.damage import ArchiveDamage, FileDamage

#: What the modules behind zipfile raise for damaged archives; RuntimeError for encrypted ones.
ARCHIVE_ERRORS: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
#: Bytes of the list of members: about a hundred for each.
_LONGEST_LIST: Final = 16 << 20
#: Bytes that are unpacked at once.
_PIECE: Final = 1 << 20
#: Numbers of weights hardly shrink. What grows by more is a bomb, unless it stays small.
_MOST_GROWTH, _SMALL = 32, 64 << 20

_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_MEMBER: Final = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT: Final = (1 << 16) - 1


def what_archive_errors_say(error: Exception) -> str:
    """What one of ``ARCHIVE_ERRORS`` says; those of an archive that ends too early say nothing."""
    return str(error) or str(FileDamage.IS_CUT_OFF())


def open_zip(stream: IO[bytes]) -> zipfile.ZipFile:
    """An archive, of which the list of members is read.

    Raises:
        zipfile.BadZipFile: it is none, or the list is too long; or any other of ``ARCHIVE_ERRORS``.
    """
    length = _length_of_list(stream)
    if length > _LONGEST_LIST:
        raise zipfile.BadZipFile(ArchiveDamage.LONG_LIST_OF_MEMBERS(length=length, most=_LONGEST_LIST))
    stream.seek(0)
    return zipfile.ZipFile(stream)


def _length_of_list(stream: IO[bytes]) -> int:
    """How long the list of members is, as the end of the archive says; 0 where zipfile finds no end either."""
    size = stream.seek(0, os.SEEK_END)
    start = max(0, size - _END.size - _LONGEST_COMMENT - _LOCATOR.size)
    stream.seek(start)
    tail = stream.read(size - start)
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < _END.size:
        return 0
    length = _END.unpack_from(tail, place)[5]
    before = place - _LOCATOR.size
    if before < 0 or tail[before : before + 4] != b"PK\6\7":
        return length
    stream.seek(max(0, start + before - _END_64.size))
    end = stream.read(_END_64.size)
    return _END_64.unpack(end)[8] if len(end) == _END_64.size and end[:4] == b"PK\6\6" else length


def recognize_members(fits: Callable[[Sequence[str]], bool]) -> Callable[[IO[bytes]], bool]:
    """Whether an open file is an archive with certain members."""

    def recognize(stream: IO[bytes]) -> bool:
        stream.seek(0)
        if stream.read(4) != b"PK\3\4":
            return False
        try:
            names = open_zip(stream).namelist()
        except (*ARCHIVE_ERRORS, OSError):
            return False
        return bool(names) and fits(names)

    return recognize


def place_of(stream: IO[bytes], archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Where in the file the bytes of a member begin that is stored as it is, all of which the file has.

    Raises:
        zipfile.BadZipFile: it is packed, or the file lacks bytes of it.
    """
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
        raise zipfile.BadZipFile(ArchiveDamage.MEMBER_PACKED(member=member.filename))
    size = stream.seek(0, os.SEEK_END)
    # Where an archive says that it begins before its file does, this is negative.
    stream.seek(max(0, member.header_offset))
    head = stream.read(_MEMBER.size)
    if member.header_offset < 0 or len(head) < _MEMBER.size or head[:4] != b"PK\3\4":
        raise zipfile.BadZipFile(ArchiveDamage.MEMBER_ELSEWHERE(member=member.filename))
    *_, name, extra = _MEMBER.unpack(head)
    start = member.header_offset + _MEMBER.size + name + extra
    if member.file_size != member.compress_size or start + member.file_size > size:
        raise zipfile.BadZipFile(ArchiveDamage.MEMBER_CUT_OFF(member=member.filename))
    return start


def seekable(stream: IO[bytes], archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """The bytes of a member as a file of its own: a window of the archive, or unpacked into a temporary file.

    Its check sum is compared.

    Raises:
        zipfile.BadZipFile: it is damaged, or a bomb; or any other of ``ARCHIVE_ERRORS``.
    """
    if member.compress_type == zipfile.ZIP_STORED:
        window = io.BufferedReader(_Window(stream, place_of(stream, archive, member), member.file_size))
        _compare(window, member)
        return window
    if member.file_size > max(_SMALL, _MOST_GROWTH * member.compress_size):
        facts = {"packed": member.compress_size, "unpacked": member.file_size}
        raise zipfile.BadZipFile(ArchiveDamage.MEMBER_GROWS(member=member.filename, **facts))
    return _unpacked(archive, member)


def _compare(window: IO[bytes], member: zipfile.ZipInfo) -> None:
    found = 0
    while piece := window.read(_PIECE):
        found = zlib.crc32(piece, found)
    if found != member.CRC:
        raise zipfile.BadZipFile(ArchiveDamage.WRONG_CHECK_SUM(member=member.filename))
    window.seek(0)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    with ExitStack() as opened:
        copy = opened.enter_context(tempfile.TemporaryFile())
        # What is read from a member never exceeds its declared size.
        with archive.open(member) as packed:
            while piece := packed.read(_PIECE):
                copy.write(piece)
        copy.seek(0)
        opened.pop_all()
    return copy


@final
class _Window(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, stream: IO[bytes], start: int, size: int) -> None:
        self._stream, self._start, self._size, self._at = stream, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, room: Any, /) -> int:
        view = memoryview(room).cast("B")
        left = max(0, min(len(view), self._size - self._at))
        self._stream.seek(self._start + self._at)
        content = self._stream.read(left)
        view[: len(content)] = content
        self._at += len(content)
        return len(content)
