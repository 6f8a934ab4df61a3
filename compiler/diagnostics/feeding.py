"""What can be wrong with the files and texts that a model is fed from (E921-E929, E935-E943, E991)."""

from __future__ import annotations

from typing import ClassVar

from ..byte_counts import binary_bytes
from ..records import record
from .base import Diagnostic
from .phrases import Phrase, Phrases, filled
from .running import FileNotReadable
from .suggest import did_you_mean, one_of

#: What is given for an input, behind "an input is".
_FORMS = "a file ({known}), values as JSON such as `[[1, 2], [3, 4]]` in quotes, or `-` for JSON from standard input"


def _reads(count: int, inputs: str) -> str:
    """How many inputs a model has, with their names and types."""
    if count == 0:
        return "the model reads no input"
    return f"the model reads {'one input' if count == 1 else f'{count} inputs'}: {inputs}"


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
class OtherFileAsInput(UnknownFileType):
    """The content tells what it is."""

    message: ClassVar[str] = "`{path}` is {kind}, and no input is read from it"

    kind: Phrase
    count: int
    inputs: str

    def advice(self) -> str:
        """What takes the file, and what inputs are read from."""
        return f"{self.kind.advice()}; {filled(self.remedy, self)}"

    def notes(self) -> tuple[str, ...]:
        """What the model reads."""
        return (_reads(self.count, self.inputs),)


@record
class InputNotReadable(FileNotReadable):
    """What is given for an input is no file that can be read.

    Attributes:
        known: the endings of files that are read.
        count: how many inputs the model has.
        inputs: their names and types.
        near: paths that may be meant.
    """

    remedy: ClassVar[str] = f"an input is {_FORMS}"

    known: str
    count: int
    inputs: str
    near: tuple[str, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """What the model reads."""
        return (_reads(self.count, self.inputs),)

    def advice(self) -> str:
        """Near names if there are any."""
        return did_you_mean(self.near) or filled(self.remedy, self)


@record
class FolderAsInput(InputNotReadable):
    """A folder; ``near`` are files in it."""

    def advice(self) -> str:
        """The files in it, and what an input is."""
        first = f"give one file of it, {one_of(self.near)}; " if self.near else ""
        return f"{first}{filled(self.remedy, self)}"


@record
class AddressAsInput(InputNotReadable):
    """An address of the web."""

    message: ClassVar[str] = "cannot read `{path}`: nothing is downloaded"
    remedy: ClassVar[str] = "download it, and give the file"


@record
class NothingAsInput(Diagnostic):
    """Nothing stands where an input is given.

    `--input` takes a file, values as JSON in quotes, or `-` for JSON from standard input. A model with several inputs
    needs their names: `--input left=a.npy --input right=b.npy`. A variable of the shell that is not set leaves nothing
    behind the `=`.
    """

    code: ClassVar[str] = "E991"
    message: ClassVar[str] = "nothing is given {place}"
    remedy: ClassVar[str] = f"an input is {_FORMS}"

    name: str | None
    known: str
    count: int
    inputs: str

    @property
    def place(self) -> str:
        """Behind the name, or at all."""
        return f"behind `{self.name}=`" if self.name is not None else "by `--input`"

    def notes(self) -> tuple[str, ...]:
        """What the model reads."""
        return (_reads(self.count, self.inputs),)


@record
class DamagedFile(Diagnostic):
    """The content of a file is not what its name says: cut off, damaged, or another format.

    The ending of the name decides how a file is read; only images are told apart by their content. A `.csv` or
    `.json` file is text in UTF-8.
    """

    code: ClassVar[str] = "E922"
    message: ClassVar[str] = "`{path}` is no readable {kind}: {reason}"
    remedy: ClassVar[str] = "write the file again, or rename it if it holds another format"

    path: str
    kind: str
    reason: Phrase | str


@record
class DamagedImage(DamagedFile):
    """The same of an image, whatever the ending of its name says."""

    kind: str = "PNG or JPEG image"


@record
class FileTooLarge(Diagnostic):
    """A file holds, or says that it holds, more than is read at once.

    The bound keeps damaged and malicious files from exhausting the memory: a file of a few bytes can declare an array
    or an image of any size.
    """

    code: ClassVar[str] = "E923"
    message: ClassVar[str] = "`{path}` has {clause} are read"
    remedy: ClassVar[str] = "feed fewer examples at once, or smaller ones"

    path: str


@record
class TooManyBytes(FileTooLarge):
    """There are more bytes than are read.

    Attributes:
        limit: how many are read.
        size: how many there are; None where that is not known.
    """

    clause: ClassVar[str] = "{found}, and at most {most}"

    limit: int
    size: int | None = None

    @property
    def found(self) -> str:
        """How many there are, in words."""
        return f"more than {self.most}" if self.size is None else binary_bytes(self.size)

    @property
    def most(self) -> str:
        """How many are read, in words."""
        return binary_bytes(self.limit)


@record
class TooManyPixels(FileTooLarge):
    """An image has more pixels than are read.

    Attributes:
        limit: how many are read.
        size: width and height; None for so many that they were not even looked at.
    """

    clause: ClassVar[str] = "{found} pixels, and at most {limit:,} pixels"

    limit: int
    size: tuple[int, int] | None = None

    @property
    def found(self) -> str:
        """How many there are, in words."""
        return "far too many" if self.size is None else f"{self.size[0]} x {self.size[1]}"


@record
class TooManyScans(FileTooLarge):
    """A JPEG sends the picture over and over again."""

    clause: ClassVar[str] = "endless scans, and at most {limit} scans"

    limit: int


@record
class NotPlainArray(Diagnostic):
    """A `.npy` or `.npz` file holds Python objects, which are stored by pickle, or records.

    Unpickling runs whatever code the file holds, so nothing is ever unpickled. Arrays of numbers need no pickle;
    arrays of `object` come from lists of unequal lengths.
    """

    code: ClassVar[str] = "E924"
    message: ClassVar[str] = "`{path}` holds {clause}, and only arrays of numbers are read"
    remedy: ClassVar[str] = 'save an array of numbers: `np.save(file, np.asarray(values, "float32"))`'

    path: str


@record
class HoldsObjects(NotPlainArray):
    """Its elements are whatever Python can pickle."""

    clause: ClassVar[str] = "Python objects"


@record
class HoldsRecords(NotPlainArray):
    """Its elements have fields with names beyond Latin 1."""

    clause: ClassVar[str] = "records with named fields"


@record
class HoldsOtherElements(NotPlainArray):
    """Its elements are dates, bytes or records."""

    clause: ClassVar[str] = "elements of type `{dtype}`"

    dtype: str


# Numbers in text ----------------------------------------------------------------------------------------------------


class Place(Phrases):
    """Places in files of numbers, and what stands there."""

    LINE = "line {line}"
    CELL = "line {line}, column {column}"
    ITEM = "item {indices}"
    WHOLE = "the value"
    TEXT_ITEM = 'the text "{text}"'
    LONG_INTEGER = "an integer of {bits} bits"


@record
class NotANumber(Diagnostic):
    """Where a number is expected stands something else.

    Numbers have a decimal point, not a comma, and no separators. A first line of a `.csv` file none of whose cells
    is a number is taken as the header.
    """

    code: ClassVar[str] = "E925"
    message: ClassVar[str] = "{place} of `{path}` is {found}, not a number"
    remedy: ClassVar[str] = "numbers have a decimal point and no separators"

    path: str
    place: Phrase
    found: Phrase | str


@record
class CommaInNumber(NotANumber):
    """A number has a comma where its point belongs."""

    remedy: ClassVar[str] = "write a decimal point instead of the comma"


@record
class EmptyCell(NotANumber):
    """Nothing stands between two separators."""

    remedy: ClassVar[str] = "give every cell a value; write `nan` only where the model can read it"

    found: str = "empty"


@record
class NoNumberInCell(NotANumber):
    """A cell of a table behind its header is no number."""

    remedy: ClassVar[str] = "numbers have a decimal point and no separators; the header is one line without any number"


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
    place: Phrase
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
    place: Phrase
    name: str
    found: Phrase | str
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
class NumbersWithoutBrackets(BadInlineValue):
    """Numbers in a row."""

    message: ClassVar[str] = "`{text}` is neither a file nor JSON, in which lists stand in square brackets"
    remedy: ClassVar[str] = "write `--input '{written}'`, with a pair of brackets for each axis"

    written: str
    count: int
    inputs: str
    reason: str = ""

    def notes(self) -> tuple[str, ...]:
        """What the model reads."""
        return (_reads(self.count, self.inputs),)


@record
class WordOfPython(BadInlineValue):
    """A value as other languages spell it."""

    message: ClassVar[str] = "`{text}` is neither a file nor JSON, which spells it `{written}`"
    remedy: ClassVar[str] = "write `{written}`"

    written: str
    reason: str = ""


@record
class WordInValue(BadInlineValue):
    """The same inside of lists."""

    message: ClassVar[str] = "`{text}` is no JSON, which spells `{word}` as `{written}`: {reason}"
    remedy: ClassVar[str] = "write `{written}`"

    word: str
    written: str


@record
class InputGivenTwice(Diagnostic):
    """Two values are given for one input."""

    code: ClassVar[str] = "E936"
    message: ClassVar[str] = "the input `{name}` is given twice, by `{first}` and by `{second}`"
    remedy: ClassVar[str] = "give each input once"

    name: str
    first: str
    second: str
    count: int
    inputs: str

    def notes(self) -> tuple[str, ...]:
        """What the model reads."""
        return (_reads(self.count, self.inputs),)


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
class ArraysOfNoInput(NoSuchArray):
    """No array has the name of any input; the arrays may be something else, such as weights."""

    message: ClassVar[str] = "`{path}` holds no array with the name of an input, but {found}"
    remedy: ClassVar[str] = "name the arrays like the inputs; if they are weights, `--weights {path}` loads them"

    count: int
    inputs: str
    name: str = ""

    def notes(self) -> tuple[str, ...]:
        """What the model reads."""
        return (_reads(self.count, self.inputs),)


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
    names: tuple[str, ...]
    near: tuple[str, ...] = ()

    @property
    def known(self) -> str:
        """The dimensions that there are."""
        listed = ", ".join(f"`{name}`" for name in self.names)
        return f"the dimensions are {listed}" if listed else "all its dimensions are numbers"

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
    message: ClassVar[str] = "no random values can be drawn for `{name}`: {clause}"
    remedy: ClassVar[str] = "give the values of this input"

    name: str


@record
class ShapeNotDeclared(NoRandomValues):
    """A model of another maker says nothing of the axes of an input."""

    clause: ClassVar[str] = "the model does not declare its shape"


@record
class TooManyRandomValues(NoRandomValues):
    """The values would take more memory than is taken."""

    clause: ClassVar[str] = "they would take {needed}"

    size: int

    @property
    def needed(self) -> str:
        """Their bytes, in words."""
        return binary_bytes(self.size)


@record
class NoRandomElements(NoRandomValues):
    """The elements are texts or complex numbers."""

    clause: ClassVar[str] = "its elements are {dtype}"

    dtype: str
