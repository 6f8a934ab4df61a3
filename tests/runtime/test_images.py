"""Images as inputs: size, channels, scale, orientation, transparency."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.phrases import Phrase
from dotnn.runtime import TensorInfo
from dotnn.runtime.images import ImageOptions, image_form, read_image
from PIL import Image

RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3) * 4
GRAY = RGB[:, :, 0]


def info(*shape, dtype="float32"):
    return TensorInfo("image", dtype, shape)


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def codes(action):
    with pytest.raises(DotnnError) as raised:
        action()
    assert all(one.headline() and one.advice() for one in raised.value.diagnostics)
    return [one.code for one in raised.value.diagnostics]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (("N", 3, 4, 5), RGB.transpose(2, 0, 1)[None]),
        (("N", 3, "H", "W"), RGB.transpose(2, 0, 1)[None]),
        ((1, 3, None, None), RGB.transpose(2, 0, 1)[None]),
        (("N", 4, 5, 3), RGB[None]),
        ((3, 4, 5), RGB.transpose(2, 0, 1)),
        ((4, 5, 3), RGB),
    ],
)
def test_colour_goes_where_the_channels_are(tmp_path, shape, expected):
    array, notes = read_image(save(tmp_path / "a.png", RGB), info(*shape), ImageOptions(scale="0..255"))
    assert array.dtype == np.float32
    assert notes == ()
    np.testing.assert_allclose(array, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (("N", 1, 4, 5), GRAY[None, None]),
        (("N", 4, 5, 1), GRAY[None, :, :, None]),
        (("N", 4, 5), GRAY[None]),
        (("N", 20), GRAY.reshape(1, 20)),
        (("N", 3, 4, 5), np.stack([GRAY] * 3)[None]),
    ],
)
def test_gray_fills_one_channel_or_three(tmp_path, shape, expected):
    array, _ = read_image(save(tmp_path / "a.png", GRAY), info(*shape), ImageOptions(scale="0..255"))
    np.testing.assert_allclose(array, expected, rtol=1e-6)


def test_colour_becomes_gray_by_the_luma_of_bt_601(tmp_path):
    array, _ = read_image(save(tmp_path / "a.png", RGB), info("N", 1, 4, 5), ImageOptions(scale="0..255"))
    np.testing.assert_allclose(array[0, 0], RGB @ [0.299, 0.587, 0.114], atol=0.51)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, RGB / 255),
        ({"scale": "0..1"}, RGB / 255),
        ({"scale": "-1..1"}, RGB / 127.5 - 1),
        ({"scale": "1..0"}, 1 - RGB / 255),
        (
            {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
            (RGB / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
        ),
        ({"scale": "0..255", "mean": (100.0,), "std": (2.0,)}, (RGB - 100.0) / 2),
    ],
)
def test_scale_mean_and_deviation(tmp_path, options, expected):
    array, notes = read_image(save(tmp_path / "a.png", RGB), info("N", "H", "W", 3), ImageOptions(**options))
    np.testing.assert_allclose(array[0], expected, atol=1e-6)
    assert [note.code for note in notes] == ([] if "scale" in options else ["W905"])


def test_bytes_stay_bytes(tmp_path):
    path = save(tmp_path / "a.png", RGB)
    array, notes = read_image(path, info("N", 4, 5, 3, dtype="uint8"), ImageOptions())
    assert notes == ()
    np.testing.assert_array_equal(array[0], RGB, strict=True)
    assert codes(lambda: read_image(path, info("N", 4, 5, 3, dtype="uint8"), ImageOptions(scale="0..1"))) == ["E933"]


def test_sixteen_bits_keep_their_range(tmp_path):
    deep = np.array([[0, 256, 65535]], np.uint16)
    array, _ = read_image(save(tmp_path / "a.png", deep), info("N", 1, 1, 3), ImageOptions(scale="0..1"))
    np.testing.assert_allclose(array[0, 0], deep / 65535, atol=1e-6)


def test_the_orientation_of_the_camera_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.png", RGB, exif=exif)
    array, _ = read_image(path, info("N", 5, 4, 3), ImageOptions(scale="0..255"))
    np.testing.assert_allclose(array[0], np.rot90(RGB, -1))


def test_transparency_is_put_on_white_and_said(tmp_path):
    pixels = np.dstack([RGB, np.full((4, 5), 255, np.uint8)])
    opaque = save(tmp_path / "a.png", pixels)
    array, notes = read_image(opaque, info("N", 4, 5, 3), ImageOptions(scale="0..255"))
    assert notes == ()
    np.testing.assert_allclose(array[0], RGB)
    pixels[0, 0, 3], pixels[1, 1, 3] = 0, 51
    array, notes = read_image(save(tmp_path / "b.png", pixels), info("N", 4, 5, 3), ImageOptions(scale="0..255"))
    assert [note.code for note in notes] == ["W906"]
    np.testing.assert_array_equal(array[0, 0, 0], [255, 255, 255])
    np.testing.assert_allclose(array[0, 1, 1], RGB[1, 1] * 0.2 + 255 * 0.8, atol=1)
    np.testing.assert_array_equal(array[0, 2:], RGB[2:])


@pytest.mark.parametrize("mode", ["1", "P", "LA", "CMYK"])
def test_every_mode_of_pixels_is_read(tmp_path, mode):
    source = Image.fromarray(RGB).convert(mode)
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    source.save(path)
    array, _ = read_image(path, info("N", 3, 4, 5), ImageOptions(scale="0..255"))
    expected = np.asarray(Image.open(path).convert("RGB"), np.float32).transpose(2, 0, 1)
    np.testing.assert_allclose(array[0], expected)


def test_the_content_tells_the_format(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(RGB).save(path, format="JPEG")
    assert read_image(path, info("N", 3, 4, 5), ImageOptions())[0].shape == (1, 3, 4, 5)
    Image.fromarray(RGB).save(path, format="BMP")
    assert codes(lambda: read_image(path, info("N", 3, 4, 5), ImageOptions())) == ["E922"]


def test_another_size_is_an_error_that_names_both(tmp_path):
    path = save(tmp_path / "a.png", RGB)
    with pytest.raises(DotnnError) as raised:
        read_image(path, info("N", 3, 8, 6), ImageOptions())
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "E931"
    assert "5 x 4" in diagnostic.headline()
    assert "6 x 8" in diagnostic.headline()
    assert "--resize" in diagnostic.advice()
    assert codes(lambda: read_image(path, info("N", 3, 4, 6), ImageOptions())) == ["E931"]
    assert codes(lambda: read_image(path, info("N", 16), ImageOptions())) == ["E931"]
    assert codes(lambda: read_image(path, info("N", 17), ImageOptions(resize="crop"))) == ["E931"]


def test_resizing_is_done_when_asked_for_and_said(tmp_path):
    halves = np.zeros((2, 8, 3), np.uint8)
    halves[:, 4:] = 255
    path = save(tmp_path / "a.png", halves)
    stretched, notes = read_image(path, info("N", 3, 2, 2), ImageOptions(scale="0..255", resize="stretch"))
    np.testing.assert_allclose(stretched[0, 0], [[0, 255]] * 2, atol=40)
    assert [note.code for note in notes] == ["W907"]
    edges = halves.copy()
    edges[:, :3] = 9
    edges[:, 5:] = 9
    path = save(tmp_path / "b.png", edges)
    cropped, _ = read_image(path, info("N", 3, 2, 2), ImageOptions(scale="0..255", resize="crop"))
    np.testing.assert_allclose(cropped[0, 0], [[0, 255]] * 2)
    row, _ = read_image(path, info("N", 9), ImageOptions(resize="stretch"))
    assert row.shape == (1, 9)
    same, notes = read_image(path, info("N", 3, 2, 8), ImageOptions(scale="0..1", resize="crop"))
    assert same.shape == (1, 3, 2, 8)
    assert notes == ()


@pytest.mark.parametrize(
    "tensor",
    [
        info("N", 3, 4, 5, dtype="int64"),
        info("N", 4, 4, 5),
        info("N", "C", "H", "W"),
        info("N", "T"),
        info(2, 3, 4, 5),
        info("N", 3, 4, 5, 6),
        info("N"),
        TensorInfo("image", "float32", None),
    ],
)
def test_inputs_that_read_no_images(tmp_path, tensor):
    assert codes(lambda: read_image(save(tmp_path / "a.png", RGB), tensor, ImageOptions())) == ["E932"]


def test_the_layout_decides_where_both_are_possible():
    shape = info("N", 3, 4, 3)
    forms = [image_form(shape, layout) for layout in (None, "nchw", "nhwc")]
    assert [form if isinstance(form, str) else form.axes for form in forms] == ["NCHW", "NCHW", "NHWC"]
    assert isinstance(image_form(info("N", 3, 4, 5), "nhwc"), Phrase)


@pytest.mark.parametrize(
    "options",
    [
        {"scale": "0-1"},
        {"scale": "1..1"},
        {"scale": ""},
        {"std": (1.0, 0.0, 1.0)},
        {"mean": (float("nan"),)},
        {"resize": "fit"},
        {"layout": "chwn"},
    ],
)
def test_options_that_mean_nothing(options):
    if options == {"scale": ""}:
        assert ImageOptions(scale="").bounds() == (0, 1)
        return
    assert codes(lambda: ImageOptions(**options)) == ["E933"]


def test_means_fit_the_channels(tmp_path):
    path = save(tmp_path / "a.png", RGB)
    assert codes(lambda: read_image(path, info("N", 1, 4, 5), ImageOptions(mean=(0.1, 0.2, 0.3)))) == ["E933"]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_an_image_that_declares_a_huge_size_is_refused_unread(tmp_path):
    for side in (10_000, 100_000, 2**31 - 1):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        path = tmp_path / f"{side}.png"
        data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
        assert codes(lambda path=path: read_image(path, info("N", 3, "H", "W"), ImageOptions())) == ["E923"]


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_no_damage_leads_to_a_traceback(tmp_path, form):
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, format=form, exif=exif)
    content = stream.getvalue()
    generator = np.random.default_rng(1)
    path = tmp_path / "a.png"
    refused = 0
    for step in range(150):
        damaged = bytearray(content)
        if step % 2:
            damaged = damaged[: generator.integers(len(damaged))]
        elif generator.integers(2):
            damaged[generator.integers(len(damaged))] = generator.integers(256)
        path.write_bytes(damaged)
        try:
            read_image(path, info("N", 3, "H", "W"), ImageOptions())
        except DotnnError as error:
            refused += {one.code for one in error.diagnostics} <= {"E922", "E923"}
    assert refused > 50
