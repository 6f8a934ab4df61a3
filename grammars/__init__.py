"""The grammar of the ``.nn`` language, as text."""

from __future__ import annotations

from importlib import resources

#: Name of the grammar file in this package.
FILE_NAME = "nn.lark"


def text() -> str:
    """The grammar, in the notation of Lark."""
    return resources.files(__name__).joinpath(FILE_NAME).read_text(encoding="utf-8")
