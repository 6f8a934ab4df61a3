"""Types as written: resolving them, and holding values against them."""

from __future__ import annotations

from ..diagnostics import DotnnError
from ..diagnostics.values import WrongType
from ..dims import decide_equal
from ..graph.types import DType, TensorType
from ..names.written_types import VALUE_TYPES, element_type, is_value_type
from ..syntax import tree
from ..values.kinds import CompileValue, TensorConstant, TensorRef, Unknown, describe
from .dimensions import Argument, bind_symbols, dimension, input_shape
from .state import Frame


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
    declared = tensor_type(written, frame)
    check_tensor_type(name, value, declared, written, at)
    return value


def _hold_value(name: str, value: CompileValue, written: tree.Type, at: tree.Node) -> CompileValue:
    allowed = VALUE_TYPES[written.name]
    is_bool = isinstance(value, bool)
    is_huge = written.name == "float" and not is_bool and isinstance(value, int) and not DType.FLOAT64.holds(value)
    if isinstance(value, allowed) and is_bool == (written.name == "bool") and not isinstance(value, DType) | is_huge:
        return float(value) if written.name == "float" and not is_bool else value
    raise DotnnError(
        WrongType(span=at.span, name=name, declared=written.name, found=describe(value), declared_at=written.span)
    )


def check_tensor_type(name: str, value: CompileValue, declared: TensorType, written: tree.Type, at: tree.Node) -> None:
    """Raise ``WrongType`` unless the value is a tensor of exactly this type."""
    found = value.type if isinstance(value, TensorRef | TensorConstant) else None
    if found is not None and _same(found, declared):
        return
    shown = str(found) if found is not None else describe(value)
    raise DotnnError(WrongType(span=at.span, name=name, declared=str(declared), found=shown, declared_at=written.span))


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
        kind = value.type if isinstance(value, TensorRef | TensorConstant) else None
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
    found = value.type if isinstance(value, TensorRef | TensorConstant) else None
    return found if found is not None and found.rank == len(written.shape or ()) else None
