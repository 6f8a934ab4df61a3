"""A place where the grammar cannot go on, and everything known about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from ..diagnostics.fixes import code_end
from ..records import positional_record
from ..source import Source, Span
from . import tree
from .tokens import ITEM_KEYWORDS, KEYWORDS, OPENING, STATEMENT_KEYWORDS, Token

_BLANKS = re.compile(r"(?:[ \t\r\n]+|\#[^\r\n]*)*+")
_FOUND = re.compile(
    r"""
      (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>\.?[0-9](?:[eE][+-]|[A-Za-z0-9_.])*)
    | (?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*")
    | (?P<open>"[^\r\n]*)
    | (?P<sign>->|=>|\*\*|//|/\*|&&|\|\||\|>|==|!=|<=|>=|[-+*/%@<>=()\[\]{},:.;])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_VALUE_WORDS: Final = frozenset(["true", "false", "if", "not"])

#: Kinds of tokens that are values by themselves, before a rule has made a node of them.
VALUE_KINDS: Final = frozenset(["NAME", "INTEGER", "FLOAT", "STRING", "TRUE", "FALSE", "RPAR", "RSQB"])


@positional_record
class Found:
    """What stands where the grammar cannot go on: its kind by the text alone, whatever the grammar would make of it."""

    kind: str
    text: str
    start: int
    end: int


def found_at(text: str, position: int, end: int) -> Found:
    """The first thing behind blanks and comments; behind the end of a part, what stands there."""
    blanks = _BLANKS.match(text, position, end)
    position = blanks.end() if blanks is not None else position
    if position >= end:
        return Found("end", text[end : end + 1], end, min(end + 1, len(text)))
    match = _FOUND.match(text, position)
    if match is None or match.lastgroup is None:
        return Found("other", text[position], position, position + 1)
    return Found(match.lastgroup, match.group(), position, match.end())


#: What a statement or an item is when all of it has been read.
COMPLETE = (
    tree.Import,
    tree.Const,
    tree.Block,
    tree.Model,
    tree.Input,
    tree.Parameter,
    tree.Output,
    tree.Binding,
    tree.Return,
    tree.Expect,
    tree.Freeze,
    tree.Broken,
)


def open_brackets(values: Sequence[Any]) -> list[Token]:
    """The brackets among the values on the parser's stack that are not closed yet, outermost first."""
    opened: list[Token] = []
    for value in values:
        if not isinstance(value, Token):
            continue
        if value.text in OPENING:
            opened.append(value)
        elif value.kind in ("RPAR", "RSQB", "RBRACE") and opened:
            opened.pop()
    return opened


@positional_record
class Mistake:
    """A place where the grammar cannot go on, and everything known about it.

    Attributes:
        source: the text.
        found: what stands there.
        values: the values on the parser's stack, tokens where no rule has taken them yet.
        expected: the terminals that could stand there.
        level: where the current statement begins on the stack.
        inside: "statement" inside of a body, "item" outside, "value" where there is no file.
    """

    source: Source
    found: Found
    values: Sequence[Any]
    expected: frozenset[str]
    level: int
    inside: str

    @property
    def span(self) -> Span:
        """The place of what was found; at the end of the text, of the last character before it."""
        return self.source.span(self.found.start, self.found.end)

    @property
    def before(self) -> Span:
        """The last character of what stands before."""
        end = code_end(self.source, self.found.start)
        return self.source.span(max(end - 1, 0), end)

    @property
    def missing(self) -> Span:
        """Where something is missing before what was found: if that is the first on its line, the token before."""
        return self.span_of(self.top) if self.on_new_line and isinstance(self.top, Token) else self.span

    def span_of(self, token: Token) -> Span:
        """The place of a token."""
        return self.source.span(token.start, token.end)

    @property
    def top(self) -> Any:
        """What stands directly before."""
        return self.values[-1] if self.values else None

    @property
    def top_kind(self) -> str:
        """The kind of token that stands directly before; empty for anything else."""
        return self.top.kind if isinstance(self.top, Token) else ""

    @cached_property
    def statement(self) -> list[Any]:
        """Values of the statement or item that is being read; empty where one is complete."""
        values = list(self.values[self.level :])
        return [] if len(values) == 1 and isinstance(values[0], COMPLETE) else values

    @cached_property
    def opened(self) -> list[Token]:
        """Every bracket that is open, outermost first."""
        return open_brackets(self.values)

    @cached_property
    def opened_here(self) -> list[Token]:
        """The brackets that are open within the statement."""
        return open_brackets(self.statement)

    @property
    def on_new_line(self) -> bool:
        """Whether what was found is the first on its line."""
        line_start = self.source.text.rfind("\n", 0, self.found.start) + 1
        return not self.source.text[line_start : self.found.start].strip()

    @cached_property
    def anchor(self) -> Token | None:
        """The last token that is no value: what the place belongs to."""
        for value in reversed(self.statement):
            if isinstance(value, Token) and value.kind not in VALUE_KINDS:
                return value
        return None

    @property
    def after_value(self) -> bool:
        """Whether a value, complete or not, stands directly before."""
        return isinstance(self.top, tree.Node) or self.top_kind in VALUE_KINDS

    @property
    def after_stage(self) -> bool:
        """Whether a stage stands directly before."""
        anchor = self.anchor
        if anchor is None or self.top is anchor:
            return False
        if anchor.kind == "COLON":
            position = len(self.statement) - 1 - self.statement[::-1].index(anchor)
            before = self.statement[position - 1] if position else None
            return isinstance(before, Token) and before.kind == "LABEL"
        return anchor.kind == "ARROW" or (anchor.kind == "LBRACE" and isinstance(self.top, list))

    @property
    def wants_value(self) -> bool:
        """Whether a value must stand here."""
        return {"INTEGER", "NAME"} <= self.expected

    @property
    def begins_value(self) -> bool:
        """Whether what was found could begin a value."""
        if self.found.kind == "word":
            return self.found.text not in KEYWORDS or self.found.text in _VALUE_WORDS
        return self.found.kind in ("number", "string") or self.found.text in ("(", "[")

    @property
    def begins_statement(self) -> bool:
        """Whether what was found is a keyword that begins an item or a statement, first on its line."""
        return self.on_new_line and self.found.text in ITEM_KEYWORDS | STATEMENT_KEYWORDS
