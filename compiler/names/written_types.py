"""Types as they are written: which there are, and what a name in the place of one may have meant."""

from __future__ import annotations

from ..diagnostics import DotnnError
from ..diagnostics.suggest import near_names
from ..diagnostics.values import BadType
from ..dims import DimExpr
from ..graph.types import DTYPES, DType
from ..syntax import tree

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
            BadType(
                span=written.span,
                reason=reason,
                found="unknown type",
                hint=_types_hint(written.name),
                written=written.name,
                near=_near_type(written.name),
            )
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


_TENSORS = ("tensor", "array")


def foreign_type(name: str) -> str | None:
    """What the element type is called here that other languages call so; None where it is no such name."""
    return _FOREIGN_TYPES.get(name.lower())


def _types_hint(name: str) -> str:
    if name.lower() in _TENSORS:
        return "an argument without a type is a tensor; else write an element type and a shape, as in `float32[N, 3]`"
    near = _near_type(name)
    if near:
        return f"write `{near}`"
    return "tensors have `" + " ".join(DType) + "`; values `" + " ".join(VALUE_TYPES) + "`"


def _near_type(name: str) -> str:
    """The type that is called so elsewhere, or the nearest; empty for none."""
    if name.lower() in _TENSORS:
        return ""
    near = near_names(name, [*DType, *VALUE_TYPES])
    return foreign_type(name) or (near[0] if near else "")


def in_floats(written: DType, floats: DType) -> DType:
    """What an element type means in a model whose float32 is another type."""
    return floats if written is DType.FLOAT32 else written
