"""What all initializers have in common: their text, and what may be wrong with their arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..diagnostics.call_arguments import (
    BadInitializer,
    NotInitialized,
    NumberNegative,
    NumberNotFinite,
    ValuesTooLarge,
)
from ..graph.tensors import Fan
from ..graph.types import DType
from ..records import positional_record
from ..written import value_text

if TYPE_CHECKING:
    import numpy as np

    from .random_streams import Stream

#: The element types that can be initialized, with the largest number of each.
LARGEST: dict[str, float] = {dtype.value: dtype.largest for dtype in DType if dtype.is_float}


@positional_record
class Initializer(ABC):
    """A way to choose the first values of a parameter."""

    #: The name in ``.nn`` files.
    name: ClassVar[str]
    #: The one argument that may be written without its name.
    positional: ClassVar[str | None] = None

    def __str__(self) -> str:
        """The ``.nn`` text: ``normal(std=0.02)``. Arguments equal to their defaults are left out."""
        arguments = ", ".join(
            self._argument(one.name)
            for one in fields(self)
            if one.default is MISSING or getattr(self, one.name) != one.default
        )
        return f"{self.name}({arguments})" if arguments else self.name

    def check(self, dtype: str = "float32") -> BadInitializer | None:
        """What is wrong with the arguments for a parameter of this element type, or None.

        The answer knows the argument, and lacks the place.
        """
        if dtype not in LARGEST:
            return NotInitialized(dtype=dtype, dtypes=tuple(LARGEST))
        for name in _arguments_of(type(self)):
            value = getattr(self, name)
            if not _is_finite_number(value):
                return NumberNotFinite(argument=name, value=value_text(value))
        return self._problem() or self._overflow(dtype)

    @abstractmethod
    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of initial values; the arguments have passed ``check``."""

    @abstractmethod
    def bound(self) -> float:
        """A number that no value exceeds in size, whatever the fan."""

    def _problem(self) -> BadInitializer | None:
        """What is wrong with the arguments, all of them finite numbers, whatever the element type."""
        return None

    def _overflow(self, dtype: str) -> BadInitializer | None:
        bound = self.bound()
        if bound <= LARGEST[dtype]:
            return None
        names = tuple(one.name for one in fields(self))
        return ValuesTooLarge(arguments=names, bound=bound, dtype=dtype, largest=LARGEST[dtype])

    def _argument(self, field: str) -> str:
        value = getattr(self, field)
        text = value_text(float(value) if _is_finite_number(value) else value)
        return text if field == self.positional else f"{field}={text}"


@cache
def _arguments_of(kind: type[Initializer]) -> tuple[str, ...]:
    """The names of the numbers that an initializer takes; every weight of a network asks for them."""
    return tuple(one.name for one in fields(kind))


def _is_finite_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= LARGEST["float64"]


def negative(initializer: Initializer, field: str) -> BadInitializer | None:
    """What is wrong with an argument that must not be negative, or None."""
    value = getattr(initializer, field)
    return NumberNegative(argument=field, value=value_text(value)) if value < 0 else None
