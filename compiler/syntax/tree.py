"""The syntax tree: frozen nodes, each with its place in the source.

The tree says what was written and nothing more: names are unresolved, numbers have their value, and a pipeline keeps
its stages side by side, so that depth of the tree is depth of nesting, not length of the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cached_property
from typing import TypeAlias

from ..records import positional_record, record
from ..reprs import quoted, short_repr
from ..source import Source, Span


@record
class Node:
    """Base of all nodes."""

    span: Span

    def __repr__(self) -> str:
        return short_repr(self, quoted(str(self.span)), quoted(self.span.text))


# --- expressions -----------------------------------------------------------------------------------------------------


@positional_record
class Number(Node):
    """``61_482``, ``5M``, ``0.5``, ``1e-3``."""

    value: int | float


@positional_record
class String(Node):
    """``"same"``; the value without quotes, escapes resolved."""

    value: str


@positional_record
class Boolean(Node):
    """``true`` or ``false``."""

    value: bool


@positional_record
class ListExpression(Node):
    """``[a, b]``."""

    items: tuple[Expression, ...]


@positional_record
class Name(Node):
    """A name that stands for a value, a layer, a block, a type."""

    name: str


@positional_record
class Attribute(Node):
    """``x.channels``."""

    base: Expression
    name: str
    name_span: Span


@positional_record
class Slice(Node):
    """``low:high`` inside of an index; either may be missing."""

    low: Expression | None
    high: Expression | None


@positional_record
class Index(Node):
    """``x[:, 0]``, ``sizes[i]``, ``float32[N, 3]``: one item or more."""

    base: Expression
    items: tuple[Expression | Slice, ...]


@positional_record
class Unary(Node):
    """``-x``, ``not x``."""

    operator: str
    operand: Expression

    @property
    def operator_span(self) -> Span:
        """The place of the operator, with which the expression begins."""
        return self.span.source.span(self.span.start, self.span.start + len(self.operator))


@positional_record
class Binary(Node):
    """``+ - * / // % **``, comparisons ``== != < <= > >=``, ``and``, ``or``."""

    operator: str
    left: Expression
    right: Expression
    operator_span: Span


@positional_record
class Argument(Node):
    """``name=value`` in a call."""

    name: str
    value: Expression
    name_span: Span


@positional_record
class Call(Node):
    """``f(a, b, c=1)``; a bare ``relu`` as a stage is a call without arguments and without parentheses.

    As a stage the piped value is not among ``positional``.

    Attributes:
        callee: what is called where that is no name, as in ``x.view(2)`` and ``Dense(2)(x)``, which mean nothing: then
            ``function`` is the name behind the dot, or empty.
    """

    function: str
    positional: tuple[Expression, ...]
    named: tuple[Argument, ...]
    function_span: Span
    callee: Expression | None = None


@positional_record
class If(Node):
    """``if c { a } else { b }``; ``otherwise`` is another ``If`` for ``else if``."""

    condition: Expression
    then: Expression
    otherwise: Expression


@positional_record
class Pipeline(Node):
    """``head -> stage -> stage``, at least one stage."""

    head: Expression
    stages: tuple[Stage, ...]


@positional_record
class Unreadable(Node):
    """A value with a mistake in it, which is reported: it is unknown, and what was read of it is kept."""

    parts: tuple[Node, ...] = ()


Expression: TypeAlias = (
    Number
    | String
    | Boolean
    | ListExpression
    | Name
    | Attribute
    | Index
    | Unary
    | Binary
    | Call
    | If
    | Pipeline
    | Unreadable
)


def names_in(part: object) -> Iterator[Name]:
    """The names that stand for values in an expression, or in a tuple of them, in the order of the text."""
    pending = [part]
    while pending:
        one = pending.pop()
        if isinstance(one, Name):
            yield one
        elif isinstance(one, tuple):
            pending.extend(reversed(one))
        elif isinstance(one, Node):
            pending.extend(getattr(one, field.name) for field in reversed(fields(one)))


# --- stages ----------------------------------------------------------------------------------------------------------


@positional_record
class Label(Node):
    """``layer1.denselayer{i + 1}``: components joined by dots, each of literal and computed pieces.

    Also the path of ``reuse`` and ``freeze``.
    """

    components: tuple[tuple[str | Expression, ...], ...]


@positional_record
class Group(Node):
    """``{ stage -> stage }``, at least one stage."""

    stages: tuple[Stage, ...]


@positional_record
class Repeat(Node):
    """``repeat(n) { … }``."""

    count: Expression
    body: Group


@positional_record
class For(Node):
    """``for a, b in list { … }``."""

    targets: tuple[Name, ...]
    iterable: Expression
    body: Group


@positional_record
class Reuse(Node):
    """``reuse(path)``."""

    path: Label


Operation: TypeAlias = Call | Group | Repeat | For | Reuse | Unreadable


@positional_record
class Stage(Node):
    """One step of a pipeline; the span starts at the label, if there is one."""

    label: Label | None
    operation: Operation


# --- types -----------------------------------------------------------------------------------------------------------


@positional_record
class Type(Node):
    """``int`` or ``float32[N, 3, H, W]``; ``shape`` is None without brackets, empty for ``float32[]``."""

    name: str
    shape: tuple[Expression, ...] | None


# --- statements ------------------------------------------------------------------------------------------------------


@positional_record
class Input(Node):
    """``input name: type``."""

    name: Name
    type: Type


@positional_record
class Parameter(Node):
    """``parameter name: type = initializer``."""

    name: Name
    type: Type
    initializer: Expression


@positional_record
class Output(Node):
    """``output name = value`` or ``output name: type = value``."""

    name: Name
    type: Type | None
    value: Expression


@positional_record
class Binding(Node):
    """``y = value``, ``y: type = value``, ``y, h, _ = value``; a skipped target is the name ``_``."""

    targets: tuple[Name, ...]
    type: Type | None
    value: Expression


@positional_record
class Return(Node):
    """``return a, b``."""

    values: tuple[Expression, ...]


@positional_record
class Expect(Node):
    """``expect condition``."""

    condition: Expression


@positional_record
class Freeze(Node):
    """``freeze path, path``."""

    paths: tuple[Label, ...]


@positional_record
class Broken(Node):
    """A statement or an item with a mistake in it, which is reported.

    Attributes:
        targets: what it binds or defines, as far as that was read: something unknown.
        parts: the whole expressions, stages and types that were read of it.
    """

    targets: tuple[Name, ...] = ()
    parts: tuple[Node, ...] = ()


Statement: TypeAlias = Input | Parameter | Output | Binding | Return | Expect | Freeze | Broken

# --- items -----------------------------------------------------------------------------------------------------------


@positional_record
class Import(Node):
    """``import stem, head from "blocks/stem.nn"``."""

    names: tuple[Name, ...]
    path: String


@positional_record
class Const(Node):
    """``const mean: type = value`` or ``const n = value``."""

    name: Name
    type: Type | None
    value: Expression


@positional_record
class Formal(Node):
    """One argument in the head of a block or model: ``x``, ``width: int``, ``stride: int = 1``."""

    name: Name
    type: Type | None
    default: Expression | None


@positional_record
class Block(Node):
    """``block name(arguments) { statements }``.

    Attributes:
        broken: the head, if there is a mistake in it; ``formals`` are those that were read.
    """

    name: Name
    formals: tuple[Formal, ...]
    body: tuple[Statement, ...]
    broken: Broken | None = None

    @property
    def reached(self) -> tuple[Statement, ...]:
        """The statements up to the first ``return``, which ends the block."""
        ends = (index for index, one in enumerate(self.body, start=1) if isinstance(one, Return))
        return self.body[: next(ends, len(self.body))]


@positional_record
class Model(Node):
    """``model name(arguments) { statements }``.

    Attributes:
        broken: the head, if there is a mistake in it; ``formals`` are those that were read.
    """

    name: Name
    formals: tuple[Formal, ...]
    body: tuple[Statement, ...]
    broken: Broken | None = None


Item: TypeAlias = Import | Const | Block | Model | Broken


@positional_record
class Comment(Node):
    """A comment; ``text`` is without its number signs."""

    text: str
    documentation: bool


@record
class File:
    """One source file.

    Attributes:
        items: what it defines, in order.
        comments: every comment, in order.
        docs: the text of documentation comments by the offset of what they document: the start of the item, the
            statement or the stage that follows (an arrow in between is skipped). Lines are joined by line ends.
        skipped: the places that could not be read, in order.
    """

    source: Source
    items: tuple[Item, ...]
    comments: tuple[Comment, ...]
    docs: Mapping[int, str]
    skipped: tuple[Span, ...] = ()

    @cached_property
    def unread_words(self) -> frozenset[str]:
        """The words in places that could not be read: each may be what defines a name that nothing else defines."""
        broken = (item.span for item in self.items if isinstance(item, Broken))
        return frozenset(word for span in (*self.skipped, *broken) for word in _WORD.findall(span.text))

    @cached_property
    def lacks_name(self) -> bool:
        """Whether an item has lost the name that it defines, which may be any."""
        return any(isinstance(item, Broken) and _NAMELESS.match(item.span.text) for item in self.items)

    @cached_property
    def is_unfinished(self) -> bool:
        """Whether what could not be read reaches to the end, so that more may be missing."""
        return bool(self.skipped) and not self.source.text[self.skipped[-1].end :].strip()


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMELESS = re.compile(r"(?:const|block|model)\s*[=({:]")
