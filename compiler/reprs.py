"""Short ``repr``s: one line of bounded length, with the facts that help at a prompt."""

from __future__ import annotations

from collections.abc import Iterable

#: Characters of one text, and texts of one list, that are shown.
LONGEST, MOST = 60, 4


def short_repr(thing: object, *facts: str) -> str:
    """``Graph('mnist_cnn', 12 nodes)``: the class of a thing and some facts."""
    return f"{type(thing).__name__}({', '.join(facts)})"


def quoted(text: str, longest: int = LONGEST) -> str:
    """A text as Python writes it, the beginning of a long one."""
    return repr(shortened(text, longest))


def shortened(text: str, longest: int = LONGEST) -> str:
    """The beginning of a text."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def quantity(number: int, thing: str) -> str:
    """``1 node`` or ``20,000 nodes``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def several(texts: Iterable[str]) -> list[str]:
    """The first of some texts, and a sign if there are more."""
    texts = list(texts)
    return [shortened(text) for text in texts[:MOST]] + (["..."] if len(texts) > MOST else [])
