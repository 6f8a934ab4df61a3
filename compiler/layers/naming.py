"""What an unknown layer may have meant: the layers know what other frameworks call them."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics.suggest import suggestions
from ..diagnostics.suggest_foreign import plain_word
from .base import LAYERS, Layer


def near_layers(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """The candidates, layers and others, that an unknown name may have meant, the likeliest first."""
    return suggestions("layer", name, candidates, foreign_layers(name))


def foreign_layers(name: str) -> tuple[str, ...]:
    """The layers that another framework's word may stand for; of those for several dimensions images come first."""
    word = plain_word(name)
    found = [layer for layer in LAYERS.values() if word in _foreign_names(layer)]
    return tuple(layer.kind for layer in sorted(found, key=lambda layer: (_rank(layer) != 2, _rank(layer))))


def _foreign_names(layer: type[Layer]) -> list[str]:
    return [name.format(rank=_rank(layer)) for name in layer.foreign_names]


def _rank(layer: type[Layer]) -> int:
    """How many spatial axes it has, 0 where it has any number of them or none."""
    return getattr(layer, "spatial_rank", 0)
