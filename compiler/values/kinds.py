"""The values that exist while a model is elaborated.

Compile-time values are plain Python: int, float, bool, str, tuple (a list of the language), dimensions, element types,
tensor types and initializers. Beside them stand references to tensors of the graph, and ``UNKNOWN``.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from ..dims import Dim, DimExpr, format_dim
from ..graph.graph import Value
from ..graph.tensors import Literal
from ..graph.types import DType, TensorType
from ..initializers import Initializer
from ..records import positional_record
from ..written import value_text


class Unknown:
    """The value of something that has failed and was reported: whatever touches it is quietly unknown too."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@positional_record
class TensorRef:
    """A tensor of the graph."""

    value: Value
    type: TensorType


@positional_record
class TensorConstant:
    """A ``const`` with a tensor type: numbers that enter the graph where they are used as a tensor."""

    name: str
    literal: Literal
    type: TensorType


@positional_record
class Several:
    """Several results in their fixed order; used as one value, it is its first.

    Attributes:
        take_all: every result must be named (``split``).
    """

    values: tuple[Any, ...]
    source: str
    take_all: bool = False


@positional_record
class Quotient:
    """``H / 2``: exact, and only of use to ``ceil`` and ``floor``."""

    numerator: Dim
    denominator: Dim


CompileValue: TypeAlias = Any


def first(value: CompileValue) -> CompileValue:
    """The value where one is wanted: the first of several."""
    return value.values[0] if isinstance(value, Several) else value


def is_tensor(value: CompileValue) -> bool:
    """Whether it is a tensor of the graph or can become one."""
    return isinstance(value, TensorRef | TensorConstant)


def is_number(value: CompileValue) -> bool:
    """Whether it is an int or a float; a bool is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_compile_value(value: object) -> bool:
    """Whether the language knows values of this kind."""
    return isinstance(value, (Initializer, *(kind for kind, _ in _PHRASES)))


def describe(value: CompileValue) -> str:
    """What kind of value it is, as a phrase for messages."""
    for kind, phrase in _PHRASES:
        if isinstance(value, kind):
            return phrase
    return "an initializer"


_PHRASES: tuple[tuple[type, str], ...] = (
    (bool, "a bool"),
    (int, "an int"),
    (float, "a float"),
    (DType, "an element type"),
    (str, "a string"),
    (tuple, "a list"),
    (DimExpr, "a symbolic dimension"),
    (TensorType, "a tensor type"),
    (TensorRef, "a tensor"),
    (TensorConstant, "a tensor"),
    (Several, "several results"),
    (Quotient, "a quotient of dimensions"),
)


def show(value: CompileValue, room: int = 60) -> str:
    """The value as the language writes it, shortened to about ``room`` characters, with commas in large numbers."""
    text = _show(value, room)
    return text if len(text) <= room else text[: room - 3] + "..."


def _show(value: CompileValue, room: int) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if value.bit_length() <= 1024 else "a huge int"
    if isinstance(value, str) and not isinstance(value, DType):
        return value_text(value[:room])
    if isinstance(value, tuple):
        return "[" + ", ".join(_show_item(item, room) for item in value[:room]) + "]"
    if isinstance(value, Quotient):
        return f"{_factor(value.numerator)} / {_factor(value.denominator)}"
    if isinstance(value, TensorRef | TensorConstant):
        return str(value.type)
    return value_text(value)


def _factor(dim: Dim) -> str:
    text = format_dim(dim)
    return f"({text})" if " " in text else text


def _show_item(value: CompileValue, room: int) -> str:
    """An item of a list; without commas in large numbers, which would look like commas of the list."""
    return _show(value, room).replace(",", "") if isinstance(value, int) else _show(value, room)
