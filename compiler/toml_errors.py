"""What Python's reader of TOML says of a text that is none: why, and where."""

from __future__ import annotations

import re

from .source import Source, Span

_AT = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")


def reason_and_place(source: Source, said: str) -> tuple[str, Span]:
    """The reason in words that follow a colon, and the place; the end of the text where none is told.

    Args:
        source: the text.
        said: the words of ``tomllib.TOMLDecodeError``.
    """
    found = _AT.search(said)
    reason = said[: found.start()] if found else said
    start = len(source.text)
    if found and found[1]:
        # It counts in a text of its own, in which all line ends are one character.
        lines = source.text.split("\n")[: int(found[1]) - 1]
        start = min(start, sum(len(line) + 1 for line in lines) + int(found[2]) - 1)
    return f"{reason[:1].lower()}{reason[1:]}", source.span(start, min(start + 1, len(source.text)))
