"""Types as written: their dimensions, the symbols that they introduce, and holding values against them."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Sequence
from functools import partial

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.names import UntoldSymbol
from ..diagnostics.values import (
    BadDimension,
    SizeOfNoForm,
    SizeUndecided,
    SolvedNeverPositive,
    TypeNeverPositive,
    WrongType,
)
from ..dims import Dim, DimExpr, decide_equal, decide_less_equal, floor_div, format_dim, lower_bound, symbol
from ..dims.formatting import format_forms
from ..dims.linear import decide_divisible, dividing_forms, linear_form, split_linear
from ..graph.types import DType, TensorType
from ..names.meanings import BOUND, Kind
from ..names.written_types import VALUE_TYPES, element_type, is_value_type
from ..records import positional_record
from ..source import Span
from ..syntax import tree
from ..values.arithmetic import of_dimensions
from ..values.compile_values import (
    UNKNOWN,
    CompileValue,
    KnownValue,
    TensorRef,
    Unknown,
    describe,
    is_int,
    is_number,
    is_tensor,
    show,
)
from .state import Bound, Frame, evaluate

#: Dimensions above this would overflow int64 in products of a few.
LARGEST_DIMENSION = 2**40

#: What is added to the name of a block's dimension while it is solved for: the model may have one of the same name.
_PRIME = "ʹ"


def dimension(item: tree.Expression, frame: Frame) -> Dim:
    """What an expression in a type says, as a dimension, which is at least 1; raises ``DotnnError``."""
    dim = _as_dimension(evaluate(item, frame), item)
    for unheld in frame.state.demands.unheld((dim,)):
        frame.state.demands.need_size(unheld, item.span, TypeNeverPositive)
    return dim


def _as_dimension(value: CompileValue, item: tree.Expression) -> Dim:
    if isinstance(value, Unknown):
        raise DotnnError()
    least = lower_bound(value) if isinstance(value, DimExpr) else None
    if isinstance(value, DimExpr) and (least is None or least <= LARGEST_DIMENSION):
        return value
    if is_int(value) and 1 <= value <= LARGEST_DIMENSION:
        return value
    found = show(value) if isinstance(value, int | DimExpr) else describe(value)
    raise DotnnError(BadDimension(span=item.span, found=found))


def _is_symbol(name: tree.Name, frame: Frame) -> bool:
    return frame.module.names.kind(name.span) is Kind.DIMENSION


def _symbol_names(part: tree.Expression | Sequence[tree.Expression], frame: Frame) -> dict[str, tree.Name]:
    """The dimensions in expressions that are not bound, and where each stands first."""
    found: dict[str, tree.Name] = {}
    for name in tree.names_in(part):
        if _is_symbol(name, frame) and frame.find(name.name) is None:
            found.setdefault(name.name, name)
    return found


# Inputs ---------------------------------------------------------------------------------------------------------------


def input_shape(items: Sequence[tree.Expression], frame: Frame) -> tuple[Dim, ...]:
    """The shape of an input, whose upper-case names that nothing defines are symbolic dimensions.

    A new one must be told by an axis of the form ``a * H + b``, so that its size follows from what is fed.

    Raises:
        DotnnError: a dimension is none, or a symbol is told by no axis.
    """
    known = frame.state.symbols
    new = {name: at for name, at in _symbol_names(tuple(items), frame).items() if name not in known}
    known.update({name: symbol(name) for name in new})
    shape = tuple(dimension(item, frame) for item in items)
    told = {form.name for form in map(linear_form, shape) if form is not None}
    untold = [at for name, at in new.items() if name not in told]
    if untold:
        raise DotnnError(*(_untold(at, items) for at in untold))
    return shape


def _untold(name: tree.Name, items: Sequence[tree.Expression]) -> UntoldSymbol:
    holding = next(item for item in items if any(one.name == name.name for one in tree.names_in(item)))
    return UntoldSymbol(span=name.span, name=name.name, text=holding.span.text)


# Arguments of blocks --------------------------------------------------------------------------------------------------


@positional_record
class Argument:
    """A tensor argument of a block: its name, the type written for it, what is given, and where.

    Attributes:
        found: the type of what is given, of the rank that is written; None if that is unknown.
    """

    name: str
    written: tree.Type
    found: TensorType | None
    span: Span

    @property
    def items(self) -> tuple[tree.Expression, ...]:
        """What is written for each axis."""
        return self.written.shape or ()


def bind_symbols(argument: Argument, frame: Frame, *, is_last: bool) -> None:
    """Bind the dimensions that the type of an argument introduces, as far as what is bound already allows.

    An axis ``H`` matches any size, and one of the form ``a * H + b`` those for which ``H`` is certainly an int of at
    least 1.

    Args:
        argument: what is given; if that is unknown, so are the names.
        frame: that of the block.
        is_last: all other arguments are bound, so that what is not known now never will be.

    Raises:
        DotnnError: a size does not fit its form, or it cannot be said whether it does.
    """
    if argument.found is None:
        _bind_unknown(argument, frame)
        return
    axes = list(zip(argument.items, argument.found.shape, strict=True))
    for item, size in axes:
        if isinstance(item, tree.Name) and _symbol_names(item, frame):
            frame.bindings[item.name] = Bound(size, item.span)
    faults: list[Diagnostic] = []
    for item, size in axes:
        names = list(_symbol_names(item, frame).values())
        if len(names) != 1 or not (is_last or _is_bound(item, frame)):
            continue
        try:
            _bind_symbol(names[0], item, size, argument, frame, is_last=is_last)
        except DotnnError as error:
            faults += error.diagnostics
            frame.bindings[names[0].name] = Bound(UNKNOWN, names[0].span)
    if faults:
        _bind_unknown(argument, frame)
        raise DotnnError(*faults)
    untold = _bind_unknown(argument, frame) if is_last else []
    if untold:
        raise DotnnError(*(_untold(name, argument.items) for name in untold))


def _bind_unknown(argument: Argument, frame: Frame) -> list[tree.Name]:
    """Let the names in a type that are not bound yet be quietly unknown; returns them."""
    names = list(_symbol_names(argument.items, frame).values())
    frame.bindings.update({name.name: Bound(UNKNOWN, name.span) for name in names})
    return names


def _is_bound(item: tree.Expression, frame: Frame) -> bool:
    """Whether everything in an expression but symbols is known, such as arguments that come later."""
    kinds = {name.name: frame.module.names.kind(name.span) for name in tree.names_in(item)}
    return all(kind not in BOUND or frame.find(name) is not None for name, kind in kinds.items())


def _bind_symbol(
    name: tree.Name, item: tree.Expression, size: Dim, argument: Argument, frame: Frame, *, is_last: bool
) -> None:
    """Solve ``a * H + b`` for ``H``; what is of another form is left to other axes."""
    primed = symbol(name.name + _PRIME)
    trial = dataclasses.replace(frame, bindings={**frame.bindings, name.name: Bound(primed, name.span)})
    parts = split_linear(_as_dimension(evaluate(item, trial), item), name.name + _PRIME)
    if parts is None:
        return
    factor, rest = parts
    multiple = of_dimensions(operator.sub, size, rest, span=argument.span)
    value = of_dimensions(floor_div, multiple, factor, span=argument.span)
    divides = decide_divisible(multiple, factor)
    if divides is None and not is_last:
        return
    if divides is None:
        raise DotnnError(_undecided(item, size, multiple, factor, argument))
    if divides is False or decide_less_equal(1, value) is False:
        raise DotnnError(_misfit(item, size, argument))
    for unheld in frame.state.demands.unheld((value,)):
        fault = partial(SolvedNeverPositive, name=name.name, form=item.span.text)
        frame.state.demands.need_size(unheld, argument.span, fault)
    frame.bindings[name.name] = Bound(value, name.span)


def _undecided(item: tree.Expression, size: Dim, multiple: Dim, factor: int, argument: Argument) -> SizeUndecided:
    return SizeUndecided(
        span=argument.span,
        name=argument.name,
        declared=argument.written.span.text,
        found=str(argument.found),
        dim=format_dim(size),
        form=item.span.text,
        forms=format_forms(dividing_forms(multiple, factor)),
        declared_at=argument.written.span,
    )


def _misfit(item: tree.Expression, size: Dim, argument: Argument) -> SizeOfNoForm:
    return SizeOfNoForm(
        span=argument.span,
        name=argument.name,
        declared=argument.written.span.text,
        found=str(argument.found),
        declared_at=argument.written.span,
        size=format_dim(size),
        form=item.span.text,
    )


def input_type(written: tree.Type, frame: Frame) -> TensorType:
    """The type of an input, whose upper-case names that nothing defines become symbolic dimensions."""
    dtype = element_type(written, frame.state.floats)
    return TensorType(dtype, input_shape(written.shape or (), frame))


def tensor_type(written: tree.Type, frame: Frame) -> TensorType:
    """A tensor type in which every name must be known already."""
    dtype = element_type(written, frame.state.floats)
    return TensorType(dtype, tuple(dimension(item, frame) for item in written.shape or ()))


def hold_against(
    name: str, value: CompileValue, written: tree.Type | None, frame: Frame, at: tree.Node
) -> CompileValue:
    """The value, if it is of the type written for it; else ``WrongType`` is raised."""
    if written is None or isinstance(value, Unknown):
        return value
    if is_value_type(written):
        return _hold_value(name, value, written, at)
    declared, found = tensor_type(written, frame), value.type if is_tensor(value) else None
    if found is not None and _same(found, declared):
        return value
    shown = str(found) if found is not None else describe(value)
    fault = WrongType(span=at.span, name=name, declared=str(declared), found=shown, declared_at=written.span)
    if isinstance(value, TensorRef):
        from ..measure.shape_history import against

        fault = against(fault, frame.state.drafts.__getitem__, value.value, declared)
    raise DotnnError(fault)


def _hold_value(name: str, value: KnownValue, written: tree.Type, at: tree.Node) -> KnownValue:
    if written.name == "float" and is_number(value) and DType.FLOAT64.holds(value):
        return float(value)
    if written.name != "float" and _is_of(value, written.name):
        return value
    raise DotnnError(
        WrongType(span=at.span, name=name, declared=written.name, found=describe(value), declared_at=written.span)
    )


def _is_of(value: KnownValue, name: str) -> bool:
    """Whether a value is of a type, in the language: there a bool is no int, and an element type no string."""
    if isinstance(value, bool):
        return name == "bool"
    return isinstance(value, VALUE_TYPES[name]) and not isinstance(value, DType)


def _same(found: TensorType, declared: TensorType) -> bool:
    if found.dtype is not declared.dtype or found.rank != declared.rank:
        return False
    return all(decide_equal(a, b) is True for a, b in zip(found.shape, declared.shape, strict=True))


def match_argument(name: str, value: CompileValue, written: tree.Type, frame: Frame, at: tree.Node) -> None:
    """Hold the element type and the rank of a tensor argument of a block against its type.

    Upper-case names in it that nothing defines match what fits, and are bound to it, so that the block can use them.
    All sizes are checked by ``hold_argument`` when every argument is bound, since types may speak of any of them.
    """
    found = _fitting(value, written)
    bind_symbols(Argument(name, written, found, at.span), frame, is_last=False)
    dtype = element_type(written, frame.state.floats)
    if isinstance(value, Unknown):
        return
    if found is None or found.dtype is not dtype:
        kind = value.type if is_tensor(value) else None
        shown = str(kind) if kind is not None else describe(value)
        declared = written.span.text.replace(written.name, dtype, 1)
        raise DotnnError(WrongType(span=at.span, name=name, declared=declared, found=shown, declared_at=written.span))


def hold_argument(name: str, value: CompileValue, written: tree.Type | None, frame: Frame, at: tree.Node) -> None:
    """Hold an argument of a block against its type, now that all arguments are bound; raises ``DotnnError``."""
    if written is not None and not is_value_type(written):
        bind_symbols(Argument(name, written, _fitting(value, written), at.span), frame, is_last=True)
    hold_against(name, value, written, frame, at)


def _fitting(value: CompileValue, written: tree.Type) -> TensorType | None:
    """The type of a tensor of the rank that is written; None for anything else."""
    found = value.type if is_tensor(value) else None
    return found if found is not None and found.rank == len(written.shape or ()) else None
