"""What an unknown layer may have meant: the layers know what other frameworks call them."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics.names import UnknownLayer
from ..diagnostics.suggest import near_names
from ..diagnostics.suggest_foreign import plain_word
from ..source import Span
from .base import LAYERS, Layer


def unknown_layer(name: str, candidates: Iterable[str], span: Span | None = None) -> UnknownLayer:
    """What to say of a name that nothing that can be called has; the candidates are the names that can be."""
    known = tuple(candidates)
    return UnknownLayer(span=span, name=name, near=near_names(name, known), known_as=known_as(name, known))


def known_as(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """What is called so elsewhere, the likeliest first: the same name as it is spelled here, or another framework's."""
    word = _word(name)
    spelled = tuple(one for one in candidates if plain_word(one) == word)
    return spelled or foreign_layers(name)


def foreign_layers(name: str) -> tuple[str, ...]:
    """The layers that another framework's word may stand for; of those for several dimensions images come first."""
    word = _word(name)
    found = [layer for layer in LAYERS.values() if word in _foreign_names(layer)]
    return tuple(layer.kind for layer in sorted(found, key=lambda layer: (_rank(layer) != 2, _rank(layer))))


def _word(name: str) -> str:
    # PyTorch's lazy modules are those that find the number of channels themselves, as all layers do here.
    return plain_word(name).removeprefix("lazy")


def _foreign_names(layer: type[Layer]) -> list[str]:
    return [name.format(rank=_rank(layer)) for name in layer.foreign_names]


def _rank(layer: type[Layer]) -> int:
    """How many spatial axes it has, 0 where it has any number of them or none."""
    return getattr(layer, "spatial_rank", 0)
