"""What can be wrong with the files and texts that a model is fed from (E921-E949, W905-W909)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .suggest import did_you_mean

# Files of any kind --------------------------------------------------------------------------------------------------


@record
class UnknownFileType(Diagnostic):
    """The ending of a file's name says how it is read, and this one is not known.

    Known are `.npy`, `.npz`, `.csv`, `.json`, `.png`, `.jpg` and `.jpeg`.
    """

    code: ClassVar[str] = "E921"
    message: ClassVar[str] = "cannot tell from its name how to read `{path}`"
    remedy: ClassVar[str] = "inputs are read from {known}"

    path: str
    known: str


@record
class DamagedFile(Diagnostic):
    """The content of a file is not what its name says: cut off, damaged, or another format.

    The ending of the name decides how a file is read; only images are told apart by their content. A `.csv` or
    `.json` file is text in UTF-8.
    """

    code: ClassVar[str] = "E922"
    message: ClassVar[str] = "`{path}` is no readable {kind}: {reason}"
    remedy: ClassVar[str] = "{hint}"

    path: str
    kind: str
    reason: str
    hint: str = "write the file again, or rename it if it holds another format"


@record
class FileTooLarge(Diagnostic):
    """A file holds, or says that it holds, more than is read at once.

    The bound keeps damaged and malicious files from exhausting the memory: a file of a few bytes can declare an array
    or an image of any size.
    """

    code: ClassVar[str] = "E923"
    message: ClassVar[str] = "`{path}` has {found}, and at most {most} are read"
    remedy: ClassVar[str] = "feed fewer examples at once, or smaller ones"

    path: str
    found: str
    most: str


@record
class NotPlainArray(Diagnostic):
    """A `.npy` or `.npz` file holds Python objects, which are stored by pickle, or records.

    Unpickling runs whatever code the file holds, so nothing is ever unpickled. Arrays of numbers need no pickle;
    arrays of `object` come from lists of unequal lengths.
    """

    code: ClassVar[str] = "E924"
    message: ClassVar[str] = "`{path}` holds {found}, and only arrays of numbers are read"
    remedy: ClassVar[str] = 'save an array of numbers: `np.save(file, np.asarray(values, "float32"))`'

    path: str
    found: str


# Numbers in text ----------------------------------------------------------------------------------------------------


@record
class NotANumber(Diagnostic):
    """Where a number is expected stands something else.

    Numbers have a decimal point, not a comma, and no separators. A first line of a `.csv` file none of whose cells
    is a number is taken as the header.
    """

    code: ClassVar[str] = "E925"
    message: ClassVar[str] = "{place} of `{path}` is {found}, not a number"
    remedy: ClassVar[str] = "{hint}"

    path: str
    place: str
    found: str
    hint: str = "numbers have a decimal point and no separators"


@record
class RaggedValues(Diagnostic):
    """Rows, or nested lists, have unequal lengths, so they form no tensor.

    Sequences of unequal lengths are filled up to one length, and `lengths=` tells the recurrent layers where they
    end.
    """

    code: ClassVar[str] = "E926"
    message: ClassVar[str] = "{place} of `{path}` has {found} items where the first has {expected}"
    remedy: ClassVar[str] = "give all the same length"

    path: str
    place: str
    found: str
    expected: str


@record
class TableDoesNotFit(Diagnostic):
    """The numbers of a table do not fill the shape that the model reads.

    A row is an example, its columns the numbers of the example in row-major order; or the whole table is one example.
    """

    code: ClassVar[str] = "E927"
    message: ClassVar[str] = "`{path}` has {rows} rows of {columns} numbers, which do not fill {expected} of `{name}`"
    remedy: ClassVar[str] = "write one row for each example, with {per_example} numbers"

    path: str
    name: str
    rows: int
    columns: int
    expected: str
    per_example: str


@record
class TableIsAmbiguous(Diagnostic):
    """The numbers of a table fill the shape that the model reads in more than one way."""

    code: ClassVar[str] = "E928"
    message: ClassVar[str] = "`{path}` has {rows} rows of {columns} numbers, which may be {ways} for `{name}`"
    remedy: ClassVar[str] = "give the values as nested lists in `.json`, or as `.npy`, which have a shape"

    path: str
    name: str
    rows: int
    columns: int
    ways: str


@record
class NumberDoesNotFit(Diagnostic):
    """A number cannot be held by the element type that the model reads.

    `int8` holds -128 to 127; integers have no fraction; truth values are `true` and `false`, or 0 and 1.
    """

    code: ClassVar[str] = "E929"
    message: ClassVar[str] = "{place} of `{path}` is {found}, which {expected} cannot hold"
    remedy: ClassVar[str] = "`{name}` reads {expected}; give values in its range"

    path: str
    place: str
    name: str
    found: str
    expected: str


# Images -------------------------------------------------------------------------------------------------------------


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
    expected: str


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
    reason: str


@record
class BadImageOption(Diagnostic):
    """An option for reading images does not fit.

    `--scale` is two numbers such as `0..1` or `-1..1`: what black and what full brightness become. `--mean` and
    `--std` are one number, or one for each channel, and no `std` is 0; they apply after the scale. `--layout` is
    `nchw` or `nhwc`.
    """

    code: ClassVar[str] = "E933"
    message: ClassVar[str] = "the image option `{option}` is {found}: {reason}"
    remedy: ClassVar[str] = "give {expected}"

    option: str
    found: str
    reason: str
    expected: str


# The text of an input -----------------------------------------------------------------------------------------------


@record
class BadInlineValue(Diagnostic):
    """Values written on the command line are no JSON.

    `--input 'x=[[1, 2], [3, 4]]'` is quoted for the shell, which takes brackets and spaces for itself.
    """

    code: ClassVar[str] = "E935"
    message: ClassVar[str] = "`{text}` is no JSON: {reason}"
    remedy: ClassVar[str] = "write nested lists of numbers in quotes: `--input 'x=[[1, 2], [3, 4]]'`"

    text: str
    reason: str


@record
class InputGivenTwice(Diagnostic):
    """Two values are given for one input."""

    code: ClassVar[str] = "E936"
    message: ClassVar[str] = "the input `{name}` is given twice, by `{first}` and by `{second}`"
    remedy: ClassVar[str] = "give each input once"

    name: str
    first: str
    second: str


@record
class NoSuchArray(Diagnostic):
    """A file holds several named arrays, and none has the name of the input."""

    code: ClassVar[str] = "E937"
    message: ClassVar[str] = "`{path}` holds no array `{name}`, but {found}"
    remedy: ClassVar[str] = "rename the array, or leave out `NAME=` to give every input by its name"

    path: str
    name: str
    found: str
    near: tuple[str, ...] = ()

    def advice(self) -> str:
        """Near names if there are any."""
        return did_you_mean(self.near) or super().advice()


@record
class StandardInputTwice(Diagnostic):
    """Standard input is read for two inputs, and it can be read only once.

    `-` without a name reads an object with the values of every input.
    """

    code: ClassVar[str] = "E938"
    message: ClassVar[str] = "`{second}` reads standard input, which `{first}` has read"
    remedy: ClassVar[str] = "give all inputs in one JSON object: `--input -`"

    first: str
    second: str


# Random inputs ------------------------------------------------------------------------------------------------------


@record
class NoSuchSymbol(Diagnostic):
    """A size is given for a name that is no symbolic dimension of the model's inputs."""

    code: ClassVar[str] = "E941"
    message: ClassVar[str] = "no input of the model has a dimension `{name}`"
    remedy: ClassVar[str] = "{known}"

    name: str
    known: str
    near: tuple[str, ...] = ()

    def advice(self) -> str:
        """Near names if there are any."""
        return did_you_mean(self.near) or super().advice()


@record
class SizeNotFound(Diagnostic):
    """No size was found for the symbolic dimensions with which the layers of the model are satisfied.

    Sizes that are not given start at 1 and grow until every layer has what it demands.
    """

    code: ClassVar[str] = "E942"
    message: ClassVar[str] = "found no size for {symbols} with which `{dim}` is at least {minimum}"
    remedy: ClassVar[str] = "give the sizes: `--size {example}=224`"

    symbols: str
    example: str
    dim: str
    minimum: int


@record
class NoRandomValues(Diagnostic):
    """Random values can be drawn for numbers and truth values only."""

    code: ClassVar[str] = "E943"
    message: ClassVar[str] = "no random values can be drawn for `{name}`: {reason}"
    remedy: ClassVar[str] = "give the values of this input"

    name: str
    reason: str


# What is said without stopping --------------------------------------------------------------------------------------


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
