"""What the author of a file has decided to leave: ``# dotnn: ignore[L108]`` at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import ClassVar

from ..diagnostics import Diagnostic, Severity
from ..records import record
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
    comments = dict(_suppressions(file.comments))
    used: set[tuple[int, str]] = set()
    for one in found:
        at = (one.span.line, one.code) if one.span is not None and one.span.source is file.source else None
        if at is not None and at in comments and one.severity is not Severity.ERROR:
            used.add(at)
        else:
            yield one
    if UnusedSuppression.code not in codes:
        return
    for at, place in comments.items():
        if at not in used and (at[1] in codes or at[1] not in RULES):
            yield UnusedSuppression(span=place, suppressed=at[1])


def _suppressions(comments: Iterable[Comment]) -> Iterator[tuple[tuple[int, str], Span]]:
    """The lines and codes of all suppressions, with their places."""
    for comment in comments:
        text = comment.span.text
        match = _COMMENT.search(text)
        for code in _CODE.finditer(match["codes"]) if match is not None else ():
            start = comment.span.start + match.start("codes") + code.start() if match is not None else 0
            place = comment.span.source.span(start, start + len(code.group()))
            yield (comment.span.line, code.group().upper()), place
