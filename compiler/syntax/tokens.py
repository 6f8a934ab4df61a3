"""Tokens, and the words of the language that the grammar keeps for itself."""

from __future__ import annotations

from typing import Final

#: Words that begin an item of a file.
ITEM_KEYWORDS: Final = frozenset({"import", "const", "block", "model"})

#: Words that begin a statement of a body.
STATEMENT_KEYWORDS: Final = frozenset({"input", "output", "parameter", "return", "expect", "freeze"})

#: Every keyword: may be a label, an attribute and an argument name, nothing else.
KEYWORDS: Final = (
    ITEM_KEYWORDS
    | STATEMENT_KEYWORDS
    | frozenset(["from", "if", "else", "for", "in", "repeat", "reuse", "and", "or", "not", "true", "false"])
)

#: Words that no layer or block may have, kept for later stages of the language.
RESERVED_STAGES: Final = frozenset({"loop", "scan"})

OPENING: Final = {"(": ")", "[": "]", "{": "}"}
CLOSING: Final = {closing: opening for opening, closing in OPENING.items()}


class Token:
    """One word, number, string or sign.

    Attributes:
        kind: the name of its terminal in the grammar.
        text: its characters.
        start: offset of its first character.
        end: offset behind its last character.
    """

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.text!r}, {self.start})"
