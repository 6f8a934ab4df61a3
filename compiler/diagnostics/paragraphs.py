"""Prose of docstrings in lines of another width."""

from __future__ import annotations

import re
import textwrap


def fill_paragraphs(text: str, width: int) -> str:
    """Text with its paragraphs filled into lines of at most a width, as far as there are spaces to break at.

    Paragraphs are parted by empty lines. Fenced code, and paragraphs with indented lines, lists or tables stay as
    they are.
    """
    # Every second part stands in a fence; the ends of lines belong to the prose around it.
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else _filled(part, width) for part in parts)


def _filled(prose: str, width: int) -> str:
    pieces = re.split(r"(\n(?:[ \t]*\n)+)", prose)
    return "".join(piece if not piece.strip() or _is_laid_out(piece) else _fill(piece, width) for piece in pieces)


def _is_laid_out(paragraph: str) -> bool:
    # A list or a table begins with its sign; within a sentence a line may begin with a product.
    return re.search(r"\A[*|-] |^\s", paragraph.strip("\n"), flags=re.MULTILINE) is not None


def _fill(paragraph: str, width: int) -> str:
    before, after = re.match(r"\n*", paragraph), re.search(r"\n*\Z", paragraph)
    filled = textwrap.fill(paragraph.strip("\n"), width, break_long_words=False, break_on_hyphens=False)
    return f"{before[0] if before else ''}{filled}{after[0] if after else ''}"
