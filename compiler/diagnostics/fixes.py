"""What mends a text: edits that belong together, and how certain they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from ..records import positional_record
from ..source import Source, Span

#: A line up to its comment; a string may hold the sign of one.
_CODE = r'(?:[^"#\n]|"(?:[^"\\\r\n]|\\[^\r\n])*"?)*'
_NAME_OF_ARGUMENT = r"(?<![A-Za-z0-9_.])([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*\Z"
_BEHIND_ARGUMENT = r"\s*(?:,\s*|(?=\)))"
#: A bracket, or what may hold one that is none.
_BRACKETS = r'[()\[\]{}]|"(?:[^"\\\r\n]|\\[^\r\n])*"|#[^\n]*'
#: Names of arguments that are longer are not looked for.
LONGEST_NAME = 80


class Safety(StrEnum):
    """What may be expected of a fix.

    Safe: the fixed text means what its author certainly meant, and nothing that compiled changes. Unsafe: numbers,
    counts of parameters or weight files change, or it is a guess among several.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"


@positional_record
class Edit:
    """One change of a text: the replacement for what stands at ``span``, which is empty for an insertion."""

    span: Span
    replacement: str


@positional_record
class Fix:
    """The edits of one text that together mend a mistake.

    Attributes:
        edits: at least one, none overlapping another.
        safety: how certain it is.

    Raises:
        ValueError: there is no edit, they overlap, or they are of several texts.
    """

    edits: tuple[Edit, ...]
    safety: Safety

    def __post_init__(self) -> None:
        if len({id(edit.span.source) for edit in self.edits}) != 1:
            raise ValueError("a fix edits one text")
        if _overlap(sorted((edit.span.start, edit.span.end) for edit in self.edits)):
            raise ValueError("the edits of a fix overlap")

    @property
    def source(self) -> Source:
        """The text that is edited."""
        return self.edits[0].span.source


@positional_record
class Remedy:
    """What mends a mistake, as was found by trying it.

    Attributes:
        text: what it does, as a request.
        fix: how.
    """

    text: str
    fix: Fix


def replacing(span: Span | None, replacement: str, safety: Safety = Safety.SAFE) -> Fix | None:
    """The fix that writes something in place of what stands at a place; None without a place."""
    return None if span is None else Fix((Edit(span, replacement),), safety)


def removing(span: Span | None, safety: Safety = Safety.SAFE) -> Fix | None:
    """The fix that takes out what stands at a place; a blank stays between two words."""
    if span is None:
        return None
    text = span.source.text
    parts = not is_word(text[max(span.start - 1, 0) : span.start]) or not is_word(text[span.end : span.end + 1])
    return replacing(span, "" if parts else " ", safety)


def inserting(source: Source, offset: int, text: str, safety: Safety = Safety.SAFE) -> Fix:
    """The fix that puts a text in front of the character at an offset."""
    return Fix((Edit(source.span(offset, offset), text),), safety)


def enclosing(span: Span, before: str, behind: str, safety: Safety = Safety.SAFE) -> Fix:
    """The fix that puts a text before a place and another behind it."""
    source = span.source
    edits = Edit(source.span(span.start, span.start), before), Edit(source.span(span.end, span.end), behind)
    return Fix(edits, safety)


def piping(operand: Span | None, stage: str) -> Fix | None:
    """The fix that pipes an operand through one more stage, in parentheses where it is part of more; a guess."""
    if operand is None:
        return None
    source = operand.source
    before = source.text[: code_end(source, operand.start)]
    behind = source.text[operand.end :].lstrip()
    is_argument = before.endswith(("(", ",", "=")) and behind.startswith((")", ","))
    is_stage = before.endswith(("->", ":")) or (before.endswith("{") and behind.startswith("->"))
    if is_argument or is_stage:
        return inserting(source, operand.end, f" -> {stage}", Safety.UNSAFE)
    return enclosing(operand, "(", f" -> {stage})", Safety.UNSAFE)


def without_argument(value: Span | None, name: str = "", safety: Safety = Safety.UNSAFE) -> Fix | None:
    """The fix that leaves an argument of a call out, with its name and a comma.

    Args:
        value: the argument, with its name or without.
        name: the name that it must have, where the place may be something else, such as the whole call.
        safety: how certain it is.

    Returns:
        None where the place is no argument.
    """
    if value is None:
        return None
    text, start, end = value.source.text, value.start, value.end
    named = re.search(_NAME_OF_ARGUMENT, text[max(0, start - LONGEST_NAME) : start])
    if name and (named is None or named.group(1) != name):
        return None
    start -= len(named.group()) if named is not None else 0
    before, behind = len(text[:start].rstrip()), re.match(_BEHIND_ARGUMENT, text[end:])
    if behind is None or not before or text[before - 1] not in "(,":
        return None
    if text[before - 1] == ",":
        return removing(value.source.span(before - 1, end), safety)
    return removing(value.source.span(start, end + behind.end()), safety)


def is_word(character: str) -> bool:
    """Whether a character can be part of a word; an empty text cannot."""
    return character.isalnum() or character == "_"


def code_end(source: Source, offset: int) -> int:
    """Where the code before an offset ends: behind its last character that is neither blank nor of a comment."""
    while offset > 0:
        start = source.text.rfind("\n", 0, offset) + 1
        code = re.match(_CODE, source.text[start:offset])
        written = code.group().rstrip() if code is not None else ""
        if written:
            return start + len(written)
        offset = start - 1
    return 0


def closing_bracket(opening: Span) -> Span | None:
    """The bracket that closes an opening one; None where none does."""
    depth = 0
    for piece in re.finditer(_BRACKETS, opening.source.text[opening.start :]):
        depth += (piece.group() in "([{") - (piece.group() in ")]}")
        if depth == 0:
            return opening.source.span(opening.start + piece.start(), opening.start + piece.end())
    return None


def apply_fix(text: str, fix: Fix) -> str:
    """The text with the edits of a fix."""
    return apply_fixes(text, [fix])


def apply_fixes(text: str, fixes: Iterable[Fix]) -> str:
    """A text with the edits of several fixes of it; of those that overlap only the first is made."""
    edits = [edit for fix in without_overlaps(fixes) for edit in fix.edits]
    for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end), reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


def without_overlaps(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The fixes of one text that can be made at once: each that overlaps none of those kept before it."""
    kept: list[Fix] = []
    places: list[tuple[int, int]] = []
    for fix in fixes:
        wanted = [(edit.span.start, edit.span.end) for edit in fix.edits]
        if not _overlap(sorted([*places, *wanted])):
            kept.append(fix)
            places += wanted
    return tuple(kept)


def _overlap(places: list[tuple[int, int]]) -> bool:
    """Whether two of some sorted places share a character, or are insertions whose order would be open."""
    return any(start < end or (start, end) == (before, after) for (before, end), (start, after) in pairwise(places))
