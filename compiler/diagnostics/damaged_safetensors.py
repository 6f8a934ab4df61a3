"""What is wrong with the headers of `.safetensors` files, and with the indices of weights in several files."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase

# Headers ------------------------------------------------------------------------------------------------------------


@record
class OnlySomeBytes(Phrase):
    says: ClassVar[str] = "it has only {size} bytes"

    size: int


@record
class HeaderBeyondFile(Phrase):
    says: ClassVar[str] = "its first bytes announce a header of {length:,} bytes, and the file has {size:,}"

    length: int
    size: int


@record
class HeaderTooLong(Phrase):
    says: ClassVar[str] = "its header has {length:,} bytes, and at most {most:,} are read"

    length: int
    most: int


@record
class HeaderIsNoObject(Phrase):
    says: ClassVar[str] = "its header is no JSON object"


@record
class NotesAreNoObject(Phrase):
    says: ClassVar[str] = "`{key}` in its header is no JSON object"

    key: str


@record
class EntryIncomplete(Phrase):
    says: ClassVar[str] = "its header gives `{name}` no dtype, shape and data_offsets"

    name: str


@record
class UnknownElementType(Phrase):
    says: ClassVar[str] = "`{name}` has elements of the unknown type `{element}`"

    name: str
    element: str


@record
class BytesOverlap(Phrase):
    says: ClassVar[str] = "the bytes of `{name}` overlap those of `{before}`"

    name: str
    before: str


@record
class GapBeforeTensor(Phrase):
    says: ClassVar[str] = "{gap:,} bytes before `{name}` belong to no tensor"

    gap: int
    name: str


@record
class TensorsCutOff(Phrase):
    says: ClassVar[str] = "it is cut off: its tensors take {wanted:,} bytes, and {found:,} are there"

    wanted: int
    found: int


@record
class BytesLeftOver(Phrase):
    says: ClassVar[str] = "its last {rest:,} bytes belong to no tensor"

    rest: int


# Indices ------------------------------------------------------------------------------------------------------------


@record
class NoWeightMap(Phrase):
    says: ClassVar[str] = "it has no `weight_map` from the names of tensors to those of files"


@record
class TooManyFiles(Phrase):
    says: ClassVar[str] = "it names {found:,} files, and at most {most} are read"

    found: int
    most: int


# How an index and its files do not fit ------------------------------------------------------------------------------


@record
class ShardMissing(Phrase):
    says: ClassVar[str] = "`{shard}` is not there"

    shard: str


@record
class ShardsUnnamed(Phrase):
    says: ClassVar[str] = "the names of its files tell of {total:,} files, of which it names {named:,}"

    total: int
    named: int


@record
class TensorMissing(Phrase):
    says: ClassVar[str] = "`{name}` is not in `{shard}`"

    name: str
    shard: str


@record
class TensorElsewhere(Phrase):
    says: ClassVar[str] = "`{name}` is not in `{shard}`, but in `{other}`"

    name: str
    shard: str
    other: str


@record
class TensorUnnamed(Phrase):
    says: ClassVar[str] = "`{name}` is in `{shard}`, and the index does not name it"

    name: str
    shard: str


@record
class TensorInTwoFiles(Phrase):
    says: ClassVar[str] = "`{name}` is in `{shard}` and in `{other}`"

    name: str
    shard: str
    other: str
