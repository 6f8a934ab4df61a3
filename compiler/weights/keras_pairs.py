"""Layers of Keras paired with the layers of a model that they are: by name, by the order of a class, or of all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..diagnostics import DotnnError
from ..diagnostics.weight_matching import MatchedByOrder, NoCounterpart, PairDiffers
from ..graph.tensors import Literal
from .keras_classes import KNOWN_CLASSES, plain_class, same_class
from .keras_model import KerasLayer
from .keras_slots import Slot
from .keras_variables import Assigned, assign
from .order_matching import SHOWN_BEFORE

#: The orders that layers without names may have: as they were made, and as the file lists them.
_MADE, _LISTED = "made", "listed"


@dataclass(frozen=True)
class Pair:
    """A layer of Keras for a layer of the model, and which tensor is which."""

    slot: Slot
    layer: KerasLayer
    assigned: Assigned

    @classmethod
    def of(cls, slot: Slot, layer: KerasLayer) -> Pair:
        """The two, with their tensors."""
        return cls(slot, layer, assign(slot.tensors, layer.tensors))


@dataclass(frozen=True)
class Pairs:
    """All layers of both sides.

    Attributes:
        slots: all of the model.
        found: the pairs, in the order of the model.
        differing: of layers that have one name and are of different classes: the name and both classes.
        unclear: of classes of layers without names, of which there are not equally many, or whose order is not clear:
            the class, and the names on both sides.
        reported_slots: those of the model that these two tell of.
        reported_layers: those of Keras that these two tell of.
    """

    slots: tuple[Slot, ...]
    found: tuple[Pair, ...]
    differing: tuple[tuple[str, str, str], ...] = ()
    unclear: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    reported_slots: tuple[Slot, ...] = ()
    reported_layers: tuple[KerasLayer, ...] = ()


def pairs_by_name(slots: Sequence[Slot], renamed: Mapping[str, KerasLayer]) -> Pairs:
    """Labels paired with names, and layers without labels with those that Keras has named, class by class.

    Args:
        slots: the layers of the model.
        renamed: the layers of Keras by the names that they have for the model.
    """
    named = _by_name(slots, renamed)
    classes = tuple(_unnamed_classes(slots, renamed, named))
    by_order = {slot for one in classes for slot in one.automatic}
    named = {slot: layer for slot, layer in named.items() if slot not in by_order}
    orders = {_MADE: all(one.fits(one.made) for one in classes), _LISTED: all(one.fits(one.listed) for one in classes)}
    unclear = [one for one in classes if not one.is_counted or (all(orders.values()) and one.made != one.listed)]
    for one in classes:
        if one not in unclear:
            named |= dict(
                zip(one.slots, one.listed if orders[_LISTED] and not orders[_MADE] else one.made, strict=True)
            )
    wrong = {slot: layer for slot, layer in named.items() if _differs(slot, layer)}
    return Pairs(
        slots=tuple(slots),
        found=tuple(Pair.of(slot, named[slot]) for slot in slots if slot in named and slot not in wrong),
        differing=tuple((slot.path, layer.class_name, slot.class_name) for slot, layer in wrong.items()),
        unclear=tuple(
            (one.class_name, tuple(layer.path for layer in one.made), tuple(slot.path for slot in one.slots))
            for one in unclear
        ),
        reported_slots=(*wrong, *(slot for one in unclear for slot in one.slots)),
        reported_layers=(*wrong.values(), *(layer for one in unclear for layer in one.made)),
    )


@dataclass(frozen=True)
class _Unnamed:
    """The layers of a class that have no names of their own.

    Attributes:
        class_name: the class.
        automatic: all of the model.
        slots: those of the model that are to be found in the file, in their order.
        made: those of Keras in the order in which they were made, which their numbers tell. That is the order of the
            program's text, unless calls are nested: ``Conv2D(2, 1)(Conv2D(8, 3)(x))`` makes the last one first.
        listed: those of Keras in the order of the file, which is that of the data, but where branches run side by side.
    """

    class_name: str
    automatic: tuple[Slot, ...]
    slots: tuple[Slot, ...]
    made: tuple[KerasLayer, ...]
    listed: tuple[KerasLayer, ...]

    @property
    def is_counted(self) -> bool:
        """Whether both sides have as many."""
        return len(self.slots) == len(self.made)

    def fits(self, layers: Sequence[KerasLayer]) -> bool:
        """Whether the shapes of these layers are those of the model's, one by one."""
        return len(self.slots) == len(layers) and all(
            _fits(Pair.of(slot, layer)) for slot, layer in zip(self.slots, layers, strict=True)
        )


def _unnamed_classes(
    slots: Sequence[Slot], renamed: Mapping[str, KerasLayer], named: Mapping[Slot, KerasLayer]
) -> Iterator[_Unnamed]:
    """The classes of which both sides have layers without names, which are to be paired by their order."""
    labels = {slot.path for slot in slots if not slot.automatic}
    for class_name in dict.fromkeys(slot.class_name for slot in slots):
        ours = [slot for slot in slots if slot.class_name == class_name and slot.automatic]
        by_name = [Pair.of(slot, named[slot]) for slot in ours if slot in named]
        if len({pair.layer.path for pair in by_name}) == len(ours) and all(map(_fits, by_name)):
            # They have the same names; labels may be such, too.
            continue
        listed = tuple(
            layer
            for name, layer in renamed.items()
            if layer.automatic and same_class(layer.class_name, class_name) and name not in labels
        )
        if ours and listed:
            made = tuple(sorted(listed, key=lambda layer: _number(layer.name)))
            yield _Unnamed(class_name, tuple(ours), tuple(_as_many(ours, len(listed))), made, listed)


def _by_name(slots: Sequence[Slot], renamed: Mapping[str, KerasLayer]) -> dict[Slot, KerasLayer]:
    """Layers of one name; names of Keras have no dots, so that it may have ``b1_conv`` for ``b1.conv``."""
    named = {slot: renamed[slot.path] for slot in slots if slot.path in renamed}
    taken = {layer.path for layer in named.values()}
    plain = [_without_dots(slot.path) for slot in slots]
    uses = Counter(plain)
    theirs: dict[str, list[KerasLayer]] = {}
    for name, layer in renamed.items():
        theirs.setdefault(_without_dots(name), []).append(layer)
    for slot, name in zip(slots, plain, strict=True):
        found = theirs.get(name, [])
        is_only = uses[name] == len(found) == 1
        if is_only and slot not in named and not slot.automatic and found[0].path not in taken:
            named[slot] = found[0]
    return named


def _without_dots(name: str) -> str:
    return name.replace(".", "_").replace("/", "_")


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
    counts = {"theirs": len(layers), "ours": len(counted), "are_layers": True}
    lines: list[str] = []
    pairs: list[Pair] = []
    for place, (slot, layer) in enumerate(zip(counted, layers, strict=False)):
        pairs.append(Pair.of(slot, layer))
        lines.append(_line(slot, layer))
        if not _fits(pairs[-1]):
            pair = {"there": _shown_layer(layer), "here": _shown_slot(slot)}
            around = tuple(lines[max(0, place - SHOWN_BEFORE) :])
            raise DotnnError(PairDiffers(path=path, number=place + 1, **pair, around=around, **counts))
    if len(counted) != len(layers):
        shorter = min(len(counted), len(layers))
        alone = _shown_layer(layers[shorter]) if shorter < len(layers) else _shown_slot(counted[shorter])
        raise DotnnError(NoCounterpart(path=path, alone=alone, around=tuple(lines[-SHOWN_BEFORE:]), **counts))
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
