"""How `.h5` files of Keras 2, which Keras 3 still writes, hold the layers of a model.

Format: ``keras/src/legacy/saving/legacy_h5_format.py``. Every layer has a group with its name, with the names of its
tensors in an attribute; they are paths from there: ``conv1/kernel:0``, ``model/conv1/kernel``.
"""

from __future__ import annotations

import re
from typing import Final

from ..diagnostics.damage import FileDamage, Hdf5Damage
from .bounded_json import BadJson
from .hdf5 import Array, Folder, Hdf5File
from .keras3_layers import LayersAndArrays
from .keras_config import ConfigLayer, read_config
from .keras_model import KerasLayer, KerasVariable, is_automatic, without_number

#: What `model.save` writes the weights into; `model.save_weights` writes them at the outermost.
_INSIDE: Final = "model_weights"
NO_WEIGHTS: Final = frozenset({"optimizer_weights"})
#: Layers inside of a layer that belong to it, as Keras names them; others are those of a model inside.
_PARTS: Final = re.compile(r"(forward|backward)_\w+|\w*_cell(_\d+)?|query|key|value|attention_output|\d+")
#: What Keras calls layers without a name, where no configuration tells their classes.
_CLASSES: Final = re.compile(
    r"(dense|einsum_dense|embedding|(depthwise_|separable_)?conv[123]d(_transpose)?|batch_normalization|bidirectional"
    r"|layer_normalization|group_normalization|simple_rnn|lstm|gru|multi_head_attention|time_distributed|p_re_lu|prelu"
    r"|sequential|functional|model|normalization)(_\d+)?"
)


def is_of_keras2(file: Hdf5File) -> bool:
    """Whether a file holds layers in this way."""
    return file.root.folder(_INSIDE) is not None or file.texts(file.root, "layer_names") is not None


def layers_of(file: Hdf5File) -> LayersAndArrays:
    """The layers of a file that have tensors, with their arrays in the same order."""
    folder = file.root.folder(_INSIDE) or file.root
    names = file.texts(folder, "layer_names")
    if names is None:
        raise file.damaged(Hdf5Damage.NO_LAYER_NAMES())
    config = _config(file)
    for name in (*names, *(one for one in ("top_level_model_weights",) if one in folder.entries and one not in names)):
        group = _at(folder, name)
        if not isinstance(group, Folder):
            raise file.damaged(Hdf5Damage.LAYER_MISSING(name=name))
        yield from _layers(file, group, name, config.layer(name) if config else None)


def _layers(file: Hdf5File, group: Folder, name: str, config: ConfigLayer | None) -> LayersAndArrays:
    """The layer of a group, or those of the model that it is."""
    found: dict[tuple[str, ...], list[tuple[KerasVariable, Array]]] = {}
    classes: dict[tuple[str, ...], ConfigLayer | None] = {}
    for full in file.texts(group, "weight_names") or ():
        array = _at(group, full)
        if not isinstance(array, Array):
            raise file.damaged(Hdf5Damage.ARRAY_MISSING(name=full))
        *inner, variable = full.partition(":")[0].split("/")
        path, part, about = _resolved(name, tuple(inner), config)
        tensors = found.setdefault(path, [])
        classes[path] = about
        names = (*path, *part, variable)
        index = sum(one.part == "/".join(part) for one, _ in tensors)
        tensors.append((KerasVariable(variable, "/".join(part), index, "/".join(names), array.shape), array))
    for path, tensors in found.items():
        about = classes[path]
        class_name = about.class_name if about else without_number(path[-1])
        automatic = is_automatic(path[-1], class_name) if about else _CLASSES.fullmatch(path[-1]) is not None
        layer = KerasLayer(path[-1], ".".join(path), class_name, automatic, tuple(one for one, _ in tensors))
        yield layer, tuple(array for _, array in tensors)


def _resolved(
    name: str, inner: tuple[str, ...], config: ConfigLayer | None
) -> tuple[tuple[str, ...], tuple[str, ...], ConfigLayer | None]:
    """The path of the layer that has a tensor, the layers inside of it, and what the configuration says of it."""
    path = (name,)
    rest = inner[inner.index(name) + 1 :] if name in inner else inner
    while rest and _is_model(rest[0], config):
        config = config.layer(rest[0]) if config else None
        path, rest = (*path, rest[0]), rest[1:]
    return path, rest, config


def _is_model(inside: str, config: ConfigLayer | None) -> bool:
    """Whether what a layer has inside is a layer of its own."""
    if config is not None:
        return config.layer(inside) is not None
    return _PARTS.fullmatch(inside) is None


def _config(file: Hdf5File) -> ConfigLayer | None:
    text = file.text(file.root, "model_config")
    if text is None:
        return None
    try:
        return read_config(text.encode("utf-8", "replace"))
    except BadJson as error:
        raise file.damaged(FileDamage.PART_IS_BAD(part="model_config", fault=str(error))) from error


def _at(folder: Folder, path: str) -> Folder | Array | None:
    found: Folder | Array | None = folder
    for name in path.split("/"):
        found = found.entries.get(name) if isinstance(found, Folder) else None
    return found
