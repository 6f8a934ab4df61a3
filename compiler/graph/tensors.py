"""Tensors that a graph holds: literals and weights.

None of them holds an array. A weight says how its values are made; values come into being one tensor at a time, when a
file is written or a reference is evaluated, so that memory stays near the size of one tensor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ..records import positional_record
from ..source import Span
from .types import DType

if TYPE_CHECKING:
    import numpy as np


@positional_record
class Fan:
    """How many inputs feed one output of a layer, and how many outputs one input feeds.

    Raises:
        ValueError: one of them is not positive.
    """

    inputs: int
    outputs: int

    def __post_init__(self) -> None:
        if self.inputs < 1 or self.outputs < 1:
            raise ValueError(f"a fan is at least 1, not {self.inputs} and {self.outputs}")

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Fan:
        """The fan of a weight ``[outputs, inputs, *kernel]``: both counts times ``prod(kernel)``.

        Source: PyTorch, ``torch.nn.init._calculate_fan_in_and_fan_out``; grouped convolutions are counted as
        there, by their shape. PyTorch refuses vectors and scalars; as in Keras (``compute_fans``) a vector's
        length is both fans, and a scalar's are 1.
        """
        if len(shape) < 2:
            length = math.prod(shape)
            return cls(length, length)
        kernel = math.prod(shape[2:])
        return cls(shape[1] * kernel, shape[0] * kernel)


class Initializer(Protocol):
    """How the first values of a weight are made; see ``compiler.weights.initializers``."""

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """Numbers written in the source: a shape and the elements in row-major order.

    As an initializer it gives a weight exactly these values. Equal literals are equal to the sign of their zeros: a
    quotient by ``-0.0`` is not one by ``0.0``.
    """

    shape: tuple[int, ...]
    elements: tuple[int | float | bool, ...] = field(repr=False)
    #: Kept, because a literal may be long and tensors are looked up often.
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.shape, self.elements)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Literal) or self._hash != other._hash or self.shape != other.shape:
            return False
        pairs = zip(self.elements, other.elements, strict=True)
        return self.elements == other.elements and all(
            one != 0 or math.copysign(1, one) == math.copysign(1, two) for one, two in pairs
        )

    def __str__(self) -> str:
        return f"literal[{', '.join(map(str, self.shape))}]"

    def array(self, dtype: DType) -> np.ndarray:
        """The numbers as a numpy array of the given element type."""
        import numpy as np

        return np.array(self.elements, dtype=numpy_name(dtype)).reshape(self.shape)


class Role(StrEnum):
    """What a weight is for: learned by gradients, or a running statistic."""

    PARAMETER = "parameter"
    STATISTIC = "statistic"


@positional_record
class Weight:
    """A tensor that training would change.

    Attributes:
        name: its full name, which is PyTorch's state_dict key where labels match: ``layer1.0.conv1.weight``.
        shape: in PyTorch's layout.
        initializer: how its first values are made.
        fan: what the initializer scales by.
        role: learned parameter or running statistic.
        frozen: marked by ``freeze``.
        span: the call that it belongs to.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType
    initializer: Initializer = field(repr=False)
    fan: Fan = field(repr=False)
    role: Role = Role.PARAMETER
    frozen: bool = False
    span: Span | None = field(default=None, repr=False, compare=False)

    @property
    def elements(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


def numpy_name(dtype: DType) -> str:
    """The name by which numpy knows an element type (bfloat16 comes from ml_dtypes, which onnx brings)."""
    if dtype is DType.BFLOAT16:
        import ml_dtypes  # noqa: F401  registers the name with numpy

    return dtype.value
