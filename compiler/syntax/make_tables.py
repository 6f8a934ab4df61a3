"""What Lark makes of the grammar: LALR(1) tables. The only door to Lark.

    python -m dotnn.compiler.syntax.make_tables

writes the file of tables that is shipped beside the grammar, and is run whenever that is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import Lexer, TerminalDef

from ... import grammars
from .parser_tables import FILE, VALUE, Reduction, Tables


class _NoLexer(Lexer):
    """Keeps Lark from building lexers of its own."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
        """Nothing: texts are not read by Lark."""
        return iter(())


def make_tables(grammar: str) -> Tables:
    """The tables of a grammar, the same ones always.

    Lark numbers states differently each time, because it goes through sets. Here they are numbered by the way to them:
    start rules first, then what each state leads to, in the order of the symbols' names.
    """
    lark = Lark(grammar, parser="lalr", lexer=_NoLexer, start=[FILE, VALUE])
    states: Mapping[Any, Mapping[str, tuple[Any, Any]]] = {}
    ends: dict[str, tuple[Any, Any]] = {}
    for start in (FILE, VALUE):
        configuration = lark.parse_interactive("", start).parser_state.parse_conf
        ends[start] = (configuration.start_state, configuration.end_state)
        states = configuration.states
    numbers = _numbers([first for first, _ in ends.values()], states)
    rows = [[(str(symbol), states[state][symbol][1]) for symbol in sorted(states[state])] for state in numbers]
    methods = sorted({_method(target) for row in rows for _, target in row if _builds(target)})

    def action(target: Any) -> int | Reduction:
        if not isinstance(target, Rule):
            return numbers[target]
        method = methods.index(_method(target)) if _builds(target) else -1
        return Reduction(len(target.expansion), str(target.origin.name), method)

    terminals = [(one.name, one.pattern.to_regexp()) for one in sorted(lark.terminals, key=_precedence)]
    return Tables(
        starts={start: (numbers[first], numbers[last]) for start, (first, last) in ends.items()},
        methods=methods,
        actions=[{symbol: action(target) for symbol, target in row if _is_terminal(symbol)} for row in rows],
        gotos=[{symbol: numbers[target] for symbol, target in row if not _is_terminal(symbol)} for row in rows],
        terminals=terminals,
        ignored="|".join(pattern for name, pattern in terminals if name in lark.ignore_tokens),
    )


def _numbers(starts: list[Any], states: Mapping[Any, Mapping[str, tuple[Any, Any]]]) -> dict[Any, int]:
    """The number of every state, in the order of the numbers."""
    found = dict.fromkeys(starts)
    waiting = list(found)
    # The list grows while it is gone through.
    for state in waiting:
        for symbol in sorted(states[state]):
            _, target = states[state][symbol]
            if not isinstance(target, Rule) and target not in found:
                found[target] = None
                waiting.append(target)
    return {state: number for number, state in enumerate(found)}


def _is_terminal(symbol: str) -> bool:
    return symbol[0] == "$" or symbol.isupper()


def _builds(target: Any) -> bool:
    """Whether an action is a reduction that builds a value: some only pass their only part on."""
    if not isinstance(target, Rule):
        return False
    return not (target.options.expand1 and not target.alias and len(target.expansion) == 1)


def _method(rule: Rule) -> str:
    return str(rule.alias or rule.origin.name)


def _precedence(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """The order in which terminals are tried, which is Lark's."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def main() -> None:
    """Write the file that is shipped."""
    grammar = grammars.text()
    grammars.TABLES.write_text(make_tables(grammar).to_json(grammar), encoding="utf-8")


if __name__ == "__main__":
    main()
