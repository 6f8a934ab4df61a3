"""What the author of a file has decided to leave: ``# dotnn: ignore[L108]`` at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import ClassVar

from ..diagnostics import Diagnostic, Edit, Safety, Severity
from ..diagnostics.removals import without_comment, without_item
from ..records import positional_record, record
from ..source import Span
from ..syntax.tree import Comment, File
from .base import Lint
from .index import RULES

_COMMENT = re.compile(r"dotnn:\s*ignore\[(?P<codes>[^\]]*)\]")
_CODE = re.compile(r"[A-Za-z0-9]+")


@record
class UnusedSuppression(Lint):
    """A comment suppresses what is not found on its line.

    It may have stayed behind when the line was mended, or name another rule than is meant. `# dotnn: ignore[L108]`
    stands at the end of the line on which the finding begins, and may name several rules: `ignore[L103, L108]`.

    Bad:

    ```nn
    model spam {
        input words: float32[N, 100]
        output probability = words -> dense(1) -> sigmoid  # dotnn: ignore[L108]
    }
    ```

    Good:

    ```nn
    model spam {
        input words: float32[N, 100]
        output probability = words -> dense(1) -> softmax  # dotnn: ignore[L108]
    }
    ```
    """

    code: ClassVar[str] = "L401"
    message: ClassVar[str] = "nothing is suppressed: there is no `{suppressed}` on this line"
    label: ClassVar[str] = "has no effect"
    remedy: ClassVar[str] = "remove it, or the code from its list"
    safety: ClassVar[Safety] = Safety.SAFE

    suppressed: str

    @classmethod
    def find(cls, subject: object) -> Iterator[UnusedSuppression]:
        """Nothing by itself: what is unused is known when all other rules have been asked."""
        return iter(())


def unsuppressed(found: Iterable[Diagnostic], file: File, codes: Collection[str]) -> Iterator[Diagnostic]:
    """What no comment suppresses, and the comments that suppress nothing.

    Args:
        found: what the rules found.
        file: the file whose comments count, for its own lines.
        codes: the rules that were asked; of one that was not, nobody knows whether its suppression is used.
    """
    suppressions = list(_suppressions(file.comments))
    wanted = {(one.line, code) for one in suppressions for code in one.codes}
    used: set[tuple[int, str]] = set()
    for one in found:
        at = (one.span.line, one.code) if one.span is not None and one.span.source is file.source else None
        if at is not None and at in wanted and one.severity is not Severity.ERROR:
            used.add(at)
        else:
            yield one
    if UnusedSuppression.code not in codes:
        return
    for one in suppressions:
        yield from _unused(one, used, codes)


def suppressed_lines(file: File, code: str) -> set[int]:
    """The lines on which a comment suppresses a rule."""
    return {one.line for one in _suppressions(file.comments) if code in one.codes}


@positional_record
class _Suppression:
    """A comment that suppresses rules.

    Attributes:
        comment: the comment.
        place: from ``dotnn:`` to the bracket behind the codes.
        codes: the codes, in capital letters.
        places: where they stand.
    """

    comment: Span
    place: Span
    codes: tuple[str, ...]
    places: tuple[Span, ...]

    @property
    def line(self) -> int:
        """The line that it is about."""
        return self.comment.line


def _unused(
    one: _Suppression, used: Collection[tuple[int, str]], asked: Collection[str]
) -> Iterator[UnusedSuppression]:
    """What is unused of a suppression; if all of it is, the comment goes, but for what stands before it."""
    unused = [(one.line, code) not in used and (code in asked or code not in RULES) for code in one.codes]
    for index, place in enumerate(one.places):
        if unused[index]:
            edit = _without(one) if all(unused) else without_item(one.places, index)
            yield UnusedSuppression(span=place, suppressed=one.codes[index], edits=(edit,))


def _without(one: _Suppression) -> Edit:
    source, start = one.comment.source, one.comment.start
    before = source.text[start : one.place.start].rstrip(" \t,;")
    if not before.strip("#"):
        return without_comment(one.comment)
    return Edit(source.span(start + len(before), one.place.end), "")


def _suppressions(comments: Iterable[Comment]) -> Iterator[_Suppression]:
    """The comments that suppress something."""
    for comment in comments:
        match = _COMMENT.search(comment.span.text)
        if match is None:
            continue
        source, start = comment.span.source, comment.span.start
        found = list(_CODE.finditer(match["codes"]))
        first = start + match.start("codes")
        places = tuple(source.span(first + code.start(), first + code.end()) for code in found)
        codes = tuple(code.group().upper() for code in found)
        yield _Suppression(comment.span, source.span(start + match.start(), start + match.end()), codes, places)
