"""Whether the data of a PNG or JPEG file is all there: decoders fill up what is missing, and say nothing.

Formats: PNG, third edition (W3C, 2025); JPEG, ITU-T T.81.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image

from ..compiler.diagnostics.damage import FileDamage, InputDamage
from ..compiler.diagnostics.phrases import Phrase

#: Most scans of a JPEG; what sends every bit of every component by itself has fewer, what people save about ten.
MOST_SCANS = 100
_PNG = b"\x89PNG\r\n\x1a\n"
#: Bytes that are unpacked at once.
_PIECE = 1 << 20
#: Channels of PNG's types of colour.
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: The seven passes of interlaced PNG: first column and row, steps between columns and rows.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))

_END, _SCAN, _INTERVAL, _JFIF, _ADOBE = 0xD9, 0xDA, 0xDD, 0xE0, 0xEE
#: Markers without a segment: start, end, restarts, and one for arithmetic coding.
_WITHOUT_LENGTH = (0x01, *range(0xD0, 0xDA))
#: Frames that are coded by Huffman's method. Arithmetic coding leaves out zeros at the end of its data, so that nothing
#: can be told, and lossless frames have no coefficients.
_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)
_OTHER_FRAMES = (0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
#: Where the coded data of a scan may end: at a marker that is neither a restart nor a byte of data.
_SCAN_END = re.compile(rb"\xff(?![\x00\xff\xd0-\xd7])")
#: Bytes of 1 may stand before a marker; a row of them is looked at from its beginning only.
_RESTART = re.compile(rb"(?<!\xff)\xff+[\xd0-\xd7]")
#: Bits that begin with 1, where decoders fill up with 0, and mean something in every table of codes.
_FILLING = bytes.fromhex("a55ad22db44b6996") * 8
_END_MARKER = bytes((0xFF, _END))


def is_endless(content: bytes) -> bool:
    """Whether a file is more work than its pixels are: each scan of a JPEG goes over the whole picture again."""
    if content.startswith(_PNG) or not content.startswith(b"\xff\xd8"):
        return False
    scans = 0
    for segment in _segments(content):
        if segment.marker == _END:
            return False
        scans += segment.marker == _SCAN
        if scans > MOST_SCANS:
            return True
    return False


def missing_data(content: bytes, image: Image.Image, load: Callable[[bytes], Image.Image]) -> Phrase | None:
    """What is missing of an image's data; None where all of it is there.

    Args:
        content: the file.
        image: what was decoded from it.
        load: decodes a file.
    """
    if content.startswith(_PNG):
        return _missing_of_png(content)
    return _missing_of_jpeg(content, image, load)


# PNG ----------------------------------------------------------------------------------------------------------------


def _missing_of_png(content: bytes) -> Phrase | None:
    wanted, unpacked = 0, 0
    unpack = zlib.decompressobj()
    for kind, body in _chunks(content):
        if kind == b"IHDR" and not wanted:
            wanted = _png_size(body)
        elif kind == b"IDAT":
            unpacked += _unpacked(unpack, body, wanted - unpacked)
        elif kind == b"IEND":
            return InputDamage.DATA_ENDS_EARLY() if unpacked < wanted else None
    return FileDamage.IS_CUT_OFF()


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and content of the chunks that are there completely."""
    view, place = memoryview(content), len(_PNG)
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        if place + 12 + length > len(content):
            return
        yield kind, view[place + 8 : place + 8 + length]
        place += 12 + length


def _png_size(header: memoryview) -> int:
    """Bytes of the pixels, with the byte before each row that tells its filter."""
    width, height, depth, colour, interlaced = *struct.unpack_from(">IIBB", header), header[12]
    bits = depth * _CHANNELS.get(colour, 1)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    size = 0
    for column, row, across, down in passes:
        columns, rows = _ceil_div(max(width - column, 0), across), _ceil_div(max(height - row, 0), down)
        size += rows * (1 + _ceil_div(columns * bits, 8)) if columns else 0
    return size


def _unpacked(unpack: zlib._Decompress, packed: memoryview, wanted: int) -> int:
    """Bytes that come out of a piece of the stream; what is more than wanted is not unpacked."""
    done, rest = 0, bytes(packed)
    while done < wanted and rest and not unpack.eof:
        done += len(unpack.decompress(rest, min(_PIECE, wanted - done)))
        rest = unpack.unconsumed_tail
    return done


# JPEG ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """Size in pixels, and the sampling factors of the components across and down, by their numbers."""

    width: int
    height: int
    sampling: dict[int, tuple[int, int]]

    def units(self, components: tuple[int, ...]) -> int:
        """Coded units of a scan: groups of blocks where it has several components, else blocks (A.2)."""
        own = self.sampling[components[0]] if len(components) == 1 else (1, 1)
        count = 1
        for axis, size in enumerate((self.width, self.height)):
            most = max(factors[axis] for factors in self.sampling.values())
            # A component has 8 rows and columns for each block, and a group 8 times the greatest factor.
            count *= _ceil_div(_ceil_div(size * own[axis], most), 8)
        return count


@dataclass(slots=True)
class _Scans:
    """What was read of a file so far.

    Attributes:
        filled: the file, with other bits behind the data of each scan, and without notes for people.
        interval: units between two restarts; 0 for none.
        lacking: how many low bits of a coefficient were not sent yet, by component and place.
    """

    filled: bytearray
    frame: _Frame | None = None
    interval: int = 0
    lacking: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A marker with what belongs to it: the bytes as they stand, their content, and the coded data of a scan."""

    marker: int
    whole: bytes = b""
    body: bytes = b""
    data: bytes = b""


def _missing_of_jpeg(content: bytes, image: Image.Image, load: Callable[[bytes], Image.Image]) -> Phrase | None:
    """A file whose data is all there is decoded to the same pixels whatever follows the data of each scan."""
    scans = _Scans(bytearray(content[:2]))
    for segment in _segments(content):
        if segment.marker in _OTHER_FRAMES:
            return None
        if segment.marker == _END:
            lacking = _lacking(scans)
            if lacking is not None or _equal(image, load(bytes(scans.filled) + _END_MARKER)):
                return lacking
            return InputDamage.DATA_ENDS_EARLY()
        fault = _add(scans, segment)
        if fault is not None:
            return fault
    return FileDamage.IS_CUT_OFF()


def _segments(content: bytes) -> Iterator[_Segment]:
    """The segments up to the end of the picture, as far as they are there."""
    place = 2
    while place + 2 <= len(content):
        if content[place] != 0xFF:
            raise SyntaxError(InputDamage.NO_MARKER())
        marker, start = content[place + 1], place + 2
        if marker == 0xFF:
            place += 1
            continue
        if marker in _WITHOUT_LENGTH:
            yield _Segment(marker)
            place = start
            continue
        end = start + int.from_bytes(content[start : start + 2], "big")
        if not start + 2 <= end <= len(content):
            return
        place = _end_of_scan(content, end) if marker == _SCAN else end
        yield _Segment(marker, content[start - 2 : end], content[start + 2 : end], content[end:place])


def _end_of_scan(content: bytes, start: int) -> int:
    found = _SCAN_END.search(content, start)
    data = content[start : len(content) if found is None else found.start()]
    return start + len(data.rstrip(b"\xff"))


def _add(scans: _Scans, segment: _Segment) -> Phrase | None:
    """Take a segment in; what is wrong with it, or None."""
    if segment.marker < _JFIF or segment.marker in (_JFIF, _ADOBE):
        scans.filled += segment.whole
    if segment.marker in _HUFFMAN_FRAMES:
        scans.frame = _read_frame(segment.body)
    elif segment.marker == _INTERVAL:
        (scans.interval,) = struct.unpack_from(">H", segment.body)
    elif segment.marker == _SCAN:
        return _add_scan(scans, segment)
    return None


def _add_scan(scans: _Scans, scan: _Segment) -> Phrase | None:
    components = _note_scan(scan.body, scans.lacking)
    if scans.frame is None or not components or not set(components) <= set(scans.frame.sampling):
        return InputDamage.SCANS_OF_NO_FRAME()
    if scans.interval:
        wanted = _ceil_div(scans.frame.units(components), scans.interval) - 1
        if len(_RESTART.findall(scan.data)) < wanted:
            return InputDamage.DATA_ENDS_EARLY()
    scans.filled += _RESTART.sub(lambda restart: _FILLING + restart.group(), scan.data) + _FILLING
    return None


def _lacking(scans: _Scans) -> Phrase | None:
    """What of the coefficients was never sent."""
    if scans.frame is None or any((number, 0) not in scans.lacking for number in scans.frame.sampling):
        return InputDamage.SCANS_MISSING()
    return InputDamage.LAST_SCANS_MISSING() if any(scans.lacking.values()) else None


def _read_frame(body: bytes) -> _Frame:
    _, height, width, count = struct.unpack_from(">BHHB", body)
    components = [body[6 + 3 * index : 9 + 3 * index] for index in range(count)]
    # Decoders refuse a factor of 0.
    return _Frame(width, height, {number: (both >> 4 or 1, both & 15 or 1) for number, both, _ in components})


def _note_scan(body: bytes, lacking: dict[tuple[int, int], int]) -> tuple[int, ...]:
    """The components of a scan; what is lacking of their coefficients after it is noted."""
    count = body[0]
    components = tuple(body[1 + 2 * index] for index in range(count))
    first, last, bits = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count]
    for number in components:
        for coefficient in range(first, min(last, 63) + 1):
            lacking[number, coefficient] = bits & 15
    return components


def _equal(image: Image.Image, other: Image.Image) -> bool:
    """Whether two images have the same pixels, looked at in strips."""
    if (image.size, image.mode) != (other.size, other.mode):
        return False
    rows = max(1, _PIECE // max(1, image.width * 4))
    boxes = [(0, top, image.width, min(top + rows, image.height)) for top in range(0, image.height, rows)]
    return all(image.crop(box).tobytes() == other.crop(box).tobytes() for box in boxes)


def _ceil_div(number: int, divisor: int) -> int:
    return -(-number // divisor)
