"""From text to tree: Lark makes LALR(1) tables of the grammar, and this module runs them.

The tables are run here and not by Lark for two reasons. After a mistake the parser must go on with the next statement,
to report every mistake of a file. And a text of a megabyte must be answered within seconds: no parse tree is built, a
rule that only passes a value on costs no call, and a token is one match of one regular expression, that of the
terminals which the grammar takes in the current state (what Lark calls a contextual lexer).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from ..diagnostics import Diagnostic, Report
from ..diagnostics.limits import LimitExceeded
from ..diagnostics.spelling import Semicolon
from ..diagnostics.statement_syntax import NestedItem, NotAStatement
from ..limits import Limits
from ..source import Source, Span
from . import tree
from .broken import BrokenHead, broken_part
from .comments import comments_of, docs_of
from .error_collector import AbandonError, ErrorCollector, StopError
from .mistakes import Mistake, found_at, open_brackets
from .parser_tables import END, FILE, VALUE
from .recover import (
    BODY,
    ITEM,
    STATEMENT,
    Resumption,
    body_without_brace,
    end_of_indented_body,
    end_of_nested_item,
    resume_at,
)
from .shipped_tables import grammar_tables
from .tokens import KEYWORDS, Token
from .tree_builder import Builder

#: Kinds of the keywords that begin an item with a body.
_BODIES: Final = frozenset({"BLOCK", "MODEL"})

#: Most symbols that stand on the parser's stack for one level of nesting: `{ stages -> label : for names in value {`.
_SYMBOLS_PER_LEVEL: Final = 10


class _UnexpectedError(Exception):
    """The grammar cannot go on at the current position."""


class _Run:
    """One run of the tables over a text or a part of it.

    Attributes:
        states: the states of the parser, the current one last.
        values: what was read in each of them but the first.
        position: offset of the token being read.
    """

    def __init__(self, parser: _Parser, start: str, position: int, end: int) -> None:
        first, self._last = parser.tables.starts[start]
        self.states = [first]
        self.values: list[Any] = []
        self.position = position
        self.end = end
        self._resumed = -1
        self._parser = parser
        self._read = parser.read if start == FILE else None

    def advance(self) -> Any:
        """Read on to the end; the value of the start rule.

        Raises:
            _UnexpectedError: where the grammar cannot go on.
            AbandonError, StopError: from the builder and the limits.
        """
        parser, states, values, end = self._parser, self.states, self.values, self.end
        patterns, pattern_of = parser.tables.patterns, parser.tables.pattern
        text, most_states = parser.source.text, parser.most_states
        position, state, read = self.position, states[-1], self._read
        while True:
            self.position = position
            match = (patterns[state] or pattern_of(state)).match(text, position, end)
            if match is None or match.lastgroup is None:
                raise _UnexpectedError
            kind = match.lastgroup
            self.position, position = match.span(kind)
            if kind == "END":
                self._reduce(END)
                return values[-1]
            state = self._reduce(kind)
            states.append(state)
            token = Token(kind, match.group(kind), self.position, position)
            values.append(token)
            if read is not None:
                read.append(token)
            if len(states) > most_states:
                parser.collector.exceeded("nesting", self.position, position)
            parser.tokens += 1
            if parser.tokens > parser.most_tokens:
                parser.collector.exceeded("tokens", self.position, position)

    def _reduce(self, kind: str) -> int:
        """Make the reductions that a terminal demands; the state it leads to then, or, at the end, the last state."""
        states, values, methods = self.states, self.values, self._parser.methods
        actions, gotos = self._parser.tables.actions, self._parser.tables.gotos
        state = states[-1]
        while True:
            action = actions[state].get(kind)
            if action.__class__ is int:
                return action  # pyright: ignore[reportReturnType]
            if action is None:
                raise _UnexpectedError
            size, origin, method = action  # pyright: ignore[reportGeneralTypeIssues]
            if method < 0:
                state = states[-1] = gotos[states[-2]][origin]
                continue
            parts = values[-size:] if size else []
            if size:
                del values[-size:], states[-size:]
            values.append(methods[method](parts))
            state = gotos[states[-1]][origin]
            states.append(state)
            if state == self._last and kind == END:
                return state

    def mistake(self) -> Mistake:
        """What is known about the place where the grammar cannot go on."""
        parser = self._parser
        found = found_at(parser.source.text, self.position, self.end)
        last = self.values[-1] if self.values else None
        if self._begins_line(found.start) or (isinstance(last, Token) and last.kind == "RBRACE"):
            # An item that is complete is no part of the mistake.
            self.settle("CONST")
        if self._begins_line(found.start) and (found.text in KEYWORDS or found.text == "//"):
            # Likewise a statement, before a word or a sign that goes on with none.
            self.settle("RETURN")
        level, inside = self._level()
        return Mistake(
            source=parser.source,
            found=found,
            values=self.values,
            expected=parser.tables.accepted(self.states),
            level=level,
            inside=inside,
        )

    def _find(self, *rules: str) -> int:
        """Index of the innermost state in which one of some rules may come; -1 if there is none."""
        gotos = self._parser.tables.gotos
        for index in range(len(self.states) - 1, -1, -1):
            if any(rule in gotos[self.states[index]] for rule in rules):
                return index
        return -1

    def _level(self) -> tuple[int, str]:
        body = self._find("statement", "statements")
        if body >= 0:
            return body, STATEMENT
        top = self._find("item", "items")
        return (top, ITEM) if top >= 0 else (0, VALUE)

    # --- what a repair does ---------------------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        """The text."""
        return self._parser.source

    @property
    def builder(self) -> Builder:
        """What makes the nodes."""
        return self._parser.builder

    def repair(self) -> bool:
        """Read on behind what is written as in another language; False where it is none of the known ways."""
        from .repair import repair

        return repair(self, found_at(self.source.text, self.position, self.end))

    def takes(self, kind: str) -> bool:
        """Whether a terminal could come next."""
        return self._parser.tables.shifts(list(self.states), kind)

    def drop(self, count: int) -> None:
        """Take the last values off the stack."""
        del self.states[-count:], self.values[-count:]

    def shift(self, token: Token) -> bool:
        """Go on as if a token had been read; False where it cannot stand here."""
        if not self.takes(token.kind):
            return False
        self.states.append(self._reduce(token.kind))
        self.values.append(token)
        return True

    def push(self, rule: str, value: object) -> None:
        """Go on as if something had been read that a rule of the grammar stands for."""
        self.states.append(self._parser.tables.gotos[self.states[-1]][rule])
        self.values.append(value)

    def starts_statement(self) -> bool:
        """Whether a single name has been read of a statement of a body."""
        level, inside = self._level()
        alone = len(self.values) - level == 1
        return inside == STATEMENT and alone and isinstance(self.values[-1], Token) and self.values[-1].kind == "NAME"

    def in_head(self) -> bool:
        """Whether the arguments of a block or model have been read, and nothing of its body."""
        if not self.settle("LBRACE") or len(self.values) < 3:
            return False
        keyword = self.values[-3]
        return isinstance(keyword, Token) and keyword.kind in _BODIES

    def say(self, diagnostic: Diagnostic) -> None:
        """Report one."""
        self._parser.collector.add(diagnostic)

    # --- what is left out -----------------------------------------------------------------------------------------

    def skip(self, diagnostic: Diagnostic) -> bool:
        """Leave out what a diagnostic is about, where it is all that is wrong; whether that could be done."""
        span = diagnostic.span
        if span is None or not isinstance(diagnostic, Semicolon | NestedItem | NotAStatement):
            return False
        end: int | None = span.end
        if isinstance(diagnostic, NestedItem):
            end = end_of_nested_item(span)
        elif isinstance(diagnostic, NotAStatement):
            end = end_of_indented_body(span) if span.text in KEYWORDS else None
        if end is None:
            return False
        self.position = end
        if not isinstance(diagnostic, Semicolon):
            self._parser.skipped.append(span.source.span(span.start, end))
        return True

    def recover(self) -> None:
        """Keep of the statement or item with the mistake what was read, and go on behind it."""
        parser, text = self._parser, self._parser.source.text
        position = max(found_at(text, self.position, self.end).start, self._resumed + 1)
        if self._open_body(position):
            return
        self._keep_complete(position)
        level, inside = self._level()
        thrown = self.values[level:]
        head = self._find("formals") if inside == ITEM else -1
        start = parser.builder.start(thrown) if thrown else position
        resumption = resume_at(
            text,
            position,
            statement=start,
            item=next((v.start for v in reversed(self.values) if isinstance(v, Token) and v.kind in _BODIES), 0),
            opened=[bracket.text for bracket in open_brackets(thrown)],
            in_body=inside == STATEMENT,
            in_head=head >= 0,
        )
        start = min(start, resumption.position)
        end = start + len(text[start : resumption.position].rstrip())
        broken = broken_part(thrown, parser.source.span(start, end))
        parser.skipped.append(broken.span)
        parser.builder.forget()
        self._resume(resumption, level, inside, head, broken)

    def _open_body(self, position: int) -> bool:
        """Go on as if the brace before a body had been read, if that is what is missing; whether it is."""
        if not self.in_head():
            return False
        body = body_without_brace(self._parser.source.text, position)
        if body is None:
            return False
        self.position = self._resumed = body
        return self.shift(Token("LBRACE", "", self.position, self.position))

    def _keep_complete(self, position: int) -> None:
        """Keep the statement on the lines before the mistake, if it is complete."""
        if self._begins_line(position):
            self.settle("RETURN")

    def _begins_line(self, position: int) -> bool:
        text = self._parser.source.text
        return not text[text.rfind("\n", 0, position) + 1 : position].strip()

    def settle(self, kind: str) -> bool:
        """Make the reductions that a terminal would demand, if it could come next; whether it could."""
        if not self.takes(kind):
            return False
        with suppress(AbandonError):
            self._reduce(kind)
            return True
        return False

    def _resume(self, resumption: Resumption, level: int, inside: str, head: int, broken: tree.Broken) -> None:
        self.position = self._resumed = resumption.position
        if resumption.level == BODY:
            self._cut(head)
            self.push("formals", BrokenHead(broken))
            return
        self._cut(level)
        rules = "statements" if inside == STATEMENT else "items"
        if rules in self._parser.tables.gotos[self.states[-1]]:
            self.push(rules, [])
        self.values[-1].append(broken)
        if resumption.level == ITEM and inside == STATEMENT:
            # Behind whole statements a brace is always shifted.
            self.shift(Token("RBRACE", "", self.position, self.position))

    def _cut(self, level: int) -> None:
        del self.states[level + 1 :], self.values[level:]


class _Parser:
    """What the runs over one text and its parts share."""

    def __init__(self, source: Source, limits: Limits, report: Report) -> None:
        self.source = source
        self.tables = grammar_tables()
        self.collector = ErrorCollector(source, limits, report)
        self.builder = Builder(self.collector, self._part)
        self.methods: list[Callable[[list[Any]], Any]] = [getattr(self.builder, name) for name in self.tables.methods]
        self.most_states = limits.nesting * _SYMBOLS_PER_LEVEL
        self.most_tokens = limits.tokens
        self.tokens = 0
        self.skipped: list[Span] = []
        self.read: list[Token] | None = None

    def file(self, start: int = 0, end: int | None = None) -> tuple[tree.Item, ...]:
        """All items of the text or a part of it, also those with mistakes."""
        run = _Run(self, FILE, start, len(self.source.text) if end is None else end)
        try:
            while True:
                try:
                    return run.advance()
                except _UnexpectedError:
                    if run.repair():
                        continue
                    diagnostic = self._diagnosed(run.mistake())
                    self.collector.add(diagnostic)
                    if run.skip(diagnostic):
                        continue
                except AbandonError:
                    pass
                run.recover()
        except StopError:
            self.skipped.append(self.source.span(run.position, len(self.source.text)))
            items = run.values[0] if run.values else None
            return tuple(items) if isinstance(items, list) else ()

    def _diagnosed(self, mistake: Mistake) -> Diagnostic:
        """The diagnostic of a mistake; what is another language as a whole is told once, and not read."""
        from .foreign import another_language

        whole = another_language(mistake) if self.collector.count == 0 else None
        if whole is None:
            return _diagnose(mistake)
        self.collector.add(whole)
        raise StopError

    def value(self) -> tree.Expression | None:
        """The whole text as one value."""
        try:
            return self._part(0, len(self.source.text))
        except (AbandonError, StopError):
            return None

    def _part(self, start: int, end: int) -> tree.Expression:
        run = _Run(self, VALUE, start, end)
        while True:
            try:
                return run.advance()
            except _UnexpectedError:
                if run.repair():
                    continue
                self.collector.add(_diagnose(run.mistake()))
            raise AbandonError


def parse(source: Source, limits: Limits, report: Report) -> tree.File | None:
    """The syntax tree of a file.

    Every mistake goes to the report; a statement or an item that holds one is ``Broken`` in the tree.

    Args:
        source: the text.
        limits: bounds of its size, its tokens and its nesting, of integers, lists and strings.
        report: takes the diagnostics.

    Returns:
        What could be made of the text; None if it is too long to be read at all.
    """
    if _too_long(source, limits, report):
        return None
    parser = _Parser(source, limits, report)
    items, comments = parser.file(), comments_of(source)
    docs, skipped = docs_of(source, comments), tuple(parser.skipped)
    return tree.File(source=source, items=items, comments=comments, docs=docs, skipped=skipped)


def parse_items(source: Source, limits: Limits, start: int, end: int) -> tuple[tree.Item, ...] | None:
    """The items that stand between two places of a text, each a whole one; None if anything is wrong with them."""
    report = Report()
    if _too_long(source, limits, report):
        return None
    items = _Parser(source, limits, report).file(start, end)
    return None if report.diagnostics else items


def read_tokens(source: Source, limits: Limits, report: Report) -> list[Token]:
    """The tokens of a file, in the order of the text: all that its tree is made of, and those of mistakes.

    Args:
        source: the text.
        limits: bounds of its size, its tokens and its nesting.
        report: takes the diagnostics.
    """
    if _too_long(source, limits, report):
        return []
    parser = _Parser(source, limits, report)
    parser.read = []
    parser.file()
    # Behind a mistake the parser may read again what it has read.
    return sorted({token.start: token for token in parser.read}.values(), key=lambda token: token.start)


def parse_value(source: Source, limits: Limits, report: Report) -> tree.Expression | None:
    """The tree of a text that is one value, such as that of ``--set name=value``; None, and a diagnostic, if not."""
    if _too_long(source, limits, report):
        return None
    return _Parser(source, limits, report).value()


def _too_long(source: Source, limits: Limits, report: Report) -> bool:
    length = len(source.text.encode("utf-8", "surrogatepass"))
    if length <= limits.source_bytes:
        return False
    report.add(LimitExceeded(span=source.span(0, 0), limit="source_bytes", maximum=limits.source_bytes))
    return True


def _diagnose(mistake: Mistake) -> Diagnostic:
    # What can be wrong is of use to few files.
    from .diagnose import diagnose

    return diagnose(mistake)
