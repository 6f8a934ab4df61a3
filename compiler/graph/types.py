"""Types of tensors: an element type and a shape of exact, possibly symbolic, dimensions."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal, TypeAlias

from ..dims import Dim, substitute, symbols
from ..written import value_text


class DType(StrEnum):
    """Element types, named as in numpy."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT64 = "float64"
    INT64 = "int64"
    INT32 = "int32"
    INT8 = "int8"
    UINT8 = "uint8"
    BOOL = "bool"

    @property
    def is_float(self) -> bool:
        """Whether elements are floating point numbers."""
        return "float" in self.value

    @property
    def is_integer(self) -> bool:
        """Whether elements are integers; ``bool`` is not one."""
        return "int" in self.value

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return _SIZES[self]

    @property
    def largest(self) -> float:
        """The largest finite number of a floating point type."""
        return _LARGEST[self]

    @property
    def smallest(self) -> float:
        """The smallest positive number of a floating point type."""
        return _SMALLEST[self]

    def holds(self, number: float) -> bool:
        """Whether a number may be an element: a bool of ``bool``, an int in range of ints, a finite one of floats."""
        if isinstance(number, bool) or self is DType.BOOL:
            return isinstance(number, bool) and self is DType.BOOL
        if self.is_float:
            return -self.largest <= number <= self.largest
        bits = 8 * self.size
        low, high = (0, 2**bits) if self is DType.UINT8 else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        return isinstance(number, int) and low <= number < high


_SIZES = {
    DType.FLOAT32: 4,
    DType.FLOAT16: 2,
    DType.BFLOAT16: 2,
    DType.FLOAT64: 8,
    DType.INT64: 8,
    DType.INT32: 4,
    DType.INT8: 1,
    DType.UINT8: 1,
    DType.BOOL: 1,
}


#: The largest finite number of each floating point type.
_LARGEST = {
    DType.FLOAT16: 65504.0,
    DType.BFLOAT16: float(2**128 - 2**120),
    DType.FLOAT32: float(2**128 - 2**104),
    DType.FLOAT64: sys.float_info.max,
}


#: The smallest positive number of each floating point type, which has one digit.
_SMALLEST = {
    DType.FLOAT16: 2.0**-24,
    DType.BFLOAT16: 2.0**-133,
    DType.FLOAT32: 2.0**-149,
    DType.FLOAT64: 2.0**-1074,
}

FloatType: TypeAlias = Literal["float16", "bfloat16", "float64"]
"""The element types that a model can be built of instead of float32."""

#: Element types by name.
DTYPES: dict[str, DType] = {dtype.value: dtype for dtype in DType}


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type and shape of a tensor; a scalar has the empty shape."""

    dtype: DType
    shape: tuple[Dim, ...]

    @property
    def rank(self) -> int:
        """How many axes."""
        return len(self.shape)

    @property
    def elements(self) -> Dim:
        """How many elements: the product of the shape."""
        count: Dim = math.prod(dim for dim in self.shape if isinstance(dim, int))
        for dim in self.shape:
            if not isinstance(dim, int):
                count = count * dim
        return count

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbolic dimensions that the shape depends on."""
        return frozenset().union(*(symbols(dim) for dim in self.shape))

    def with_shape(self, *shape: Dim) -> TensorType:
        """The same element type with another shape."""
        return TensorType(self.dtype, shape)

    def __str__(self) -> str:
        return f"{self.dtype}{format_shape(self.shape)}"


#: The symbolic dimension that stands for the number of examples; costs are for one.
BATCH = "N"


def for_one_example(dim: Dim) -> Dim:
    """A dimension, or a count, where the batch is a single example."""
    return dim if isinstance(dim, int) else substitute(dim, {BATCH: 1})


@lru_cache(maxsize=4096)
def type_for_one_example(kind: TensorType) -> TensorType:
    """A type where the batch is a single example. Networks have many tensors of few types."""
    return kind.with_shape(*map(for_one_example, kind.shape))


def format_shape(shape: tuple[Dim, ...]) -> str:
    """``[N, 3, ceil(H / 2)]``."""
    return value_text(shape)
