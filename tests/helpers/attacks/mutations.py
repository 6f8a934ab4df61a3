"""Good texts with something missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: A token as a reader would see it; not taken from the compiler.
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[A-Za-z_0-9.]+|->|\*\*|//|[=!<>]=|[^\s]')


def prefixes(text: str, step: int = 1) -> Iterator[str]:
    """The beginnings of a text, the empty one first."""
    return (text[:end] for end in range(0, len(text), step))


def without_single_tokens(text: str, step: int = 1) -> Iterator[str]:
    """The text without one of its tokens, for every ``step``-th of them."""
    for index, match in enumerate(TOKEN.finditer(text)):
        if index % step == 0:
            yield text[: match.start()] + text[match.end() :]
