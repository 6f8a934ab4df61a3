"""Parsing a text again after an edit: items that it left alone are taken over, with every node in them."""

from __future__ import annotations

from bisect import bisect_left

from ..diagnostics import Report
from ..limits import Limits
from ..source import Source
from . import tree
from .comments import comments_of, docs_of
from .parse import parse, parse_items


def parse_again(earlier: tree.File, source: Source, limits: Limits, report: Report) -> tree.File | None:
    """The tree of a text that was edited, equal to what ``parse`` makes of it.

    An item is taken over where the edit is neither in it nor at it: its nodes are those of the earlier tree, and their
    places are in the new text from now on. The earlier tree is of no use any more.

    Args:
        earlier: the tree of the text before the edit.
        source: the text now.
        limits: bounds of its size, its tokens and its nesting.
        report: takes the diagnostics.

    Returns:
        What could be made of the text; None if it is too long to be read at all.
    """
    if earlier.skipped:
        # What could not be read may have swallowed anything.
        return parse(source, limits, report)
    old, new = earlier.source.text, source.text
    begin = _common_start(old, new)
    end = _common_end(old, new, begin)
    before = [item for item in earlier.items if item.span.end < begin]
    behind = [item for item in earlier.items[len(before) :] if item.span.start > len(old) - end]
    distance, comments = len(new) - len(old), comments_of(source)
    first = before[-1].span.end if before else 0
    last = behind[0].span.start + distance if behind else len(new)
    hides = any(one.span.start < last < one.span.end for one in comments)
    between = None if hides or not (before or behind) else parse_items(source, limits, first, last)
    if between is None:
        return parse(source, limits, report)
    for item in before:
        item.span.section.move(source, 0)
    for item in behind:
        item.span.section.move(source, distance)
    items, docs = (*before, *between, *behind), docs_of(source, comments)
    return tree.File(source=source, items=items, comments=comments, docs=docs)


def _common_start(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    most = min(len(one), len(other))
    return bisect_left(range(1, most + 1), True, key=lambda count: not one.startswith(other[:count]))


def _common_end(one: str, other: str, start: int) -> int:
    """How many characters two texts end with alike, behind a beginning that they share."""
    most = min(len(one), len(other)) - start
    return bisect_left(range(1, most + 1), True, key=lambda count: not one.endswith(other[len(other) - count :]))
