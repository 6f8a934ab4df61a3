"""Calls: of layers, of blocks, of functions, of initializers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from ..diagnostics import DotnnError, Label
from ..diagnostics.call_arguments import (
    ArgumentTwice,
    MissingBlockArguments,
    MissingNumbers,
    TensorByArrow,
    TooManyForBlock,
    TooManyForInitializer,
    TooManyForMetric,
)
from ..diagnostics.names import Obstacle, RecursiveBlock
from ..diagnostics.placement import LabelBeforeFunction
from ..diagnostics.reductions import ArgumentOfLayer
from ..diagnostics.values import ValueForTensor
from ..graph.graph import WrittenCall
from ..initializers import INITIALIZERS, Initializer
from ..layers.base import LAYERS, Layer
from ..names.meanings import Kind
from ..names.name_errors import argument_names, initializer_arguments, takes_argument
from ..names.project import Module
from ..names.written_types import is_value_type
from ..source import Span
from ..syntax import tree
from ..values.builtin_functions import SEVERAL, call_function, of_several
from ..values.compile_values import (
    UNKNOWN,
    CompileValue,
    KnownValue,
    Results,
    TensorRef,
    Unknown,
    all_known,
    describe,
    is_tensor,
)
from .declared_types import hold_against, hold_argument, match_argument
from .layer_arguments import ArgumentBinder, Piped
from .layer_nodes import apply_layer, tensor_of
from .scope import Entry, GivenName, Scope
from .state import BODY_STEPS, AppliedBlock, AppliedLayer, Bound, Frame, evaluate, evaluates
from .statements import run_block


@evaluates(tree.Call)
def _call(call: tree.Call, frame: Frame) -> Results:
    return apply_call(call, None, None, frame)


def apply_call(call: tree.Call, piped: Piped | None, label: GivenName | None, frame: Frame) -> Results:
    """A call, as an expression or as a stage; raises ``DotnnError`` or reports and gives ``UNKNOWN``."""
    name, kind = call.function, frame.module.names.kind(call.function_span)
    if kind is Kind.LAYER:
        return _call_layer(LAYERS[name], call, piped, label, frame)
    if kind is Kind.BLOCK:
        return _call_block(*frame.module.block(name), call, piped, label, frame)
    if kind is Kind.FUNCTION:
        return _call_function(call, piped, label, frame)
    if kind is Kind.METRIC:
        return _call_metric(call, frame)
    if kind is Kind.INITIALIZER:
        return _call_initializer(call, frame)
    if label is not None:
        frame.scope.add(name, label, call.span)
    return UNKNOWN


def _refuse_label(call: tree.Call, label: GivenName | None) -> None:
    if label is not None:
        raise DotnnError(LabelBeforeFunction(span=call.span, function=call.function))


# --- layers ----------------------------------------------------------------------------------------------------------


def _call_layer(
    layer: type[Layer], call: tree.Call, piped: Piped | None, label: GivenName | None, frame: Frame
) -> Results:
    entry = frame.scope.add(layer.kind, label, call.span)
    bound = ArgumentBinder(layer, call, frame).bind(piped)
    if bound.failed:
        return UNKNOWN
    written = WrittenCall(call.span, call.function_span, entry.label_span, bound.written)
    applied = AppliedLayer(layer(**bound.attributes), tuple(bound.operands), written, bound.literals)
    results = apply_layer(applied, entry, frame)
    entry.applied = applied if sum(one is not None for one in bound.operands) == 1 else Obstacle.SEVERAL_TENSORS
    return results


# --- blocks ----------------------------------------------------------------------------------------------------------


def _call_block(
    block: tree.Block,
    module: Module,
    call: tree.Call,
    piped: Piped | None,
    label: GivenName | None,
    frame: Frame,
) -> Results:
    name = block.name.name
    if id(block) in frame.state.active:
        raise DotnnError(RecursiveBlock(span=call.function_span, name=name))
    entry = frame.scope.add(name, label, call.span)
    if block.broken is not None:
        return UNKNOWN
    applied = AppliedBlock(block, module, _block_arguments(block, call, piped, frame))
    result = _apply_block(applied, entry, frame)
    tensors = sum(is_tensor(value) for value, _ in applied.given.values())
    if tensors == 1:
        entry.applied = applied
    else:
        entry.applied = Obstacle.SEVERAL_TENSORS if tensors else Obstacle.NO_TENSOR
    return result


def reapply_block(applied: AppliedBlock, piped: Piped, entry: Entry, frame: Frame) -> Results:
    """Run a block that was given one tensor with another one."""
    fed = next(name for name, (value, _) in applied.given.items() if is_tensor(value))
    given = {**applied.given, fed: (piped.value, piped.span)}
    return _apply_block(dataclasses.replace(applied, given=given), entry, frame)


def _apply_block(applied: AppliedBlock, entry: Entry, frame: Frame) -> Results:
    block, active, budget = applied.block, frame.state.active, frame.budget
    budget.step(BODY_STEPS, entry.span)
    scope = entry.scope.open(entry, boundary=True)
    inner = _block_frame(applied.module, block, entry, scope, frame)
    active.add(id(block))
    outer, budget.calls = budget.calls, inner.calls
    try:
        _bind_formals(block, applied.given, inner, entry, frame)
        return run_block(block, inner)
    finally:
        budget.calls = outer
        active.discard(id(block))
        scope.close()


def _block_frame(module: Module, block: tree.Block, entry: Entry, scope: Scope, frame: Frame) -> Frame:
    if frame.depth + 1 > frame.budget.limits.nesting:
        frame.budget.stop("nesting", entry.span)
    way = Label.of_call(entry.span, block.name.name)
    inner = Frame(
        frame.state,
        module,
        scope,
        block.name.name,
        calls=(way, *frame.calls),
        depth=frame.depth + 1,
    )
    if module.source.in_library:
        inner.entered = frame.entered or (block, inner)
    return inner


def _block_arguments(
    block: tree.Block, call: tree.Call, piped: Piped | None, frame: Frame
) -> dict[str, tuple[CompileValue, Span]]:
    """What is given for each argument; every fault is reported, and the argument then unknown."""
    names = argument_names(block.formals)
    known = set(names)
    given: dict[str, tuple[CompileValue, Span]] = {}
    in_order = [(piped.value, piped.span)] if piped is not None else []
    in_order += [(evaluate(one, frame), one.span) for one in call.positional]
    for formal, (value, span) in zip(block.formals, in_order, strict=False):
        is_tensor_again = piped is not None and formal.type is not None and is_value_type(formal.type)
        if is_tensor_again and isinstance(value, TensorRef):
            frame.fail(TensorByArrow(span=span, kind=call.function))
            value = UNKNOWN
        given[formal.name.name] = (value, span)
    if len(in_order) > len(names):
        frame.fail(TooManyForBlock(span=in_order[len(names)][1], kind=call.function, names=names))
    is_misnamed = False
    for argument in call.named:
        value = evaluate(argument.value, frame)
        if argument.name not in known:
            is_misnamed = True
        elif argument.name in given:
            frame.fail(ArgumentTwice(span=argument.name_span, kind=call.function, name=argument.name))
        else:
            given[argument.name] = (value, argument.value.span)
    missing = [one for one in block.formals if one.default is None and one.name.name not in given]
    # What is missing may well be the misspelt one: one mistake, one message.
    if missing and not is_misnamed:
        wanted = tuple((one.name.name, one.type.span.text if one.type is not None else "") for one in missing)
        frame.fail(MissingBlockArguments(span=call.span, kind=call.function, wanted=wanted))
    return dict.fromkeys((one.name.name for one in missing), (UNKNOWN, call.span)) | given


def _bind_formals(
    block: tree.Block, given: Mapping[str, tuple[CompileValue, Span]], frame: Frame, entry: Entry, caller: Frame
) -> None:
    """Bind the arguments of a block: what is given, which is the caller's fault if it is wrong, and the defaults."""
    typed: list[tuple[tree.Formal, CompileValue, tree.Name]] = []
    for formal in block.formals:
        name = formal.name.name
        at_fault = caller if name in given or formal.default is None else frame
        try:
            value, span = _formal_value(formal, given, frame)
            value = _fitting_value(formal, value, span, frame)
            typed.append((formal, value, tree.Name(name=name, span=span)))
        except DotnnError as error:
            at_fault.fail_all(error)
            value = UNKNOWN
        frame.bindings[name] = Bound(value, formal.name.span)
    for formal, value, at in typed:
        try:
            hold_argument(formal.name.name, value, formal.type, frame, at)
        except DotnnError as error:
            caller.fail_all(error)
            for bound in _bound_by(formal, frame):
                bound.value = UNKNOWN


def _bound_by(formal: tree.Formal, frame: Frame) -> Iterator[Bound]:
    """An argument and the names in its type."""
    yield frame.bindings[formal.name.name]
    for name in tree.names_in(formal.type.shape or ()) if formal.type is not None else ():
        if frame.module.names.kind(name.span) is Kind.DIMENSION and name.name in frame.bindings:
            yield frame.bindings[name.name]


def _formal_value(
    formal: tree.Formal, given: Mapping[str, tuple[CompileValue, Span]], frame: Frame
) -> tuple[CompileValue, Span]:
    if formal.name.name in given or formal.default is None:
        return given[formal.name.name]
    return evaluate(formal.default, frame), formal.default.span


def _fitting_value(formal: tree.Formal, value: CompileValue, span: Span, frame: Frame) -> CompileValue:
    """The value, a tensor where one is wanted; raises ``DotnnError``."""
    name = formal.name.name
    at = tree.Name(name=name, span=span)
    if formal.type is not None and is_value_type(formal.type):
        return hold_against(name, value, formal.type, frame, at)
    if formal.type is not None:
        match_argument(name, value, formal.type, frame, at)
    if isinstance(value, Unknown) or is_tensor(value):
        return value if isinstance(value, Unknown) else tensor_of(value, span, frame)
    raise DotnnError(ValueForTensor(span=span, block=frame.block, name=name, found=describe(value)))


# --- functions of compile-time values, and the layers of the same names -----------------------------------------------


def _call_function(call: tree.Call, piped: Piped | None, label: GivenName | None, frame: Frame) -> Results:
    """A function of compile-time values or, applied to a tensor, the layer of that name."""
    given = [piped] if piped is not None else []
    given += [Piped(evaluate(one, frame), one.span) for one in call.positional]
    values = [one.value for one in given]
    if not all_known(values):
        return _of_unknown(call, label, frame)
    layer = LAYERS.get(call.function)
    if call.function in SEVERAL and len(values) > 1 and any(map(is_tensor, values)):
        raise of_several(call, values)
    if layer is not None and (is_tensor(values[0]) if values else call.named):
        operand = given[0] if given else None
        rest = dataclasses.replace(call, positional=call.positional[len(given) > 0 and piped is None :])
        return _call_layer(layer, rest, operand, label, frame)
    _refuse_label(call, label)
    if not all(layer is not None and takes_argument(layer, one.name) for one in call.named):
        return UNKNOWN
    _refuse_named(call, values)
    return call_function(call, values, frame.budget)


def _of_unknown(call: tree.Call, label: GivenName | None, frame: Frame) -> CompileValue:
    """What an operand has failed for: what else is written is looked at, and nothing more is said."""
    for argument in call.named:
        evaluate(argument.value, frame)
    if label is not None:
        frame.scope.add(call.function, label, call.span)
    return UNKNOWN


def _refuse_named(call: tree.Call, values: Sequence[KnownValue]) -> None:
    """Refuse named arguments, which no function takes, though the layer of its name may."""
    for argument in call.named:
        found = describe(values[0])
        fault = ArgumentOfLayer(
            span=argument.name_span, kind=call.function, name=argument.name, found=found, argument=argument.span
        )
        raise DotnnError(fault)


def _call_metric(call: tree.Call, frame: Frame) -> CompileValue:
    metric = None if frame.metrics is None else frame.metrics[call.function]
    if metric is None:
        return UNKNOWN
    if isinstance(metric, int) or len(call.positional) != 1 or call.named:
        raise DotnnError(TooManyForMetric(span=call.span, kind=call.function))
    value = evaluate(call.positional[0], frame)
    return value if isinstance(value, Unknown) else metric(value, call.positional[0].span)


# --- initializers ----------------------------------------------------------------------------------------------------


def _call_initializer(call: tree.Call, frame: Frame) -> CompileValue:
    kind = INITIALIZERS[call.function]
    names = initializer_arguments(kind)
    values: dict[str, CompileValue] = {}
    positional = getattr(kind, "positional", None)
    for index, expression in enumerate(call.positional):
        if index > 0 or positional is None:
            raise DotnnError(TooManyForInitializer(span=expression.span, kind=call.function, names=names))
        values[positional] = evaluate(expression, frame)
    for argument in call.named:
        if argument.name not in names:
            return UNKNOWN
        if argument.name in values:
            raise DotnnError(ArgumentTwice(span=argument.name_span, kind=call.function, name=argument.name))
        values[argument.name] = evaluate(argument.value, frame)
    known = {name: value for name, value in values.items() if not isinstance(value, Unknown)}
    if len(known) < len(values):
        return UNKNOWN
    return make_initializer(call.function, kind, known, call.span)


def make_initializer(name: str, kind: type[Initializer], values: Mapping[str, KnownValue], span: Span) -> Initializer:
    """An initializer from its arguments; raises ``DotnnError``."""
    fields = dataclasses.fields(kind)
    required = tuple(one.name for one in fields if one.default is dataclasses.MISSING and one.name not in values)
    if required:
        raise DotnnError(MissingNumbers(span=span, kind=name, names=required))
    initializer = kind(**values)
    problem = initializer.check()
    if problem is not None:
        raise DotnnError(dataclasses.replace(problem, span=span, name=name))
    return initializer
