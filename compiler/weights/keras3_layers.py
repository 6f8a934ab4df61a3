"""How the groups of Keras 3's `.weights.h5` files stand for the layers of a model.

Format: ``keras/src/saving/saving_lib.py``. A layer of a ``Sequential`` or functional model lies in
``layers/<class>_<number>``, a layer that is an attribute of something in a group with the attribute's name; its tensors
are ``vars/0``, ``vars/1``, and ``vars`` has an attribute with its name. Layers inside of it have groups in its group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .hdf5 import Array, Folder, Hdf5File
from .keras_config import ConfigLayer
from .keras_model import KerasLayer, KerasVariable, is_automatic, without_number

_VARS: Final = "vars"
#: Where the layers of a model lie; the second is of Keras 2.13.
_LAYERS: Final = ("layers", "_layer_checkpoint_dependencies")
#: The state of an optimizer and of what is measured is no weight.
NO_WEIGHTS: Final = frozenset({"optimizer", "metrics", "_metrics", "loss_tracker", "_loss_tracker", "_compile_metrics"})
#: The state of random numbers, which dropout has.
_RANDOM: Final = frozenset({"seed_generator", "_seed_generator", "random_seed_generator"})
#: Layers inside of a layer that belong to it, in the order in which Keras has their tensors.
_PARTS: Final = (
    "query_dense",
    "key_dense",
    "value_dense",
    "output_dense",
    "forward_layer",
    "backward_layer",
    "cell",
    "cells",
    "layer",
)

LayersAndArrays = Iterator[tuple[KerasLayer, tuple[Array, ...]]]


def layers_of(file: Hdf5File, config: ConfigLayer | None) -> LayersAndArrays:
    """The layers of a file that have tensors, with their arrays in the same order."""
    yield from _model(file, file.root, (), config)


def _model(file: Hdf5File, folder: Folder, outer: tuple[str, ...], config: ConfigLayer | None) -> LayersAndArrays:
    """The layers in a model's group; those of its list first, as Keras writes them."""
    own = _own_variables(folder)
    if own:
        given = _name_of(file, folder) or (config.name if config else "") or "model"
        names = outer or (given,)
        yield _layer(names, config.class_name if config else "model", False, [("", own)])
    for name in _LAYERS:
        inside = folder.folder(name)
        if inside is not None:
            yield from _listed(file, inside, outer, config)
    for name, one in folder.folders.items():
        if name not in (_VARS, *_LAYERS) and name not in _RANDOM and name not in NO_WEIGHTS:
            yield from _attribute(file, one, name, outer)


def _listed(file: Hdf5File, folder: Folder, outer: tuple[str, ...], config: ConfigLayer | None) -> LayersAndArrays:
    known = config.by_group if config else {}
    for name in _in_order(folder, known):
        one, about = folder.folders[name], known.get(name)
        class_name = about.class_name if about else without_number(name)
        given = _name_of(file, one) or (about.name if about else "") or name
        automatic = is_automatic(given, class_name)
        yield from _layer_or_model(file, one, (*outer, given), class_name, automatic, about)


def _attribute(file: Hdf5File, folder: Folder, name: str, outer: tuple[str, ...]) -> LayersAndArrays:
    """A layer that is an attribute: what the user called that is better than any name that Keras gave."""
    given = _name_of(file, folder) or name
    yield from _layer_or_model(file, folder, (*outer, name.lstrip("_") or name), without_number(given), False, None)


def _layer_or_model(
    file: Hdf5File,
    folder: Folder,
    path: tuple[str, ...],
    class_name: str,
    automatic: bool,
    config: ConfigLayer | None,
) -> LayersAndArrays:
    if any(name in folder.entries for name in _LAYERS):
        yield from _model(file, folder, path, config)
        return
    if _VARS not in folder.entries and not any(name.lstrip("_") in _PARTS for name in folder.entries):
        # A list of layers that is an attribute.
        yield from _listed(file, folder, path, None)
        return
    parts = [("", _own_variables(folder))]
    others: list[tuple[str, Folder]] = []
    for name, one in sorted(folder.folders.items(), key=lambda item: _place_of_part(item[0])):
        if name == _VARS or name in _RANDOM:
            continue
        if name.lstrip("_") in _PARTS and not any(inner in one.entries for inner in _LAYERS):
            parts += _parts(one, (name.lstrip("_"),))
        else:
            others.append((name, one))
    parts = [(part, arrays) for part, arrays in parts if arrays]
    if parts:
        yield _layer(path, class_name, automatic, parts)
    for name, one in others:
        if name.lstrip("_") in _PARTS:
            yield from _model(file, one, path, config.wrapped if config else None)
        else:
            yield from _attribute(file, one, name, path)


def _parts(folder: Folder, names: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Array]]]:
    """The tensors of a layer inside of a layer, and of all inside of that."""
    yield "/".join(names), _own_variables(folder)
    for name, one in sorted(folder.folders.items(), key=lambda item: _place_of_part(item[0])):
        if name != _VARS and name not in _RANDOM:
            yield from _parts(one, (*names, name.lstrip("_") or name))


def _layer(
    path: tuple[str, ...], class_name: str, automatic: bool, parts: Iterable[tuple[str, dict[str, Array]]]
) -> tuple[KerasLayer, tuple[Array, ...]]:
    tensors, arrays = [], []
    for part, variables in parts:
        for index, (name, array) in enumerate(variables.items()):
            full = "/".join((*path, *([part] if part else []), name))
            tensors.append(KerasVariable(None if name.isdigit() else name, part, index, full, array.shape))
            arrays.append(array)
    return KerasLayer(path[-1], ".".join(path), class_name, automatic, tuple(tensors)), tuple(arrays)


def _own_variables(folder: Folder) -> dict[str, Array]:
    found = folder.folder(_VARS)
    return dict(sorted(found.arrays.items(), key=lambda item: _natural(item[0]))) if found else {}


def _name_of(file: Hdf5File, folder: Folder) -> str:
    found = folder.folder(_VARS)
    return (file.text(found, "name") or "") if found else ""


def _in_order(folder: Folder, known: Iterable[str]) -> list[str]:
    """The groups of layers in the order of the model.

    Where the model's configuration does not tell it, the places in the file do, since Keras writes one layer after the
    other: unless those of one class, which have numbers, contradict it.
    """
    places = {name: _last_place(one) for name, one in folder.folders.items()}
    names = sorted(places, key=lambda name: (without_number(name), _natural(name)))
    order = {name: place for place, name in enumerate(known)}
    if order:
        return sorted(names, key=lambda name: order.get(name, len(order)))
    written = sorted((name for name in names if places[name]), key=places.__getitem__)
    numbered = sorted(written, key=without_number)
    return written if numbered == [name for name in names if places[name]] else names


def _last_place(folder: Folder) -> int:
    """Where the last of its arrays lies; small ones may have been put into gaps before."""
    return max((array.address for array in folder.all_arrays()), default=0)


def _place_of_part(name: str) -> tuple[int, tuple[str, int]]:
    plain = name.lstrip("_")
    return (_PARTS.index(plain) if plain in _PARTS else len(_PARTS), _natural(plain))


def _natural(name: str) -> tuple[str, int]:
    """The number at the end of a name counts as a number."""
    found = re.search(r"\d{1,9}$", name)
    return (name[: found.start()], int(found[0])) if found else (name, -1)
