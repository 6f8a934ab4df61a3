"""How long the texts in attributes of an HDF5 file say that they are, before the library believes it.

A text of any length lies elsewhere in the file, and the attribute has its length and its place. The library fills so
much memory as the length says, up to 4 GiB for each, before it looks whether so much is there. So the headers of
objects are read here as well, for these lengths alone; what is not found is not read.

Format: HDF5 File Format Specification, IV.A.1 (object headers) and IV.A.2.m (the attribute message).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, Final

from ..records import positional_record

_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10
_FIRST_VERSION: Final = struct.Struct("<BBHIII")
_MESSAGE: Final = struct.Struct("<HHB3x")
_SECOND_SIGNATURE, _SECOND_BLOCK = b"OHDR", b"OCHK"
_CHECKSUM: Final = 4
_PLACE: Final = struct.Struct("<QQ")
_SIZES: Final = struct.Struct("<BBHHH")
#: Length, and the place of the text: an address and a number.
_TEXT: Final = struct.Struct("<IQI")
#: Headers of groups and arrays have some hundred bytes; a text of fixed length lies in them, up to 64 KiB.
_LONGEST_BLOCK: Final = 1 << 20
_MOST_BLOCKS: Final = 64


@positional_record
class _Message:
    kind: int
    content: bytes


def text_lengths(stream: IO[bytes], address: int, name: str, count: int) -> tuple[int, ...]:
    """The lengths of an attribute's texts, of all attributes of that name that an object has; mostly one.

    Args:
        stream: the file.
        address: where the header of the object lies.
        name: of the attribute.
        count: how many texts it holds.
    """
    lengths: list[int] = []
    for message in _messages(stream, address):
        content = _attribute(message.content, name.encode()) if message.kind == _ATTRIBUTE else None
        if content is not None and len(content) >= count * _TEXT.size:
            lengths += [length for length, _, _ in _TEXT.iter_unpack(content[: count * _TEXT.size])]
    return tuple(lengths)


def _messages(stream: IO[bytes], address: int) -> Iterator[_Message]:
    head = _read(stream, address, 32)
    is_second = head.startswith(_SECOND_SIGNATURE)
    found = _second_head(head) if is_second else _first_head(head)
    if found is None:
        return
    start, length, has_order = found
    blocks = [(address + start, length)]
    for place, size in blocks:
        for message in _split(_read(stream, place, size), is_second, has_order):
            yield message
            if message.kind != _CONTINUATION or len(message.content) < _PLACE.size or len(blocks) >= _MOST_BLOCKS:
                continue
            further, length = _PLACE.unpack_from(message.content)
            if is_second and _read(stream, further, len(_SECOND_BLOCK)) != _SECOND_BLOCK:
                continue
            frame = len(_SECOND_BLOCK) if is_second else 0
            blocks.append((further + frame, max(0, length - (frame + _CHECKSUM if is_second else 0))))


def _first_head(head: bytes) -> tuple[int, int, bool] | None:
    if len(head) < _FIRST_VERSION.size or head[0] != 1:
        return None
    return _FIRST_VERSION.size, _FIRST_VERSION.unpack_from(head)[4], False


def _second_head(head: bytes) -> tuple[int, int, bool] | None:
    if len(head) < 32:
        return None
    flags, at = head[5], 6
    at += 16 if flags & 0x20 else 0
    at += 4 if flags & 0x10 else 0
    width = 1 << (flags & 3)
    return at + width, int.from_bytes(head[at : at + width], "little"), bool(flags & 4)


def _split(block: bytes, is_second: bool, has_order: bool) -> Iterator[_Message]:
    """The messages of a block, as far as they are whole."""
    at = 0
    head = (6 if has_order else 4) if is_second else _MESSAGE.size
    while at + head <= len(block):
        kind, size = (
            (block[at], int.from_bytes(block[at + 1 : at + 3], "little"))
            if is_second
            else (_MESSAGE.unpack_from(block, at)[:2])
        )
        yield _Message(kind, block[at + head : at + head + size])
        at += head + size


def _attribute(message: bytes, name: bytes) -> bytes | None:
    """The content of an attribute, if it has this name."""
    if len(message) < _SIZES.size or message[0] not in (1, 2, 3):
        return None
    version, _, *sizes = _SIZES.unpack_from(message)
    start = _SIZES.size + (1 if version == 3 else 0)
    if message[start : start + sizes[0]].split(b"\0", 1)[0] != name:
        return None
    # The first version fills each part up to a multiple of eight bytes.
    return message[start + sum(-(-size // 8) * 8 if version == 1 else size for size in sizes) :]


def _read(stream: IO[bytes], place: int, size: int) -> bytes:
    if place >= 1 << 62:
        return b""
    stream.seek(place)
    return stream.read(min(size, _LONGEST_BLOCK))
