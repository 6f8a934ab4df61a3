"""Rules for names, as a TOML file has them: patterns and what becomes of the names that they match."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..diagnostics import DotnnError
from ..diagnostics.weight_matching import (
    BadRenameFile,
    NoRenameText,
    NoRenameToml,
    RenameFileTooDeep,
    RenameFileTooLong,
    RenameFileUnreadable,
    RuleIsNoText,
    RuleIsTable,
    TooManyGivenRules,
    TooManyRulesInFile,
)
from ..records import positional_record
from ..regular_files import instead, read_regular, why_not
from ..source import Source, Span
from ..toml_errors import reason_and_place

_MOST_BYTES: Final = 1_000_000
_MOST_RULES: Final = 1_000


@positional_record
class RenameRule:
    """One rule.

    Attributes:
        pattern_span: where the pattern stands, without its quotes; None where the rule is in no file.
        replacement_span: where its line stands.
    """

    pattern: str
    replacement: str
    pattern_span: Span | None = None
    replacement_span: Span | None = None

    def at(self, place: int) -> Span | None:
        """A character of the pattern."""
        whole = self.pattern_span
        if whole is None or whole.text != self.pattern:
            return whole
        start = min(whole.start + place, whole.end - 1)
        return whole.source.span(start, start + 1)


def given_rules(rules: Mapping[str, str]) -> tuple[RenameRule, ...]:
    """Rules that a caller gives."""
    if len(rules) > _MOST_RULES:
        raise DotnnError(TooManyGivenRules(path="rename", most=_MOST_RULES))
    return tuple(RenameRule(pattern, replacement) for pattern, replacement in rules.items())


def read_rules(path: Path) -> tuple[RenameRule, ...]:
    """The rules of a file, in their order.

    Raises:
        DotnnError: it cannot be read, is no TOML, or holds something else than texts for texts.
    """
    source = _source(path)
    try:
        table = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as fault:
        raise DotnnError(_no_toml(source, str(fault))) from fault
    except RecursionError as fault:
        raise DotnnError(RenameFileTooDeep(path=source.name)) from fault
    if len(table) > _MOST_RULES:
        raise DotnnError(TooManyRulesInFile(path=source.name, most=_MOST_RULES))
    return tuple(_rule(source, pattern, replacement) for pattern, replacement in table.items())


def _source(path: Path) -> Source:
    name = str(path).replace("\0", "\\0")
    try:
        content = read_regular(str(path), _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise DotnnError(RenameFileTooLong(path=name, most=_MOST_BYTES))
        # TOML's line ends are these two; so places in the text are those of the file.
        return Source(name, content.decode("utf-8-sig"), path)
    except UnicodeDecodeError as fault:
        raise DotnnError(NoRenameText(path=name)) from fault
    except (OSError, ValueError) as fault:
        raise DotnnError(RenameFileUnreadable(path=name, reason=why_not(fault), hint=instead(fault))) from fault


def _no_toml(source: Source, said: str) -> BadRenameFile:
    reason, span = reason_and_place(source, said)
    return NoRenameToml(span=span, path=source.name, reason=reason)


def _rule(source: Source, pattern: str, replacement: object) -> RenameRule:
    span, line = _places(source, pattern)
    if isinstance(replacement, str):
        return RenameRule(pattern, replacement, span, line)
    if isinstance(replacement, dict):
        raise DotnnError(RuleIsTable(span=span, path=source.name, pattern=pattern))
    raise DotnnError(RuleIsNoText(span=line, path=source.name, pattern=pattern))


def _places(source: Source, pattern: str) -> tuple[Span | None, Span | None]:
    """Where a pattern stands, and its whole line; of one that is written with escapes the line alone is not found."""
    for start in (source.text.find(f"{quote}{pattern}{quote}") + 1 for quote in "'\""):
        if start > 0:
            number, column = source.position(start)
            line = source.line(number)
            begin = start - (column - 1)
            return source.span(start, start + len(pattern)), source.span(begin, begin + len(line))
    start = source.text.find(pattern)
    span = source.span(start, start + len(pattern)) if start >= 0 else None
    return span, span
