"""What the author of a file has decided to leave: ``# dotnn: ignore[L108]`` at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import ClassVar, TypeAlias

from ..diagnostics import Diagnostic, Severity
from ..records import record
from ..source import Span
from ..syntax.tree import Comment, File
from .base import Lint
from .index import RULES
from .retired import RETIRED

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


def unsuppressed(
    found: Iterable[Diagnostic], files: Sequence[File], codes: Collection[str], ignored: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """What no comment suppresses, and the comments that suppress nothing.

    Args:
        found: the warnings of the compiler, and what the rules found.
        files: those whose comments count, each for its own lines: the file that is checked, and what it imports. Of the
            first alone it is told what suppresses nothing.
        codes: the rules that were asked; of one that was not, nobody knows whether its suppression is used.
        ignored: codes that are not told, or beginnings of codes, those of warnings included.
    """
    comments = {id(file.source): dict(_suppressions(file.comments)) for file in files}
    used: set[_Line] = set()
    for one in found:
        span = one.span
        at = (span.line, one.code) if span is not None and id(span.source) in comments else None
        if span is None or at not in comments.get(id(span.source), ()) or one.severity is Severity.ERROR:
            yield one
        elif at is not None and span.source is files[0].source:
            used.add(at)
    if UnusedSuppression.code not in codes:
        return
    for at, place in comments[id(files[0].source)].items():
        is_known = at[1] in codes or (at[1] not in RULES and not at[1].startswith(tuple(ignored)))
        if at not in used and is_known:
            yield _unused(at[1], place)


def _unused(code: str, place: Span) -> UnusedSuppression:
    if code in RETIRED:
        return RetiredSuppression(span=place, suppressed=code, now=RETIRED[code])
    return (SuppressedError if code.startswith("E") else UnusedSuppression)(span=place, suppressed=code)


_Line: TypeAlias = tuple[int, str]


def _suppressions(comments: Iterable[Comment]) -> Iterator[tuple[_Line, Span]]:
    """The lines and codes of all suppressions, with their places."""
    for comment in comments:
        text = comment.span.text
        match = _COMMENT.search(text)
        for code in _CODE.finditer(match["codes"]) if match is not None else ():
            start = comment.span.start + match.start("codes") + code.start() if match is not None else 0
            place = comment.span.source.span(start, start + len(code.group()))
            yield (comment.span.line, code.group().upper()), place
