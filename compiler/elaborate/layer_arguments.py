"""Arguments of layers: which value goes where, and whether it may."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVarTuple

from ..diagnostics import DotnnError
from ..diagnostics.call_arguments import (
    ArgumentTwice,
    MissingArgument,
    MissingAttributes,
    MissingTensor,
    MissingTensors,
    QuotientAsArgument,
    TensorByArrow,
    TooManyForLayer,
    UndecidedArgument,
    WeightNotInNumbers,
    WrongArgument,
)
from ..diagnostics.values import OperandNotATensor
from ..dims import format_dim
from ..graph.graph import WrittenArgument
from ..layers.attributes import REQUIRED, AttributeFault, Flag, UndecidedFault
from ..layers.base import Layer, Operand
from ..records import positional_record
from ..source import Span
from ..syntax import tree
from ..values.compile_values import (
    CompileValue,
    KnownValue,
    Quotient,
    TensorConstant,
    TensorRef,
    Unknown,
    describe,
    is_tensor,
    show,
)
from .layer_nodes import as_tensor
from .state import Frame, evaluate

_Given = TypeVarTuple("_Given")


@positional_record
class Piped:
    """The value before an arrow, and where it stands."""

    value: CompileValue
    span: Span


@dataclass(eq=False, repr=False)
class BoundArguments:
    """The arguments of a layer call, sorted.

    Attributes:
        failed: something was wrong or unknown, so that the layer cannot be applied.
    """

    operands: list[TensorRef | None] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    literals: dict[str, tuple[KnownValue, ...] | TensorConstant] = field(default_factory=dict)
    written: dict[str, WrittenArgument] = field(default_factory=dict)
    failed: bool = False


class ArgumentBinder:
    """Sorts the arguments of one layer call; reports every fault it finds."""

    def __init__(self, layer: type[Layer], call: tree.Call, frame: Frame) -> None:
        self.layer = layer
        self.call = call
        self.frame = frame
        self.bound = BoundArguments()
        self._operands: dict[str, list[tuple[CompileValue, WrittenArgument]]] = {}
        self._fields = {one.name: one for one in layer.attributes()}
        self._misnamed = False

    def bind(self, piped: Piped | None) -> BoundArguments:
        """Sort everything: the piped value, what is given in order, what is given by name."""
        self._in_order(piped)
        for argument in self.call.named:
            self._attempt(self._by_name, argument)
        self._attempt(self._collect_operands)
        self._attempt(self._check_required)
        return self.bound

    def _attempt(self, step: Callable[[*_Given], None], *arguments: *_Given) -> None:
        try:
            step(*arguments)
        except DotnnError as error:
            self.bound.failed = True
            self.frame.fail_all(error)

    def _in_order(self, piped: Piped | None) -> None:
        wanted = [operand for operand in self.layer.operands if not operand.optional]
        given = [(piped.value, WrittenArgument(None, piped.span))] if piped is not None else []
        named = {argument.name for argument in self.call.named}
        positional = [one for one in self._fields.values() if one.metadata["positional"]]
        places = [operand for operand in wanted if operand.name not in named or given]
        for expression in self.call.positional:
            written = WrittenArgument(None, expression.span)
            if len(given) < len(places) or (wanted and wanted[-1].variadic):
                given.append((evaluate(expression, self.frame), written))
                continue
            value = evaluate(expression, self.frame)
            if isinstance(value, Unknown) and not positional:
                # What is wrong with it has been said.
                self._misnamed = self.bound.failed = True
            elif piped is not None and expression is self.call.positional[0] and isinstance(value, TensorRef):
                self._misnamed = self.bound.failed = True
                self.frame.fail(TensorByArrow(span=expression.span, kind=self.layer.kind))
            elif positional:
                self._attempt(self._set_attribute, positional.pop(), value, written)
            else:
                self._attempt(self._too_many, expression)
        for index, item in enumerate(given):
            operand = places[min(index, len(places) - 1)] if places else None
            if operand is None:
                self._attempt(self._too_many, self.call)
                return
            self._operands.setdefault(operand.name, []).append(item)

    def _too_many(self, at: tree.Node) -> None:
        self._misnamed = True
        name = next((one.name for one in self._fields.values() if one.metadata["positional"]), "")
        others = [one.name for one in self._fields.values() if not one.metadata["positional"]]
        others += [one.name for one in self.layer.operands if one.optional]
        raise DotnnError(TooManyForLayer(span=at.span, kind=self.layer.kind, positional=name, others=tuple(others)))

    def _by_name(self, argument: tree.Argument) -> None:
        name = argument.name
        value = evaluate(argument.value, self.frame)
        written = WrittenArgument(argument.name_span, argument.value.span)
        if any(operand.name == name for operand in self.layer.operands):
            if name in self._operands:
                raise DotnnError(ArgumentTwice(span=argument.name_span, kind=self.layer.kind, name=name))
            self._operands[name] = [(value, written)]
        elif name in self._fields:
            self._set_attribute(self._fields[name], value, written)
        elif self.layer.takes_literal(name):
            self._set_literal(name, value, written)
        else:
            # It is reported: nothing has this name.
            self._misnamed = self.bound.failed = True

    def _set_literal(self, name: str, value: CompileValue, written: WrittenArgument) -> None:
        span = written.value
        if name in self.bound.literals:
            raise DotnnError(ArgumentTwice(span=span, kind=self.layer.kind, name=name))
        if isinstance(value, Unknown):
            self.bound.failed = True
            return
        if not isinstance(value, tuple | TensorConstant):
            fault = WeightNotInNumbers(span=span, kind=self.layer.kind, name=name, found=_found(value))
            raise DotnnError(fault)
        self.bound.literals[name] = value
        self.bound.written[name] = written

    def _set_attribute(self, one: dataclasses.Field[Any], value: CompileValue, written: WrittenArgument) -> None:
        name, kind, span = one.name, one.metadata["kind"], written.value
        if name in self.bound.written:
            raise DotnnError(ArgumentTwice(span=span, kind=self.layer.kind, name=name))
        self.bound.written[name] = written
        if isinstance(value, Unknown):
            self.bound.failed = True
            return
        self.frame.budget.walk(value, span)
        if isinstance(kind, Flag) and isinstance(value, tuple | TensorConstant) and self.layer.takes_literal(name):
            self._set_literal(name, value, written)
            value = True
        try:
            self.bound.attributes[name] = kind.convert(value, self.layer)
        except UndecidedFault as fault:
            raise DotnnError(
                UndecidedArgument(
                    span=span,
                    kind=self.layer.kind,
                    name=name,
                    expected=fault.expected,
                    dim=format_dim(fault.dim),
                )
            ) from None
        except AttributeFault as fault:
            kind = QuotientAsArgument if isinstance(value, Quotient) else WrongArgument
            layer, found = self.layer.kind, _found(value)
            raise DotnnError(kind(span=span, kind=layer, name=name, expected=fault.expected, found=found)) from None

    def _collect_operands(self) -> None:
        for operand in self.layer.operands:
            given = self._operands.get(operand.name, [])
            if not given and operand.optional:
                self.bound.operands.append(None)
            elif len(given) < (2 if operand.variadic else 1):
                raise DotnnError(self._missing_operand(operand))
            for value, written in given:
                self._take_operand(operand, value, written)

    def _take_operand(self, operand: Operand, value: CompileValue, written: WrittenArgument) -> None:
        self.bound.written[self.layer.operand_name(len(self.bound.operands))] = written
        if isinstance(value, Unknown):
            self.bound.failed = True
            self.bound.operands.append(None)
            return
        not_a_tensor = partial(OperandNotATensor, kind=self.layer.kind, name=operand.name)
        self.bound.operands.append(as_tensor(value, written.value, self.frame, not_a_tensor))

    def _missing_operand(self, operand: Operand) -> MissingArgument:
        span, kind = self.call.span, self.layer.kind
        if operand.variadic:
            return MissingTensors(span=span, kind=kind)
        names = tuple(one.name for one in self.layer.operands if not one.optional)
        return MissingTensor(span=span, kind=kind, name=operand.name, operands=names)

    def _check_required(self) -> None:
        if self._misnamed:
            # The missing argument may well be the misspelt or the unnamed one: one mistake, one message.
            return
        required = (one for one in self._fields.values() if one.default is one.default_factory is REQUIRED)
        missing = [one for one in required if one.name not in self.bound.written]
        if missing:
            wanted = tuple((one.name, one.metadata["kind"].expected) for one in missing)
            positional = tuple(one.name for one in missing if one.metadata["positional"])
            fault = MissingAttributes(span=self.call.span, kind=self.layer.kind, wanted=wanted, positional=positional)
            raise DotnnError(fault)


def _found(value: KnownValue) -> str:
    if is_tensor(value):
        return f"the tensor {value.type}"
    return show(value) if _short(value) else describe(value)


def _short(value: KnownValue) -> bool:
    return isinstance(value, int | float | str | tuple)
