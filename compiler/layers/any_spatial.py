"""What layers share that read one to three spatial axes, ``[N, C, *spatial]``, and do not say so in their name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ..diagnostics import DotnnError
from ..diagnostics.resizing import NotOnePerAxis
from ..diagnostics.shapes import SpatialRank
from ..graph.types import TensorType
from .base import Operand, Site
from .channels import need_channels_first
from .shape_rules import need_rank
from .spatial_families import WORDS

_T = TypeVar("_T")

ANY_SPATIAL = Operand("x", "`[N, C, L]`, `[N, C, H, W]` or `[N, C, D, H, W]`, of any elements")

FORMS = tuple(f"[N, C, {axes}]" for axes in WORDS["axes"])


def need_any_spatial(site: Site, found: TensorType) -> None:
    """Demand one to three spatial axes behind the channels."""
    fault = partial(SpatialRank, lacks_channels=found.rank == 2)
    need_rank(site, 0, found, 3, 5, f"{FORMS[0]}, {FORMS[1]} or {FORMS[2]}", fault)
    need_channels_first(site, found)


def need_one_per_axis(
    site: Site, argument: str, value: object, found: TensorType, fault: Callable[..., NotOnePerAxis] = NotOnePerAxis
) -> None:
    """Demand as many entries of a list as there are spatial axes."""
    axes = found.rank - 2
    if isinstance(value, tuple) and len(value) != axes:
        facts = site.about_argument(argument, found)
        raise DotnnError(fault(**facts, argument=argument, count=len(value), wanted_count=axes))


def one_per_axis(value: _T | tuple[_T, ...], axes: int) -> tuple[_T, ...]:
    """The entries of a list, or what stands for all axes as often as there are some."""
    return value if isinstance(value, tuple) else (value,) * axes
