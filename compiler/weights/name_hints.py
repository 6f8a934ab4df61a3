"""Why names in a weight file and in a model differ: prefixes of wrappers, and attributes that make tensors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from ..diagnostics.suggest import near_names
from ..layers import LAYERS
from ..layers.base import Difference, Scope

_MOST_NEAR = 2
#: Characters of names among which near ones are looked for: a large network has a thousand weights.
_MOST_CHARACTERS = 200_000


def near_tensors(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """The names of tensors, or of layers, that may be meant by one that is not there."""
    return near_names(name, candidates, _MOST_NEAR, _MOST_CHARACTERS)


def scopes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, dict[str, tuple[int, ...]]]:
    """The tensors by the names of their layers."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        layer, _, local = name.rpartition(".")
        found.setdefault(layer, {})[local] = shape
    return found


def attribute_for(local: str, having: Scope, lacking: Scope, in_file: bool) -> str:
    """What to write at a layer so that the model has the tensor ``local`` exactly if the file has it.

    Every layer knows what makes its tensors (``Layer.attribute_for``); which layer it is, the names tell.

    Args:
        local: the tensor's name within the layer.
        having: the layer's tensors on the side that has it.
        lacking: the layer's tensors on the other side.
        in_file: whether it is the file that has it.

    Returns:
        such as ``bias=true``; empty where the other side has no such layer, or no attribute decides.
    """
    difference = Difference(local, having, lacking, in_file)
    hints = (layer.attribute_for(difference) for layer in LAYERS.values()) if lacking else ()
    return next(filter(None, hints), "")


def common_prefix(names: Collection[str], others: Collection[str]) -> str:
    """What ``names`` begin with that ``others`` lack, such as ``module.``; empty where that explains too little.

    A prefix is taken if without it more names are found among the others than with it, and at least half of all.
    """
    known = set(others)
    votes = Counter(name[:cut] for name in names for cut in _cuts(name) if name[cut:] in known and name not in known)
    if not votes:
        return ""
    prefix, found = max(votes.items(), key=lambda item: (item[1], -len(item[0]), item[0]))
    equal = sum(name in known for name in names)
    return prefix if found > equal and 2 * found >= min(len(names), len(known)) else ""


def _cuts(name: str) -> Iterable[int]:
    """Where a rest of the name may begin: after each dot."""
    return (index + 1 for index, char in enumerate(name) if char == ".")
