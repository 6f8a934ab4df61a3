"""What is wrong with zip archives, and with the arrays of numpy in them."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase

# Zip archives -------------------------------------------------------------------------------------------------------


@record
class LongListOfMembers(Phrase):
    says: ClassVar[str] = "its list of members has {length:,} bytes, and at most {most:,} are read"

    length: int
    most: int


@record
class MemberPacked(Phrase):
    says: ClassVar[str] = "`{member}` is packed"

    member: str


@record
class MemberElsewhere(Phrase):
    says: ClassVar[str] = "`{member}` is not where the archive says"

    member: str


@record
class MemberCutOff(Phrase):
    says: ClassVar[str] = "it is cut off in `{member}`"

    member: str


@record
class MemberGrows(Phrase):
    says: ClassVar[str] = "`{member}` is packed into {packed:,} bytes, which would become {unpacked:,}"

    member: str
    packed: int
    unpacked: int


@record
class WrongCheckSum(Phrase):
    # As zipfile has it.
    says: ClassVar[str] = "Bad CRC-32 for file {member!r}"

    member: str


@record
class MemberMissing(Phrase):
    says: ClassVar[str] = "it holds `{member}` not"

    member: str


@record
class MemberTwice(Phrase):
    says: ClassVar[str] = "it holds `{member}` twice"

    member: str


# Arrays of numpy ----------------------------------------------------------------------------------------------------


@record
class MemberIsNoArray(Phrase):
    says: ClassVar[str] = "it holds `{member}`, which is no array"

    member: str


@record
class ArrayDoesNotFill(Phrase):
    says: ClassVar[str] = "`{name}` has {found:,} bytes, which do not fit {axes} of {dtype}"

    name: str
    found: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def axes(self) -> list[int]:
        """The shape, as it is shown."""
        return list(self.shape)


@record
class HasRecords(Phrase):
    says: ClassVar[str] = "its arrays have records with named fields"


@record
class UnknownVersion(Phrase):
    says: ClassVar[str] = "an array is in version {major}.{minor} of the format, which is not known"

    major: int
    minor: int


@record
class HeaderUnreadable(Phrase):
    says: ClassVar[str] = "an array's header cannot be read"


@record
class ImpossibleArrayShape(Phrase):
    says: ClassVar[str] = "an array has an impossible shape"


@record
class TooLittleMemory(Phrase):
    says: ClassVar[str] = "there is too little memory for {size:,} bytes"

    size: int


@record
class ArrayCutOff(Phrase):
    says: ClassVar[str] = "an array is cut off after {found:,} of {size:,} bytes"

    found: int
    size: int
