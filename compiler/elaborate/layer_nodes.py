"""Nodes of the graph: a layer applied to tensors, as a call, as an operator or as an index."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial

from ..diagnostics import DotnnError
from ..diagnostics.arithmetic import NumberOutOfElementType, ResultTooComplex
from ..diagnostics.call_arguments import InitializerWithoutBias
from ..diagnostics.names import ReuseShapes, UnknownArgument
from ..diagnostics.suggest import near_names
from ..diagnostics.values import NotATensor, OperandNotATensor, SideNotATensor, TensorTooLarge
from ..diagnostics.written_tensors import WeightOfOtherShape
from ..dims import DimTooComplex
from ..graph.graph import WrittenArgument, WrittenCall
from ..graph.tensors import Literal
from ..graph.types import DType, TensorType, format_shape
from ..layers.base import LAYERS, Site, WeightSpec
from ..source import Span
from ..syntax import tree
from ..values.compile_values import (
    CompileValue,
    KnownValue,
    Results,
    Several,
    TensorConstant,
    TensorRef,
    describe,
    first,
    is_number,
    is_tensor,
    show,
)
from ..values.tensor_literals import literal
from .scope import Entry
from .state import AppliedLayer, Draft, Elaboration, Frame

#: Elements of a tensor beyond which nothing can be meant; their bytes still fit into an int64.
LARGEST_TENSOR = 2**48


def apply_layer(applied: AppliedLayer, entry: Entry, frame: Frame) -> Several:
    """Add a node; returns its results. Raises ``DotnnError`` where the operands do not fit."""
    state, span = frame.state, applied.call.span
    types = tuple(None if ref is None else ref.type for ref in applied.operands)
    values = tuple(None if ref is None else ref.value for ref in applied.operands)
    layer = applied.layer.in_floats(types, state.floats)
    site = Site(layer.kind, applied.call)
    try:
        results = layer.infer(types, site)
        specs = layer.weights(types)
        check_sizes(results, specs, layer.kind, span)
    except DimTooComplex as error:
        raise DotnnError(ResultTooComplex(span=span, limit=str(error))) from None
    except DotnnError as error:
        from ..measure.shape_history import ShapeHistory, with_history

        raise with_history(error, ShapeHistory(state.drafts.__getitem__, values, layer, applied.call)) from None
    _check_names(specs, applied)
    dtype = weight_dtype(results)
    specs = tuple(_with_literal(spec, dtype, applied, state) for spec in specs)
    check_initializers(specs, dtype, span)
    share_weights(entry, specs, dtype, span)
    state.demands.extend(site.demands)
    draft = Draft(layer, values, results, entry, "", applied.call, frame.call_spans, specs)
    return Several(state.draft(draft), layer.kind, layer.take_all_results)


def weight_dtype(results: Sequence[TensorType]) -> DType:
    """The element type of a layer's weights: that of what it computes."""
    return results[0].dtype if results and results[0].dtype.is_float else DType.FLOAT32


def check_sizes(results: Sequence[TensorType], specs: Sequence[WeightSpec], kind: str, span: Span) -> None:
    """Refuse tensors that no file and no machine can hold."""
    # A symbolic dimension is at least 1, so that the others alone say how many numbers there are at the least.
    sizes = [math.prod(dim for dim in result.shape if isinstance(dim, int)) for result in results]
    largest = max([*sizes, *(spec.elements for spec in specs)], default=0)
    if largest > LARGEST_TENSOR:
        raise DotnnError(TensorTooLarge(span=span, kind=kind, bits=largest.bit_length() - 1))


def _check_names(specs: Sequence[WeightSpec], applied: AppliedLayer) -> None:
    """Refuse numbers and initializers for weights that the layer does not have here: nothing is ignored."""
    names = tuple(spec.argument or spec.name for spec in specs)
    kind, arguments = applied.layer.kind, applied.call.arguments
    for name in applied.literals:
        if name not in names:
            span, near = arguments[name].value, near_names(name, names)
            raise DotnnError(UnknownArgument(span=span, kind=kind, name=name, near=near, known=names))
    if "bias_init" in arguments and not any("bias" in name for name in names):
        raise DotnnError(InitializerWithoutBias(span=arguments["bias_init"].value, kind=kind))


def _with_literal(spec: WeightSpec, dtype: DType, applied: AppliedLayer, state: Elaboration) -> WeightSpec:
    name = spec.argument or spec.name
    if name not in applied.literals:
        return spec
    value, span = applied.literals[name], applied.call.arguments[name].value
    state.budget.walk(value, span)
    numbers = literal(value, dtype, span)
    if numbers.shape != spec.shape:
        wanted, found = format_shape(spec.shape), format_shape(numbers.shape)
        kind = applied.layer.kind
        raise DotnnError(WeightOfOtherShape(span=span, name=spec.name, kind=kind, shape=wanted, found=found))
    return dataclasses.replace(spec, initializer=numbers)


def check_initializers(specs: Sequence[WeightSpec], dtype: DType, span: Span) -> None:
    """Raise ``BadInitializer`` for one that gives values which the element type does not hold."""
    for spec in specs:
        check = getattr(spec.initializer, "check", None)
        problem = check(dtype.value) if check is not None else None
        if problem is not None:
            raise DotnnError(dataclasses.replace(problem, span=span, name=str(spec.initializer)))


def share_weights(entry: Entry, specs: Sequence[WeightSpec], dtype: DType, span: Span) -> None:
    """Hold the weights against those of the owner, where they are shared by ``reuse``."""
    types = {spec.name: TensorType(dtype, spec.shape) for spec in specs}
    owned = entry.owner.weight_types
    if entry.owner is entry or not owned:
        entry.owner.weight_types = types
        return
    for name, wanted in types.items():
        found = owned.get(name)
        if found != wanted:
            weight = name or entry.owner.path
            raise DotnnError(ReuseShapes(span=span, weight=weight, owned=str(found or "none"), wanted=str(wanted)))


def reapply_layer(applied: AppliedLayer, value: KnownValue, place: Span, entry: Entry, frame: Frame) -> Results:
    """Apply a layer of one tensor to another one, which stands at a place; raises ``DotnnError``."""
    operand = as_tensor(value, place, frame, partial(OperandNotATensor, kind=applied.layer.kind, name="x"))
    arguments = {**applied.call.arguments, applied.layer.operand_name(0): WrittenArgument(None, place)}
    call = WrittenCall(entry.span, applied.call.function, entry.label_span, arguments)
    return apply_layer(dataclasses.replace(applied, operands=(operand, *applied.operands[1:]), call=call), entry, frame)


def apply_operator(
    kind: str,
    values: Sequence[KnownValue],
    expression: tree.Unary | tree.Binary,
    written: Sequence[tree.Expression],
    frame: Frame,
) -> CompileValue:
    """An operator on tensors, or on a tensor and a number, which takes the tensor's element type."""
    tensor = next(value.type for value in values if is_tensor(value))
    entry = frame.scope.add(kind, None, expression.span)
    pairs = zip(values, written, strict=True)
    operands = tuple(_operand(value, tensor, node, expression.operator, frame) for value, node in pairs)
    layer = LAYERS[kind]()
    arguments = {layer.operand_name(index): WrittenArgument(None, node.span) for index, node in enumerate(written)}
    call = WrittenCall(expression.span, expression.operator_span, None, arguments)
    return first(apply_layer(AppliedLayer(layer, operands, call), entry, frame))


def _operand(value: KnownValue, tensor: TensorType, node: tree.Expression, symbol: str, frame: Frame) -> TensorRef:
    if is_number(value):
        return _number(value, tensor, node, symbol, frame)
    return as_tensor(value, node.span, frame, partial(SideNotATensor, operator=symbol))


def _number(value: float, tensor: TensorType, node: tree.Expression, symbol: str, frame: Frame) -> TensorRef:
    if not tensor.dtype.holds(value):
        raise DotnnError(
            NumberOutOfElementType(span=node.span, operator=symbol, dtype=tensor.dtype, number=show(value))
        )
    constant = TensorConstant("constant", Literal((), (value,)), TensorType(tensor.dtype, ()))
    return frame.state.constant(constant, node.span)


def as_tensor(value: KnownValue, span: Span, frame: Frame, fault: Callable[..., NotATensor]) -> TensorRef:
    """A value as a tensor of the graph; raises the ``NotATensor`` that ``fault`` makes of ``span`` and ``found``."""
    if not is_tensor(value):
        raise DotnnError(fault(span=span, found=describe(value)))
    return tensor_of(value, span, frame)


def tensor_of(value: TensorRef | TensorConstant, span: Span, frame: Frame) -> TensorRef:
    """What is a tensor as one of the graph."""
    return frame.state.constant(value, span) if isinstance(value, TensorConstant) else value


def index_tensor(
    base: TensorRef | TensorConstant,
    items: Sequence[int | tuple[int | None, int | None]],
    expression: tree.Index,
    frame: Frame,
) -> CompileValue:
    """``x[:, 0]``."""
    entry = frame.scope.add("index", None, expression.span)
    operand = tensor_of(base, expression.base.span, frame)
    layer = LAYERS["index"](items=tuple(items))  # pyright: ignore[reportCallIssue]
    subscripts = expression.items[0].span.to(expression.items[-1].span)
    arguments = {"x": WrittenArgument(None, expression.base.span), "items": WrittenArgument(None, subscripts)}
    call = WrittenCall(expression.span, arguments=arguments)
    return first(apply_layer(AppliedLayer(layer, (operand,), call), entry, frame))
