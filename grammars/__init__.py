"""The grammar of the ``.nn`` language, as text."""

from __future__ import annotations

from pathlib import Path

#: Name of the grammar file in this package.
FILE_NAME = "nn.lark"


def text() -> str:
    """The grammar, in the notation of Lark."""
    return Path(__file__).with_name(FILE_NAME).read_text(encoding="utf-8")
