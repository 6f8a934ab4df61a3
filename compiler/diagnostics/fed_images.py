"""What can be wrong with images as inputs (E931-E933, W905-W907)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .phrases import Phrase, Phrases


class ImageFault(Phrases):
    """Why an input takes no images, and the size of one that takes their pixels in a row."""

    PIXELS_IN_ROW = "{pixels} pixels in a row"
    ELEMENTS_OF_TYPE = "its elements are {dtype}"
    NOT_SO_MANY_AXES = "it has neither 2, 3 nor 4 axes"
    SEVERAL_IMAGES = "it reads {count} images at once"
    NO_HEIGHT_AND_WIDTH = "it has no axes for height and width"
    NO_CHANNELS = "it has no axis of 1 or 3 channels"
    NO_CHANNELS_IN_LAYOUT = "it has no axis of 1 or 3 channels in the layout {layout}"


@record
class WrongImageSize(Diagnostic):
    """An image has another size than the model reads.

    Nothing is resized unasked, because it changes what the model sees. `--resize stretch` brings the image to the
    size and changes its proportions; `--resize crop` keeps them and cuts off what is too much on two sides.
    """

    code: ClassVar[str] = "E931"
    message: ClassVar[str] = "the image `{path}` is {found} pixels (width x height), and `{name}` reads {expected}"
    remedy: ClassVar[str] = "`--resize stretch` or `--resize crop` brings it to {expected}"

    path: str
    name: str
    found: str
    expected: Phrase | str


@record
class NotAnImageInput(Diagnostic):
    """An image is given for an input that does not read images.

    Images are read by inputs `[N, 1, H, W]` (gray) and `[N, 3, H, W]` (red, green, blue), by the same with the
    channels last, without the first axis, and, gray, by `[N, K]` where `K` is the number of pixels.
    """

    code: ClassVar[str] = "E932"
    message: ClassVar[str] = "the image `{path}` is given for `{name}`, which reads {expected}"
    remedy: ClassVar[str] = "images fit inputs such as `float32[N, 3, H, W]`; give this input numbers: {reason}"

    path: str
    name: str
    expected: str
    reason: Phrase


@record
class BadImageOption(Diagnostic):
    """An option for reading images does not fit.

    `--scale` is two numbers such as `0..1` or `-1..1`: what black and what full brightness become. `--mean` and
    `--std` are one number, or one for each channel, and no `std` is 0; they apply after the scale. `--layout` is
    `nchw` or `nhwc`.
    """

    code: ClassVar[str] = "E933"
    message: ClassVar[str] = "the image option `{option}` is `{shown}`: {clause}"
    remedy: ClassVar[str] = "give it another value"

    option: str
    found: object

    @property
    def shown(self) -> str:
        """What was given: numbers with commas between them."""
        return ", ".join(map(str, self.found)) if isinstance(self.found, tuple) else str(self.found)


@record
class OptionNotFinite(BadImageOption):
    """A mean or a deviation is NaN or infinite."""

    clause: ClassVar[str] = "it is not finite"
    remedy: ClassVar[str] = "give finite numbers"


@record
class DeviationIsZero(BadImageOption):
    """A deviation, which divides, is 0."""

    clause: ClassVar[str] = "nothing can be divided by 0"
    remedy: ClassVar[str] = "give numbers other than 0"


@record
class ScaleIsNoRange(BadImageOption):
    """A scale is no pair of numbers, or a pair of equal ones."""

    clause: ClassVar[str] = "it is no range"
    remedy: ClassVar[str] = "give two numbers such as `0..1` or `-1..1`"


@record
class ScaleOfBytes(BadImageOption):
    """An input reads the bytes of an image, which have a scale of their own."""

    clause: ClassVar[str] = "`{name}` reads uint8"
    remedy: ClassVar[str] = "give `0..255`, and neither mean nor std"

    name: str

    @property
    def shown(self) -> str:
        """The scale, if one was given."""
        return str(self.found or "given with mean and std")


@record
class ChannelsDiffer(BadImageOption):
    """There are neither one number nor as many as the image has channels."""

    clause: ClassVar[str] = "it has {count} numbers, and the model reads {channels} channel{plural}"
    remedy: ClassVar[str] = "give {wanted}"

    count: int
    channels: int

    @property
    def plural(self) -> str:
        """The ending of the word."""
        return "s" if self.channels > 1 else ""

    @property
    def wanted(self) -> str:
        """How many may be given."""
        return f"1 or {self.channels} numbers" if self.channels > 1 else "1 number"


@record
class NoSuchChoice(BadImageOption):
    """A word is none of those that mean something."""

    clause: ClassVar[str] = "there is no such choice"
    remedy: ClassVar[str] = "give {listed}"

    choices: tuple[str, ...]

    @property
    def listed(self) -> str:
        """Those that do."""
        return " or ".join(f"`{choice}`" for choice in self.choices)


@record
class ScaleAssumed(Diagnostic):
    """An image was scaled to 0..1, because nothing says which scale the model was trained with.

    A model that was trained on another scale gives wrong answers without any error. The numbers of black and of full
    brightness are given by `--scale`, such as `--scale=-1..1`; further `--mean` and `--std`.
    """

    code: ClassVar[str] = "W905"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "the pixels of `{path}` were scaled to {scale} for `{name}`"
    remedy: ClassVar[str] = "say which scale the model was trained with, such as `--scale 0..1`"

    path: str
    name: str
    scale: str


@record
class TransparencyOnWhite(Diagnostic):
    """An image is transparent in places, and was put on white, since a model sees no transparency."""

    code: ClassVar[str] = "W906"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "the image `{path}` is transparent in places, and was put on white"
    remedy: ClassVar[str] = "save it without transparency on the background that is wanted"

    path: str


@record
class ImageResized(Diagnostic):
    """An image was brought to the size that the model reads, as asked for by `--resize`."""

    code: ClassVar[str] = "W907"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "the image `{path}` was brought from {found} to {expected} pixels ({how})"

    path: str
    found: str
    expected: str
    how: str
