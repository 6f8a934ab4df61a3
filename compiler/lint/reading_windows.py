"""The windows that read what they slide over, and what becomes of them with other arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from ..diagnostics import DotnnError
from ..dims import DimTooComplex
from ..graph.graph import Node
from ..graph.types import TensorType
from ..layers.base import Layer, Site
from ..layers.windows import Sliding
from ..written import value_text
from .base import LayerGraph, Subject, is_own

_Layer = TypeVar("_Layer", bound=Layer)


def reading_windows(subject: Subject) -> Iterator[tuple[LayerGraph, Node, Sliding, TensorType]]:
    """The user's layers that slide a window over their operand, with its type.

    Transposed convolutions are none of them: their windows are added to the result.
    """
    for graph, node, layer in subject.all_of(Sliding):
        found = None if layer.spreads or not is_own(node) else graph.graph.operand_types(node)[0]
        if found is not None:
            yield graph, node, layer, found


def with_arguments(layer: _Layer, found: TensorType, **changes: Any) -> tuple[_Layer, TensorType | None]:
    """A layer with other arguments, and the type of its result; None where they do not fit."""
    changed = dataclasses.replace(layer, **changes)
    try:
        return changed, changed.infer((found,), Site.nowhere(layer.kind))[0]
    except (DotnnError, DimTooComplex):
        return changed, None


def per_axis_text(numbers: Sequence[int]) -> str:
    """What is written for numbers of axes: one where all are the same."""
    return value_text(numbers[0] if len(set(numbers)) == 1 else list(numbers))
