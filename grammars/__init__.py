"""The grammar of the ``.nn`` language, as text, and the tables of its parser."""

from __future__ import annotations

from pathlib import Path

#: The grammar, in the notation of Lark.
GRAMMAR = Path(__file__).with_name("nn.lark")
#: What Lark makes of it, written by ``python -m dotnn.compiler.syntax.make_tables``.
TABLES = Path(__file__).with_name("nn.tables.json")


def text() -> str:
    """The grammar."""
    return GRAMMAR.read_text(encoding="utf-8")


def tables() -> str:
    """The file of tables."""
    return TABLES.read_text(encoding="utf-8")
