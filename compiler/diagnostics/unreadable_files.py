"""Why a file cannot be read, where the operating system has no words for it."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase


@record
class IsFolder(Phrase):
    says: ClassVar[str] = "it is a folder (directory), and no regular file"


@record
class IsNoRegularFile(Phrase):
    says: ClassVar[str] = "it is {kind}, and no regular file"
    remedy: ClassVar[str] = "write what comes out of it into a file first, and name that"

    kind: str


@record
class IsNoPath(Phrase):
    says: ClassVar[str] = "this is no path"


@record
class ReadingFails(Phrase):
    says: ClassVar[str] = "reading it fails"


@record
class StreamIsClosed(Phrase):
    says: ClassVar[str] = "it is closed"
