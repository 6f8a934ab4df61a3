"""What can be said of a file without elaborating it: which names mean nothing, and what stands where it cannot.

Elaboration follows the calls and the conditions, so it sees neither a block that nobody calls nor a branch that is not
taken. This walk sees every line once, and is quiet about whatever depends on values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from ..diagnostics import Diagnostic, DotnnError, Report
from ..diagnostics.names import DuplicateName, ReservedName, UnusedBinding
from ..diagnostics.values import Misplaced, MissingStatement, NotUsedHere
from ..graph.types import DTYPES
from ..layers.base import LAYERS
from ..metrics import METRICS
from ..source import Span
from ..syntax import tree
from ..weights.initializers import INITIALIZERS
from .arguments import argument_names, takes_argument, unknown_argument, unknown_layer_argument
from .calls import initializer_arguments, unknown_layer
from .dimensions import is_symbol_name
from .expressions import block_as_value, misplaced_metric, undefined_name
from .modules import FUNCTIONS, Module
from .types import element_type, is_value_type


def resolve(modules: Iterable[Module], report: Report) -> None:
    """Check the names of files, and warn of what nothing uses if there are no errors.

    Args:
        modules: the files, which have been parsed without errors. Those of the library are not looked at: there is
            nothing wrong with them, and their readers could not mend it.
        report: takes the diagnostics; at a place where it has one already, nothing is added.
    """
    findings = _Findings(report)
    for module in modules:
        if module.source.in_library:
            continue
        for item in module.file.items:
            if report.is_full:
                return
            if isinstance(item, tree.Const):
                _Const(module, findings).check(item)
            elif isinstance(item, tree.Block):
                _Block(module, findings).check(item)
            elif isinstance(item, tree.Model):
                _Model(module, findings).check(item)
    if not report.has_errors:
        report.extend(findings.unused)


class _Findings:
    """Where findings go: each place is reported once."""

    def __init__(self, report: Report) -> None:
        self.unused: list[UnusedBinding] = []
        self._report = report
        spans = (one.span for one in report.diagnostics)
        self._places = {_place(span) for span in spans if span is not None}

    def add(self, span: Span, make: Callable[[], Diagnostic]) -> None:
        """Report a diagnostic; near names take a while to find, so that it is made only if it is wanted."""
        if _place(span) in self._places or self._report.is_full:
            return
        self._places.add(_place(span))
        self._report.add(make())


def _place(span: Span) -> tuple[int, int, int]:
    return id(span.source), span.start, span.end


@dataclass(eq=False, repr=False)
class _Walk:
    """A walk through one item.

    Attributes:
        names: what is bound so far, and where.
        symbols: the dimensions that the types so far have introduced.
        used: the names that something has used.
        in_expect: whether metrics mean something.
    """

    module: Module
    findings: _Findings
    names: dict[str, Span] = field(default_factory=dict)
    symbols: dict[str, Span] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    in_expect: bool = False
    in_const: bool = False
    #: Whether the dimensions of others are visible: a block sees those of the model that calls it.
    sees_symbols: bool = False

    def walk(self, node: object) -> None:
        """Look at an expression, a stage or a tuple of them."""
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            handler(self, node)

    def name(self, node: tree.Name) -> None:
        """A name that should stand for a value."""
        name = node.name
        if name in self.names:
            self.used.add(name)
            return
        definition = self.module.definitions.get(name)
        if definition is not None:
            if isinstance(definition.item, tree.Block):
                self.findings.add(node.span, lambda: block_as_value(name, node.span))
            return
        if name in METRICS:
            if not self.in_expect:
                self.findings.add(node.span, lambda: misplaced_metric(name, node.span))
            return
        known = name in DTYPES or name in INITIALIZERS or name in self.symbols or name in self.module.missing
        if not known and not (self.sees_symbols and is_symbol_name(name)):
            self.findings.add(node.span, lambda: self._undefined(node))

    def _undefined(self, node: tree.Name) -> Diagnostic:
        candidates = [*self.names, *self.module.definitions, *self.symbols]
        return undefined_name(node, candidates, in_const=self.in_const)

    def call(self, call: tree.Call) -> None:
        """A call, of whatever."""
        for one in call.positional:
            self.walk(one)
        for argument in call.named:
            self.walk(argument.value)
        name, at = call.function, call.function_span
        item = self.module.definitions[name].item if self.module.defines(name) else None
        if name in FUNCTIONS and name in LAYERS:
            # What it is applied to decides, and is not known; no more names are taken than the layer's.
            self._layer_arguments(call)
        elif isinstance(item, tree.Block) or name in FUNCTIONS or name in INITIALIZERS:
            self._arguments(call, _argument_names(name, item))
        elif name in METRICS:
            if not self.in_expect:
                self.findings.add(at, lambda: misplaced_metric(name, at))
        elif name in LAYERS and LAYERS[name].callable:
            self._layer_arguments(call)
        elif name not in self.module.missing:
            is_value = item is not None or name in self.names
            self.findings.add(at, lambda: unknown_layer(call, self.module, is_value=is_value))

    def _arguments(self, call: tree.Call, known: Sequence[str]) -> None:
        for argument in call.named:
            if argument.name not in known and call.function not in LAYERS:
                self.findings.add(argument.name_span, partial(unknown_argument, call.function, argument, known))

    def _layer_arguments(self, call: tree.Call) -> None:
        layer = LAYERS[call.function]
        for argument in call.named:
            if not takes_argument(layer, argument.name):
                self.findings.add(argument.name_span, partial(unknown_layer_argument, layer, argument))

    def stage(self, stage: tree.Stage) -> None:
        """A stage of a pipeline, with the computed parts of its label."""
        if stage.label is not None:
            self.label(stage.label)
        self.walk(stage.operation)

    def label(self, label: tree.Label) -> None:
        """The computed parts of a label or a path."""
        for component in label.components:
            for piece in component:
                self.walk(piece)

    def loop(self, loop: tree.For) -> None:
        """A loop, whose variables are bound inside of it."""
        self.walk(loop.iterable)
        bound = [target.name for target in loop.targets if target.name != "_" and self.bind(target)]
        self.walk(loop.body)
        for name in bound:
            del self.names[name]

    def bind(self, name: tree.Name) -> bool:
        """Bind a name; False, and a diagnostic, where it cannot be."""
        if name.name in METRICS:
            owner = "a metric of `expect`"
            self.findings.add(name.span, lambda: ReservedName(span=name.span, name=name.name, owner=owner))
        earlier = self.names.get(name.name) or self.symbols.get(name.name)
        if earlier is not None:
            self.findings.add(name.span, lambda: DuplicateName(span=name.span, name=name.name, earlier=earlier))
            return False
        self.names[name.name] = name.span
        return True

    def type(self, written: tree.Type, *, introduces: bool = False) -> None:
        """A type; upper-case names of one that introduces dimensions are bound by it, unless they mean something."""
        if is_value_type(written):
            return
        try:
            element_type(written)
        except DotnnError as error:
            self.findings.add(written.span, lambda fault=error.diagnostics[0]: fault)
        if introduces:
            # Whether an axis tells them is asked when the type is evaluated.
            for name in tree.names_in(written.shape or ()):
                if self._is_new_symbol(name.name):
                    self.symbols[name.name] = name.span
        self.walk(written.shape or ())

    def _is_new_symbol(self, name: str) -> bool:
        known = name in self.names or name in self.symbols or self.module.defines(name)
        return is_symbol_name(name) and not known


class _Const(_Walk):
    """A const: it sees the consts of its file."""

    def check(self, item: tree.Const) -> None:
        """Look at the whole of it."""
        self.in_const = True
        self.walk(item.value)
        if item.type is not None:
            self.type(item.type)


@dataclass(eq=False, repr=False)
class _Body(_Walk):
    """The body of a block or a model.

    Attributes:
        wanted: what is bound and should be used, and what it is.
        elsewhere: statements that cannot stand here, what they are called, and what to do instead.
    """

    wanted: list[tuple[tree.Name, str]] = field(default_factory=list)
    elsewhere: ClassVar[Mapping[type, tuple[str, str]]]
    where: ClassVar[str]

    def statements(self, body: Sequence[tree.Statement]) -> None:
        """All statements, in order; expectations last, since they are judged when everything is known."""
        for statement in body:
            if type(statement) in self.elsewhere:
                self._misplaced(statement)
            _STATEMENTS[type(statement)](self, statement)
        self.in_expect = True
        for statement in body:
            if isinstance(statement, tree.Expect):
                self.walk(statement.condition)
        for name, what in self.wanted:
            if name.name not in self.used:
                self.findings.unused.append(UnusedBinding(span=name.span, name=name.name, what=what))

    def _misplaced(self, statement: tree.Statement) -> None:
        what, hint = self.elsewhere[type(statement)]
        make = Misplaced(span=statement.span, what=what, where=self.where, hint=hint)
        self.findings.add(statement.span, lambda: make)

    def input(self, statement: tree.Input) -> None:
        """An input, whose type introduces dimensions."""
        self.type(statement.type, introduces=True)
        self._want(statement.name, "the input")

    def parameter(self, statement: tree.Parameter) -> None:
        """A parameter."""
        self.type(statement.type)
        self.walk(statement.initializer)
        self._want(statement.name, "the parameter")

    def output(self, statement: tree.Output) -> None:
        """An output, which is a binding that the caller uses."""
        self._value(statement)
        self.bind(statement.name)

    def binding(self, statement: tree.Binding) -> None:
        """A binding of one name or more."""
        self._value(statement)
        for target in statement.targets:
            if target.name != "_":
                self._want(target, "the binding")

    def freeze(self, statement: tree.Freeze) -> None:
        """The paths of a ``freeze``."""
        for path in statement.paths:
            self.label(path)

    def _want(self, name: tree.Name, what: str) -> None:
        if self.bind(name):
            self.wanted.append((name, what))

    def _value(self, statement: tree.Output | tree.Binding) -> None:
        self.walk(statement.value)
        if statement.type is not None:
            self.type(statement.type)


class _Block(_Body):
    """A block."""

    where = "in a block"
    elsewhere: ClassVar = {
        tree.Input: ("`input`", "inputs stand in models; a block takes arguments: `block f(x) { … }`"),
        tree.Output: ("`output`", "outputs stand in models; a block ends with `return`"),
        tree.Freeze: ("`freeze`", "write `freeze` in the model, with the whole path"),
    }

    def check(self, block: tree.Block) -> None:
        """Look at the whole of it."""
        self.sees_symbols = True
        for formal in block.formals:
            if formal.default is not None:
                self.walk(formal.default)
            self.bind(formal.name)
        for formal in block.formals:
            # Sizes in the types of arguments may be any of the arguments.
            if formal.type is not None:
                self.type(formal.type, introduces=True)
        length = self._length(block)
        self.statements(block.body[:length])
        if length < len(block.body):
            after = block.body[length].span
            self.findings.add(after, lambda: NotUsedHere(span=after))

    def _length(self, block: tree.Block) -> int:
        """How many statements are reached."""
        for index, statement in enumerate(block.body):
            if isinstance(statement, tree.Return):
                return index + 1
        name = block.name
        hint = "end the body with `return`, as in `return x -> relu`"
        missing = MissingStatement(span=name.span, owner=f"the block `{name.name}`", what="`return`", hint=hint)
        self.findings.add(name.span, lambda: missing)
        return len(block.body)


class _Model(_Body):
    """A model."""

    where = "in a model"
    elsewhere: ClassVar = {tree.Return: ("`return`", "blocks return; a model names its results: `output y = …`")}

    def check(self, model: tree.Model) -> None:
        """Look at the whole of it."""
        for formal in model.formals:
            if formal.default is not None:
                self.walk(formal.default)
            self.bind(formal.name)
        self.statements(model.body)
        if not any(isinstance(one, tree.Output) for one in model.body):
            name = model.name
            hint = "name what the model computes, as in `output y = x -> dense(10)`"
            missing = MissingStatement(span=name.span, owner=f"the model `{name.name}`", what="`output`", hint=hint)
            self.findings.add(name.span, lambda: missing)


def _argument_names(function: str, item: tree.Block | tree.Const | None) -> tuple[str, ...]:
    """The names of the arguments of a block, a function or an initializer."""
    if isinstance(item, tree.Block):
        return argument_names(item.formals)
    return () if function in FUNCTIONS else initializer_arguments(INITIALIZERS[function])


_STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    tree.Input: _Body.input,
    tree.Parameter: _Body.parameter,
    tree.Output: _Body.output,
    tree.Binding: _Body.binding,
    tree.Return: lambda body, statement: body.walk(statement.values),
    tree.Expect: lambda body, statement: None,
    tree.Freeze: _Body.freeze,
}

_Handler = Callable[[_Walk, Any], None]


def _parts(*fields: str) -> _Handler:
    def look(walk: _Walk, node: Any) -> None:
        for name in fields:
            walk.walk(getattr(node, name))

    return look


def _items(walk: _Walk, items: tuple[object, ...]) -> None:
    for item in items:
        walk.walk(item)


_HANDLERS: dict[type, _Handler] = {
    tuple: _items,
    tree.Name: _Walk.name,
    tree.ListExpression: _parts("items"),
    tree.Attribute: _parts("base"),
    tree.Index: _parts("base", "items"),
    tree.Slice: _parts("low", "high"),
    tree.Unary: _parts("operand"),
    tree.Binary: _parts("left", "right"),
    tree.Call: _Walk.call,
    tree.If: _parts("condition", "then", "otherwise"),
    tree.Pipeline: _parts("head", "stages"),
    tree.Stage: _Walk.stage,
    tree.Group: _parts("stages"),
    tree.Repeat: _parts("count", "body"),
    tree.For: _Walk.loop,
    tree.Reuse: lambda walk, node: walk.label(node.path),
}
