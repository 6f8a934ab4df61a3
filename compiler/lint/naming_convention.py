"""Names that are spelt otherwise than all others of the file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import ClassVar

from ..diagnostics import Severity
from ..names.meanings import BOUND, Definition, Kind
from ..records import record
from .base import Lint, Subject

#: From how many names on, and from which share of them, a way of spelling is the file's.
_COUNT, _SHARE = 5, 0.8

_STYLES = {
    "snake_case": re.compile(r"[a-z0-9]+(_[a-z0-9]+)+"),
    "camelCase": re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)+"),
    "PascalCase": re.compile(r"[A-Z][A-Z0-9]*[a-z][A-Za-z0-9]*"),
}
_WORD = re.compile(r"\{[^}]*\}?|[A-Za-z0-9_]+")
_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


@record
class NamingConvention(Lint):
    """A name of several words is spelt otherwise than the others of its kind in the file.

    Labels are one kind, blocks and models another, and all that is bound in bodies a third. There is a convention
    where at least five of them, and four out of five, are spelt alike: `snake_case`, `camelCase` or `PascalCase`.
    Names of one word and names in capitals are of no convention.

    Bad:

    ```nn
    model net {
        input first_image: float32[N, 16]
        input second_image: float32[N, 16]
        first_code = first_image -> dense(8)
        second_code = second_image -> dense(8)
        codeDifference = first_code - second_code
        output is_same = codeDifference -> dense(1) -> sigmoid
    }
    ```

    Good:

    ```nn
    model net {
        input first_image: float32[N, 16]
        input second_image: float32[N, 16]
        first_code = first_image -> dense(8)
        second_code = second_image -> dense(8)
        code_difference = first_code - second_code
        output is_same = code_difference -> dense(1) -> sigmoid
    }
    ```
    """

    code: ClassVar[str] = "L413"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "the {kind} `{name}` is not in {style}, as {count} others of the file are"
    label: ClassVar[str] = "`{other}` elsewhere"
    remedy: ClassVar[str] = "write `{wanted}`"

    kind: str
    name: str
    style: str
    count: int
    other: str
    wanted: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[NamingConvention]:
        """Every name that stands against the convention of its kind, where it is defined."""
        for kinds in ((Kind.LABEL,), (Kind.BLOCK, Kind.MODEL), tuple(BOUND)):
            yield from _odd_ones(subject.uses.defined(*kinds))


@record
class LabelOfOtherStyle(NamingConvention):
    """A label, by which weights are named."""

    remedy: ClassVar[str] = "write `{wanted}`, unless a file of weights has this name"


def _odd_ones(definitions: Iterable[Definition]) -> Iterator[NamingConvention]:
    """The words among some names that are not spelt as most are."""
    words = [(one, word) for one in definitions for word in _words(one)]
    styles = {word: _style(word) for _, word in words}
    counts = Counter(style for style in styles.values() if style)
    if not counts:
        return
    style, count = counts.most_common(1)[0]
    if count < _COUNT or count < _SHARE * counts.total() or style not in _STYLES:
        return
    usual = next(word for _, word in words if styles[word] == style)
    for one, word in words:
        if styles[word] and styles[word] != style:
            kind = LabelOfOtherStyle if one.kind is Kind.LABEL else NamingConvention
            wanted = _spelt(word, style)
            yield kind(
                span=one.span, kind=str(one.kind), name=word, style=style, count=count, other=usual, wanted=wanted
            )


def _words(definition: Definition) -> Iterator[str]:
    """The components of a label that are written out; any other name is one word."""
    if definition.kind is not Kind.LABEL:
        yield definition.name
        return
    for component in definition.name.split("."):
        parts = _WORD.findall(component)
        if len(parts) == 1 and not parts[0].startswith("{"):
            yield parts[0]


def _style(word: str) -> str:
    """How a name of several words is spelt; empty for one that says nothing."""
    word = word.strip("_")
    found = next((style for style, pattern in _STYLES.items() if pattern.fullmatch(word)), "")
    is_plain = word.islower() or word.isupper() or word.isdigit() or not word
    return found or ("" if is_plain else "mixed")


def _spelt(word: str, style: str) -> str:
    """A name in a style."""
    parts = [part.lower() for part in _PARTS.findall(word)]
    if style == "snake_case":
        return "_".join(parts)
    capitals = [part.capitalize() for part in parts]
    return "".join(capitals if style == "PascalCase" else [parts[0], *capitals[1:]])
