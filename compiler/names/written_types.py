"""Types as they are written: which there are, and what a name in the place of one may have meant."""

from __future__ import annotations

from ..diagnostics import DotnnError
from ..diagnostics.suggest import near_names
from ..diagnostics.values import ElementTypeWithoutShape, UnknownType
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
        near, names = _near_type(written.name), tuple(DType)
        raise DotnnError(
            UnknownType(
                span=written.span, name=written.name, near=near, element_types=names, value_types=tuple(VALUE_TYPES)
            )
        )
    if written.shape is None:
        raise DotnnError(ElementTypeWithoutShape(span=written.span, name=written.name))
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


def _near_type(name: str) -> str:
    """The type that is called so elsewhere, or the nearest; empty for none."""
    if name.lower() in _TENSORS:
        return ""
    near = near_names(name, [*DType, *VALUE_TYPES])
    return foreign_type(name) or (near[0] if near else "")


def in_floats(written: DType, floats: DType) -> DType:
    """What an element type means in a model whose float32 is another type."""
    return floats if written is DType.FLOAT32 else written
