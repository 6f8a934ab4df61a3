"""The standard streams: whatever has become of them, a message reaches the user or the command ends quietly.

Nothing is imported that is not there when a program begins, so that an interrupt of any import can still be told.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn, TextIO


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
    """Print lines of text whatever the stream's encoding: what it cannot show is escaped.

    Whoever puts foreign text into a line makes it `visible` there. What was forgotten does no harm: of control
    characters only line ends, tabs and our own colours come through, and no line is a command of the system that runs
    the tests of a repository and reads what is printed.

    A reader that goes away early, as `head` does, changes neither what the command does nor its exit code.
    """
    _print("\n".join(_without_command(_harmless(line)) for line in text.split("\n")), stream)


def write_command(text: str, stream: TextIO) -> None:
    """Print a line that the system which runs the tests of a repository is to take as a command."""
    _print(_harmless(text), stream)


def write_json(document: object, stream: TextIO) -> None:
    """Print a value as JSON: in ASCII, which every stream has, and without what such a system takes as a command.

    Lists of numbers stand in one line. No text can look like one: in texts, line ends are escaped.
    """
    import json
    import re

    text = json.dumps(document, indent=2).replace("##", "#\\u0023")
    _print(re.sub(r"\[\n[^]\[{}\"]*\]", lambda found: f"[{' '.join(found[0][1:-1].split())}]", text), stream)


def _harmless(line: str) -> str:
    """The line with everything made visible but tabs and colours."""
    if line.isprintable():
        return line
    import re

    from ..compiler.visible_text import visible

    # Every other part is one that comes through.
    parts = re.split(r"(\t|\x1b\[[0-9;]*m)", line)
    return "".join(part if index % 2 else visible(part) for index, part in enumerate(parts))


def _without_command(line: str) -> str:
    """A line that no such system takes as a command: GitHub and Azure read `::error::` and `##[error]`."""
    # Behind the colons stands a word; the arrows of our own messages have three.
    start = line.lstrip()
    if start.startswith("::") and start[2:3].isalpha():
        return line.replace("::", ":\\x3a", 1)
    if os.environ.get("CI") and "##" in line:
        return line.replace("##[", "#\\x23[").replace("##vso[", "#\\x23vso[")
    return line


def _print(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        _fail(stream, error)


def _fail(stream: TextIO, error: OSError) -> NoReturn:
    """End the command because nothing more can be written to a stream."""
    from click.exceptions import Exit

    _discard(stream)
    write(f"error: cannot write to {stream.name}: {(error.strerror or str(error)).lower()}", sys.stderr)
    raise Exit(2) from None


def write_bytes(content: bytes, stream: TextIO) -> None:
    """Print a text as it is, byte for byte, for the program or file that a stream is led to."""
    try:
        stream.buffer.write(content)
        stream.buffer.flush()
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        _fail(stream, error)


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
