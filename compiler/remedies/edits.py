"""Edits of calls in a text: an argument written or left out, a stage put behind another one, or left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from ..diagnostics.fixes import Edit, Fix, Safety, piping, without_argument
from ..graph.graph import WrittenCall
from ..source import Span

#: The arrow before a stage, and the label between them.
_ARROW = re.compile(r"[ \t\r\n]*->[ \t\r\n]*(?:[A-Za-z_0-9.{}]+[ \t]*:[ \t]*)?\Z")
#: How far back an arrow is looked for.
_FAR = 200


def joined(fixes: Iterable[Fix | None]) -> Fix | None:
    """Several fixes of one text as one; None if one of them cannot be, or there is none."""
    parts = list(fixes)
    found = [edit for part in parts if part is not None for edit in part.edits]
    if not found or None in parts or len({id(edit.span.source) for edit in found}) > 1:
        return None
    # Two layers of one loop or block are one place in the text.
    edits = tuple(dict.fromkeys(found))
    places = sorted((edit.span.start, edit.span.end) for edit in edits)
    overlaps = any(before[1] > behind[0] or before == behind for before, behind in pairwise(places))
    return None if overlaps else Fix(edits, Safety.UNSAFE)


def with_argument(call: WrittenCall, name: str, value: str) -> Fix | None:
    """The fix that gives an argument of a call another value, or writes it where it is absent."""
    written = call.arguments.get(name)
    if written is not None:
        return Fix((Edit(written.value, value),), Safety.UNSAFE)
    span = call.span
    if call.function is None or not span.start <= call.function.start < span.end:
        return None
    if not span.text.endswith(")"):
        return _inserted(span, span.end, f"({name}={value})") if span.end == call.function.end else None
    is_empty = span.text[:-1].rstrip().endswith("(")
    return _inserted(span, span.end - 1, f"{name}={value}" if is_empty else f", {name}={value}")


def as_number(call: WrittenCall, name: str, now: int, number: int) -> Fix | None:
    """The fix that writes another number for an argument that is written as this one."""
    written = call.arguments.get(name)
    is_number = written is not None and written.value.text.replace("_", "") == str(now)
    return with_argument(call, name, str(number)) if is_number else None


def without(call: WrittenCall, name: str) -> Fix | None:
    """The fix that leaves an argument of a call out."""
    written = call.arguments.get(name)
    return None if written is None else without_argument(written.value, name)


def without_stage(call: WrittenCall) -> Fix | None:
    """The fix that leaves a stage out, with its arrow and its label."""
    span = call.span
    before = span.source.text[max(0, span.start - _FAR) : span.start]
    arrow = _ARROW.search(before)
    if arrow is None:
        return None
    return Fix((Edit(span.source.span(span.start - len(arrow.group()), span.end), ""),), Safety.UNSAFE)


def renamed(call: WrittenCall, name: str) -> Fix | None:
    """The fix that writes another layer in a call."""
    span = call.function
    return None if span is None else Fix((Edit(span, name),), Safety.UNSAFE)


def behind(place: Span | None, stage: str, reader: WrittenCall) -> Fix | None:
    """The fix that pipes what stands at a place through one more stage, before a call that reads it."""
    if place is None:
        return None
    between = place.source.text[place.end : reader.span.start]
    # What is piped into the call as a whole needs no parentheses.
    if (reader.span.source is place.source and _ARROW.fullmatch(between)) or _is_whole(place):
        return _inserted(place, place.end, f" -> {stage}")
    return piping(place, stage)


def _is_whole(place: Span) -> bool:
    """Whether a place is all that a statement says behind its sign of equality."""
    text = place.source.text
    behind_it = re.match(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\}|\Z)", text[place.end :])
    return behind_it is not None and text[: place.start].rstrip(" \t").endswith("=")


def _inserted(span: Span, offset: int, text: str) -> Fix:
    return Fix((Edit(span.source.span(offset, offset), text),), Safety.UNSAFE)
