"""What layers demand of the channels, which stand on axis 1: ``[N, C, *spatial]``."""

from __future__ import annotations

from ..diagnostics import DotnnError
from ..diagnostics.shapes import UndecidedChannels
from ..diagnostics.windows import ChannelsLast, ChannelsNotDivisible
from ..dims import DimExpr, exact_div
from ..graph.types import TensorType
from ..written import value_text
from .base import Site
from .shape_rules import need_known
from .spatial_families import WORDS

_CHANNELS_LAST = ("[N, T, C]", "[N, H, W, C]", "[N, D, H, W, C]")


def need_channels_first(site: Site, found: TensorType) -> None:
    """Refuse what looks as if its channels stood last: with one to three spatial axes, the last of which is known."""
    spatial_rank = found.rank - 2
    if not 1 <= spatial_rank <= len(_CHANNELS_LAST):
        return
    last = found.shape[-1]
    if isinstance(last, int) and all(isinstance(dim, DimExpr) for dim in found.shape[1:-1]):
        form, looks = f"[N, C, {WORDS['axes'][spatial_rank - 1]}]", _CHANNELS_LAST[spatial_rank - 1]
        facts, order = site.about_operand(0, found), channels_first_order(found.rank)
        raise DotnnError(ChannelsLast(**facts, expected=form, looks=looks, last=last, order=order))


def channels_first_order(rank: int) -> str:
    """The ``transpose`` from ``[N, *spatial, C]`` to ``[N, C, *spatial]``: ``[0, 2, 1]``."""
    return value_text([0, rank - 1, *range(1, rank - 1)])


def need_channels(site: Site, found: TensorType) -> int:
    """The number of channels, which must be known."""
    return need_known(site, 0, found.shape[1], found, UndecidedChannels)


def need_even_groups(site: Site, found: TensorType, groups: int) -> None:
    """Demand channels that are certainly shared out evenly among groups, the argument ``groups``."""
    if exact_div(found.shape[1], groups) is not None:
        return
    channels, facts = need_channels(site, found), site.about_argument("groups", found)
    order = order_if_last_divides(found, groups)
    facts |= {"order": order, "operand": site.operand(0), "faulty_axes": ((0, 1),)}
    raise DotnnError(ChannelsNotDivisible(**facts, channels=channels, groups=groups))


def order_if_last_divides(found: TensorType, divisor: int) -> str:
    """The ``transpose`` to propose where the last axis divides as channels would; empty where it may well be spatial.

    Images are mostly square, so that the last two axes are equal unless the channels stand last.
    """
    last, before = found.shape[-1], found.shape[-2]
    fits = found.rank > 2 and isinstance(last, int) and last % divisor == 0
    return channels_first_order(found.rank) if fits and (found.rank == 3 or last != before) else ""
