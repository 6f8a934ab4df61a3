"""What a model reads and gives, and what it is fed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from ..compiler.diagnostics import Diagnostic
from ..compiler.reprs import quantity, several, short_repr

Size: TypeAlias = int | str | None
"""A size of a declared shape: a number, the text of a symbolic dimension, or None where nothing is said."""

_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*\Z")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or an output as the model declares it.

    Attributes:
        name: its name.
        dtype: its element type as numpy names it (``float32``), or onnxruntime's text for what numpy does not have.
        shape: its sizes, or None where the model does not even tell the rank.
    """

    name: str
    dtype: str
    shape: tuple[Size, ...] | None

    def __str__(self) -> str:
        """``float32[N, 1, 28, 28]``."""
        return f"{self.dtype}{format_sizes(self.shape)}"


@dataclass(frozen=True, slots=True)
class FedDemand:
    """A condition on the sizes that are fed: ``dim >= minimum``, wanted by ``reason``.

    It is the `Demand` of a layer as the model's file tells it: its dimension is a text, which anybody may have written,
    and its layer has no place in a source any more.
    """

    dim: str
    minimum: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Feeds:
    """Values for the inputs of a model.

    Attributes:
        arrays: by input name.
        sizes: of the symbolic dimensions, as far as they are known.
        notes: what was done to the values, or is odd about them.
    """

    arrays: Mapping[str, NDArray[Any]]
    sizes: Mapping[str, int]
    notes: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        given = (f"{name}: {array.dtype}{list(array.shape)}" for name, array in self.arrays.items())
        return short_repr(self, *several(given), quantity(len(self.notes), "note"))


def format_sizes(shape: tuple[Size, ...] | None) -> str:
    """``[N, 1, 28, 28]``; ``?`` for what is not said."""
    if shape is None:
        return "[...]"
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def is_symbol(text: str) -> bool:
    """Whether the text of a dimension is one name, such as ``N`` or ``batch_size``, and no expression."""
    return _SYMBOL.match(text) is not None
