"""What every name of a file means, and what can be said of a file without elaborating it.

This walk sees every line once, also a block that nobody calls and a branch that is not taken, and is quiet about
whatever depends on values. Elaboration reads what it found: where a name means nothing, it has been reported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ..deep_calls import on_new_stack
from ..diagnostics import Diagnostic, DotnnError, Report
from ..diagnostics.names import DefinedBelow, DuplicateName, ReservedName, WordWithoutQuotes
from ..diagnostics.placement import (
    BlockAsValue,
    BlockWithoutReturn,
    FreezeInBlock,
    InputInBlock,
    MetricMisplaced,
    Misplaced,
    ModelWithoutOutput,
    OutputInBlock,
    ReturnInModel,
)
from ..graph.types import DTYPES
from ..initializers import INITIALIZERS
from ..layers.base import LAYERS
from ..measure.metric_names import METRICS
from ..source import Span
from ..syntax import tree
from .findings import Findings
from .item_definitions import Items
from .meanings import Definition, Kind, NameScope, of_language
from .name_errors import (
    argument_names,
    initializer_arguments,
    is_symbol_name,
    looks_foreign,
    name_with_dot,
    takes_argument,
    takes_word,
    undefined_name,
    unknown_argument,
    unknown_layer,
    unknown_layer_argument,
)
from .project import FUNCTIONS, Module
from .written_types import element_type, is_value_type

if TYPE_CHECKING:
    from .foreign_errors import Verdict


def resolve(modules: Sequence[Module], report: Report) -> None:
    """Find what every name of some files means: each file's ``names`` say it from now on.

    Args:
        modules: the files, which have been parsed without errors.
        report: takes the diagnostics; at a place where it has one already, nothing is added. Of files of the library
            nothing is said: there is nothing wrong with them, and their readers could not mend it.
    """
    findings, unheard = Findings(report), Findings(Report())
    items = Items(modules)
    for module in modules:
        for item in module.file.items:
            _resolve_item(item, module, items, unheard if module.source.in_library else findings)


def resolve_value(expression: tree.Expression, module: Module, report: Report) -> None:
    """Find what the names of an expression mean that stands for itself, in a file that is empty otherwise.

    Dimensions are those of whoever evaluates it.
    """
    _Walk(module, Findings(report), Items(()), sees_symbols=True).walk(expression)


def _resolve_item(item: tree.Item, module: Module, items: Items, findings: Findings) -> None:
    names = module.names
    if isinstance(item, tree.Import):
        for name in item.names:
            names.use(name.name, name.span, items.visible(module, name.name))
        return
    if isinstance(item, tree.Broken):
        return
    names.define(items.of(item))
    before = len(names.definitions)
    _WALKS[type(item)](module, findings, items, owner=item.name.name).check(item)
    names.scopes.append(NameScope(item.span, tuple(names.definitions[before:])))


#: Nodes inside of each other that one of Python's stacks takes.
_DEPTH_PER_STACK = 60


@dataclass(eq=False, repr=False)
class _Walk:
    """A walk through one item.

    Attributes:
        names: what is bound so far, and where.
        symbols: the dimensions that the types so far have introduced.
        uncertain: those that a statement with a mistake seems to bind.
        below: where the statements of the body bind names, also those that come later.
        targets: by identity, the calls that are all of what is bound, and the names to which they are.
        objects: the names that are bound to layers without tensors.
        in_expect: whether metrics mean something.
        in_input: whether it is the type of an input, which introduces dimensions.
        in_broken: whether it is what was read around a mistake.
        lacks_arguments: whether the head has a mistake, so that there may be more arguments than were read.
    """

    module: Module
    findings: Findings
    items: Items
    names: dict[str, Definition] = field(default_factory=dict)
    symbols: dict[str, Definition] = field(default_factory=dict)
    labels: dict[str, Definition] = field(default_factory=dict)
    owner: str = ""
    uncertain: set[str] = field(default_factory=set)
    below: dict[str, Span] = field(default_factory=dict)
    targets: dict[int, tuple[str, ...]] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)
    in_expect: bool = False
    in_const: bool = False
    in_input: bool = False
    #: How deep in the tree the walk is.
    depth: int = 0
    in_broken: bool = False
    lacks_arguments: bool = False
    #: Whether the dimensions of others are visible: a block sees those of the model that calls it.
    sees_symbols: bool = False

    def walk(self, node: object) -> None:
        """Look at an expression, a stage or a tuple of them."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            return
        self.depth += 1
        if self.depth % _DEPTH_PER_STACK:
            handler(self, node)
        else:
            on_new_stack(handler, self, node)
        self.depth -= 1

    def name(self, node: tree.Name) -> None:
        """A name that should stand for a value."""
        found = self._meaning(node)
        if found is None or found.span is not node.span:
            self.use(node.name, node.span, found)

    def use(self, name: str, span: Span, definition: Definition | None) -> None:
        """Note that a name is used."""
        self.module.names.use(name, span, definition)

    def _meaning(self, node: tree.Name) -> Definition | None:
        """What a name leads to; None, and a diagnostic unless values decide it, where that is nothing."""
        name = node.name
        if name in self.names:
            return self.names[name]
        item = self.module.items.get(name)
        if item is not None:
            if isinstance(item.item, tree.Block):
                self.findings.add(node.span, lambda: BlockAsValue(span=node.span, name=name))
            return self.items.visible(self.module, name)
        if name in METRICS:
            if not self.in_expect:
                self.findings.add(node.span, lambda: MetricMisplaced(span=node.span, name=name))
            return of_language(name, Kind.METRIC)
        if name in DTYPES or name in INITIALIZERS:
            return of_language(name, Kind.ELEMENT_TYPE if name in DTYPES else Kind.INITIALIZER)
        if name in self.symbols:
            return self.symbols[name]
        if self.module.may_define(name) or self.lacks_arguments:
            return None
        if self.sees_symbols and is_symbol_name(name):
            return of_language(name, Kind.DIMENSION)
        self.findings.add(node.span, lambda: self._undefined(node))
        return None

    def _undefined(self, node: tree.Name) -> Diagnostic:
        place = self.below.get(node.name)
        if place is not None and place.start > node.span.start:
            return DefinedBelow(span=node.span, name=node.name, place=place)
        candidates = [*self.names, *self.module.items, *self.symbols]
        return undefined_name(node, candidates, in_const=self.in_const, in_input=self.in_input)

    def call(self, call: tree.Call, *, is_stage: bool = False) -> None:
        """A call, of whatever; a stage is applied to a tensor."""
        if not self._is_foreign(call, is_stage=is_stage):
            self._plain_call(call, is_stage=is_stage)

    def _is_foreign(self, call: tree.Call, *, is_stage: bool) -> bool:
        """Whether a call is written as in another framework, and what is wrong has been said."""
        if self.in_broken:
            return False
        verdict = self._foreign(call, is_stage=is_stage)
        if verdict is None:
            return False
        self.use(call.function, call.function_span, None)
        callee = call.function if call.callee is None else call.callee.span.text
        if callee not in self.objects:
            self.findings.add(verdict.span, verdict.make, verdict.covers)
        self.walk(tuple(verdict.parts))
        if verdict.is_object:
            self.objects.update(self.targets.get(id(call), ()))
        return True

    def _foreign(self, call: tree.Call, *, is_stage: bool) -> Verdict | None:
        name, (target, *_) = call.function, (*self.targets.get(id(call), ()), "")
        layer = LAYERS.get(name)
        is_layer = layer is not None and layer.callable and name not in FUNCTIONS
        is_plain = call.callee is None and "." not in name
        if is_plain and (name in self.module.items or name in self.names or name in METRICS):
            return None
        if is_plain and not is_layer and (name in FUNCTIONS or name in INITIALIZERS or self.module.may_define(name)):
            return None
        if is_plain and is_layer and not looks_foreign(LAYERS[name], call, is_stage=is_stage):
            return None
        # What other frameworks write is known to few files.
        from .foreign_errors import of_expression, of_layer, of_unknown

        if not is_plain:
            return of_expression(call, {*self.names, *self.module.items, *self.symbols}, target)
        if layer is not None and is_layer:
            return of_layer(layer, call, is_stage=is_stage, name=target)
        return of_unknown(call, is_stage=is_stage, name=target)

    def _plain_call(self, call: tree.Call, *, is_stage: bool) -> None:
        self._words_without_quotes(call)
        self.walk((*call.positional, *(one.value for one in call.named)))
        if call.callee is not None or "." in call.function:
            return
        name, at = call.function, call.function_span
        found = self.module.items.get(name)
        item = None if found is None else found.item
        if name in FUNCTIONS and name in LAYERS:
            # What it is applied to decides, and is not known; no more names are taken than the layer's.
            self.use(name, at, of_language(name, Kind.FUNCTION))
            self._layer_arguments(call)
        elif isinstance(item, tree.Block):
            self.use(name, at, self.items.visible(self.module, name))
            self._arguments(call, argument_names(item.formals), item)
        elif name in FUNCTIONS or (name in INITIALIZERS and not is_stage):
            self.use(name, at, of_language(name, Kind.FUNCTION if name in FUNCTIONS else Kind.INITIALIZER))
            self._arguments(call, () if name in FUNCTIONS else initializer_arguments(INITIALIZERS[name]), None)
        elif name in METRICS:
            self.use(name, at, of_language(name, Kind.METRIC))
            if not self.in_expect:
                self.findings.add(at, lambda: MetricMisplaced(span=at, name=name))
        elif (layer := LAYERS.get(name)) is not None and layer.callable:
            self.use(name, at, of_language(name, Kind.LAYER))
            self._layer_arguments(call)
        else:
            self._unknown_call(call, is_value=item is not None or name in self.names)

    def _words_without_quotes(self, call: tree.Call) -> None:
        layer = LAYERS.get(call.function)
        for argument in call.named if layer is not None else ():
            word = argument.value
            if not isinstance(word, tree.Name) or word.name in {*self.names, *self.module.items}:
                continue
            if layer is not None and takes_word(layer, argument.name, word.name):
                self.findings.add(word.span, partial(WordWithoutQuotes, span=word.span, name=word.name))

    def _unknown_call(self, call: tree.Call, *, is_value: bool) -> None:
        name, at = call.function, call.function_span
        if name in self.objects:
            return
        # With arguments, a layer is meant.
        is_label = name in self.labels and not (call.positional or call.named)
        self.use(name, at, self.names.get(name) or self.items.visible(self.module, name))
        for argument in call.named:
            self.use(argument.name, argument.name_span, None)
        if not self.module.may_define(name):
            self.findings.add(at, lambda: unknown_layer(call, self.module, is_value=is_value, is_label=is_label))

    def _arguments(self, call: tree.Call, known: Sequence[str], block: tree.Block | None) -> None:
        is_known = block is None or block.broken is None
        for argument in call.named:
            if argument.name not in known and call.function not in LAYERS and is_known:
                self.findings.add(argument.name_span, partial(unknown_argument, call.function, argument, known))
            made = None if block is None else self.items.formal(block, argument.name)
            if block is None and argument.name in known:
                made = of_language(argument.name, Kind.ARGUMENT, call.function)
            self.use(argument.name, argument.name_span, made)

    def _layer_arguments(self, call: tree.Call) -> None:
        layer = LAYERS[call.function]
        for argument in call.named:
            is_known = takes_argument(layer, argument.name)
            if not is_known:
                self.findings.add(argument.name_span, partial(unknown_layer_argument, layer, argument))
            made = of_language(argument.name, Kind.ARGUMENT, layer.kind) if is_known else None
            self.use(argument.name, argument.name_span, made)

    def _is_layer(self, name: str) -> bool:
        """Whether a name means a layer and nothing else."""
        return name in LAYERS and name not in FUNCTIONS and name not in self.names and name not in self.module.items

    def unreadable(self, node: tree.Broken | tree.Unreadable) -> None:
        """What was read around a mistake, where a stage is not told from a value."""
        outer = self.in_broken, self.in_expect
        self.in_broken, self.in_expect = True, self.in_expect or node.span.text.startswith("expect")
        self.walk(node.parts)
        self.in_broken, self.in_expect = outer

    def attribute(self, attribute: tree.Attribute) -> None:
        """An attribute of a tensor, which only its value may have."""
        written = attribute.span.text
        if written in self.names or written in self.objects:
            return
        if isinstance(attribute.base, tree.Name) and attribute.base.name == "self" and "self" not in self.names:
            self.findings.add(attribute.span, partial(name_with_dot, attribute.span))
        else:
            self.walk(attribute.base)
        self.use(attribute.name, attribute.name_span, of_language(attribute.name, Kind.ATTRIBUTE))

    def stage(self, stage: tree.Stage) -> None:
        """A stage of a pipeline, with its label."""
        made = None
        if stage.label is not None:
            self.walk_label(stage.label)
            made = Definition(stage.label.span.text, Kind.LABEL, stage.label.span, self.owner)
            self.module.names.define(made)
        if isinstance(stage.operation, tree.Call):
            self.call(stage.operation, is_stage=True)
        else:
            self.walk(stage.operation)
        if made is not None:
            self.labels.setdefault(made.name, made)

    def path(self, path: tree.Label) -> None:
        """The path of a ``reuse`` or a ``freeze``; what is labelled in blocks, or is computed, is known with values."""
        self.walk_label(path)
        self.use(path.span.text, path.span, self.labels.get(path.span.text))

    def walk_label(self, label: tree.Label) -> None:
        """The computed parts of a label or a path."""
        for component in label.components:
            for piece in component:
                self.walk(piece)

    def loop(self, loop: tree.For) -> None:
        """A loop, whose variables are bound inside of it."""
        self.walk(loop.iterable)
        targets = [target for target in loop.targets if target.name != "_"]
        bound = [target.name for target in targets if self.bind(target, Kind.VARIABLE)]
        self.module.names.scopes.append(NameScope(loop.span, tuple(self.names[name] for name in bound)))
        self.walk(loop.body)
        for name in bound:
            del self.names[name]

    def bind(self, name: tree.Name, kind: Kind, made: Definition | None = None) -> bool:
        """Bind a name; False, and a diagnostic, where it cannot be."""
        made = made or Definition(name.name, kind, name.span, self.owner)
        self.module.names.define(made)
        if name.name in METRICS:
            self.findings.add(name.span, lambda: ReservedName(span=name.span, name=name.name, kind=Kind.METRIC))
        earlier = self.names.get(name.name) or self.symbols.get(name.name)
        if earlier is not None and earlier.span is not None and name.name not in self.uncertain:
            fault = DuplicateName(span=name.span, name=name.name, earlier=earlier.span)
            self.findings.add(name.span, lambda: fault)
            return False
        self.names[name.name] = made
        return True

    def type(self, written: tree.Type, *, introduces: bool = False) -> None:
        """A type; upper-case names of one that introduces dimensions are bound by it, unless they mean something."""
        at = written.span.source.span(written.span.start, written.span.start + len(written.name))
        if is_value_type(written):
            self.use(written.name, at, of_language(written.name, Kind.VALUE_TYPE))
            return
        self.use(written.name, at, of_language(written.name, Kind.ELEMENT_TYPE) if written.name in DTYPES else None)
        try:
            element_type(written)
        except DotnnError as error:
            self.findings.add(written.span, lambda fault=error.diagnostics[0]: fault)
        if introduces:
            self.introduce(written)
        self.in_input = introduces
        self.walk(written.shape or ())
        self.in_input = False

    def introduce(self, written: tree.Type, others: Collection[str] = ()) -> None:
        """Take the dimensions that a type introduces; whether an axis tells them is asked when it is evaluated.

        Args:
            written: the type.
            others: names that mean something else, though they are not bound yet.
        """
        for name in tree.names_in(written.shape or ()):
            if name.name not in others and self._is_new_symbol(name.name):
                self.symbols[name.name] = Definition(name.name, Kind.DIMENSION, name.span, self.owner)
                self.module.names.define(self.symbols[name.name])

    def _is_new_symbol(self, name: str) -> bool:
        known = name in self.names or name in self.symbols or name in self.module.items
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
        elsewhere: statements that cannot stand here, and the diagnostic that says so.
    """

    elsewhere: ClassVar[Mapping[type, type[Misplaced]]]

    def statements(self, body: Sequence[tree.Statement]) -> None:
        """All statements, in order; expectations last, since they are judged when everything is known."""
        self.below = {name.name: name.span for statement in reversed(body) for name in _bound_by(statement)}
        for statement in body:
            misplaced = self.elsewhere.get(type(statement))
            if misplaced is not None:
                self.findings.add(statement.span, partial(misplaced, span=statement.span))
            _STATEMENTS[type(statement)](self, statement)
        self.in_expect = True
        for statement in body:
            if isinstance(statement, tree.Expect):
                self.walk(statement.condition)

    def input(self, statement: tree.Input) -> None:
        """An input, whose type introduces dimensions."""
        self.type(statement.type, introduces=True)
        self.bind(statement.name, Kind.INPUT)

    def parameter(self, statement: tree.Parameter) -> None:
        """A parameter."""
        self.type(statement.type)
        self.walk(statement.initializer)
        self.bind(statement.name, Kind.PARAMETER)

    def output(self, statement: tree.Output) -> None:
        """An output, which is a binding that the caller uses."""
        self._value(statement)
        self.bind(statement.name, Kind.OUTPUT)

    def binding(self, statement: tree.Binding) -> None:
        """A binding of one name or more."""
        names = self.targets[id(statement.value)] = tuple(target.name for target in statement.targets)
        self._value(statement)
        if isinstance(statement.value, tree.Name) and self._is_layer(statement.value.name):
            self.objects.update(names)
        for target in statement.targets:
            if target.name != "_":
                self.bind(target, Kind.BINDING)
            if "." in target.name and target.name not in self.objects:
                self.findings.add(target.span, partial(name_with_dot, target.span, is_binding=True))

    def broken(self, statement: tree.Broken) -> None:
        """What was read of a statement with a mistake in it."""
        self.unreadable(statement)
        for target in statement.targets:
            if target.name != "_" and target.name not in self.names:
                self.uncertain.add(target.name)
                self.bind(target, Kind.BINDING)

    def freeze(self, statement: tree.Freeze) -> None:
        """The paths of a ``freeze``."""
        for path in statement.paths:
            self.path(path)

    def _value(self, statement: tree.Output | tree.Binding) -> None:
        self.walk(statement.value)
        if statement.type is not None:
            self.type(statement.type)


class _Block(_Body):
    """A block."""

    elsewhere: ClassVar = {tree.Input: InputInBlock, tree.Output: OutputInBlock, tree.Freeze: FreezeInBlock}

    def check(self, block: tree.Block) -> None:
        """Look at the whole of it."""
        self.sees_symbols, self.lacks_arguments = True, block.broken is not None
        # Sizes in the types of arguments may be any of the arguments, and defaults may be any of those sizes.
        arguments = argument_names(block.formals)
        for formal in block.formals:
            if formal.type is not None:
                self.introduce(formal.type, arguments)
        for formal in block.formals:
            if formal.default is not None:
                self.walk(formal.default)
            self.bind(formal.name, Kind.ARGUMENT, self.items.formal(block, formal.name.name))
        for formal in block.formals:
            if formal.type is not None:
                self.type(formal.type)
        self.statements(block.reached)
        # An output in a block is a mistake of its own, and mostly this one.
        if not _is_broken(block) and not any(isinstance(one, tree.Return | tree.Output) for one in block.body):
            name = block.name
            self.findings.add(name.span, lambda: BlockWithoutReturn(span=name.span, name=name.name))


class _Model(_Body):
    """A model."""

    elsewhere: ClassVar = {tree.Return: ReturnInModel}

    def check(self, model: tree.Model) -> None:
        """Look at the whole of it."""
        self.lacks_arguments = model.broken is not None
        for formal in model.formals:
            if formal.default is not None:
                self.walk(formal.default)
            self.bind(formal.name, Kind.ARGUMENT, self.items.formal(model, formal.name.name))
            if formal.type is not None and is_value_type(formal.type):
                self.type(formal.type)
        self.statements(model.body)
        if not _is_broken(model) and not any(isinstance(one, tree.Output | tree.Return) for one in model.body):
            name = model.name
            self.findings.add(name.span, lambda: ModelWithoutOutput(span=name.span, name=name.name))


def _bound_by(statement: tree.Statement) -> tuple[tree.Name, ...]:
    """The names that a statement binds."""
    if isinstance(statement, tree.Binding | tree.Broken):
        return statement.targets
    return (statement.name,) if isinstance(statement, tree.Input | tree.Parameter | tree.Output) else ()


def _is_broken(item: tree.Block | tree.Model) -> bool:
    """Whether some of its statements could not be read."""
    return any(isinstance(one, tree.Broken) for one in item.body)


_WALKS: dict[type, Any] = {tree.Const: _Const, tree.Block: _Block, tree.Model: _Model}

_STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    tree.Input: _Body.input,
    tree.Parameter: _Body.parameter,
    tree.Output: _Body.output,
    tree.Binding: _Body.binding,
    tree.Return: lambda body, statement: body.walk(statement.values),
    tree.Expect: lambda body, statement: None,
    tree.Freeze: _Body.freeze,
    tree.Broken: _Body.broken,
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
    tree.Attribute: _Walk.attribute,
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
    tree.Reuse: lambda walk, node: walk.path(node.path),
    tree.Unreadable: _Walk.unreadable,
}
