"""Types as written: resolving them, and holding values against them."""

from __future__ import annotations

from ..diagnostics import DotnnError
from ..diagnostics.suggest import near_names
from ..diagnostics.values import BadType, WrongType
from ..dims import DimExpr, decide_equal
from ..graph.types import DTYPES, DType, TensorType
from ..syntax import tree
from ..values.kinds import UNKNOWN, CompileValue, TensorConstant, TensorRef, Unknown, describe
from .dimensions import Argument, bind_symbols, dimension, input_shape
from .state import Frame

#: Names of the types of compile-time values, and the Python types that they stand for.
VALUE_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int, DimExpr),
    "float": (float, int),
    "bool": (bool,),
    "string": (str,),
    "list": (tuple,),
}


def is_value_type(written: tree.Type) -> bool:
    """Whether it is the type of compile-time values."""
    return written.shape is None and written.name in VALUE_TYPES


def element_type(written: tree.Type, floats: DType = DType.FLOAT32) -> DType:
    """The element type of a tensor type, ``floats`` for float32; raises ``DotnnError``."""
    if written.name not in DTYPES:
        reason = f"there is no type `{written.name}`"
        raise DotnnError(
            BadType(span=written.span, reason=reason, found="unknown type", hint=_types_hint(written.name))
        )
    if written.shape is None:
        reason = f"`{written.name}` is an element type; a tensor has a shape too"
        hint = f"write `{written.name}[…]`, such as `{written.name}[N, 3]`, or `{written.name}[]` for a single number"
        raise DotnnError(BadType(span=written.span, reason=reason, found="no shape", hint=hint))
    return in_floats(DType(written.name), floats)


#: What other languages call the element types.
_FOREIGN_TYPES = {
    "float": "float32",
    "single": "float32",
    "double": "float64",
    "half": "float16",
    "int": "int64",
    "long": "int64",
    "byte": "uint8",
    "boolean": "bool",
    "str": "string",
}


def foreign_type(name: str) -> str | None:
    """What the element type is called here that other languages call so; None where it is no such name."""
    return _FOREIGN_TYPES.get(name.lower())


def _types_hint(name: str) -> str:
    if name.lower() in ("tensor", "array"):
        return "an argument without a type is a tensor; else write an element type and a shape, as in `float32[N, 3]`"
    foreign = foreign_type(name)
    near = (foreign,) if foreign is not None else near_names(name, [*DType, *VALUE_TYPES])
    if near:
        return f"write `{near[0]}`"
    return "tensors have `" + " ".join(DType) + "`; values `" + " ".join(VALUE_TYPES) + "`"


def in_floats(written: DType, floats: DType) -> DType:
    """What an element type means in a model whose float32 is another type."""
    return floats if written is DType.FLOAT32 else written


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


__all__ = [
    "UNKNOWN",
    "VALUE_TYPES",
    "check_tensor_type",
    "element_type",
    "hold_against",
    "hold_argument",
    "in_floats",
    "input_type",
    "is_value_type",
    "match_argument",
    "tensor_type",
]
