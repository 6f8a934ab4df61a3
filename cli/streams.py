"""The standard streams: whatever has become of them, a message reaches the user or the command ends quietly.

Nothing is imported that is not there when a program begins, so that an interrupt of any import can still be told.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO


def open_closed_streams() -> None:
    """Put something into the place of standard streams that the caller has closed, where Python has None."""
    if sys.stdin is None:
        # Opened for writing, so that reading from it is an error, as it has to be.
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def write(text: str, stream: TextIO) -> None:
    """Print a line of text whatever the stream's encoding: what it cannot show is escaped.

    A reader that goes away early, as `head` does, changes neither what the command does nor its exit code.
    """
    encoding = stream.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        _discard(stream)
        write(f"error: cannot write to {stream.name}: {(error.strerror or str(error)).lower()}", sys.stderr)
        from click.exceptions import Exit

        raise Exit(2) from None


def write_last(text: str, stream: TextIO) -> None:
    """Print a line if that is possible: the terminal may be what has hung up."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        _discard(stream)


def shows(text: str, stream: TextIO) -> bool:
    """Whether a stream's encoding has all characters of a text."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding) == text


def _discard(stream: TextIO) -> None:
    """Let everything that is still written to a stream vanish, what Python holds back until it exits included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
