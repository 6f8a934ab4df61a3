"""The values that exist while a model is elaborated: what they may be, what they are called and how they are shown.

Most are plain Python: a list of the language is a tuple, an element type is a ``DType``, a symbolic dimension a
``DimExpr``. Beside them stand tensors of the graph. What has failed and was reported is ``UNKNOWN``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, TypeGuard

from ..dims import Dim, DimExpr, format_dim
from ..graph.graph import Value
from ..graph.tensors import Literal
from ..graph.types import DType, TensorType
from ..initializers import Initializer
from ..records import positional_record
from ..written import value_text

if TYPE_CHECKING:
    # Python has it from 3.13 on.
    from typing_extensions import TypeIs


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
class Quotient:
    """``H / 2``: exact, and only of use to ``ceil`` and ``floor``."""

    numerator: Dim
    denominator: Dim


@positional_record
class Several:
    """Several results in their fixed order; used as one value, it is its first.

    Attributes:
        take_all: every result must be named (``split``).
    """

    values: tuple[CompileValue, ...]
    source: str
    take_all: bool = False


SimpleValue: TypeAlias = (
    bool | int | float | str | DType | DimExpr | Quotient | TensorType | Initializer | TensorRef | TensorConstant
)
"""A value that is no list."""

KnownValue: TypeAlias = SimpleValue | tuple["KnownValue", ...]
"""A value of the language. Lists hold no unknown ones: a list of something unknown is unknown."""

CompileValue: TypeAlias = KnownValue | Unknown
"""What an expression is worth where one value is wanted, and what a name is bound to."""

Results: TypeAlias = CompileValue | Several
"""What an expression gives before it is known how many values are wanted."""


def first(value: Results) -> CompileValue:
    """The value where one is wanted: the first of several."""
    return value.values[0] if isinstance(value, Several) else value


def all_known(values: Sequence[CompileValue]) -> TypeGuard[Sequence[KnownValue]]:
    """Whether none of the values is unknown."""
    return not any(isinstance(value, Unknown) for value in values)


def is_tensor(value: CompileValue) -> TypeIs[TensorRef | TensorConstant]:
    """Whether it is a tensor of the graph or can become one."""
    return isinstance(value, TensorRef | TensorConstant)


# That these say no tells a type checker nothing: to Python, a bool is an int, and an element type a string.


def is_int(value: CompileValue) -> TypeGuard[int]:
    """Whether it is an int; a bool is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: CompileValue) -> TypeGuard[int | float]:
    """Whether it is an int or a float; a bool is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_string(value: CompileValue) -> TypeGuard[str]:
    """Whether it is a string; an element type is not."""
    return isinstance(value, str) and not isinstance(value, DType)


def is_dimension(value: CompileValue) -> TypeGuard[Dim]:
    """Whether it is an int or a symbolic dimension."""
    return isinstance(value, int | DimExpr) and not isinstance(value, bool)


#: What values are called, but initializers; a bool is an int to Python, and an element type a string.
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
    (Quotient, "a quotient of dimensions"),
)


def describe(value: KnownValue) -> str:
    """What kind of value it is, as a phrase for messages."""
    for kind, phrase in _PHRASES:
        if isinstance(value, kind):
            return phrase
    return "an initializer"


def show(value: KnownValue, room: int = 60) -> str:
    """The value as the language writes it, shortened to about ``room`` characters, with commas in large numbers."""
    text = _show(value, room)
    return text if len(text) <= room else text[: room - 3] + "..."


def _show(value: KnownValue, room: int) -> str:
    """At least ``room`` characters of a value, or all of it: no deeper into a list than is shown of it."""
    if is_int(value):
        return f"{value:,}" if value.bit_length() <= 1024 else "a huge int"
    if is_string(value):
        return value_text(value[:room])
    if isinstance(value, tuple):
        return "[" + ", ".join(_show_item(item, room - 1) for item in value[:room] if room > 0) + "]"
    if isinstance(value, Quotient):
        return f"{_factor(value.numerator)} / {_factor(value.denominator)}"
    if is_tensor(value):
        return str(value.type)
    return value_text(value)


def _factor(dim: Dim) -> str:
    text = format_dim(dim)
    return f"({text})" if " " in text else text


def _show_item(value: KnownValue, room: int) -> str:
    """An item of a list; without commas in large numbers, which would look like commas of the list."""
    return _show(value, room).replace(",", "") if isinstance(value, int) else _show(value, room)
