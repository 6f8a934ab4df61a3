"""Building the tree: one method for each rule of the grammar, called as the rule is recognized.

A method takes the values of everything on the right-hand side of its rule, signs included, and returns the value of the
rule. It must be quick: a file may have hundreds of thousands of values.
"""

# The methods are described by the rules of the grammar that they are named after.
# ruff: noqa: D102

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from ..diagnostics.spelling import FloatOutOfRange, ForeignLiteral, UnknownEscape
from ..diagnostics.statement_syntax import ReservedStage
from ..diagnostics.syntax import PositionalAfterNamed
from ..source import Section, Span
from . import tree
from .broken import BrokenHead
from .error_collector import ErrorCollector
from .literals import float_value, integer_value, is_zero, label_pieces, string_value
from .tokens import RESERVED_STAGES, Token

#: Values of the right-hand side of a rule: tokens, nodes, lists of them.
Values: TypeAlias = list[Any]

_FOREIGN_LITERALS = frozenset({"True", "False", "None"})

#: Levels that an item and a statement take around every expression.
_OUTER_LEVELS = 2


class Builder:
    """Builds the nodes of one text.

    Attributes:
        parse_part: parses the text between two offsets as one value; for the computed parts of labels.
        callees: by the offset at which they start, values that are called though they are no names.
        closed: offsets of parentheses that are left out.
    """

    def __init__(self, collector: ErrorCollector, parse_part: Callable[[int, int], tree.Expression]) -> None:
        self.parse_part = parse_part
        self.callees: dict[int, tree.Expression] = {}
        self.closed: set[int] = set()
        self._collector = collector
        self._source = collector.source
        # What all places of an item count from: an edit elsewhere moves the item by this alone.
        self._section: Section | None = None
        self._limits = collector.limits
        self._deepest = collector.limits.nesting - _OUTER_LEVELS
        # By identity, for the statement being built, whose nodes are all alive: the depth of nodes that have parts, and
        # the places of those in parentheses, which belong to no node but to the place of whatever stands around.
        self._depths: dict[int, int] = {}
        self._outer: dict[int, tuple[int, int]] = {}

    def forget(self) -> None:
        """The statement is complete, or given up."""
        self._depths.clear()
        self._outer.clear()
        self.callees.clear()

    def start(self, value: Any) -> int:
        """Offset of the first character of a token, a node or a list, parentheses included."""
        while value.__class__ is list:
            value = value[0]
        if value.__class__ is Token:
            return value.start
        outer = self._outer.get(id(value))
        return value.span.start if outer is None else outer[0]

    def end(self, value: Any) -> int:
        """Offset behind the last character of a token, a node or a list, parentheses included."""
        while value.__class__ is list:
            value = value[-1]
        if value.__class__ is Token:
            return value.end
        outer = self._outer.get(id(value))
        return value.span.end if outer is None else outer[1]

    def _span(self, values: Values) -> Span:
        return self._place(self.start(values[0]), self.end(values[-1]))

    def _token_span(self, token: Token) -> Span:
        return self._place(token.start, token.end)

    def _place(self, start: int, end: int) -> Span:
        section = self._section
        if section is None:
            section = self._section = Section(self._source, start)
        base = section.start
        return Span(section, start - base, end - base)

    def _grown(self, node: Any, parts: Iterable[Any]) -> Any:
        """The node, known to be one level deeper than the deepest of its parts."""
        depths = self._depths
        depth = 2
        for part in parts:
            below = depths.get(id(part))
            if below is not None and below >= depth:
                depth = below + 1
        if depth > self._deepest:
            self._collector.exceeded("nesting", node.span.start, node.span.end)
        depths[id(node)] = depth
        return node

    def _name(self, token: Token) -> tree.Name:
        return tree.Name(span=self._token_span(token), name=token.text)

    # --- lists ----------------------------------------------------------------------------------------------------

    def nothing(self, values: Values) -> list[Any]:
        return []

    def first(self, values: Values) -> list[Any]:
        return values

    def append(self, values: Values) -> list[Any]:
        values[0].append(values[1])
        return values[0]

    def append_after_comma(self, values: Values) -> list[Any]:
        values[0].append(values[2])
        return values[0]

    def first_name(self, values: Values) -> list[tree.Name]:
        return [self._name(values[0])]

    def append_name(self, values: Values) -> list[tree.Name]:
        values[0].append(self._name(values[2]))
        return values[0]

    def first_path(self, values: Values) -> list[tree.Label]:
        return [self._label(values[0])]

    def append_path(self, values: Values) -> list[tree.Label]:
        values[0].append(self._label(values[2]))
        return values[0]

    # --- items ----------------------------------------------------------------------------------------------------

    def file(self, values: Values) -> tuple[tree.Item, ...]:
        return tuple(values[0])

    def value(self, values: Values) -> tree.Expression:
        return values[0]

    def import_item(self, values: Values) -> tree.Import | tree.Broken:
        path = self.string(values[3:])
        if not isinstance(path, tree.String):
            return self._item(tree.Broken(span=self._span(values), targets=tuple(values[1])))
        return self._item(tree.Import(span=self._span(values), names=tuple(values[1]), path=path))

    def const_item(self, values: Values) -> tree.Const:
        node = tree.Const(span=self._span(values), name=self._name(values[1]), type=_type_of(values), value=values[-1])
        self.forget()
        return self._item(node)

    def block_item(self, values: Values) -> tree.Block:
        return self._with_body(tree.Block, values, values[2])

    def model_item(self, values: Values) -> tree.Model:
        return self._with_body(tree.Model, values, values[2] if len(values) == 4 else [])

    def _with_body(self, kind: type[Any], values: Values, formals: list[tree.Formal]) -> Any:
        node = kind(
            span=self._span(values),
            name=self._name(values[1]),
            formals=tuple(formals),
            body=tuple(values[-1][1]),
            broken=formals.broken if isinstance(formals, BrokenHead) else None,
        )
        return self._item(node)

    def _item(self, node: Any) -> Any:
        """The item is complete: what follows moves by itself."""
        self._section = None
        return node

    def body(self, values: Values) -> Values:
        # With its braces, which end the item.
        return values

    def formals(self, values: Values) -> list[tree.Formal]:
        return values[1] if values[1].__class__ is list else []

    def formal(self, values: Values) -> tree.Formal:
        default = values[-1] if len(values) > 2 else None
        node = tree.Formal(span=self._span(values), name=self._name(values[0]), type=_type_of(values), default=default)
        self.forget()
        return node

    def annotation(self, values: Values) -> tree.Type:
        return values[1]

    def type_expression(self, values: Values) -> tree.Type:
        shape: list[tree.Expression] | None = None
        if len(values) > 1:
            shape = values[2] if values[2].__class__ is list else []
        node = tree.Type(span=self._span(values), name=values[0].text, shape=None if shape is None else tuple(shape))
        return node if not shape else self._grown(node, shape)

    # --- statements -----------------------------------------------------------------------------------------------

    def _done(self, statement: Any) -> Any:
        self.forget()
        return statement

    def input_statement(self, values: Values) -> tree.Input:
        return self._done(tree.Input(span=self._span(values), name=self._name(values[1]), type=values[2]))

    def parameter_statement(self, values: Values) -> tree.Parameter:
        name = self._name(values[1])
        return self._done(tree.Parameter(span=self._span(values), name=name, type=values[2], initializer=values[4]))

    def output_statement(self, values: Values) -> tree.Output:
        name = self._name(values[1])
        return self._done(tree.Output(span=self._span(values), name=name, type=_type_of(values), value=values[-1]))

    def binding(self, values: Values) -> tree.Binding:
        targets = tuple(values[0])
        return self._done(
            tree.Binding(span=self._span(values), targets=targets, type=_type_of(values), value=values[-1])
        )

    def return_statement(self, values: Values) -> tree.Return:
        return self._done(tree.Return(span=self._span(values), values=tuple(values[1])))

    def expect_statement(self, values: Values) -> tree.Expect:
        return self._done(tree.Expect(span=self._span(values), condition=values[1]))

    def freeze_statement(self, values: Values) -> tree.Freeze:
        return self._done(tree.Freeze(span=self._span(values), paths=tuple(values[1])))

    # --- pipelines ------------------------------------------------------------------------------------------------

    def pipeline(self, values: Values) -> tree.Pipeline:
        head, _, stages = values
        node = tree.Pipeline(span=self._span(values), head=head, stages=tuple(stages))
        return self._grown(node, (head, *stages))

    def stage(self, values: Values) -> tree.Stage:
        label = self._label(values[0]) if len(values) > 1 else None
        operation = values[-1]
        if operation.__class__ is tree.Call and operation.function in RESERVED_STAGES:
            self._collector.add(ReservedStage(span=operation.function_span, found=operation.function))
            operation = tree.Unreadable(span=operation.span, parts=(operation,))
        node = tree.Stage(span=self._span(values), label=label, operation=operation)
        return self._grown(node, (label, operation))

    def bare_call(self, values: Values) -> tree.Call:
        (name,) = values
        span = self._token_span(name)
        return tree.Call(span=span, function=name.text, positional=(), named=(), function_span=span)

    def group(self, values: Values) -> tree.Group:
        stages = tuple(values[1])
        return self._grown(tree.Group(span=self._span(values), stages=stages), stages)

    def repeat(self, values: Values) -> tree.Repeat:
        _, _, count, _, body = values
        return self._grown(tree.Repeat(span=self._span(values), count=count, body=body), (count, body))

    def for_loop(self, values: Values) -> tree.For:
        _, targets, _, iterable, body = values
        node = tree.For(span=self._span(values), targets=tuple(targets), iterable=iterable, body=body)
        return self._grown(node, (iterable, body))

    def reuse(self, values: Values) -> tree.Reuse:
        path = self._label(values[2])
        return self._grown(tree.Reuse(span=self._span(values), path=path), (path,))

    def _label(self, token: Token) -> tree.Label:
        components = tuple(
            tuple(self._piece(token, start, end) for start, end in component) for component in label_pieces(token.text)
        )
        node = tree.Label(span=self._token_span(token), components=components)
        return self._grown(node, (piece for component in components for piece in component))

    def _piece(self, token: Token, start: int, end: int) -> str | tree.Expression:
        if token.text[start] != "{":
            return token.text[start:end]
        return self.parse_part(token.start + start + 1, token.start + end - 1)

    # --- operators and calls --------------------------------------------------------------------------------------

    def binary(self, values: Values) -> tree.Binary:
        left, operator, right = values
        node = tree.Binary(
            span=self._span(values),
            operator=operator.text,
            left=left,
            right=right,
            operator_span=self._token_span(operator),
        )
        return self._grown(node, (left, right))

    def unary(self, values: Values) -> tree.Unary:
        operator, operand = values
        node = tree.Unary(span=self._span(values), operator=operator.text, operand=operand)
        return self._grown(node, (operand,))

    def attribute(self, values: Values) -> tree.Attribute:
        base, _, name = values
        node = tree.Attribute(span=self._span(values), base=base, name=name.text, name_span=self._token_span(name))
        return self._grown(node, (base,))

    def index(self, values: Values) -> tree.Index:
        base, items = values[0], tuple(values[2])
        return self._grown(tree.Index(span=self._span(values), base=base, items=items), (base, *items))

    def slice_item(self, values: Values) -> tree.Slice:
        low = None if values[0].__class__ is Token else values[0]
        high = None if values[-1].__class__ is Token else values[-1]
        return self._grown(tree.Slice(span=self._span(values), low=low, high=high), (low, high))

    def call(self, values: Values) -> tree.Call | tree.Unreadable:
        name, callee = values[0], None
        arguments: list[Any] = values[2] if values[2].__class__ is list else []
        if not name.text:
            callee = self.callees[name.start]
            at = callee.name_span if isinstance(callee, tree.Attribute) else self._token_span(values[1])
            name = Token("NAME", callee.name if isinstance(callee, tree.Attribute) else "", at.start, at.end)
        node = tree.Call(
            span=self._span(values),
            function=name.text,
            positional=tuple(one for one in arguments if one.__class__ is not tree.Argument),
            named=tuple(one for one in arguments if one.__class__ is tree.Argument),
            function_span=self._token_span(name),
            callee=callee,
        )
        parts = arguments if callee is None else (callee, *arguments)
        if node.named and node.positional and not self._is_in_order(node, arguments):
            return self._grown(tree.Unreadable(span=node.span, parts=(node,)), parts)
        return self._grown(node, parts)

    def _is_in_order(self, call: tree.Call, arguments: list[Any]) -> bool:
        named: Span | None = None
        for argument in arguments:
            if argument.__class__ is tree.Argument:
                named = named or argument.span
            elif named is not None:
                error = PositionalAfterNamed(span=argument.span, function=call.function, named=named)
                self._collector.add(error)
                return False
        return True

    def named_argument(self, values: Values) -> tree.Argument:
        name, _, value = values
        node = tree.Argument(span=self._span(values), name=name.text, value=value, name_span=self._token_span(name))
        return self._grown(node, (value,))

    def if_expression(self, values: Values) -> tree.If:
        _, condition, then, _, otherwise = values
        node = tree.If(
            span=self._span(values),
            condition=condition,
            then=then[1],
            otherwise=otherwise[1] if otherwise.__class__ is list else otherwise,
        )
        return self._grown(node, (condition, node.then, node.otherwise))

    def branch(self, values: Values) -> Values:
        # With its braces, which end the `if`.
        return values

    # --- values ---------------------------------------------------------------------------------------------------

    def parentheses(self, values: Values) -> tree.Expression:
        _, inner, _ = values
        depth = self._depths.get(id(inner), 1) + 1
        if depth > self._deepest:
            self._collector.exceeded("nesting", values[0].start, values[2].end)
        self._depths[id(inner)] = depth
        self._outer[id(inner)] = (values[0].start, values[2].end)
        return inner

    def list_expression(self, values: Values) -> tree.ListExpression:
        items: tuple[Any, ...] = tuple(values[1]) if values[1].__class__ is list else ()
        node = tree.ListExpression(span=self._span(values), items=items)
        if len(items) > self._limits.list_length:
            self._collector.exceeded("list_length", node.span.start, node.span.start + 1)
        return self._grown(node, items)

    def name(self, values: Values) -> tree.Expression:
        (token,) = values
        if token.text not in _FOREIGN_LITERALS:
            return tree.Name(span=self._token_span(token), name=token.text)
        self._collector.add(ForeignLiteral(span=self._token_span(token), found=token.text))
        if token.text == "None":
            return tree.Unreadable(span=self._token_span(token))
        return tree.Boolean(span=self._token_span(token), value=token.text == "True")

    def integer(self, values: Values) -> tree.Number:
        (token,) = values
        value = integer_value(token.text, self._limits.integer_bits)
        if value is None:
            self._collector.exceeded("integer_bits", token.start, token.end)
        return tree.Number(span=self._token_span(token), value=value or 0)

    def float_number(self, values: Values) -> tree.Number | tree.Unreadable:
        (token,) = values
        value = float_value(token.text)
        if math.isinf(value) or (value == 0 and not is_zero(token.text)):
            error = FloatOutOfRange(
                span=self._token_span(token), found=token.text, becomes="infinite" if value else "zero"
            )
            self._collector.add(error)
            return tree.Unreadable(span=self._token_span(token))
        return tree.Number(span=self._token_span(token), value=value)

    def string(self, values: Values) -> tree.String | tree.Unreadable:
        (token,) = values
        value = string_value(token.text)
        if isinstance(value, tuple):
            start, end = token.start + value[0], token.start + value[1]
            span = self._place(start, end)
            self._collector.add(UnknownEscape(span=span, found=span.text))
            return tree.Unreadable(span=self._token_span(token))
        if len(value) > self._limits.list_length:
            self._collector.exceeded("list_length", token.start, token.start + 1)
        return tree.String(span=self._token_span(token), value=value)

    def boolean(self, values: Values) -> tree.Boolean:
        (token,) = values
        return tree.Boolean(span=self._token_span(token), value=token.kind == "TRUE")


def _type_of(values: Values) -> tree.Type | None:
    """The annotation among the values of a rule, if there is one."""
    return next((value for value in values if value.__class__ is tree.Type), None)
