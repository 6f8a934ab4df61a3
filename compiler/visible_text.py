"""What a text holds, made visible: the one function through which foreign text goes on its way to a reader.

Foreign is whatever dotnn has not written itself: names and paths, what a model file says of itself, messages of other
programs. It imports nothing, since what prints "interrupted" uses it.
"""

from __future__ import annotations


def visible(text: str) -> str:
    r"""The text in one line, with escapes such as ``\n``, ``\x1b`` or ``\u202e`` for what cannot be seen.

    Control characters could rewrite the terminal, line ends make a line that looks like one of ours, bidirectional
    marks reorder it, and lone surrogates cannot be encoded; none of them comes through.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
