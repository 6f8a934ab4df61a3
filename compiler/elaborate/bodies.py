"""Statements: the bodies of blocks and models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..diagnostics import DotnnError
from ..diagnostics.names import DuplicateName, ReservedName, UnusedBinding
from ..diagnostics.values import (
    BadLiteral,
    BadType,
    Misplaced,
    MissingStatement,
    NotATensor,
    NotAValue,
    NotUsedHere,
    PartsNotTaken,
    TooManyNames,
    UndecidedArgument,
)
from ..graph.dims import Dim, DimExpr, format_dim
from ..graph.operations import Input, Parameter
from ..graph.tensors import Fan, Literal
from ..graph.types import format_shape
from ..layers.base import WeightSpec
from ..syntax import tree
from ..weights.initializers import INITIALIZERS
from .apply import check_initializers, check_sizes, share_weights
from .evaluate import evaluate, evaluate_all
from .literals import literal
from .operators import as_tensor
from .state import METRICS, Bound, Draft, Expectation, Frame
from .types import hold_against, input_type, is_value_type, tensor_type
from .values import UNKNOWN, CompileValue, Several, TensorConstant, Unknown, describe, first, is_number


def run_block(block: tree.Block, frame: Frame) -> CompileValue:
    """Run the body of a block whose arguments are bound; returns what it returns."""
    result: CompileValue = None
    for position, statement in enumerate(block.body):
        frame.state.step(1, statement.span)
        if isinstance(statement, tree.Return):
            result = _return(statement, block, frame)
            if position + 1 < len(block.body):
                frame.fail(NotUsedHere(span=block.body[position + 1].span))
            break
        _attempt(_IN_BLOCKS, statement, "a block", frame)
    if result is None and frame.state.report.has_errors:
        # What failed, or could not be read, may have been the `return`.
        return UNKNOWN
    if result is None:
        hint = "end the body with `return`, as in `return x -> relu`"
        frame.fail(
            MissingStatement(span=block.name.span, owner=f"the block `{block.name.name}`", what="`return`", hint=hint)
        )
        return UNKNOWN
    warn_unused(frame)
    return result


def _return(statement: tree.Return, block: tree.Block, frame: Frame) -> CompileValue:
    if len(statement.values) == 1:
        return evaluate_all(statement.values[0], frame)
    values = tuple(evaluate(value, frame) for value in statement.values)
    return Several(values, block.name.name)


def run_model(model: tree.Model, frame: Frame) -> None:
    """Run the body of a model whose arguments are bound."""
    for statement in model.body:
        frame.state.step(1, statement.span)
        _attempt(_IN_MODELS, statement, "a model", frame)
    wrote_output = any(isinstance(one, tree.Output) for one in model.body)
    # Where something could not be read, that may have been the `output`.
    if not wrote_output and not frame.state.report.has_errors:
        hint = "name what the model computes, as in `output y = x -> dense(10)`"
        frame.fail(
            MissingStatement(span=model.name.span, owner=f"the model `{model.name.name}`", what="`output`", hint=hint)
        )
    warn_unused(frame)


Handlers = dict[type, Callable[[Any, Frame], None]]


def _attempt(handlers: Handlers, statement: tree.Statement, owner: str, frame: Frame) -> None:
    try:
        handler = handlers.get(type(statement))
        if handler is None:
            raise DotnnError(_misplaced(statement, owner))
        handler(statement, frame)
    except DotnnError as error:
        frame.fail_all(error)


_HINTS = {
    tree.Input: ("`input`", "inputs stand in models; a block takes arguments: `block f(x) { … }`"),
    tree.Output: ("`output`", "outputs stand in models; a block ends with `return`"),
    tree.Freeze: ("`freeze`", "write `freeze` in the model, with the whole path"),
    tree.Return: ("`return`", "blocks return; a model names its results: `output y = …`"),
}


def _misplaced(statement: tree.Statement, owner: str) -> Misplaced:
    what, hint = _HINTS[type(statement)]
    return Misplaced(span=statement.span, what=what, where=f"in {owner}", hint=hint)


def warn_unused(frame: Frame) -> None:
    """Warn of bindings that nothing uses, if no error may have kept something from using them."""
    if frame.state.report.has_errors:
        return
    for name, bound in frame.bindings.items():
        if bound.wanted and not bound.used:
            what = "the input" if bound.span in frame.state.input_spans else "the binding"
            frame.fail(UnusedBinding(span=bound.span, name=name, what=what))


def bind_name(name: tree.Name, value: CompileValue, frame: Frame, *, wanted: bool = True) -> None:
    """Bind a name; raises ``DotnnError`` where it is taken."""
    if name.name in METRICS:
        raise DotnnError(ReservedName(span=name.span, name=name.name, owner="a metric of `expect`"))
    earlier = frame.find(name.name)
    if earlier is not None:
        raise DotnnError(DuplicateName(span=name.span, name=name.name, earlier=earlier.span))
    frame.bindings[name.name] = Bound(value, name.span, wanted=wanted)


def _input(statement: tree.Input, frame: Frame) -> None:
    name = statement.name
    value: CompileValue = UNKNOWN
    try:
        kind = input_type(statement.type, frame)
        doc = frame.module.doc(statement)
        draft = Draft(Input(), (), (kind,), None, name.name, statement.span, frame.call_spans, doc=doc)
        (value,) = frame.state.draft(draft)
    finally:
        bind_name(name, value, frame)
        frame.state.input_spans.add(name.span)


def _parameter(statement: tree.Parameter, frame: Frame) -> None:
    value: CompileValue = UNKNOWN
    try:
        value = _parameter_value(statement, frame)
    finally:
        bind_name(statement.name, value, frame)


def _parameter_value(statement: tree.Parameter, frame: Frame) -> CompileValue:
    name = statement.name
    entry = frame.scope.add("parameter", name.name, name.span)
    kind = tensor_type(statement.type, frame)
    if not kind.dtype.is_float:
        reason = f"a parameter is learned, and {kind.dtype} cannot be"
        hint = f"write `float32{format_shape(kind.shape)}`; a tensor that is not learned is a `const`"
        raise DotnnError(BadType(span=statement.type.span, reason=reason, found=str(kind.dtype), hint=hint))
    shape = tuple(_known(dim, statement) for dim in kind.shape)
    initializer = evaluate(statement.initializer, frame)
    if isinstance(initializer, Unknown):
        return UNKNOWN
    if is_number(initializer):
        initializer = INITIALIZERS["constant"](value=initializer)  # pyright: ignore[reportCallIssue]
    elif isinstance(initializer, tuple | TensorConstant):
        frame.state.lists.walk(initializer, statement.initializer.span)
        numbers = literal(initializer, kind.dtype, statement.initializer.span)
        initializer = _fitting(numbers, shape, statement)
    elif not hasattr(initializer, "sample"):
        expected = "an initializer, such as `zeros` or `normal(std=0.02)`"
        raise DotnnError(
            NotAValue(
                span=statement.initializer.span,
                what="the first value of a parameter",
                expected=expected,
                found=describe(initializer),
            )
        )
    spec = WeightSpec("", shape, initializer, Fan.of(shape))
    check_sizes((kind,), (spec,), "parameter", statement.span)
    check_initializers((spec,), kind.dtype, statement.initializer.span)
    share_weights(entry, (spec,), kind.dtype, statement.span)
    doc = frame.module.doc(statement)
    draft = Draft(Parameter(), (), (kind,), entry, "", statement.span, frame.call_spans, (spec,), doc)
    return frame.state.draft(draft)[0]


def _fitting(numbers: Literal, shape: tuple[int, ...], statement: tree.Parameter) -> Literal:
    if numbers.shape == shape:
        return numbers
    found = format_shape(numbers.shape)
    reason = f"the parameter has shape {format_shape(shape)}, and the numbers have {found}"
    raise DotnnError(BadLiteral(span=statement.initializer.span, reason=reason, found=found))


def _known(dim: Dim, statement: tree.Parameter) -> int:
    if isinstance(dim, DimExpr):
        raise DotnnError(
            UndecidedArgument(
                span=statement.type.span,
                kind=statement.name.name,
                name="the shape",
                expected="made of numbers",
                dim=format_dim(dim),
            )
        )
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
        bind_name(name, value, frame, wanted=False)


def _output_tensor(value: CompileValue, statement: tree.Output, frame: Frame) -> CompileValue:
    if statement.type is not None and is_value_type(statement.type):
        raise DotnnError(
            NotATensor(span=statement.type.span, what=f"the output `{statement.name.name}`", found=statement.type.name)
        )
    return as_tensor(value, statement.value.span, f"the output `{statement.name.name}`", frame)


def _binding(statement: tree.Binding, frame: Frame) -> None:
    value = evaluate_all(statement.value, frame)
    if len(statement.targets) == 1 and not _must_take_all(value):
        values: Sequence[CompileValue] = (first(value),)
    else:
        values = _take_apart(statement, value, frame)
    for target, one in zip(statement.targets, values, strict=False):
        if target.name == "_":
            continue
        held = one
        try:
            held = hold_against(target.name, one, statement.type, frame, statement.value)
        except DotnnError as error:
            frame.fail_all(error)
            held = UNKNOWN
        _bind_quietly(target, held, frame)


def _bind_quietly(target: tree.Name, value: CompileValue, frame: Frame) -> None:
    try:
        bind_name(target, value, frame)
    except DotnnError as error:
        frame.fail_all(error)


def _must_take_all(value: CompileValue) -> bool:
    return isinstance(value, Several) and value.take_all


def _take_apart(statement: tree.Binding, value: CompileValue, frame: Frame) -> Sequence[CompileValue]:
    names = len(statement.targets)
    if isinstance(value, Unknown):
        return (UNKNOWN,) * names
    values = value.values if isinstance(value, Several) else (value,)
    source = f"`{value.source}`" if isinstance(value, Several) else describe(value)
    if names > len(values):
        frame.fail(TooManyNames(span=statement.value.span, names=names, count=len(values), source=source))
        return (*values, *(UNKNOWN,) * (names - len(values)))
    if _must_take_all(value) and names < len(values):
        frame.fail(PartsNotTaken(span=statement.value.span, source=value.source, count=len(values), names=names))
    return values


def _expect(statement: tree.Expect, frame: Frame) -> None:
    frame.state.expectations.append(Expectation(statement.condition, statement.span, frame))
    _mark_used(statement.condition, frame)


def _mark_used(expression: object, frame: Frame) -> None:
    """What an expectation reads is used, though it is judged later."""
    pending: list[object] = [expression]
    while pending:
        one = pending.pop()
        frame.state.step()
        if isinstance(one, tree.Name):
            bound = frame.find(one.name)
            if bound is not None:
                bound.used = True
        if isinstance(one, tuple):
            pending.extend(one)
        elif isinstance(one, tree.Node):
            pending.extend(getattr(one, name) for name in one.__dataclass_fields__ if "span" not in name)


def _freeze(statement: tree.Freeze, frame: Frame) -> None:
    from .stages import label_text

    for path in statement.paths:
        frame.state.freezes.append((label_text(path, frame), path.span))


_SHARED: Handlers = {tree.Parameter: _parameter, tree.Binding: _binding, tree.Expect: _expect}
_IN_BLOCKS: Handlers = _SHARED
_IN_MODELS: Handlers = {**_SHARED, tree.Input: _input, tree.Output: _output, tree.Freeze: _freeze}
