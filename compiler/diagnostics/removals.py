"""Edits that take whole statements, definitions and comments out of a text, so that what is left looks hand-written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..source import Span
from .fixes import Edit

_BLANK_LINE = re.compile(r"[ \t]*\r?\n")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:\r?\n|\Z)")
_END_OF_BODY = re.compile(r"[ \t]*(?:\}|\Z)")
_BLANKS = re.compile(r"[ \t]*")


def without_lines(place: Span) -> Edit:
    """The edit that leaves out what stands at a place, with its lines and comments where it has them for itself.

    Documentation above belongs to it; another comment does, unless more follows below that it may be about as well, or
    the file begins with it.
    """
    text, start = place.source.text, _line_start(place.source.text, place.start)
    behind = _REST_OF_LINE.match(text, place.end)
    if behind is None or text[start : place.start].strip():
        return _without_words(place)
    return _without_whole_lines(place.source.span(_comments_above(text, start, behind.end()), behind.end()))


def without_item(places: Sequence[Span], index: int) -> Edit:
    """The edit that leaves out one of several items: the first with the comma behind it, others with that before."""
    place = places[index]
    start = place.start if index == 0 else places[index - 1].end
    end = places[1].start if index == 0 and len(places) > 1 else place.end
    return Edit(place.source.span(start, end), "")


def without_comment(comment: Span) -> Edit:
    """The edit that leaves a comment out, with its line where it stands alone."""
    text, start = comment.source.text, _line_start(comment.source.text, comment.start)
    if text[start : comment.start].strip():
        return _without_words(comment)
    behind = _REST_OF_LINE.match(text, comment.end)
    return _without_whole_lines(comment.source.span(start, comment.end if behind is None else behind.end()))


def joined(edits: Iterable[Edit]) -> list[Edit]:
    """Edits of one text, those that leave out lines one behind the other as one: they share what stands around them.

    That is the blank lines, and a comment above that is about all of them.
    """
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end), reverse=True):
        if found and _leaves_out_lines(found[-1]) and _leaves_out_lines(edit) and _follows(found[-1], edit):
            lines = _without_blank_lines(edit.span.to(found[-1].span))
            start = _comments_above(lines.source.text, lines.start, lines.end)
            found[-1] = _without_whole_lines(lines.source.span(start, lines.end))
        else:
            found.append(edit)
    return found[::-1]


def _follows(edit: Edit, other: Edit) -> bool:
    return not edit.span.source.text[other.span.end : edit.span.start].strip()


def _leaves_out_lines(edit: Edit) -> bool:
    text, start, end = edit.span.source.text, edit.span.start, edit.span.end
    is_whole = start == _line_start(text, start) and (end == len(text) or end == _line_start(text, end))
    return not edit.replacement and start < end and is_whole


def _without_words(place: Span) -> Edit:
    """Among others on its line, it goes with the blanks before it, or with those behind it where it comes first."""
    text, source = place.source.text, place.source
    before = text[_line_start(text, place.start) : place.start]
    if before.strip():
        return Edit(source.span(place.start - len(before) + len(before.rstrip()), place.end), "")
    blanks = _BLANKS.match(text, place.end)
    return Edit(source.span(place.start, place.end if blanks is None else blanks.end()), "")


def _comments_above(text: str, start: int, end: int) -> int:
    """Where the comments begin that belong to the lines from ``start`` to ``end``."""
    following = text[end : _line_end(text, end)].strip()
    is_shared = bool(following) and not following.startswith(("#", "}"))
    first = start
    while first > 0:
        above = _line_start(text, first - 1)
        line = text[above:first].strip()
        if not line.startswith("#") or (is_shared and not _is_documentation(line)):
            break
        first = above
    if first > 0:
        return first
    while first < start and not _is_documentation(text[first:start]):
        # What a file begins with may be about all of it.
        first = _line_end(text, first) + 1
    return first


def _is_documentation(line: str) -> bool:
    return line.startswith("##") and not line.startswith("###")


def _without_blank_lines(place: Span) -> Span:
    """Some lines without the blank ones that they begin and end with."""
    text, start, end = place.source.text, place.start, place.end
    while (blank := _BLANK_LINE.match(text, start, end)) is not None:
        start = blank.end()
    while end > start and not text[_line_start(text, end - 1) : end].strip():
        end = _line_start(text, end - 1)
    return place.source.span(start, end)


def _without_whole_lines(place: Span) -> Edit:
    """The edit that leaves out some lines, and the blank lines that would be too many without them.

    Where nothing stands above, or the head of a body, none stays; where nothing stands below, or the end of a body,
    likewise; else as many stay as the larger gap has.
    """
    text, source = place.source.text, place.source
    start, end = place.start, place.end
    above, first = 0, start
    while first > 0 and not text[_line_start(text, first - 1) : first].strip():
        above, first = above + 1, _line_start(text, first - 1)
    below = [end]
    while (blank := _BLANK_LINE.match(text, below[-1])) is not None:
        below.append(blank.end())
    head = text[_line_start(text, max(first - 1, 0)) : first].rstrip()
    if first == 0 or head.endswith("{") or _END_OF_BODY.match(text, below[-1]) is not None:
        return Edit(source.span(first, below[-1]), "")
    return Edit(source.span(start, below[min(above, len(below) - 1)]), "")


def _line_start(text: str, offset: int) -> int:
    """Where the line of a character begins."""
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    """Where the line of a character ends, before its line end."""
    found = text.find("\n", offset)
    return len(text) if found < 0 else found
