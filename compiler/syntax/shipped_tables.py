"""The tables of the language: as they are shipped or, where the grammar is another one, made now."""

from __future__ import annotations

import functools

from ... import grammars
from .parser_tables import Tables


@functools.cache
def grammar_tables() -> Tables:
    """The tables of the language."""
    return tables_of(grammars.text(), grammars.tables())


def tables_of(grammar: str, shipped: str) -> Tables:
    """The tables of a grammar: those of the text of a file, if that was made of it, or else made now."""
    tables = Tables.from_json(shipped, grammar)
    if tables is not None:
        return tables
    # Lark is not needed otherwise, and takes longer to import than most files to check.
    from .make_tables import make_tables

    return make_tables(grammar)
