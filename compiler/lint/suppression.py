"""What the author of a file has decided to leave: ``# dotnn: ignore[L108]`` at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from ..diagnostics import Diagnostic, Edit, Safety, Severity
from ..diagnostics.removals import without_comment, without_item
from ..records import positional_record, record
from ..source import Source, Span
from ..syntax.tree import Comment, File
from .base import Lint
from .index import RULES
from .retired import RETIRED

_COMMENT = re.compile(r"dotnn:\s*ignore\[(?P<codes>[^\]]*)\]")
_CODE = re.compile(r"[A-Za-z0-9]+")
_WARNING_OR_ERROR = re.compile(r"[EW]\d{3}")

#: What other linters take for the same, and slips in what this one takes: after a colon, or before a code.
_MEANT = re.compile(
    r"#+\s*(?P<meant>(?:dotnn\s*(?::\s*(?:ignore|noqa|disable|allow|off)\b|(?:ignore|noqa|disable|allow|off)\b(?=\W*[LW]\d))"
    r"|noqa:(?=\s*[LW]\d{3}))[ :=(\[]*(?P<codes>[LW]\d{3}(?:[ ,]+[LW]\d{3})*)?[)\]]?)",
    re.IGNORECASE,
)


@record
class UnusedSuppression(Lint):
    """A comment suppresses what is not found on its line.

    It may have stayed behind when the line was mended, or name another rule than is meant. `# dotnn: ignore[L108]`
    stands at the end of the line on which the finding begins, and may name several codes: `ignore[L103, W701]`. Those
    of warnings are suppressed like rules; errors never are. A comment that is written as for another linter, such as
    `# noqa: L108`, or without codes, is reported as well: nothing is suppressed by it.

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


@record
class RetiredSuppression(UnusedSuppression):
    """The code of a warning that is a rule now."""

    remedy: ClassVar[str] = "that warning is the rule `{now}` now: write this code, or remove it"

    now: str


@record
class SuppressedError(UnusedSuppression):
    """The code of an error."""

    remedy: ClassVar[str] = "errors cannot be suppressed; remove it, or the code from its list"


@record
class SuppressedNoCode(UnusedSuppression):
    """What is the code of no rule, or only the beginning of some."""

    message: ClassVar[str] = "nothing is suppressed: `{suppressed}` is the code of no rule"
    remedy: ClassVar[str] = "write a whole code, such as `L103`, or remove it; `dotnn explain L` lists the rules"
    safety: ClassVar[Safety] = Safety.UNSAFE


@record
class SuppressionAlone(UnusedSuppression):
    """A comment that has a line for itself, where nothing can be found."""

    remedy: ClassVar[str] = "put the comment at the end of the line that it is about, or remove it"
    safety: ClassVar[Safety] = Safety.UNSAFE


@record
class MisspeltSuppression(UnusedSuppression):
    """A comment that is written as for another linter, or with a slip."""

    message: ClassVar[str] = "nothing is suppressed: this comment is not written as one that does"
    remedy: ClassVar[str] = "write `# {instead}`"
    safety: ClassVar[Safety] = Safety.UNSAFE

    instead: str


class Suppressions:
    """The comments of some files that suppress something, and what of it has been found.

    Attributes:
        used: the sources, lines and codes of the comments that have suppressed something.
    """

    def __init__(self, files: Iterable[File]) -> None:
        self.used: set[tuple[Source, int, str]] = set()
        self._found = {file.source: list(_suppressions(file.comments)) for file in files}
        self._wanted = {
            source: {(one.line, code) for one in found for code in one.codes} for source, found in self._found.items()
        }

    def hides(self, found: Diagnostic) -> bool:
        """Whether a comment suppresses what was found; never an error."""
        if found.span is None or found.severity is Severity.ERROR:
            return False
        source, at = found.span.source, (found.span.line, found.code)
        if at not in self._wanted.get(source, ()):
            return False
        self.used.add((source, *at))
        return True

    def unused(self, file: File, asked: Callable[[str], bool]) -> Iterator[UnusedSuppression]:
        """The comments of a file that have suppressed nothing.

        Args:
            file: the file.
            asked: whether a code was asked; of one that was not, nobody knows whether its suppression is used.
        """
        yield from _misspelt(file.comments)
        for one in self._found.get(file.source, ()):
            unused = [(file.source, one.line, code) not in self.used and asked(code) for code in one.codes]
            for index, is_unused in enumerate(unused):
                if is_unused:
                    edit = _without(one) if all(unused) else without_item(one.places, index)
                    yield _unused(one, index, edit)


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

    @property
    def is_alone(self) -> bool:
        """Whether nothing stands before it on its line."""
        text, start = self.comment.source.text, self.comment.start
        return not text[text.rfind("\n", 0, start) + 1 : start].strip()


def _unused(one: _Suppression, index: int, edit: Edit) -> UnusedSuppression:
    code, place = one.codes[index], one.places[index]
    if code in RETIRED:
        return RetiredSuppression(span=place, suppressed=code, now=RETIRED[code], edits=(edit,))
    if code not in RULES and _WARNING_OR_ERROR.fullmatch(code) is None:
        return SuppressedNoCode(span=place, suppressed=place.text, edits=(edit,))
    kind = SuppressionAlone if one.is_alone else UnusedSuppression
    kind = SuppressedError if code.startswith("E") else kind
    return kind(span=place, suppressed=code, edits=(edit,))


def _misspelt(comments: Iterable[Comment]) -> Iterator[MisspeltSuppression]:
    """The comments that may be meant to suppress something, and are not read so."""
    for comment in comments:
        text, start = comment.span.text, comment.span.start
        match = None if _COMMENT.search(text) else _MEANT.match(text)
        if match is None:
            continue
        place = comment.span.source.span(start + match.start("meant"), start + match.end("meant"))
        codes = ", ".join(_CODE.findall(match["codes"] or "")).upper()
        written = f"dotnn: ignore[{codes or 'L…'}]"
        edits = (Edit(place, written),) if codes else ()
        yield MisspeltSuppression(span=place, suppressed=codes, instead=written, edits=edits)


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
