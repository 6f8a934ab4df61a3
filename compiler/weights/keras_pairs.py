"""Layers of Keras paired with the layers of a model that they are: by name, by the order of a class, or of all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..diagnostics import DotnnError
from ..diagnostics.weight_matching import MatchedByOrder, OrderDiffers
from ..graph.tensors import Literal
from .keras_classes import KNOWN_CLASSES, plain_class, same_class
from .keras_model import KerasLayer
from .keras_slots import Slot
from .keras_variables import Assigned, assign

#: How many pairs before the first misfit are shown.
_SHOWN_BEFORE = 3


@dataclass(frozen=True)
class Pair:
    """A layer of Keras for a layer of the model, and which tensor is which."""

    slot: Slot
    layer: KerasLayer
    assigned: Assigned


@dataclass(frozen=True)
class Pairs:
    """All layers of both sides.

    Attributes:
        slots: all of the model.
        found: the pairs, in the order of the model.
        differing: of layers that have one name and are of different classes: the name and both classes.
        uncounted: of classes of layers without names, of which there are not equally many: the class, and the names on
            both sides.
        reported_slots: those of the model that these two tell of.
        reported_layers: those of Keras that these two tell of.
    """

    slots: tuple[Slot, ...]
    found: tuple[Pair, ...]
    differing: tuple[tuple[str, str, str], ...] = ()
    uncounted: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    reported_slots: tuple[Slot, ...] = ()
    reported_layers: tuple[KerasLayer, ...] = ()


def pairs_by_name(slots: Sequence[Slot], renamed: Mapping[str, KerasLayer]) -> Pairs:
    """Labels paired with names, and layers without labels with those that Keras has named, class by class.

    Args:
        slots: the layers of the model.
        renamed: the layers of Keras by the names that they have for the model.
    """
    named = {slot: renamed[slot.path] for slot in slots if slot.path in renamed}
    labels = {slot.path for slot in slots if not slot.automatic}
    uncounted: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    reported_slots: list[Slot] = []
    reported_layers: list[KerasLayer] = []
    for class_name in dict.fromkeys(slot.class_name for slot in slots):
        ours = [slot for slot in slots if slot.class_name == class_name and slot.automatic]
        paths = {slot.path for slot in ours}
        if paths <= renamed.keys() and len(paths) == len(ours):
            # Labels may be such names, too.
            continue
        theirs = _automatic(renamed, class_name, labels)
        for slot in ours:
            named.pop(slot, None)
        counted = _as_many(ours, len(theirs))
        if len(counted) == len(theirs):
            named |= dict(zip(counted, (renamed[name] for name in theirs), strict=True))
        elif theirs:
            uncounted.append((class_name, tuple(theirs), tuple(slot.path for slot in ours)))
            reported_slots += ours
            reported_layers += [renamed[name] for name in theirs]
    wrong = {slot: layer for slot, layer in named.items() if _differs(slot, layer)}
    differing = tuple((slot.path, layer.class_name, slot.class_name) for slot, layer in wrong.items())
    pairs = tuple(
        Pair(slot, named[slot], assign(slot.tensors, named[slot].tensors))
        for slot in slots
        if slot in named and slot not in wrong
    )
    reported = (*reported_slots, *wrong), (*reported_layers, *wrong.values())
    return Pairs(tuple(slots), pairs, differing, tuple(uncounted), *reported)


def _automatic(renamed: Mapping[str, KerasLayer], class_name: str, labels: set[str]) -> list[str]:
    """The layers of a class that Keras has named, in the order in which they were made."""
    found = [
        name
        for name, layer in renamed.items()
        if layer.automatic and same_class(layer.class_name, class_name) and name not in labels
    ]
    return sorted(found, key=lambda name: _number(renamed[name].name))


def _number(name: str) -> int:
    """Keras counts layers of a class while they are made, whatever the order in which a file has them."""
    digits = re.search(r"_([0-9]{1,9})$", name)
    return int(digits[1]) if digits else 0


def _as_many(slots: Sequence[Slot], count: int) -> list[Slot]:
    """The layers that are to be found among so many: those whose numbers the source gives only if all are there."""
    if len(slots) == count:
        return list(slots)
    return [slot for slot in slots if not _is_literal(slot)]


def _is_literal(slot: Slot) -> bool:
    return all(isinstance(weight.initializer, Literal) for weight in slot.owned.weights.values())


def _differs(slot: Slot, layer: KerasLayer) -> bool:
    """Whether a layer is certainly of another class: one of the user's own, or a wrapper, may be of any."""
    theirs = plain_class(layer.class_name)
    return theirs in KNOWN_CLASSES and theirs != plain_class(slot.class_name)


def pairs_by_order(path: str, slots: Sequence[Slot], layers: Sequence[KerasLayer]) -> tuple[Pairs, MatchedByOrder]:
    """The layers of the model paired with those of the file in order, and what to show of it.

    Raises:
        DotnnError: there are not equally many, or the classes or shapes of two differ.
    """
    counted = _as_many(slots, len(layers))
    lines: list[str] = []
    pairs: list[Pair] = []
    for place, (slot, layer) in enumerate(zip(counted, layers, strict=False)):
        assigned = assign(slot.tensors, layer.tensors)
        pairs.append(Pair(slot, layer, assigned))
        lines.append(_line(slot, layer))
        if not _fits(pairs[-1]):
            what = f"number {place + 1:,} is {_shown_layer(layer)} in the file and {_shown_slot(slot)} in the model"
            raise DotnnError(OrderDiffers(path=path, what=what, around=tuple(lines[max(0, place - _SHOWN_BEFORE) :])))
    if len(counted) != len(layers):
        shorter = min(len(counted), len(layers))
        alone = _shown_layer(layers[shorter]) if shorter < len(layers) else _shown_slot(counted[shorter])
        what = f"the file has {len(layers):,} layers and the model {len(counted):,}; {alone} has no counterpart"
        raise DotnnError(OrderDiffers(path=path, what=what, around=tuple(lines[-_SHOWN_BEFORE:])))
    return Pairs(tuple(slots), tuple(pairs)), MatchedByOrder(path=path, pairs=tuple(lines))


def _fits(pair: Pair) -> bool:
    found = pair.assigned.found
    complete = len(found) == len(pair.slot.tensors) and not pair.assigned.unused
    shapes = all(tensor.key in found and found[tensor.key].shape == tensor.shape for tensor in pair.slot.tensors)
    return complete and shapes and not _differs(pair.slot, pair.layer)


def _line(slot: Slot, layer: KerasLayer) -> str:
    return f"{_shown_slot(slot)} <- {_shown_layer(layer)}"


def _shown_slot(slot: Slot) -> str:
    shapes = ", ".join(str(list(tensor.shape)) for tensor in slot.tensors)
    return f"`{slot.path}` ({slot.class_name}: {shapes})"


def _shown_layer(layer: KerasLayer) -> str:
    shapes = ", ".join(str(list(variable.shape)) for variable in layer.tensors)
    return f"`{layer.path}` ({layer.class_name}: {shapes})"
