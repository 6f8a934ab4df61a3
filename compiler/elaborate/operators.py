"""Tensor operators and indexing: layers that are written as operators."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics import DotnnError
from ..diagnostics.values import NotATensor, WrongOperands
from ..graph.tensors import Literal
from ..graph.types import TensorType
from ..layers.base import LAYERS
from ..source import Span
from ..syntax import tree
from ..values.kinds import CompileValue, TensorConstant, TensorRef, describe, first, is_number, is_tensor, show
from .apply import Application, apply_layer
from .state import Frame


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
    return as_tensor(value, node.span, f"an operand of `{symbol}`", frame)


def _number(value: float, tensor: TensorType, node: tree.Expression, symbol: str, frame: Frame) -> TensorRef:
    if not tensor.dtype.holds(value):
        found = f"a tensor of {tensor.dtype} and {show(value)}"
        hint = f"the number takes the element type of the tensor, {tensor.dtype}, and this one does not fit"
        raise DotnnError(WrongOperands(span=node.span, operator=symbol, found=found, hint=hint))
    constant = TensorConstant("constant", Literal((), (value,)), TensorType(tensor.dtype, ()))
    return frame.state.constant(constant, node.span)


def as_tensor(value: CompileValue, span: Span, what: str, frame: Frame) -> TensorRef:
    """A value as a tensor of the graph; raises ``NotATensor``."""
    if isinstance(value, TensorRef):
        return value
    if isinstance(value, TensorConstant):
        return frame.state.constant(value, span)
    raise DotnnError(NotATensor(span=span, what=what, found=describe(value)))


def index_tensor(
    base: CompileValue,
    items: Sequence[int | tuple[int | None, int | None]],
    expression: tree.Index,
    frame: Frame,
) -> CompileValue:
    """``x[:, 0]``."""
    entry = frame.scope.add("index", None, expression.span)
    operand = as_tensor(base, expression.base.span, "what is indexed", frame)
    layer = LAYERS["index"](items=tuple(items))  # pyright: ignore[reportCallIssue]
    spans = (expression.base.span,)
    subscripts = expression.items[0].span.to(expression.items[-1].span)
    application = Application(layer, (operand,), spans, expression.span, {"items": subscripts})
    return first(apply_layer(application, entry, frame))
