"""What is wrong with files of any format, with JSON in them, and with files that are something else."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase

# Files of any format ------------------------------------------------------------------------------------------------


@record
class IsEmpty(Phrase):
    says: ClassVar[str] = "it is empty"


@record
class IsCutOff(Phrase):
    says: ClassVar[str] = "it is cut off"


@record
class HoldsTwice(Phrase):
    says: ClassVar[str] = "it has `{name}` twice"

    name: str


@record
class ImpossibleShape(Phrase):
    says: ClassVar[str] = "`{name}` has an impossible shape"

    name: str


@record
class BytesDoNotFit(Phrase):
    says: ClassVar[str] = "the bytes of `{name}` do not fit its shape"

    name: str


@record
class ElementsNotRead(Phrase):
    says: ClassVar[str] = "`{name}` has elements of type {element}, which are not read"

    name: str
    element: str


@record
class NameTooLong(Phrase):
    says: ClassVar[str] = "a name in it is too long"


@record
class NestedTooDeeply(Phrase):
    says: ClassVar[str] = "it is nested too deeply"


# JSON: behind "it", or behind the name of what holds it -------------------------------------------------------------


@record
class JsonTooLong(Phrase):
    says: ClassVar[str] = "has {length:,} bytes, and at most {most:,} are read"

    length: int
    most: int


@record
class JsonTooDeep(Phrase):
    says: ClassVar[str] = "is nested too deeply"


@record
class NoJson(Phrase):
    says: ClassVar[str] = "is no JSON: {reason}"

    reason: str


@record
class JsonNameTwice(Phrase):
    says: ClassVar[str] = "has `{name}` twice"

    name: str


@record
class WholeIsBad(Phrase):
    says: ClassVar[str] = "it {fault}"

    fault: str


@record
class HeaderIsBad(Phrase):
    says: ClassVar[str] = "its header {fault}"

    fault: str


@record
class PartIsBad(Phrase):
    says: ClassVar[str] = "its `{part}` {fault}"

    part: str
    fault: str


# Files that are something else --------------------------------------------------------------------------------------


@record
class IsOtherFormat(Phrase):
    says: ClassVar[str] = "it is a {kind}"
    remedy: ClassVar[str] = "rename it to what it is: `{suggested}`"

    kind: str
    suggested: str


@record
class IsZipArchive(Phrase):
    says: ClassVar[str] = "it is a zip archive"
    remedy: ClassVar[str] = "unpack it, and give the file with the weights"


@record
class IsPickle(Phrase):
    says: ClassVar[str] = "it is a pickle, and nothing is ever unpickled"
    remedy: ClassVar[str] = "see `dotnn explain E801`"


@record
class IsGitLfsPointer(Phrase):
    says: ClassVar[str] = "it is a Git LFS pointer that stands for the file"
    remedy: ClassVar[str] = "run `git lfs pull`"


@record
class IsWebPage(Phrase):
    says: ClassVar[str] = "it is a web page"
    remedy: ClassVar[str] = "download the file itself"
