"""What is wrong with arrays, texts and images that a model is fed from."""

from __future__ import annotations

from typing import ClassVar

from ..byte_counts import binary_bytes
from ..records import record
from .phrases import Phrase

# Arrays -------------------------------------------------------------------------------------------------------------


@record
class ArchiveWithoutArrays(Phrase):
    says: ClassVar[str] = "it holds no arrays"


@record
class ImpossibleArray(Phrase):
    says: ClassVar[str] = "its header declares an impossible array"


@record
class ArrayBeyondFile(Phrase):
    says: ClassVar[str] = "its header declares {declared}, and the file has {found}"

    wanted: int
    available: int

    @property
    def declared(self) -> str:
        """The bytes that the header tells of."""
        return binary_bytes(self.wanted)

    @property
    def found(self) -> str:
        """The bytes that there are."""
        return binary_bytes(self.available)


# Texts --------------------------------------------------------------------------------------------------------------


@record
class ByteIsNotUtf8(Phrase):
    says: ClassVar[str] = "byte {place} is not UTF-8"

    place: int


@record
class TableWithoutNumbers(Phrase):
    says: ClassVar[str] = "it holds no numbers"


@record
class LineIsBad(Phrase):
    says: ClassVar[str] = "line {line}: {reason}"

    line: int
    reason: str


@record
class JsonFault(Phrase):
    says: ClassVar[str] = "{reason} at line {line}, column {column}"

    reason: str
    line: int
    column: int


@record
class NameTwice(Phrase):
    says: ClassVar[str] = "it has the name `{name}` twice"

    name: str


@record
class ListsTooDeep(Phrase):
    says: ClassVar[str] = "lists are nested more than {most} deep"

    most: int


# Images -------------------------------------------------------------------------------------------------------------


@record
class NeitherPngNorJpeg(Phrase):
    says: ClassVar[str] = "its content is neither"


@record
class DataEndsEarly(Phrase):
    says: ClassVar[str] = "its data ends early"


@record
class NoMarker(Phrase):
    says: ClassVar[str] = "there is no marker where one has to be"


@record
class ScansOfNoFrame(Phrase):
    says: ClassVar[str] = "its scans are not those of its frame"


@record
class ScansMissing(Phrase):
    says: ClassVar[str] = "some of its scans are missing"


@record
class LastScansMissing(Phrase):
    says: ClassVar[str] = "its last scans are missing"
