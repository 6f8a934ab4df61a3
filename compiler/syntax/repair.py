"""Ways of writing of other languages that the parser understands, so that it can read on behind them.

The grammar takes none of them. Where the meaning is plain, the parser's stack is changed as if it had been written as
it is here, and a diagnostic says so: at once, or, where what a name means decides what to say, when names are resolved.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

from ..diagnostics import Diagnostic
from ..diagnostics.fixes import closing_bracket
from ..diagnostics.foreign_syntax import ForeignTuple, QuotedLabel, ResultType
from ..diagnostics.spelling import QUOTES, UnknownCharacter
from ..source import Source
from . import tree
from .mistakes import Found, open_brackets
from .tokens import Token
from .tree_builder import Builder

_FIELDS: Final = re.compile(r"(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
_FIELDS_BEFORE_EQUAL: Final = re.compile(r"(?:\.[A-Za-z_][A-Za-z0-9_]*)+(?=[ \t]*=(?!=))")
_RESULT_TYPE: Final = re.compile(r"->[ \t]*[A-Za-z_][\w.]*(?:\[[^\[\]{}\n]*\])?[ \t]*(?=\{)")
_LABEL_IN_QUOTES: Final = re.compile(
    r'"((?:[A-Za-z0-9_]|\{[^{}"\n]*\})+(?:\.(?:[A-Za-z0-9_]|\{[^{}"\n]*\})+)*)"(?=[ \t]*:)'
)
#: What may stand before the quotes of a string in Python.
STRING_PREFIXES: Final = frozenset({"f", "F", "r", "b"})
#: Kinds of tokens whose bracket holds something else than a value.
_OTHER_BRACKETS: Final = frozenset({"REPEAT", "REUSE"})


class Stack(Protocol):
    """What a repair does to the run of the parser.

    Attributes:
        source: the text.
        builder: makes the nodes.
        values: what was read, as tokens, nodes and lists.
        position: where to go on.
    """

    @property
    def source(self) -> Source: ...  # noqa: D102
    @property
    def builder(self) -> Builder: ...  # noqa: D102

    values: list[object]
    position: int

    def settle(self, kind: str) -> bool:
        """Make the reductions that a terminal would demand, if it could come next; whether it could."""
        ...

    def takes(self, kind: str) -> bool:
        """Whether a terminal could come next."""
        ...

    def drop(self, count: int) -> None:
        """Take the last values off the stack."""
        ...

    def shift(self, token: Token) -> bool:
        """Go on as if a token had been read; False where it cannot stand here."""
        ...

    def push(self, rule: str, value: object) -> None:
        """Go on as if something had been read that a rule of the grammar stands for."""
        ...

    def starts_statement(self) -> bool:
        """Whether a single name has been read of a statement of a body."""
        ...

    def in_head(self) -> bool:
        """Whether the arguments of a block or model have been read, and nothing of its body."""
        ...

    def say(self, diagnostic: Diagnostic) -> None:
        """Report one."""
        ...


def repair(stack: Stack, found: Found) -> bool:
    """Go on behind what is written as in another language; False where it is none of the known ways."""
    way = _WAYS.get(found.text) or (_quoted_label if found.kind == "string" else None)
    if found.text in QUOTES:
        way = _quoted_string
    return way is not None and way(stack, found)


def _called_value(stack: Stack, found: Found) -> bool:
    """`x.view(2)`, `F.relu(x)`, `Dense(10)(x)`: a value that is no name is called."""
    last = stack.values[-1] if stack.values else None
    if not isinstance(last, tree.Node | Token) or "\n" in stack.source.text[stack.builder.end(last) : found.start]:
        return False
    if not stack.settle("DOT") or not isinstance(stack.values[-1], tree.Attribute | tree.Call):
        return False
    callee = stack.values[-1]
    start, end = stack.builder.start(callee), stack.builder.end(callee)
    stack.drop(1)
    stack.builder.callees[start] = callee
    stack.shift(Token("NAME", "", start, end))
    stack.position = found.start
    return True


def _dotted(stack: Stack, found: Found) -> bool:
    """`-> nn.ReLU`, `-> f(2).relu()`, `self.conv = …`: a dot where there is none."""
    if not stack.values:
        return False
    if stack.starts_statement():
        return _dotted_target(stack, found)
    fields = _FIELDS.match(stack.source.text, found.start)
    if fields is None or not _is_behind_stage(stack):
        return False
    name = stack.values[-1]
    if isinstance(name, Token) and name.kind == "NAME" and "." not in name.text:
        stack.values[-1] = Token("NAME", name.text + fields.group(), name.start, fields.end())
        stack.position = fields.end()
        return True
    behind = stack.source.text[fields.end() :]
    if fields.group().count(".") > 1 or not behind.startswith("("):
        return False
    if not stack.shift(Token("ARROW", "", found.start, found.start)):
        return False
    stack.shift(Token("NAME", fields.group(), fields.start(), fields.end()))
    stack.position = fields.end()
    return True


def _dotted_target(stack: Stack, found: Found) -> bool:
    fields = _FIELDS_BEFORE_EQUAL.match(stack.source.text, found.start)
    name = stack.values[-1]
    if fields is None or not isinstance(name, Token):
        return False
    stack.values[-1] = Token("NAME", name.text + fields.group(), name.start, fields.end())
    stack.position = fields.end()
    return True


def _is_behind_stage(stack: Stack) -> bool:
    """Whether what stands directly before is a name or a call that is a stage."""
    values = stack.values
    first = values[-1]
    at = len(values) - 2
    if isinstance(first, Token) and first.kind == "RPAR":
        at = next((i for i in range(len(values) - 1, 0, -1) if _is_kind(values[i], "LPAR")), 0) - 2
    return at >= 0 and isinstance(values[at], Token) and _is_before_stage(values, at)


def _is_before_stage(values: list[object], at: int) -> bool:
    if _is_kind(values[at], "COLON"):
        return at > 0 and _is_kind(values[at - 1], "LABEL")
    return _is_kind(values[at], "ARROW") or _is_kind(values[at], "LBRACE")


def _is_kind(value: object, kind: str) -> bool:
    return isinstance(value, Token) and value.kind == kind


def _tuple(stack: Stack, found: Found) -> bool:
    """`(3, 3)`: a list in parentheses."""
    if not stack.takes("RPAR") or not stack.settle("RPAR") or len(stack.values) < 2:
        return False
    opening, first = stack.values[-2:]
    before = stack.values[-3] if len(stack.values) > 2 else None
    if not isinstance(opening, Token) or opening.text != "(" or not isinstance(first, tree.Node):
        return False
    if isinstance(before, Token) and before.kind in _OTHER_BRACKETS:
        return False
    opened = stack.source.span(opening.start, opening.end)
    closed = closing_bracket(opened)
    if closed is None or closed.text != ")":
        return False
    returned = isinstance(before, Token) and before.kind == "RETURN"
    stack.drop(2)
    if returned:
        stack.builder.closed.add(closed.start)
    elif not stack.shift(Token("LSQB", "(", opening.start, opening.end)):
        return False
    stack.push("expressions", [first])
    span = stack.source.span(opened.start, closed.end)
    stack.say(ForeignTuple(span=span, closing=closed, returned=returned))
    stack.position = found.start
    return True


def _end_of_tuple(stack: Stack, found: Found) -> bool:
    if found.start in stack.builder.closed:
        stack.position = found.end
        return True
    opened = open_brackets(stack.values)
    if not opened or opened[-1].kind != "LSQB" or opened[-1].text != "(":
        return False
    if not stack.shift(Token("RSQB", ")", found.start, found.end)):
        return False
    stack.position = found.end
    return True


def _result_type(stack: Stack, found: Found) -> bool:
    """`block f(x) -> Tensor {`."""
    written = _RESULT_TYPE.match(stack.source.text, found.start)
    if written is None or not stack.in_head():
        return False
    span = stack.source.span(found.start, found.start + len(written.group().rstrip()))
    stack.say(ResultType(span=span))
    stack.position = written.end()
    return True


def _quoted_label(stack: Stack, found: Found) -> bool:
    """`"conv1": conv2d(8)`, `f"conv{i}": conv2d(8)`."""
    label = _LABEL_IN_QUOTES.match(stack.source.text, found.start)
    if label is None or not stack.values:
        return False
    last = stack.values[-1]
    prefix = last if isinstance(last, Token) and last.text in STRING_PREFIXES and last.end == found.start else None
    if prefix is not None:
        stack.drop(1)
    if not stack.shift(Token("LABEL", label.group(1), found.start + 1, label.end() - 1)):
        return False
    start = found.start if prefix is None else prefix.start
    stack.say(QuotedLabel(span=stack.source.span(start, label.end()), name=label.group(1)))
    stack.position = label.end()
    return True


def _quoted_string(stack: Stack, found: Found) -> bool:
    """`'same'`: a string in other quotes."""
    closing = stack.source.text.find(QUOTES[found.text], found.end)
    text = stack.source.text[found.end : closing] if closing >= 0 else "\n"
    if any(sign in text for sign in '"\\\r\n'):
        return False
    if not stack.shift(Token("STRING", f'"{text}"', found.start, closing + 1)):
        return False
    stack.say(UnknownCharacter(span=stack.source.span(found.start, found.end), found=found.text))
    stack.position = closing + 1
    return True


_WAYS: Final[dict[str, Callable[[Stack, Found], bool]]] = {
    "(": _called_value,
    ".": _dotted,
    ",": _tuple,
    ")": _end_of_tuple,
    "->": _result_type,
}
