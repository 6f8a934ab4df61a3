"""Kinds of layer attributes: what values they take, and how they say so.

A layer declares its attributes as dataclass fields made by ``attribute``. The kind converts a compile-time value to the
form that the layer works with, or raises ``AttributeFault`` with what it would have taken.
"""

from __future__ import annotations

import dataclasses
import math
import struct
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from ..dims import Dim, DimExpr
from ..graph.types import DTYPES, DType
from ..initializers import Initializer
from ..records import positional_record
from ..written import number_text, value_text

#: Padding of each spatial axis as (before, after), or "same" until the input's size is known.
Pads: TypeAlias = tuple[tuple[int, int], ...]

#: No axis, kernel or unit count is larger; far beyond any network, and safe in int64 products of a few.
LARGEST = 2**31 - 1

#: No layer that takes or makes tensors of any rank takes or makes more axes; numpy has had no more either.
HIGHEST_RANK = 32

#: Into how many equal parts a tensor can be divided; each of them is named in the source.
MOST_PARTS = 4096


class AttributeFault(Exception):
    """A value that an attribute does not take.

    Attributes:
        expected: what it takes, as a phrase: ``a positive int``.
    """

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


class UndecidedFault(AttributeFault):
    """A symbolic dimension where a number is needed.

    Attributes:
        dim: the dimension that would have to be known.
    """

    def __init__(self, expected: str, dim: DimExpr) -> None:
        super().__init__(expected)
        self.dim = dim


class Kind(Protocol):
    """A kind of attribute."""

    @property
    def expected(self) -> str:
        """What it takes, as a phrase for messages and documentation."""
        ...

    def convert(self, value: object, layer: type) -> Any:
        """The value in the layer's form; raises ``AttributeFault``."""


@positional_record
class Integer:
    """An int within bounds."""

    minimum: int | None = None
    maximum: int = LARGEST

    @property
    def expected(self) -> str:
        """As a phrase."""
        if self.minimum is None:
            return "an int"
        if self.maximum != LARGEST:
            return f"an int from {self.minimum} to {self.maximum}"
        return "a positive int" if self.minimum == 1 else f"an int of at least {self.minimum}"

    def convert(self, value: object, layer: type) -> int:
        """The int itself."""
        return whole(value, self.expected, self.minimum, self.maximum)


@positional_record
class Real:
    """A finite number within bounds."""

    minimum: float = -math.inf
    maximum: float = math.inf
    above: bool = False  #: the minimum itself is excluded
    below: bool = False  #: the maximum itself is excluded

    @property
    def expected(self) -> str:
        """As a phrase."""
        bounds: list[str] = []
        if self.minimum > -math.inf:
            bounds.append(f" {'above' if self.above else 'of at least'} {number_text(self.minimum)}")
        if self.maximum < math.inf:
            bounds.append(f" {'below' if self.below else 'at most'} {number_text(self.maximum)}")
        return "a number" + " and".join(bounds)

    def convert(self, value: object, layer: type) -> float:
        """The number as a float."""
        written = _number(value, self.expected)
        if isinstance(written, int) and written.bit_length() > 64:
            raise AttributeFault(self.expected)
        number = float(written)
        too_low = number <= self.minimum if self.above else number < self.minimum
        too_high = number >= self.maximum if self.below else number > self.maximum
        if not math.isfinite(number) or too_low or too_high:
            raise AttributeFault(self.expected)
        if not _in_float32(number):
            raise AttributeFault(f"{self.expected} in the range of float32: 0, or from 1e-45 to 3.4e38 in size")
        return number


def _in_float32(number: float) -> bool:
    """Whether a number neither vanishes nor becomes infinite in float32, as ONNX keeps the attributes of layers."""
    try:
        (rounded,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        return False
    return bool(rounded) == bool(number)


@positional_record
class Flag:
    """``true`` or ``false``."""

    expected: str = "true or false"

    def convert(self, value: object, layer: type) -> bool:
        """The bool itself."""
        if not isinstance(value, bool):
            raise AttributeFault(self.expected)
        return value


class Choice:
    """One of some words; ``elsewhere`` has words of other frameworks, each with the one that is the same."""

    def __init__(self, *words: str, **elsewhere: str) -> None:
        self.words = words
        self.elsewhere = elsewhere

    @property
    def expected(self) -> str:
        """As a phrase."""
        return " or ".join(map(value_text, self.words))

    def convert(self, value: object, layer: type) -> str:
        """The word itself."""
        if isinstance(value, str) and value in self.elsewhere:
            raise AttributeFault(f"{value_text(self.elsewhere[value])}, which {value_text(value)} is called here")
        if not isinstance(value, str) or value not in self.words:
            raise AttributeFault(self.expected)
        return value


@positional_record
class ElementType:
    """The name of an element type, which the language has as a value: ``float16``."""

    expected: str = f"an element type ({', '.join(DType)})"

    def convert(self, value: object, layer: type) -> DType:
        """The element type itself."""
        if isinstance(value, DType):
            return value
        if isinstance(value, str) and value in DTYPES:
            raise AttributeFault(f"an element type without quotes, `{value}`")
        raise AttributeFault(self.expected)


@positional_record
class PerAxis:
    """An int for every spatial axis, or a list with one per axis; positive ones unless ``minimum`` says otherwise."""

    minimum: int = 1

    @property
    def expected(self) -> str:
        """As a phrase."""
        return f"{Integer(self.minimum).expected}, or a list with one per spatial axis"

    def convert(self, value: object, layer: type) -> tuple[int, ...]:
        """One int per spatial axis."""
        rank = _spatial_rank(layer)
        expected = f"{self.expected} ({rank} here)"
        return tuple(whole(item, expected, self.minimum) for item in _each(value, rank, expected))


@positional_record
class Padding:
    """An int, a list with an int or a ``[before, after]`` pair per spatial axis, or ``"same"``."""

    expected: str = 'an int of at least 0, a list with an int or a [before, after] pair per spatial axis, or "same"'

    def convert(self, value: object, layer: type) -> Pads | str:
        """(before, after) per spatial axis, or "same"."""
        if value == "same":
            return "same"
        if value == "valid":
            raise AttributeFault("0 where nothing is padded")
        rank = _spatial_rank(layer)
        expected = f"{self.expected} ({rank} axes here)"
        pairs = (_each(item, 2, expected) for item in _each(value, rank, expected))
        return tuple((whole(before, expected, 0), whole(after, expected, 0)) for before, after in pairs)


@positional_record
class Sizes:
    """What ``PerAxis`` takes, of a layer that reads any number of spatial axes; they are counted with its operand.

    Attributes:
        symbolic: symbolic dimensions are taken, too.
    """

    symbolic: bool = False

    @property
    def expected(self) -> str:
        """As a phrase."""
        return f"a positive {'dimension' if self.symbolic else 'int'}, or a list with one per spatial axis"

    def convert(self, value: object, layer: type) -> Dim | tuple[Dim, ...]:
        """What stands for all axes, or for each."""
        if isinstance(value, tuple):
            return tuple(map(self._size, value))
        return self._size(value)

    def _size(self, value: object) -> Dim:
        if self.symbolic and isinstance(value, DimExpr):
            return value
        return whole(value, self.expected, 1)


@positional_record
class Margins:
    """What ``Padding`` takes but for ``"same"``, of a layer that reads any number of spatial axes."""

    expected: str = "an int of at least 0, or a list with an int or a [before, after] pair per spatial axis"

    def convert(self, value: object, layer: type) -> int | Pads:
        """What stands before and after all axes, or (before, after) for each."""
        if not isinstance(value, tuple):
            return self._amount(value)
        pairs = (_each(item, 2, self.expected) for item in value)
        return tuple((self._amount(before), self._amount(after)) for before, after in pairs)

    def _amount(self, value: object) -> int:
        amount = whole(value, self.expected)
        if amount < 0:
            raise AttributeFault("ints of at least 0 (to take positions away, write a slice: `x[:, :, 1:-1]`)")
        return amount


def _spatial_rank(layer: type) -> int:
    return layer.spatial_rank  # pyright: ignore[reportAttributeAccessIssue]


def _each(value: object, count: int, expected: str) -> tuple[object, ...]:
    """As many values as written in a list, or one that stands for all of them."""
    each = value if isinstance(value, tuple) else (value,) * count
    if len(each) != count:
        raise AttributeFault(expected)
    return each


@positional_record
class IntegerList:
    """A list of ints; a single int stands for a list of one where ``single`` says so."""

    single: bool = False

    @property
    def expected(self) -> str:
        """As a phrase."""
        return "an int or a list of ints" if self.single else "a list of ints"

    def convert(self, value: object, layer: type) -> tuple[int, ...]:
        """The ints."""
        items = (value,) if self.single and not isinstance(value, tuple) else value
        if not isinstance(items, tuple):
            raise AttributeFault(self.expected)
        return tuple(whole(item, self.expected) for item in items)


@positional_record
class Parts:
    """A count, or a list of sizes: how ``split`` divides."""

    expected: str = (
        f"a positive int of at most {MOST_PARTS} (a count of equal parts) or a list of positive ints (their sizes)"
    )

    def convert(self, value: object, layer: type) -> int | tuple[int, ...]:
        """The count or the sizes."""
        if not isinstance(value, tuple):
            return whole(value, self.expected, 1, MOST_PARTS)
        if not value or len(value) > MOST_PARTS:
            raise AttributeFault(self.expected)
        return tuple(whole(item, self.expected, 1) for item in value)


@positional_record
class DimensionList:
    """A list of dimensions, symbolic ones allowed: the shape of ``reshape`` and ``expand``.

    Attributes:
        rest: one of them may be -1, which stands for what is left of the elements.
    """

    rest: bool = False

    @property
    def expected(self) -> str:
        """As a phrase."""
        rest = ", one of which may be -1" if self.rest else ""
        return f"a list of at most {HIGHEST_RANK} positive dimensions{rest}"

    def convert(self, value: object, layer: type) -> tuple[Dim, ...]:
        """The dimensions."""
        if not isinstance(value, tuple) or len(value) > HIGHEST_RANK:
            raise AttributeFault(self.expected)
        dims = tuple(self._dimension(item) for item in value)
        if dims.count(-1) > 1:
            raise AttributeFault(self.expected)
        return dims

    def _dimension(self, item: object) -> Dim:
        if isinstance(item, DimExpr) or (self.rest and isinstance(item, int) and item == -1):
            return item
        return whole(item, self.expected, 1, 2**62)


@positional_record
class InitializerKind:
    """An initializer: ``he_normal``, ``normal(std=0.02)``."""

    expected: str = "an initializer, such as he_normal or normal(std=0.02)"

    def convert(self, value: object, layer: type) -> Initializer:
        """The initializer itself."""
        if not isinstance(value, Initializer):
            raise AttributeFault(self.expected)
        return value


def whole(value: object, expected: str, minimum: int | None = None, maximum: int = LARGEST) -> int:
    """An int within bounds; raises ``AttributeFault``, or ``UndecidedFault`` for a symbolic dimension."""
    number = _number(value, expected)
    if not isinstance(number, int):
        raise AttributeFault(expected)
    if abs(number) > LARGEST and maximum == LARGEST:
        raise AttributeFault(f"{expected}, at most {LARGEST:,}")
    if (minimum is not None and number < minimum) or number > maximum or number < -LARGEST:
        raise AttributeFault(expected)
    return number


def _number(value: object, expected: str) -> int | float:
    """A number, which ``true`` is not."""
    if isinstance(value, DimExpr):
        raise UndecidedFault(expected, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AttributeFault(expected)
    return value


#: Marks an attribute that must be written.
REQUIRED: Any = dataclasses.MISSING


def attribute(
    kind: Kind, default: Any = REQUIRED, *, doc: str, positional: bool = False, shown: str | None = None
) -> Any:
    """Declare an attribute of a layer.

    Args:
        kind: what values it takes.
        default: its value, already converted, where it is not written; without one it is required.
        doc: one sentence for the documentation page.
        positional: whether it is the layer's size, the one attribute that may be written without its name.
        shown: the default as text, where it depends on others (``kernel``).
    """
    metadata: Mapping[str, Any] = {"kind": kind, "doc": doc, "positional": positional, "shown": shown}
    return dataclasses.field(kw_only=True, default=default, metadata=metadata)
