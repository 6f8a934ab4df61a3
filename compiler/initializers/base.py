"""What all initializers have in common: their text, and what may be wrong with their arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar

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

    def check(self, dtype: str = "float32") -> str | None:
        """What is wrong with the arguments for a parameter of this element type, or None.

        The answer names the argument: ``std is -1.0, but must be at least 0``.
        """
        if dtype not in LARGEST:
            return f"a parameter of type {dtype} cannot be initialized, only {', '.join(LARGEST)}"
        for one in fields(self):
            value = getattr(self, one.name)
            if not _is_finite_number(value):
                return f"{one.name} is {value_text(value)}, but must be a finite number"
        return self._problem() or self._overflow(dtype)

    @abstractmethod
    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of initial values; the arguments have passed ``check``."""

    @abstractmethod
    def bound(self) -> float:
        """A number that no value exceeds in size, whatever the fan."""

    def _problem(self) -> str | None:
        """What is wrong with the arguments, all of them finite numbers, whatever the element type."""
        return None

    def _overflow(self, dtype: str) -> str | None:
        bound = self.bound()
        if bound <= LARGEST[dtype]:
            return None
        names = " and ".join(one.name for one in fields(self))
        return f"{names} may give values up to {bound:.3g}, but the largest {dtype} is {LARGEST[dtype]:.3g}"

    def _argument(self, field: str) -> str:
        value = getattr(self, field)
        text = value_text(float(value) if _is_finite_number(value) else value)
        return text if field == self.positional else f"{field}={text}"


def _is_finite_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= LARGEST["float64"]


def negative(initializer: Initializer, field: str) -> str | None:
    """What is wrong with an argument that must not be negative, or None."""
    value = getattr(initializer, field)
    return f"{field} is {value_text(value)}, but must be at least 0" if value < 0 else None
