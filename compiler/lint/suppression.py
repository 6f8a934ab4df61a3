"""What the author of a file has decided to leave: ``# dotnn: ignore[L108]`` at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, TypeAlias

from ..diagnostics import Diagnostic, Severity
from ..records import record
from ..source import Source, Span
from ..syntax.tree import Comment, File
from .base import Lint
from .retired import RETIRED

_COMMENT = re.compile(r"dotnn:\s*ignore\[(?P<codes>[^\]]*)\]")
_CODE = re.compile(r"[A-Za-z0-9]+")


@record
class UnusedSuppression(Lint):
    """A comment suppresses what is not found on its line.

    It may have stayed behind when the line was mended, or name another rule than is meant. `# dotnn: ignore[L108]`
    stands at the end of the line on which the finding begins, and may name several codes: `ignore[L103, W701]`. Those
    of warnings are suppressed like rules; errors never are.

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


class Suppressions:
    """The comments of some files that suppress something, and what of it has been found.

    Attributes:
        used: the sources, lines and codes of the comments that have suppressed something.
    """

    def __init__(self, files: Iterable[File]) -> None:
        self.used: set[tuple[Source, int, str]] = set()
        self._comments = {file.source: dict(_suppressions(file.comments)) for file in files}

    def hides(self, found: Diagnostic) -> bool:
        """Whether a comment suppresses what was found; never an error."""
        if found.span is None or found.severity is Severity.ERROR:
            return False
        source, at = found.span.source, (found.span.line, found.code)
        if at not in self._comments.get(source, {}):
            return False
        self.used.add((source, *at))
        return True

    def unused(self, file: File, asked: Callable[[str], bool]) -> Iterator[UnusedSuppression]:
        """The comments of a file that have suppressed nothing.

        Args:
            file: the file.
            asked: whether a code was asked; of one that was not, nobody knows whether its suppression is used.
        """
        for (line, code), place in self._comments.get(file.source, {}).items():
            if (file.source, line, code) not in self.used and asked(code):
                yield _unused(code, place)


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
