"""Where to go on reading after a mistake.

The parser throws away the statement, or the item, that holds the mistake. Where the next one begins is read off the
text alone, by words at the starts of lines, by brackets and by indentation, because the grammar is of no help there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from ..source import Span
from .tokens import CLOSING, KEYWORDS, OPENING

_PIECE = re.compile(
    r'(?P<skip>"(?:[^"\\\r\n]|\\[^\r\n])*"?|\#[^\r\n]*|[ \t\r]+)|(?P<line>\n)|(?P<word>[A-Za-z0-9_]+)|(?P<sign>.)'
)
_ITEM = re.compile(r"(?:model|block|const|import)\s+[A-Za-z_]")
_STATEMENT = re.compile(r"(?:input|output|parameter)\s+[A-Za-z_]|(?:return|expect|freeze)\s+(?![=:.,)\]}]|->)[^\s]")
#: The number of targets is bounded, so that a long list of names is not gone through from each of them.
_BINDING = re.compile(
    rf"(?!(?:{'|'.join(sorted(KEYWORDS))})\b)"
    r"[A-Za-z_][A-Za-z0-9_]*[ \t]*(?:,\s{0,80}[A-Za-z_][A-Za-z0-9_]*[ \t]*){0,16}(?::[^=\r\n]*)?=(?!=)"
)

_OTHERWISE = re.compile(r"[ \t]*(?:else|elif)\b.*:")
_ELSE = re.compile(r"\s*else\b")
_END_OF_LINE = re.compile(r"[ \t\r]*(?:\#|\n|\Z)")
_END_OF_BODY = re.compile(r"(?:\s|\#[^\n]*)*+(?:\Z|(?:model|block|const|import)\s+[A-Za-z_])")
_BRACE_OR_ITEM = re.compile(r"^[ \t]*(?:(?P<brace>\})|(?:model|block|const|import)\s+[A-Za-z_])", re.MULTILINE)

ITEM: Final = "item"
STATEMENT: Final = "statement"
BODY: Final = "body"


class Resumption(NamedTuple):
    """Where to go on: at an offset, with an item, a statement (or the end of a body), or a body."""

    position: int
    level: str


def begins_binding(text: str, position: int) -> bool:
    """Whether a binding, `name = …`, seems to begin at an offset."""
    return _BINDING.match(text, position) is not None


def indentation(text: str, position: int) -> int:
    """How many blanks the line of an offset begins with."""
    start = text.rfind("\n", 0, position) + 1
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return end - start


def resume_at(
    text: str, position: int, *, statement: int, item: int, opened: Iterable[str], in_body: bool, in_head: bool
) -> Resumption:
    """Where to go on after a mistake.

    Args:
        text: the text.
        position: where the mistake was found.
        statement: where the statement or item that holds it begins.
        item: where the block or model begins in which it stands.
        opened: the brackets that are open in it, outermost first.
        in_body: whether it is a statement of a body, rather than an item.
        in_head: whether it is the head of a block or model, whose body may follow.
    """
    scan = _Scan(text, list(opened), in_body, in_head)
    scan.indent, scan.item_indent = indentation(text, statement), indentation(text, item)
    scan.item, scan.line_start = item, text.rfind("\n", 0, position) + 1
    scan.mistake_line = scan.line_start
    first = not text[scan.line_start : position].strip()
    while position < len(text):
        match = _PIECE.match(text, position)
        kind, behind = ("sign", position + 1) if match is None else (match.lastgroup, match.end())
        level = scan.level_at(position, kind, first)
        if level is not None:
            return Resumption(position, level)
        if kind == "line":
            scan.line_start = behind
        first = kind == "line" or (first and kind == "skip")
        position = behind
    return Resumption(len(text), ITEM)


def body_without_brace(text: str, position: int) -> int | None:
    """Where a body begins whose opening brace is missing; None if its closing one is missing too.

    Args:
        text: the text.
        position: what stands where the brace should.
    """
    following = _BRACE_OR_ITEM.search(text, position)
    if following is None or following["brace"] is None:
        return None
    line_start = text.rfind("\n", 0, position) + 1
    if not text[line_start:position].strip():
        return position
    line_end = text.find("\n", position)
    return line_end if position <= line_end < following.start("brace") else None


def end_of_nested_item(keyword: Span) -> int:
    """Where to go on behind an item that stands inside of a body: a constant is read as a binding."""
    text, position = keyword.source.text, keyword.end
    if keyword.text == "const":
        return position
    if keyword.text == "import":
        line_end = text.find("\n", position)
        return line_end if line_end >= 0 else len(text)
    return _end_of_braces(text, position)


def end_of_indented_body(keyword: Span) -> int | None:
    """Where the lines end that a loop or a condition of Python indents behind its colon; None where there is none."""
    text = keyword.source.text
    indent = indentation(text, keyword.start)
    line_end = _line_end(text, keyword.end)
    if not text[keyword.end : line_end].partition("#")[0].rstrip().endswith(":"):
        return None
    end = line_end
    while line_end < len(text):
        start, line_end = line_end + 1, _line_end(text, line_end + 1)
        line = text[start:line_end]
        if not line.strip():
            continue
        if indentation(text, start) <= indent and not _OTHERWISE.match(line):
            break
        end = line_end
    return end


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position)
    return found if found >= 0 else len(text)


def _end_of_braces(text: str, position: int) -> int:
    """Offset behind the braces that open next, with all that is in them; of the text, where they do not close."""
    depth = 0
    for match in _PIECE.finditer(text, position):
        if match.group() == "{":
            depth += 1
        elif match.group() == "}":
            depth -= 1
            if depth <= 0:
                return match.end()
    return len(text)


def _follows_parenthesis(text: str, position: int) -> bool:
    position -= 1
    while position >= 0 and text[position] in " \t\r\n":
        position -= 1
    return position >= 0 and text[position] == ")"


class _Scan:
    """Walks over the pieces of a text and says where to stop."""

    indent = 0
    item_indent = 0
    item = 0
    line_start = 0
    mistake_line = 0

    def __init__(self, text: str, opened: list[str], in_body: bool, in_head: bool) -> None:
        self._text = text
        self._opened = opened
        self._count = {sign: opened.count(sign) for sign in OPENING}
        self._in_body = in_body
        self._in_head = in_head

    def level_at(self, position: int, kind: str | None, first: bool) -> str | None:
        """The level to go on with at a piece; None to go on searching."""
        if kind == "word":
            return self._word(position, first)
        if kind == "sign":
            return self._sign(position, first)
        return None

    def _word(self, position: int, first: bool) -> str | None:
        if first and _ITEM.match(self._text, position):
            # One that is indented stands inside of the body, though it should not.
            nested = self._in_body and self._column(position) > self.item_indent
            return STATEMENT if nested else ITEM
        if not first or not self._in_body:
            return None
        if _STATEMENT.match(self._text, position):
            return STATEMENT
        return STATEMENT if self._begins_binding(position) else None

    def _begins_binding(self, position: int) -> bool:
        """A name before a `=` in an open bracket is an argument, unless its line is indented no further."""
        outdented = self._column(position) <= self.indent
        return (outdented or not self._opened) and begins_binding(self._text, position)

    def _sign(self, position: int, first: bool) -> str | None:
        sign = self._text[position]
        if sign == "{" and self._in_head and self._opens_body(position):
            return BODY
        if sign in OPENING:
            self._opened.append(sign)
            self._count[sign] += 1
        elif sign == "}" and self._in_body and self._closes_body(position, first):
            return STATEMENT
        elif sign in CLOSING:
            self._close(CLOSING[sign])
        return None

    def _opens_body(self, position: int) -> bool:
        if self.line_start == self.mistake_line:
            return _END_OF_LINE.match(self._text, position + 1) is not None or not self._count["("]
        return not self._opened and _follows_parenthesis(self._text, position)

    def _closes_body(self, position: int, first: bool) -> bool:
        if self._count["{"]:
            return first and self._column(position) < self.indent
        if _ELSE.match(self._text, position + 1):
            return False
        # In the middle of a line it closes a body that is written on one line, or is a slip.
        on_one_line = self.item >= self.line_start
        return first or on_one_line or _END_OF_BODY.match(self._text, position + 1) is not None

    def _column(self, position: int) -> int:
        return position - self.line_start

    def _close(self, opening: str) -> None:
        while self._count[opening]:
            innermost = self._opened.pop()
            self._count[innermost] -= 1
            if innermost == opening:
                return
