"""Why a file cannot be read or replaced, where the operating system has no words for it."""

from __future__ import annotations

from .phrases import Phrases


class Unreadable(Phrases):
    """Why a file cannot be read or replaced, where the operating system has no words for it."""

    IS_FOLDER = "it is a folder (directory), and no regular file"
    IS_NO_REGULAR_FILE = (
        "it is {kind}, and no regular file",
        "write what comes out of it into a file first, and name that",
    )
    IS_NO_PATH = "this is no path"
    READING_FAILS = "reading it fails"
    STREAM_IS_CLOSED = "it is closed"
    IS_LINK_OF_ANOTHER = "it is a link that another user has put there"
