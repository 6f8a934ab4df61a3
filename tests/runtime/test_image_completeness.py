"""Images whose data ends early are refused, however whole the file looks; whole ones of every kind are read."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.runtime.images import ImageOptions, read_image
from dotnn.runtime.tensor_info import TensorInfo
from PIL import Image

COLOUR = TensorInfo("x", "float32", ("N", 3, "H", "W"))
SIZES = [(1, 1), (7, 9), (8, 8), (16, 17), (33, 50)]
JPEGS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 3},
    "progressive with restarts": {"progressive": True, "restart_marker_blocks": 2, "subsampling": 2},
    "full chroma": {"quality": 100, "subsampling": 0},
    "half chroma": {"subsampling": 1},
    "coarse": {"quality": 1},
    "optimized": {"optimize": True},
}


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, {1: "L", 3: "RGB", 4: "CMYK"}[channels])


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def read(folder: Path, content: bytes) -> np.ndarray:
    path = folder / "image.jpg"
    path.write_bytes(content)
    return read_image(path, COLOUR, ImageOptions())[0]


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(DotnnError) as raised:
        read(folder, content)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "E922"
    return diagnostic.headline()


def decoded(content: bytes) -> bytes | None:
    """The pixels; None where the decoder refuses them."""
    try:
        return pixels(content)
    except OSError:
        return None


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return image.tobytes()


# JPEG ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_whole_jpegs_are_read(tmp_path: Path, kind: str, channels: int):
    for height, width in SIZES:
        content = saved(noise(height, width, channels), "JPEG", **JPEGS[kind])
        assert read(tmp_path, content).shape == (1, 3, height, width)
        # What follows the picture, such as a second one, is nobody's business.
        assert read(tmp_path, content + b"\0" * 100).shape == (1, 3, height, width)


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_whose_data_ends_early_is_refused(tmp_path: Path, kind: str):
    content = saved(noise(60, 70), "JPEG", **JPEGS[kind])
    start, whole = content.index(b"\xff\xda") + 20, pixels(content)
    refused = 0
    for end in (*range(start, len(content) - 2, (len(content) - start) // 12), len(content) - 4, len(content) - 9):
        cut = content[:end] + b"\xff\xd9"
        # The decoder takes most of these files, and makes other pixels of them.
        if decoded(cut) == whole:
            continue
        refusal(tmp_path, cut)
        refused += decoded(cut) is not None
    assert refused > 3


def test_a_jpeg_without_its_last_restarts_is_refused(tmp_path: Path):
    content = saved(noise(64, 64), "JPEG", restart_marker_blocks=2)
    cut = content[: content.rindex(b"\xff\xd3")] + b"\xff\xd9"
    assert pixels(cut) != pixels(content)
    assert "its data ends early" in refusal(tmp_path, cut)


def test_a_progressive_jpeg_without_its_last_scans_is_refused(tmp_path: Path):
    content = saved(noise(64, 64), "JPEG", progressive=True)
    cut = content[: content.rindex(b"\xff\xda")] + b"\xff\xd9"
    assert pixels(cut) != pixels(content)
    assert "scans are missing" in refusal(tmp_path, cut)


@pytest.mark.parametrize("lost", [1, 2, 3, 100])
def test_a_jpeg_that_is_cut_off_is_refused(tmp_path: Path, lost: int):
    content = saved(noise(64, 64), "JPEG")
    refusal(tmp_path, content[:-lost])


# PNG ----------------------------------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows: bytes, width: int, height: int, interlaced: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_whole_pngs_are_read(tmp_path: Path, mode: str):
    for height, width in SIZES:
        image = Image.new(mode, (width, height)) if mode == "I;16" else noise(height, width).convert(mode)
        assert read(tmp_path, saved(image, "PNG")).shape == (1, 3, height, width)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (4, 4), (5, 3), (8, 8), (9, 17)])
def test_interlaced_pngs_are_read(tmp_path: Path, width: int, height: int):
    # Black in every pass; how many rows there are was counted by hand from the pattern of W3C's figure.
    pattern = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"]
    rows = b""
    for number in "1234567":
        for line in range(height):
            count = sum(pattern[line % 8][column % 8] == number for column in range(width))
            rows += b"\0" + bytes(3 * count) if count else b""
    content = png(rows, width, height, interlaced=1)
    assert not read(tmp_path, content).any()
    refusal(tmp_path, png(rows[:-1], width, height, interlaced=1))


@pytest.mark.parametrize("rows", [0, 1, 9])
def test_a_png_of_too_few_rows_is_refused(tmp_path: Path, rows: int):
    row = b"\0" + bytes(range(30))
    assert read(tmp_path, png(row * 10, 10, 10)).shape == (1, 3, 10, 10)
    refusal(tmp_path, png(row * rows, 10, 10))


@pytest.mark.parametrize("lost", [1, 4, 12, 13, 20, 100])
def test_a_png_that_is_cut_off_is_refused(tmp_path: Path, lost: int):
    refusal(tmp_path, saved(noise(20, 20), "PNG")[:-lost])


def test_what_is_too_much_is_not_unpacked(tmp_path: Path):
    row = b"\0" + bytes(range(30))
    assert read(tmp_path, png(row * 10 + bytes(50_000_000), 10, 10)).shape == (1, 3, 10, 10)


# Work ---------------------------------------------------------------------------------------------------------------


def test_bytes_of_ones_are_looked_at_once(tmp_path: Path):
    content = saved(noise(64, 64), "JPEG")
    start = content.index(b"\xff\xda") + 14
    # Were each of them followed to the end, this would take days. They stand for one byte of data.
    assert read(tmp_path, content[:start] + b"\xff" * 2_000_000 + b"\0" + content[start:]).shape == (1, 3, 64, 64)
    fill = content[:-2] + b"\xff" * 2_000_000 + b"\xd9"
    assert read(tmp_path, fill).shape == (1, 3, 64, 64)


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded(tmp_path: Path):
    content = saved(Image.new("L", (64, 64)), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    path = tmp_path / "image.jpg"
    path.write_bytes(content[:last] + content[last:-2] * 5000 + content[-2:])
    with pytest.raises(DotnnError) as raised:
        read_image(path, COLOUR, ImageOptions())
    assert [one.code for one in raised.value.diagnostics] == ["E923"]
