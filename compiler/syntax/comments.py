"""Comments: all of them in order, and what the documentation comments document.

Comments never reach the grammar. They are read from the text on their own, so that a file with mistakes has them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..source import Source, Span
from .tree import Comment

#: A string, closed or not, hides number signs; everything else is a comment.
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*"?|(?P<comment>\#[^\r\n]*)')
_BLANKS = re.compile(r"(?:[ \t\r\n]+|\#[^\r\n]*)*+")
_DOCUMENTATION = re.compile(r"##(?!#)")


def comments_of(source: Source) -> tuple[Comment, ...]:
    """Every comment of a source, in order."""
    whole = source.span(0, len(source.text))
    return tuple(_comment(source, span.start, span.end) for span in spans_of_comments(whole))


def spans_of_comments(place: Span) -> Iterator[Span]:
    """The comments of a place that begins outside of strings and comments, in order."""
    for match in _STRING_OR_COMMENT.finditer(place.source.text, place.start, place.end):
        if match.lastgroup == "comment":
            yield place.source.span(match.start(), match.end())


def docs_of(source: Source, comments: tuple[Comment, ...]) -> dict[int, str]:
    """Texts of documentation comments by the offset of what follows them; an arrow in between is skipped."""
    lines: dict[int, list[str]] = {}
    target = -1
    for comment in comments:
        if not comment.documentation:
            continue
        if comment.span.end > target:
            target = _next_token(source.text, comment.span.end)
        lines.setdefault(target, []).append(comment.text)
    return {
        offset: "\n".join(texts)
        for offset, texts in lines.items()
        if offset < len(source.text) and source.text[offset] not in ")]}"
    }


def _comment(source: Source, start: int, end: int) -> Comment:
    text = source.text[start:end]
    documentation = _DOCUMENTATION.match(text) is not None
    words = text.lstrip("#")
    return Comment(span=source.span(start, end), text=words.removeprefix(" ").rstrip(), documentation=documentation)


def _next_token(text: str, position: int) -> int:
    position = _skip_blanks(text, position)
    if text.startswith("->", position):
        position = _skip_blanks(text, position + 2)
    return position


def _skip_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match is not None else position
