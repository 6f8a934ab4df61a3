"""Code fences of the documentation: what stands in them, and how their info words say that it is to be tested.

The first word after the backquotes is the language, the others say what a `.nn` sample is:

=====================  ================================================================================
``nn``                 a whole file, without errors and warnings
``nn fragment``        statements of a model; what they lack (an input, an output) is put around them
``nn error E401``      a whole file with exactly these errors, one or more; also ``nn fragment error E401``
``nn file a/b.nn``     a file that samples of the same page import as ``a/b.nn``
=====================  ================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """One code fence.

    Attributes:
        place: page and line, for the name of the test.
        words: the info words, the language first.
    """

    place: str
    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def fragment(self) -> bool:
        return "fragment" in self.words

    @property
    def file(self) -> str | None:
        """The name under which other samples import it."""
        return self.words[2] if self.words[1:2] == ("file",) else None

    @property
    def errors(self) -> tuple[str, ...]:
        """The codes that it is to have."""
        return self.words[self.words.index("error") + 1 :] if "error" in self.words else ()

    @property
    def source(self) -> str:
        """The sample as a file."""
        return as_model(self.text) if self.fragment else self.text


def as_model(text: str) -> str:
    """Statements as a model, with an input and an output where they have none."""
    head = "" if re.search(r"^\s*input ", text, re.MULTILINE) else "input x: float32[N, 3, 32, 32]\n"
    tail = "" if re.search(r"^\s*output ", text, re.MULTILINE) else "\noutput last = x -> relu\n"
    if not head and tail:
        name = re.search(r"^\s*input (\w+)", text, re.MULTILINE)
        tail = f"\noutput last = {name[1] if name else 'x'} -> relu\n"
    return f"model sample() {{\n{head}{text}{tail}}}\n"


def fences(text: str, place: str) -> Iterator[Fence]:
    """The fences of a text in order."""
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Fence(f"{place}:{line}", tuple(match["info"].split()), match["text"])


def page_fences(path: Path) -> list[Fence]:
    """The fences of a page."""
    return list(fences(path.read_text(encoding="utf-8"), path.name))
