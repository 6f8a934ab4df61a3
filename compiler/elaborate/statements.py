"""Statements: the bodies of blocks and models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeGuard

from ..diagnostics import DotnnError
from ..diagnostics.call_arguments import ParameterShapeUndecided
from ..diagnostics.names import Obstacle
from ..diagnostics.values import NoFirstValue, NotLearned, OutputNotATensor, PartsNotTaken, TooManyNames
from ..diagnostics.written_tensors import ParameterOfOtherShape
from ..dims import Dim, DimExpr, format_dim
from ..graph.graph import WrittenCall
from ..graph.operations import Input
from ..graph.tensors import Fan, Literal
from ..graph.types import format_shape
from ..initializers import Constant, Initializer
from ..layers.base import WeightSpec
from ..measure.metric_names import METRICS
from ..names.written_types import is_value_type
from ..syntax import tree
from ..values.compile_values import (
    UNKNOWN,
    CompileValue,
    KnownValue,
    Results,
    Several,
    TensorConstant,
    TensorRef,
    Unknown,
    describe,
    first,
    is_number,
)
from ..values.tensor_literals import literal
from .declared_types import hold_against, input_type, tensor_type
from .layer_nodes import as_tensor, check_initializers, check_sizes, share_weights
from .scope import GivenName
from .state import Bound, Draft, Expectation, Frame, evaluate, evaluate_all, label_text


def run_block(block: tree.Block, frame: Frame) -> Results:
    """Run the body of a block whose arguments are bound; returns what it returns."""
    for statement in block.body:
        frame.budget.step(1, statement.span)
        if isinstance(statement, tree.Return):
            return _return(statement, block, frame)
        if frame.module.source.in_library and isinstance(statement, tree.Expect):
            from .conditions import is_demand, is_met

            if is_demand(statement, frame) and not is_met(statement, frame):
                return UNKNOWN
        _attempt(_IN_BLOCKS, statement, frame)
    return UNKNOWN


def _return(statement: tree.Return, block: tree.Block, frame: Frame) -> Results:
    if len(statement.values) == 1:
        return evaluate_all(statement.values[0], frame)
    values = tuple(evaluate(value, frame) for value in statement.values)
    return Several(values, block.name.name)


def run_model(model: tree.Model, frame: Frame) -> None:
    """Run the body of a model whose arguments are bound."""
    for statement in model.body:
        frame.budget.step(1, statement.span)
        _attempt(_IN_MODELS, statement, frame)


Handlers = dict[type, Callable[[Any, Frame], None]]


def _attempt(handlers: Handlers, statement: tree.Statement, frame: Frame) -> None:
    """Run a statement; one that cannot stand here, which ``resolve`` reports, only binds its name."""
    try:
        handler = handlers.get(type(statement))
        if handler is not None:
            handler(statement, frame)
        elif isinstance(statement, tree.Input | tree.Output):
            bind_name(statement.name, UNKNOWN, frame)
    except DotnnError as error:
        frame.fail_all(error)


def bind_name(name: tree.Name, value: CompileValue, frame: Frame) -> None:
    """Bind a name; where it is taken, which ``resolve`` reports, what it means is unknown from now on."""
    earlier = frame.find(name.name)
    if earlier is not None:
        earlier.value = UNKNOWN
    taken = earlier is not None or name.name in METRICS or (not frame.calls and name.name in frame.state.symbols)
    frame.bindings[name.name] = Bound(UNKNOWN if taken else value, name.span)


def _input(statement: tree.Input, frame: Frame) -> None:
    name = statement.name
    value: CompileValue = UNKNOWN
    try:
        kind = input_type(statement.type, frame)
        check_sizes((kind,), (), name.name, statement.type.span)
        doc = frame.module.doc(statement)
        call = WrittenCall(statement.span, label=name.span)
        draft = Draft(Input(), (), (kind,), None, name.name, call, frame.call_spans, doc=doc)
        (value,) = frame.state.draft(draft)
    finally:
        bind_name(name, value, frame)


def _parameter(statement: tree.Parameter, frame: Frame) -> None:
    value: CompileValue = UNKNOWN
    try:
        value = _parameter_value(statement, frame)
    finally:
        bind_name(statement.name, value, frame)


def _parameter_value(statement: tree.Parameter, frame: Frame) -> CompileValue:
    name = statement.name
    entry = frame.scope.add("parameter", GivenName(name.name, name.span), name.span)
    entry.applied = Obstacle.PARAMETER
    kind = tensor_type(statement.type, frame)
    if not kind.dtype.is_float:
        raise DotnnError(NotLearned(span=statement.type.span, dtype=kind.dtype, shape=format_shape(kind.shape)))
    shape = tuple(_known(dim, statement) for dim in kind.shape)
    initializer = evaluate(statement.initializer, frame)
    if isinstance(initializer, Unknown):
        return UNKNOWN
    if is_number(initializer):
        initializer = Constant(initializer)
    elif isinstance(initializer, tuple | TensorConstant):
        frame.budget.walk(initializer, statement.initializer.span)
        numbers = literal(initializer, kind.dtype, statement.initializer.span)
        initializer = _fitting(numbers, shape, statement)
    elif not isinstance(initializer, Initializer):
        raise DotnnError(NoFirstValue(span=statement.initializer.span, found=describe(initializer)))
    spec = WeightSpec("", shape, initializer, Fan.of(shape))
    check_sizes((kind,), (spec,), "parameter", statement.span)
    check_initializers((spec,), kind.dtype, statement.initializer.span)
    share_weights(entry, (spec,), kind.dtype, statement.span)
    doc = frame.module.doc(statement)
    call = WrittenCall(statement.span, label=name.span)
    draft = Draft(None, (), (kind,), entry, "", call, frame.call_spans, (spec,), doc)
    return frame.state.draft(draft)[0]


def _fitting(numbers: Literal, shape: tuple[int, ...], statement: tree.Parameter) -> Literal:
    if numbers.shape == shape:
        return numbers
    wanted, found = format_shape(shape), format_shape(numbers.shape)
    raise DotnnError(ParameterOfOtherShape(span=statement.initializer.span, shape=wanted, found=found))


def _known(dim: Dim, statement: tree.Parameter) -> int:
    if isinstance(dim, DimExpr):
        name, dim_text = statement.name.name, format_dim(dim)
        raise DotnnError(ParameterShapeUndecided(span=statement.type.span, kind=name, dim=dim_text))
    return dim


def _output(statement: tree.Output, frame: Frame) -> None:
    name = statement.name
    value = evaluate(statement.value, frame)
    try:
        value = hold_against(name.name, value, statement.type, frame, statement.value)
        if not isinstance(value, Unknown):
            value = _output_tensor(value, statement, frame)
            frame.state.outputs[name.name] = (value, statement.span, frame.module.doc(statement))
    except DotnnError:
        value = UNKNOWN
        raise
    finally:
        bind_name(name, value, frame)


def _output_tensor(value: KnownValue, statement: tree.Output, frame: Frame) -> TensorRef:
    name = statement.name.name
    if statement.type is not None and is_value_type(statement.type):
        raise DotnnError(OutputNotATensor(span=statement.type.span, name=name, found=statement.type.name))
    return as_tensor(value, statement.value.span, frame, partial(OutputNotATensor, name=name))


def _binding(statement: tree.Binding, frame: Frame) -> None:
    since = len(frame.state.drafts)
    value = evaluate_all(statement.value, frame)
    frame.state.document(value, since, frame.module.doc(statement))
    if len(statement.targets) == 1 and not _must_take_all(value):
        values: Sequence[CompileValue] = (first(value),)
    else:
        values = _take_apart(statement, value, frame)
    for target, one in zip(statement.targets, values, strict=False):
        if target.name == "_":
            continue
        try:
            held = hold_against(target.name, one, statement.type, frame, statement.value)
        except DotnnError as error:
            frame.fail_all(error)
            held = UNKNOWN
        bind_name(target, held, frame)


def _must_take_all(value: Results) -> TypeGuard[Several]:
    return isinstance(value, Several) and value.take_all


def _take_apart(statement: tree.Binding, value: Results, frame: Frame) -> Sequence[CompileValue]:
    names = len(statement.targets)
    if isinstance(value, Unknown):
        return (UNKNOWN,) * names
    values = value.values if isinstance(value, Several) else (value,)
    source = f"`{value.source}`" if isinstance(value, Several) else describe(value)
    if names > len(values):
        frame.fail(TooManyNames(span=statement.value.span, names=names, count=len(values), source=source))
        return (UNKNOWN,) * names
    if _must_take_all(value) and names < len(values):
        last = statement.targets[-1].span
        frame.fail(
            PartsNotTaken(span=statement.value.span, source=value.source, count=len(values), names=names, last=last)
        )
    return values


def _expect(statement: tree.Expect, frame: Frame) -> None:
    frame.state.expectations.append(Expectation(statement.condition, statement.span, frame))


def _broken(statement: tree.Broken, frame: Frame) -> None:
    # It may have had a label.
    frame.scope.obscured = True
    for target in statement.targets:
        if target.name != "_":
            bind_name(target, UNKNOWN, frame)


def _freeze(statement: tree.Freeze, frame: Frame) -> None:
    for path in statement.paths:
        frame.state.freezes.append((label_text(path, frame), path.span))


_SHARED: Handlers = {tree.Parameter: _parameter, tree.Binding: _binding, tree.Expect: _expect, tree.Broken: _broken}
_IN_BLOCKS: Handlers = _SHARED
_IN_MODELS: Handlers = {**_SHARED, tree.Input: _input, tree.Output: _output, tree.Freeze: _freeze}
