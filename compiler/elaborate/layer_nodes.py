"""Nodes of the graph: a layer applied to tensors, as a call, as an operator or as an index."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import partial

from ..diagnostics import DotnnError
from ..diagnostics.arithmetic import NumberOutOfElementType, ResultTooComplex
from ..diagnostics.call_arguments import InitializerWithoutBias
from ..diagnostics.names import ReuseShapes, UnknownArgument
from ..diagnostics.suggest import near_names
from ..diagnostics.values import NotATensor, SideNotATensor, TensorTooLarge
from ..diagnostics.written_tensors import WeightOfOtherShape
from ..dims import DimTooComplex
from ..graph.tensors import Literal
from ..graph.types import DType, TensorType, format_shape
from ..layers.base import LAYERS, Layer, Site, WeightSpec
from ..records import positional_record
from ..source import Span
from ..syntax import tree
from ..values.kinds import CompileValue, Several, TensorConstant, TensorRef, describe, first, is_number, is_tensor, show
from ..values.literals import literal
from .scope import Entry
from .state import Draft, Elaboration, Frame, with_initializer

#: Elements of a tensor beyond which nothing can be meant; their bytes still fit into an int64.
LARGEST_TENSOR = 2**48


@positional_record
class LiteralArgument:
    """A weight written as numbers in a call."""

    value: CompileValue
    span: Span


@positional_record
class Application:
    """A layer and everything that applying it to tensors needs.

    Attributes:
        operands: one per operand of the layer, None where an optional one is absent.
        operand_spans: the operands as written.
        argument_spans: the attributes as written.
        literals: weights written as numbers, by local name.
    """

    layer: Layer
    operands: tuple[TensorRef | None, ...]
    operand_spans: Sequence[Span]
    span: Span
    argument_spans: Mapping[str, Span] = field(default_factory=dict)
    literals: Mapping[str, LiteralArgument] = field(default_factory=dict)


def apply_layer(application: Application, entry: Entry, frame: Frame) -> Several:
    """Add a node; returns its results. Raises ``DotnnError`` where the operands do not fit."""
    state = frame.state
    types = tuple(None if ref is None else ref.type for ref in application.operands)
    layer = application.layer.in_floats(types, state.floats)
    site = Site(layer.kind, application.span, application.argument_spans, application.operand_spans)
    try:
        results = layer.infer(types, site)
        specs = layer.weights(types)
        check_sizes(results, specs, layer.kind, application.span)
    except DimTooComplex as error:
        raise DotnnError(ResultTooComplex(span=application.span, limit=str(error))) from None
    _check_names(specs, application)
    dtype = weight_dtype(results)
    specs = tuple(_with_literal(spec, dtype, application, state) for spec in specs)
    check_initializers(specs, dtype, application.span)
    share_weights(entry, specs, dtype, application.span)
    values = tuple(None if ref is None else ref.value for ref in application.operands)
    state.demands.extend(site.demands)
    for warning in site.warnings:
        frame.fail(warning)
    calls, arguments = frame.call_spans, application.argument_spans
    draft = Draft(layer, values, results, entry, "", application.span, calls, specs, arguments=arguments)
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


def _check_names(specs: Sequence[WeightSpec], application: Application) -> None:
    """Refuse numbers and initializers for weights that the layer does not have here: nothing is ignored."""
    names = tuple(spec.argument or spec.name for spec in specs)
    kind = application.layer.kind
    for name, argument in application.literals.items():
        if name not in names:
            near = near_names(name, names)
            raise DotnnError(UnknownArgument(span=argument.span, kind=kind, name=name, near=near, known=names))
    span = application.argument_spans.get("bias_init")
    if span is not None and not any("bias" in name for name in names):
        raise DotnnError(InitializerWithoutBias(span=span, kind=kind))


def _with_literal(spec: WeightSpec, dtype: DType, application: Application, state: Elaboration) -> WeightSpec:
    argument = application.literals.get(spec.argument or spec.name)
    if argument is None:
        return spec
    state.budget.walk(argument.value, argument.span)
    numbers = literal(argument.value, dtype, argument.span)
    if numbers.shape != spec.shape:
        wanted, found = format_shape(spec.shape), format_shape(numbers.shape)
        kind = application.layer.kind
        raise DotnnError(WeightOfOtherShape(span=argument.span, name=spec.name, kind=kind, shape=wanted, found=found))
    return with_initializer(spec, numbers)


def check_initializers(specs: Sequence[WeightSpec], dtype: DType, span: Span) -> None:
    """Raise ``BadInitializer`` for one that gives values which the element type does not hold."""
    for spec in specs:
        if isinstance(spec.initializer, Literal):
            continue
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


def reapply(application: Application, operand: TensorRef, span: Span) -> Application:
    """The same layer on another value, called from elsewhere."""
    others = application.operands[1:]
    return dataclasses.replace(application, operands=(operand, *others), operand_spans=(span,), span=span)


def apply_operator(
    kind: str,
    values: Sequence[CompileValue],
    expression: tree.Unary | tree.Binary,
    written: Sequence[tree.Expression],
    frame: Frame,
) -> CompileValue:
    """An operator on tensors, or on a tensor and a number, which takes the tensor's element type."""
    tensor: TensorType = next(value.type for value in values if is_tensor(value))
    entry = frame.scope.add(kind, None, expression.span)
    pairs = zip(values, written, strict=True)
    operands = tuple(_operand(value, tensor, node, expression.operator, frame) for value, node in pairs)
    spans = tuple(node.span for node in written)
    layer = LAYERS[kind]()
    return first(apply_layer(Application(layer, operands, spans, expression.span), entry, frame))


def _operand(value: CompileValue, tensor: TensorType, node: tree.Expression, symbol: str, frame: Frame) -> TensorRef:
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


def as_tensor(value: CompileValue, span: Span, frame: Frame, fault: Callable[..., NotATensor]) -> TensorRef:
    """A value as a tensor of the graph; raises the ``NotATensor`` that ``fault`` makes of ``span`` and ``found``."""
    if not is_tensor(value):
        raise DotnnError(fault(span=span, found=describe(value)))
    return tensor_of(value, span, frame)


def tensor_of(value: TensorRef | TensorConstant, span: Span, frame: Frame) -> TensorRef:
    """What is a tensor as one of the graph."""
    return frame.state.constant(value, span) if isinstance(value, TensorConstant) else value


def index_tensor(
    base: CompileValue,
    items: Sequence[int | tuple[int | None, int | None]],
    expression: tree.Index,
    frame: Frame,
) -> CompileValue:
    """``x[:, 0]``."""
    entry = frame.scope.add("index", None, expression.span)
    operand = tensor_of(base, expression.base.span, frame)
    layer = LAYERS["index"](items=tuple(items))  # pyright: ignore[reportCallIssue]
    spans = (expression.base.span,)
    subscripts = expression.items[0].span.to(expression.items[-1].span)
    application = Application(layer, (operand,), spans, expression.span, {"items": subscripts})
    return first(apply_layer(application, entry, frame))
