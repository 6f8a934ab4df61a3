"""Evaluation of every expression but calls and pipelines."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeGuard

from ..diagnostics import DotnnError
from ..diagnostics.arithmetic import NotABool, NotBetweenTensors
from ..diagnostics.indexing import (
    IndexNotAnInt,
    IndexUndecided,
    NoSuchElement,
    NothingToIndex,
    SeveralIndicesOfList,
    SliceInType,
)
from ..diagnostics.names import CircularConst
from ..diagnostics.placement import MetricWithoutTensor
from ..diagnostics.values import NoAttribute, NoChannels, TensorAsConst
from ..dims import DimExpr
from ..graph.types import DType, TensorType
from ..initializers import INITIALIZERS, Initializer
from ..layers.base import LAYERS
from ..layers.name_suggestions import foreign_layers
from ..names.meanings import BOUND, Kind
from ..names.name_errors import undefined_name
from ..names.project import Module
from ..names.written_types import in_floats, is_value_type
from ..source import Span
from ..syntax import tree
from ..values.arithmetic import binary, negate
from ..values.compile_values import (
    UNKNOWN,
    CompileValue,
    KnownValue,
    Results,
    TensorConstant,
    TensorRef,
    Unknown,
    all_known,
    describe,
    is_int,
    is_tensor,
    show,
)
from ..values.tensor_literals import expand, literal
from .declared_types import dimension, hold_against, tensor_type
from .layer_nodes import apply_operator, index_tensor
from .scope import Scope
from .state import Frame, evaluate, evaluate_all, evaluates


@evaluates(tree.Number, tree.String, tree.Boolean)
def _constant(expression: tree.Number | tree.String | tree.Boolean, frame: Frame) -> CompileValue:
    return expression.value


@evaluates(tree.Unreadable)
def _unreadable(expression: tree.Unreadable, frame: Frame) -> CompileValue:
    return UNKNOWN


@evaluates(tree.ListExpression)
def _list(expression: tree.ListExpression, frame: Frame) -> CompileValue:
    items = [evaluate(item, frame) for item in expression.items]
    if not all_known(items):
        return UNKNOWN
    return frame.budget.bounded(tuple(items), expression.span)


@evaluates(tree.Name)
def _name(expression: tree.Name, frame: Frame) -> CompileValue:
    kind = frame.module.names.kind(expression.span)
    if kind in BOUND:
        bound = frame.find(expression.name)
        return UNKNOWN if bound is None else bound.value
    of_kind = _BY_KIND.get(kind)
    return UNKNOWN if of_kind is None else of_kind(expression, frame)


def _dimension(expression: tree.Name, frame: Frame) -> CompileValue:
    """A dimension: one that an argument of this block has brought, or one of the model."""
    name, symbols = expression.name, frame.state.symbols
    bound = frame.find(name)
    if bound is not None:
        return bound.value
    if frame.module.may_define(name):
        return symbols.get(name, UNKNOWN)
    if name not in symbols:
        raise DotnnError(undefined_name(expression, [*frame.visible(), *frame.module.items, *symbols]))
    return symbols[name]


def _initializer(expression: tree.Name, frame: Frame) -> Initializer:
    from .calls import make_initializer

    return make_initializer(expression.name, INITIALIZERS[expression.name], {}, expression.span)


def _metric(expression: tree.Name, frame: Frame) -> int | Unknown:
    if frame.metrics is None:
        return UNKNOWN
    value = frame.metrics[expression.name]
    if not isinstance(value, int):
        raise DotnnError(MetricWithoutTensor(span=expression.span, name=expression.name))
    return value


def _const(expression: tree.Name, frame: Frame) -> CompileValue:
    return const_value(*frame.module.const(expression.name), expression.span, frame)


def const_value(const: tree.Const, module: Module, at: Span, frame: Frame) -> CompileValue:
    """The value of a const, which is evaluated once.

    Args:
        const: one of the file.
        module: the file.
        at: where it is asked for.
        frame: likewise.
    """
    values, key = frame.state.consts, (id(module), const.name.name)
    if key not in values:
        values[key] = None
        values[key] = _evaluate_const(const, module, frame)
    value = values[key]
    if value is None:
        raise DotnnError(CircularConst(span=at, name=const.name.name))
    return value


_BY_KIND: dict[Kind | None, Callable[[tree.Name, Frame], CompileValue]] = {
    Kind.CONST: _const,
    Kind.METRIC: _metric,
    Kind.ELEMENT_TYPE: lambda expression, frame: DType(expression.name),
    Kind.INITIALIZER: _initializer,
    Kind.DIMENSION: _dimension,
}


def _evaluate_const(item: tree.Const, module: Module, frame: Frame) -> CompileValue:
    nowhere = Scope()
    nowhere.close()
    inner = Frame(frame.state, module, nowhere, item.name.name, depth=frame.depth + 1)
    value = evaluate(item.value, inner)
    try:
        return _typed_const(item, value, inner)
    except DotnnError as error:
        inner.fail_all(error)
        return UNKNOWN


def _typed_const(item: tree.Const, value: CompileValue, frame: Frame) -> CompileValue:
    if isinstance(value, Unknown):
        return value
    if item.type is None or is_value_type(item.type):
        if isinstance(value, TensorRef):
            raise DotnnError(TensorAsConst(span=item.value.span, found=describe(value)))
        return hold_against(item.name.name, value, item.type, frame, item.value)
    declared = tensor_type(item.type, frame)
    frame.budget.walk(value, item.value.span)
    numbers = literal(value, declared.dtype, item.value.span)
    known = tuple(dim for dim in declared.shape if isinstance(dim, int))
    if numbers.shape == () and len(known) == declared.rank:
        frame.budget.step(math.prod(known), item.span)
        numbers = expand(numbers, known)
    found = TensorType(declared.dtype, numbers.shape)
    constant = TensorConstant(item.name.name, numbers, found)
    return hold_against(item.name.name, constant, item.type, frame, item.value)


@evaluates(tree.Attribute)
def _attribute(expression: tree.Attribute, frame: Frame) -> CompileValue:
    base = evaluate(expression.base, frame)
    if isinstance(base, Unknown):
        return base
    if not is_tensor(base) or expression.name not in ("shape", "rank", "dtype", "channels"):
        raise DotnnError(no_attribute(expression, base))
    kind: TensorType = base.type
    if expression.name == "channels":
        if kind.rank < 2 or kind.rank == 3:
            raise DotnnError(NoChannels(span=expression.span, found=str(kind), rank=kind.rank))
        return kind.shape[1]
    return getattr(kind, expression.name)


def no_attribute(expression: tree.Attribute, base: KnownValue) -> NoAttribute:
    """The diagnostic for an attribute that a value does not have; layers are no attributes of tensors."""
    name = expression.name
    layer, at = _layer_of_attribute(name) if is_tensor(base) else "", expression.name_span
    return NoAttribute(span=at, found=describe(base), name=name, layer=layer, base=expression.base.span)


def _layer_of_attribute(name: str) -> str:
    """The layer that is a method or an attribute of other frameworks' tensors; empty if there is none."""
    candidates = [kind for kind, layer in LAYERS.items() if layer.callable]
    near = [name] if name in candidates else foreign_layers(name)
    return near[0] if near else ""


@evaluates(tree.Unary)
def _unary(expression: tree.Unary, frame: Frame) -> CompileValue:
    value = evaluate(expression.operand, frame)
    if isinstance(value, Unknown):
        return value
    if expression.operator == "not":
        return not _bool(value, expression.operand, "not")
    if is_tensor(value):
        return apply_operator("neg", (value,), expression, (expression.operand,), frame)
    return negate(value, expression.span)


def _bool(value: KnownValue, at: tree.Node, operator: str) -> bool:
    if isinstance(value, bool):
        return value
    raise DotnnError(NotABool(span=at.span, operator=operator, operands=(describe(value),)))


@evaluates(tree.Binary)
def _binary(expression: tree.Binary, frame: Frame) -> CompileValue:
    if expression.operator in ("and", "or"):
        return _logic(expression, frame)
    left, right = evaluate(expression.left, frame), evaluate(expression.right, frame)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if is_tensor(left) or is_tensor(right):
        return _tensor_binary(expression, left, right, frame)
    return binary(expression.operator, left, right, expression.span, frame.budget)


_TENSOR_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul", "**": "pow"}


def _tensor_binary(expression: tree.Binary, left: KnownValue, right: KnownValue, frame: Frame) -> CompileValue:
    kind = _TENSOR_OPERATORS.get(expression.operator)
    if kind is None:
        operands = (describe(left), describe(right))
        raise DotnnError(NotBetweenTensors(span=expression.span, operator=expression.operator, operands=operands))
    return apply_operator(kind, (left, right), expression, (expression.left, expression.right), frame)


def _logic(expression: tree.Binary, frame: Frame) -> bool | Unknown:
    left = evaluate(expression.left, frame)
    if isinstance(left, Unknown):
        return left
    decided = _bool(left, expression.left, expression.operator)
    if decided == (expression.operator == "or"):
        return decided
    right = evaluate(expression.right, frame)
    return right if isinstance(right, Unknown) else _bool(right, expression.right, expression.operator)


@evaluates(tree.If)
def _if(expression: tree.If, frame: Frame) -> Results:
    condition = evaluate(expression.condition, frame)
    if isinstance(condition, Unknown):
        return condition
    taken = expression.then if _bool(condition, expression.condition, "if") else expression.otherwise
    return evaluate_all(taken, frame)


@evaluates(tree.Index)
def _index(expression: tree.Index, frame: Frame) -> CompileValue:
    if _is_element_type(expression.base, frame):
        items = tuple(dimension(item, frame) for item in _no_slices(expression))
        return TensorType(in_floats(DType(expression.base.name), frame.state.floats), items)
    base = evaluate(expression.base, frame)
    if isinstance(base, Unknown):
        return base
    if is_tensor(base):
        return index_tensor(base, _indices(expression, frame), expression, frame)
    if not isinstance(base, tuple | str) or isinstance(base, DType):
        raise DotnnError(NothingToIndex(span=expression.span, found=describe(base)))
    if len(expression.items) != 1:
        raise DotnnError(SeveralIndicesOfList(span=expression.span))
    return _list_item(base, _indices(expression, frame)[0], expression, frame)


def _is_element_type(base: tree.Expression, frame: Frame) -> TypeGuard[tree.Name]:
    return isinstance(base, tree.Name) and frame.module.names.kind(base.span) is Kind.ELEMENT_TYPE


def _no_slices(expression: tree.Index) -> list[tree.Expression]:
    for item in expression.items:
        if isinstance(item, tree.Slice):
            raise DotnnError(SliceInType(span=item.span))
    return [item for item in expression.items if not isinstance(item, tree.Slice)]


def _indices(expression: tree.Index, frame: Frame) -> list[int | tuple[int | None, int | None]]:
    return [_one_index(item, frame) for item in expression.items]


def _one_index(item: tree.Expression | tree.Slice, frame: Frame) -> int | tuple[int | None, int | None]:
    if not isinstance(item, tree.Slice):
        return _int_index(item, frame)
    low = None if item.low is None else _int_index(item.low, frame)
    high = None if item.high is None else _int_index(item.high, frame)
    return low, high


def _int_index(item: tree.Expression, frame: Frame) -> int:
    value = evaluate(item, frame)
    if isinstance(value, Unknown):
        raise DotnnError()
    if not is_int(value) or value.bit_length() > 62:
        found = show(value) if isinstance(value, DimExpr | int) else describe(value)
        fault = IndexUndecided if isinstance(value, DimExpr) else IndexNotAnInt
        raise DotnnError(fault(span=item.span, found=found))
    return value


def _list_item(
    base: tuple[KnownValue, ...] | str,
    index: int | tuple[int | None, int | None],
    expression: tree.Index,
    frame: Frame,
) -> KnownValue:
    if isinstance(index, tuple):
        part = base[index[0] : index[1]]
        frame.budget.step(len(part), expression.span)
        return frame.budget.bounded(part, expression.span) if isinstance(part, tuple) else part
    if not -len(base) <= index < len(base):
        kind = "string" if isinstance(base, str) else "list"
        raise DotnnError(NoSuchElement(span=expression.items[0].span, index=index, kind=kind, length=len(base)))
    return base[index]
