"""What is wrong with messages of Protocol Buffers, and with the initializers of `.onnx` files."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase

# Messages -----------------------------------------------------------------------------------------------------------


@record
class FieldWithoutNumber(Phrase):
    says: ClassVar[str] = "it is damaged: a field has no number"


@record
class FieldOfUnknownKind(Phrase):
    says: ClassVar[str] = "it is damaged: a field is of an unknown kind"


@record
class FieldCutOff(Phrase):
    says: ClassVar[str] = "it is cut off or damaged: a field goes beyond its end"


@record
class NumberCutOff(Phrase):
    says: ClassVar[str] = "it is cut off or damaged: a number does not end"


@record
class NumberTooLong(Phrase):
    says: ClassVar[str] = "it is damaged: a number is too long"


@record
class InTensor(Phrase):
    says: ClassVar[str] = "`{name}`: {fault}"

    name: str
    fault: str


# Initializers -------------------------------------------------------------------------------------------------------


@record
class NoModelInIt(Phrase):
    says: ClassVar[str] = "it has no model in it"


@record
class SparseInitializers(Phrase):
    says: ClassVar[str] = "it has sparse initializers, which are not read"


@record
class TensorInSegments(Phrase):
    says: ClassVar[str] = "it has a tensor in segments, which are not read"


@record
class TooManyInitializers(Phrase):
    says: ClassVar[str] = "it has more than {most:,} initializers"

    most: int


@record
class TooManyEntries(Phrase):
    says: ClassVar[str] = "it has more than {most:,} entries"

    most: int


@record
class InitializerWithoutName(Phrase):
    says: ClassVar[str] = "an initializer has no name"


@record
class InitializerWithoutShape(Phrase):
    says: ClassVar[str] = "an initializer has no shape, or one with too many axes"


@record
class NumbersOfWrongKind(Phrase):
    says: ClassVar[str] = "the numbers of an initializer are of the wrong kind"


@record
class TooManyAxes(Phrase):
    says: ClassVar[str] = "`{name}` has too many axes"

    name: str


@record
class UnknownElementNumber(Phrase):
    says: ClassVar[str] = "`{name}` has elements of the unknown type {number}"

    name: str
    number: int


@record
class NumbersDoNotFit(Phrase):
    says: ClassVar[str] = "the numbers of `{name}` do not fit its shape"

    name: str


@record
class NameIsNoText(Phrase):
    says: ClassVar[str] = "a name in it is no text"


# Numbers in a file beside the model ---------------------------------------------------------------------------------


@record
class PlaceIsNoNumber(Phrase):
    says: ClassVar[str] = "the {key} of the numbers of `{name}` is no number"

    key: str
    name: str


@record
class DataTooShort(Phrase):
    says: ClassVar[str] = "`{file}`, which has the numbers of `{name}`, is too short for them"

    file: str
    name: str


@record
class DataBecameShorter(Phrase):
    says: ClassVar[str] = "`{file}` has become shorter"

    file: str
