"""Reading images as inputs: sizes, channels and scale are those that the model declares or the user says."""

from __future__ import annotations

import io
import math
import re
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ..compiler.diagnostics import Diagnostic, DotnnError
from ..compiler.diagnostics.damage import InputDamage
from ..compiler.diagnostics.fed_images import (
    ChannelsDiffer,
    DeviationIsZero,
    ImageFault,
    ImageResized,
    NoSuchChoice,
    NotAnImageInput,
    OptionNotFinite,
    ScaleAssumed,
    ScaleIsNoRange,
    ScaleOfBytes,
    TransparencyOnWhite,
    WrongImageSize,
)
from ..compiler.diagnostics.feeding import DamagedImage, TooManyPixels, TooManyScans
from ..compiler.diagnostics.phrases import Phrase
from .array_files import read_whole
from .image_completeness import MOST_SCANS, is_endless, missing_data
from .tensor_info import Size, TensorInfo

#: Endings of the names of images; what a file holds is told from its content.
SUFFIXES = (".png", ".jpg", ".jpeg")
#: Most pixels of an image that is read: a picture of 8K has less.
MAX_PIXELS = 2**25
#: Most bytes of the file of an image.
MAX_FILE_BYTES = 256 * 2**20
#: The scale of an input of floats if none is given.
DEFAULT_SCALE = "0..1"

_FORMATS = ("PNG", "JPEG")
#: Pixels that are computed at once.
_STRIP = 2**18
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_SCALE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*\Z")
# What Pillow raises for damaged images, SyntaxError for PNG and struct.error for EXIF among them.
_IMAGE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """How the pixels of images become numbers.

    Attributes:
        scale: what black and full brightness become, as ``0..1``, ``-1..1`` or ``0..255``. Without it inputs of
        floats
            get `DEFAULT_SCALE`, which is said, and inputs of bytes the bytes themselves.
        mean: subtracted after scaling: nothing, one number, or one for each channel.
        std: divides after that: nothing, one number, or one for each channel.
        resize: ``stretch`` (changes the proportions) or ``crop`` (cuts off what is too much, around the middle)
        brings
            an image to the size that the model declares; both average where they shrink. None demands the exact size.
        layout: ``nchw`` or ``nhwc`` where the declared shape allows both; channels come first if it says nothing.

    Raises:
        DotnnError: an option that means nothing.
    """

    scale: str | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    resize: Literal["stretch", "crop"] | None = None
    layout: Literal["nchw", "nhwc"] | None = None

    def __post_init__(self) -> None:
        self.bounds()
        _check_choice("resize", self.resize, ("stretch", "crop"))
        _check_choice("layout", self.layout, ("nchw", "nhwc"))
        for option, values in (("mean", self.mean), ("std", self.std)):
            if not all(map(math.isfinite, values)):
                raise DotnnError(OptionNotFinite(option=option, found=values))
        if 0 in self.std:
            raise DotnnError(DeviationIsZero(option="std", found=self.std))

    def bounds(self) -> tuple[float, float]:
        """What black and full brightness become."""
        match = _SCALE.match(self.scale or DEFAULT_SCALE)
        if match is None or float(match[1]) == float(match[2]):
            raise DotnnError(ScaleIsNoRange(option="scale", found=self.scale))
        return float(match[1]), float(match[2])


@dataclass(frozen=True, slots=True)
class ImageForm:
    """How an input takes an image.

    Attributes:
        channels: 1 for gray, 3 for colour.
        width: in pixels, a number or a symbol.
        height: in pixels, a number or a symbol.
        axes: where each axis of the input comes from: ``N``, ``C``, ``H``, ``W``; or ``NK`` for gray pixels in one
        row. pixels: how many there must be, for ``NK``.
    """

    channels: int
    width: Size
    height: Size
    axes: str
    pixels: int | None = None


def read_image(path: Path, tensor: TensorInfo, options: ImageOptions) -> tuple[NDArray[Any], tuple[Diagnostic, ...]]:
    """An image as values for an input, and what is to be said about it.

    Gray is ``0.299 R + 0.587 G + 0.114 B`` (ITU-R BT.601); the orientation that a camera recorded is applied;
    transparent places are put on white; of an animation the first picture is read.

    Raises:
        DotnnError: a damaged or huge image, an input that reads no images, or another size than it declares.
    """
    form = image_form(tensor, options.layout)
    if isinstance(form, Phrase):
        raise DotnnError(NotAnImageInput(path=str(path), name=tensor.name, expected=str(tensor), reason=form))
    _check_channels(options, form.channels)
    image, notes = _opened(path)
    image, resized = _sized(image, path, tensor, form, options)
    values = _values(image, tensor, form, options)
    said = [*notes, *resized]
    if options.scale is None and tensor.dtype != "uint8":
        said.append(ScaleAssumed(path=str(path), name=tensor.name, scale=DEFAULT_SCALE))
    return values, tuple(said)


# The form of an input -----------------------------------------------------------------------------------------------


def image_form(tensor: TensorInfo, layout: str | None) -> ImageForm | Phrase:
    """How an input takes an image, or why it takes none."""
    if not (tensor.dtype.startswith("float") or tensor.dtype == "uint8"):
        return ImageFault.ELEMENTS_OF_TYPE(dtype=tensor.dtype)
    shape = tensor.shape
    if shape is None or not 2 <= len(shape) <= 4:
        return ImageFault.NOT_SO_MANY_AXES()
    if len(shape) == 2:
        return _row_form(shape)
    if len(shape) == 4:
        if not _is_free(shape[0]):
            return ImageFault.SEVERAL_IMAGES(count=shape[0])
        return _channel_form(shape[1:], layout, "N")
    if layout is None and not _has_channels(shape) and _is_free(shape[0]):
        return ImageForm(1, shape[2], shape[1], "NHW")
    return _channel_form(shape, layout, "")


def _row_form(shape: tuple[Size, ...]) -> ImageForm | Phrase:
    pixels = shape[1]
    if not isinstance(pixels, int) or not _is_free(shape[0]):
        return ImageFault.NO_HEIGHT_AND_WIDTH()
    return ImageForm(1, None, None, "NK", pixels)


def _channel_form(shape: tuple[Size, ...], layout: str | None, batch: str) -> ImageForm | Phrase:
    first, last = shape[0], shape[-1]
    if layout != "nhwc" and isinstance(first, int) and first in (1, 3):
        return ImageForm(first, shape[2], shape[1], batch + "CHW")
    if layout != "nchw" and isinstance(last, int) and last in (1, 3):
        return ImageForm(last, shape[1], shape[0], batch + "HWC")
    if layout:
        return ImageFault.NO_CHANNELS_IN_LAYOUT(layout=layout)
    return ImageFault.NO_CHANNELS()


def _has_channels(shape: tuple[Size, ...]) -> bool:
    return shape[0] in (1, 3) or shape[-1] in (1, 3)


def _is_free(size: Size) -> bool:
    """Whether an axis of examples takes one example."""
    return not isinstance(size, int) or size == 1


# Pixels -------------------------------------------------------------------------------------------------------------


def _opened(path: Path) -> tuple[Image.Image, tuple[Diagnostic, ...]]:
    """The image upright and without transparency: in the mode L, RGB or, for 16 bits, F with values up to 255."""
    content = read_whole(path, MAX_FILE_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if is_endless(content):
                raise DotnnError(TooManyScans(path=str(path), limit=MOST_SCANS))
            image = _decoded(content, path)
            missing = missing_data(content, image, lambda changed: _decoded(changed, path))
            if missing is not None:
                raise DotnnError(_damaged(path, missing))
            return _opaque(ImageOps.exif_transpose(image), path)
    except Image.DecompressionBombError as error:
        raise DotnnError(TooManyPixels(path=str(path), limit=MAX_PIXELS)) from error
    except UnidentifiedImageError as error:
        raise DotnnError(_damaged(path, InputDamage.NEITHER_PNG_NOR_JPEG())) from error
    except _IMAGE_ERRORS as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DotnnError(_damaged(path, reason)) from error


def _decoded(content: bytes, path: Path) -> Image.Image:
    # Two formats are enough for inputs, and the readers of Pillow's many others are never reached.
    with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
        _check_pixels(image, path)
        image.load()
        return image


def _check_pixels(image: Image.Image, path: Path) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise DotnnError(TooManyPixels(path=str(path), size=image.size, limit=MAX_PIXELS))


def _opaque(image: Image.Image, path: Path) -> tuple[Image.Image, tuple[Diagnostic, ...]]:
    if image.mode.startswith("I"):
        # Pillow's own conversion cuts 16 bits off at 255.
        brightness = np.asarray(image, dtype=np.float32)
        brightness *= np.float32(255 / 65535)
        return Image.fromarray(brightness), ()
    if "A" not in image.mode.upper() and "transparency" not in image.info:
        return image if image.mode in ("L", "RGB") else image.convert("RGB"), ()
    image = image if image.mode == "RGBA" else image.convert("RGBA")
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB"), ()
    white = Image.new("RGB", image.size, "white")
    for box in _strips(image):
        strip = image.crop(box)
        below = Image.new("RGBA", strip.size, "white")
        white.paste(Image.alpha_composite(below, strip).convert("RGB"), box)
    return white, (TransparencyOnWhite(path=str(path)),)


def _strips(image: Image.Image) -> list[tuple[int, int, int, int]]:
    """An image in pieces of some rows, so that what is computed from one takes little memory."""
    rows = max(1, _STRIP // max(image.width, 1))
    return [(0, top, image.width, min(top + rows, image.height)) for top in range(0, image.height, rows)]


def _sized(
    image: Image.Image, path: Path, tensor: TensorInfo, form: ImageForm, options: ImageOptions
) -> tuple[Image.Image, tuple[Diagnostic, ...]]:
    """The image in the size that the model declares."""
    found = _format_size(image.width, image.height)
    if form.pixels is not None:
        side = math.isqrt(form.pixels)
        if image.width * image.height == form.pixels:
            return image, ()
        if side * side != form.pixels or options.resize is None:
            in_row = ImageFault.PIXELS_IN_ROW(pixels=form.pixels)
            expected = _format_size(side, side) if side * side == form.pixels else in_row
            raise DotnnError(WrongImageSize(path=str(path), name=tensor.name, found=found, expected=expected))
        target = side, side
    else:
        target = _known(form.width, image.width), _known(form.height, image.height)
    if target == image.size:
        return image, ()
    expected = _format_size(*target)
    if options.resize is None:
        raise DotnnError(WrongImageSize(path=str(path), name=tensor.name, found=found, expected=expected))
    resized = (
        image.resize(target, Image.Resampling.BILINEAR)
        if options.resize == "stretch"
        else ImageOps.fit(image, target, Image.Resampling.BILINEAR)
    )
    return resized, (ImageResized(path=str(path), found=found, expected=expected, how=options.resize),)


def _known(size: Size, otherwise: int) -> int:
    return size if isinstance(size, int) else otherwise


def _values(image: Image.Image, tensor: TensorInfo, form: ImageForm, options: ImageOptions) -> NDArray[Any]:
    """The pixels as an input takes them; computed in float64 and rounded once to the elements of the input."""
    if tensor.dtype == "uint8" and not _is_plain(options):
        raise DotnnError(ScaleOfBytes(option="scale", found=options.scale, name=tensor.name))
    values = np.empty(_shape(image, form), tensor.dtype)
    # Height, width and channels, wherever the input has them.
    pixels = values.reshape(image.height, image.width, 1) if form.axes in ("NK", "NHW") else _as_rows(values, form)
    for box in _strips(image):
        brightness = _brightness(image.crop(box), form.channels)
        computed = np.rint(brightness) if tensor.dtype == "uint8" else _scaled(brightness, options)
        pixels[box[1] : box[3]] = computed
    return values


def _shape(image: Image.Image, form: ImageForm) -> tuple[int, ...]:
    if form.axes == "NK":
        return 1, image.width * image.height
    sizes = {"N": 1, "C": form.channels, "H": image.height, "W": image.width}
    return tuple(sizes[axis] for axis in form.axes)


def _as_rows(values: NDArray[Any], form: ImageForm) -> NDArray[Any]:
    """A view of an image's values as height, width and channels."""
    image = values[0] if form.axes.startswith("N") else values
    return image.transpose(1, 2, 0) if form.axes.endswith("CHW") else image


def _brightness(image: Image.Image, channels: int) -> NDArray[np.float64]:
    """Height, width and channels of numbers from 0 to 255."""
    if image.mode == "F":
        gray = np.asarray(image, dtype=np.float64)[:, :, None]
        return np.repeat(gray, channels, axis=2)
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"), dtype=np.float64)
    return pixels.reshape(image.height, image.width, channels)


def _scaled(brightness: NDArray[np.float64], options: ImageOptions) -> NDArray[np.float64]:
    low, high = options.bounds()
    values = brightness * ((high - low) / 255) + low
    if options.mean:
        values -= np.asarray(options.mean)
    if options.std:
        values /= np.asarray(options.std)
    return values


def _is_plain(options: ImageOptions) -> bool:
    return (options.scale is None or options.bounds() == (0, 255)) and not options.mean and not options.std


# Faults -------------------------------------------------------------------------------------------------------------


def _check_channels(options: ImageOptions, channels: int) -> None:
    for option, values in (("mean", options.mean), ("std", options.std)):
        if len(values) not in (0, 1, channels):
            raise DotnnError(ChannelsDiffer(option=option, found=values, count=len(values), channels=channels))


def _check_choice(option: str, found: str | None, choices: tuple[str, ...]) -> None:
    if found is not None and found not in choices:
        raise DotnnError(NoSuchChoice(option=option, found=found, choices=choices))


def _damaged(path: Path, reason: Phrase | str) -> DamagedImage:
    return DamagedImage(path=str(path), reason=reason)


def _format_size(width: int, height: int) -> str:
    return f"{width} x {height}"
