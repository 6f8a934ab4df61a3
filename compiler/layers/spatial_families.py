"""Families of layers: one declaration makes the classes for sequences, images and, mostly, volumes.

The docstring and the formula of an abstract layer are templates. ``{inputs}`` and the other names in braces stand for
what differs by the number of spatial axes: the words below, and those that the family adds.
"""

from __future__ import annotations

import inspect
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias, TypeVar, final

from ..records import record
from .base import Layer, Operand, Sample

_T = TypeVar("_T")

#: One for sequences, one for images, one for volumes.
ForEach: TypeAlias = tuple[_T, _T, _T]

#: What the inputs are called, their spatial axes, those of the outputs, and as many of size 1.
WORDS: Mapping[str, ForEach[str]] = {
    "inputs": ("sequences", "images", "volumes"),
    "axes": ("L", "H, W", "D, H, W"),
    "outputs": ("L'", "H', W'", "D', H', W'"),
    "ones": ("1", "1, 1", "1, 1, 1"),
}


@record
class Spatial(Layer, ABC):
    """Base of the families: layers of ``[N, C, *spatial]``."""

    spatial_rank: ClassVar[int]
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "the input, channels first"),)

    @property
    def spatial_axes(self) -> tuple[int, ...]:
        """The spatial axes, counted from 0."""
        return tuple(range(2, 2 + self.spatial_rank))


_Family = TypeVar("_Family", bound=Spatial)


def family(base: type[_Family], kind: str, *samples: Sample, **words: Sequence[str]) -> ForEach[type[_Family]]:
    """The layers ``{kind}1d``, ``{kind}2d`` and ``{kind}3d``, in classes such as ``MaxPool2d``.

    Args:
        base: what they share; its docstring and its formula are templates.
        kind: their name without the number of axes: ``max_pool``.
        samples: of all three; each goes to the layer that it calls.
        words: what stands for further names in the templates, or instead of ``WORDS``, one for each layer.
    """
    one, two, three = (_member(base, kind, rank, samples, words) for rank in (1, 2, 3))
    return one, two, three


def flat_family(
    base: type[_Family], kind: str, *samples: Sample, **words: Sequence[str]
) -> tuple[type[_Family], type[_Family]]:
    """The layers ``{kind}1d`` and ``{kind}2d``, where there is none for volumes; see ``family``."""
    return _member(base, kind, 1, samples, words), _member(base, kind, 2, samples, words)


def _member(
    base: type[_Family], kind: str, rank: int, samples: tuple[Sample, ...], words: Mapping[str, Sequence[str]]
) -> type[_Family]:
    called = f"{kind}{rank}d"
    forms = {name: form[rank - 1] for name, form in {**WORDS, **words}.items()}
    attributes = {
        "__doc__": inspect.cleandoc(base.__doc__ or "").format_map(forms),
        "__module__": base.__module__,
        "kind": called,
        "spatial_rank": rank,
        "formula": base.formula.format_map(forms),
        "samples": tuple(one for one in samples if one.call.partition("(")[0] == called),
    }
    name = "".join(part.capitalize() for part in called.split("_"))
    made: Any = type(base)(name, (base,), attributes)
    return final(record(made))


def sample(call: str, *sizes: tuple[int, ...], channels: int = 2) -> Sample:
    """A sample that reads ``[N, channels, *spatial]``, run by run of these spatial sizes, or the usual ones."""
    rank = int(call.partition("(")[0][-2])
    axes = WORDS["axes"][rank - 1]
    unusual = dict(zip(axes.split(", "), zip(*sizes, strict=True), strict=True)) if sizes else {}
    return Sample(call, {"x": f"float32[N, {channels}, {axes}]"}, unusual)
