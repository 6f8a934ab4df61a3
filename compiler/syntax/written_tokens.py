"""The tokens of a text with all that stands between them: what a formatter and an editor need, and no tree has.

They are those that the parser has read, so that there is one grammar. What it could not read is there too: joined, the
tokens and what stands before them are the text again, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ..diagnostics import Report
from ..limits import Limits
from ..records import positional_record
from ..source import Source, Span
from .comments import spans_of_comments
from .parse import read_tokens
from .tokens import Token

#: The kind of a piece that the parser could not read: it is no token of the language, or stands where none can.
UNREAD: Final = "UNREAD"
#: The kind of the end of a text, before which trivia stand as before any token.
END: Final = "END"

_LINE_END = re.compile(r"\r\n|\r|\n")


@positional_record
class WrittenToken:
    """A token, and what stands between it and the one before.

    Attributes:
        kind: the name of its terminal in the grammar; ``UNREAD`` for a piece that could not be read, and ``END`` for
            the end of the text, which is empty.
        span: where it stands.
        before: its trivia: spaces, line ends and comments.
    """

    kind: str
    span: Span
    before: Span

    @property
    def text(self) -> str:
        """Its characters."""
        return self.span.text

    @property
    def comments(self) -> tuple[Span, ...]:
        """The comments before it, in order."""
        return tuple(spans_of_comments(self.before))

    @property
    def line_ends(self) -> int:
        """How many lines end before it: 0 if it goes on with the line of the token before, 2 behind an empty line."""
        return len(_LINE_END.findall(self.before.text))


def written_tokens(source: Source, limits: Limits | None = None) -> tuple[WrittenToken, ...]:
    """The tokens of a text, the last of which is its end.

    Args:
        source: the text; what is wrong with it is not reported here.
        limits: bounds of its size and nesting; behind a place where one is exceeded, all is one unread piece.
    """
    return tuple(_with_trivia(source, read_tokens(source, limits or Limits(), Report())))


def _with_trivia(source: Source, tokens: Iterable[Token]) -> Iterator[WrittenToken]:
    position, length = 0, len(source.text)
    for token in (*tokens, Token(END, "", length, length)):
        begin = position
        for piece in _unread(source, begin, token.start):
            yield WrittenToken(UNREAD, piece, source.span(position, piece.start))
            position = piece.end
        yield WrittenToken(token.kind, source.span(token.start, token.end), source.span(position, token.start))
        position = token.end


def _unread(source: Source, start: int, end: int) -> Iterator[Span]:
    """The pieces between two places that are neither blanks nor comments."""
    position = start
    for comment in (*spans_of_comments(source.span(start, end)), source.span(end, end)):
        between = source.text[position : comment.start]
        piece = between.strip(" \t\r\n")
        if piece:
            begin = position + between.index(piece)
            yield source.span(begin, begin + len(piece))
        position = comment.end
