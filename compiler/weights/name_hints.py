"""Why names in a weight file and in a model differ: prefixes of wrappers, and attributes that make tensors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

#: Tensors of one scope by their local names, each with its shape.
Scope = dict[str, tuple[int, ...]]

_RECURRENT = re.compile(r"(?:weight|bias)_(ih|hh)_l(\d+)(_reverse)?")
_GRU_GATES = 3


def scopes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Scope]:
    """The tensors by the names of their layers."""
    found: dict[str, Scope] = {}
    for name, shape in shapes.items():
        layer, _, local = name.rpartition(".")
        found.setdefault(layer, {})[local] = shape
    return found


def attribute_for(local: str, having: Scope, lacking: Scope, in_file: bool) -> str:
    """What to write at a layer so that the model has the tensor ``local`` exactly if the file has it.

    Args:
        local: the tensor's name within the layer.
        having: the layer's tensors on the side that has it.
        lacking: the layer's tensors on the other side.
        in_file: whether it is the file that has it.

    Returns:
        such as ``bias=true``; empty where the other side has no such layer, or no attribute decides.
    """
    wanted = "true" if in_file else "false"
    if not lacking:
        return ""
    recurrent = _RECURRENT.fullmatch(local)
    if recurrent is not None:
        return _recurrent_attribute(recurrent, having, having if in_file else lacking, lacking, wanted)
    if local == "bias" and not lacking.keys().isdisjoint({"weight", "running_mean"}):
        return f"bias={wanted}"
    if local == "weight" and "running_mean" in lacking:
        return f"scale={wanted}"
    return ""


def _recurrent_attribute(local: re.Match[str], having: Scope, file: Scope, lacking: Scope, wanted: str) -> str:
    if "weight_ih_l0" not in lacking:
        return ""
    vector, layer, reverse = local.groups()
    if f"weight_ih_l{layer}" not in lacking:
        return f"layers={_layers(file)}"
    if reverse and f"weight_ih_l{layer}_reverse" not in lacking:
        return f"bidirectional={wanted}"
    if not local.group().startswith("bias"):
        return ""
    if vector == "ih":
        return f"bias={wanted}"
    rows, units = having.get("weight_hh_l0", (0, 1))
    return f"reset_after={wanted}" if rows == _GRU_GATES * units else f"recurrent_bias={wanted}"


def _layers(scope: Iterable[str]) -> int:
    """How many recurrent layers the tensors of a stack belong to."""
    return 1 + max(int(found[2]) for local in scope if (found := _RECURRENT.fullmatch(local)))


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
