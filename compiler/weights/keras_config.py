"""What `config.json` of a `.keras` file, or `model_config` of an `.h5` file, says of layers: names and classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .bounded_json import parse_json
from .keras_model import snake_case

#: Models inside of models.
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class ConfigLayer:
    """A layer as a model's configuration has it.

    Attributes:
        name: its name.
        class_name: that of its class, without the module.
        group: under which name `.weights.h5` has it among the layers of its model.
        layers: of a model: its layers, in order.
        wrapped: of a wrapper such as ``TimeDistributed``: the layer inside.
    """

    name: str
    class_name: str
    group: str
    layers: tuple[ConfigLayer, ...] = field(default=())
    wrapped: ConfigLayer | None = None

    @property
    def by_group(self) -> Mapping[str, ConfigLayer]:
        """Its layers by the names of their groups."""
        return {one.group: one for one in self.layers}

    def layer(self, name: str) -> ConfigLayer | None:
        """The layer of a name in it."""
        return next((one for one in self.layers if one.name == name), None)


def read_config(content: bytes) -> ConfigLayer | None:
    """The model of a configuration; None where it says nothing of layers, as that of a class of the user's.

    Raises:
        BadJson: it cannot be read.
    """
    return _layer(parse_json(content), {}, 0)


def _layer(given: object, used: dict[str, int], depth: int) -> ConfigLayer | None:
    if not isinstance(given, dict) or not isinstance(given.get("class_name"), str) or depth > _DEEPEST:
        return None
    class_name, config = given["class_name"].rpartition(">")[2], given.get("config")
    # Keras 2 has a plain list of layers for a Sequential.
    config = {"layers": config} if isinstance(config, list) else config if isinstance(config, dict) else {}
    name = config.get("name", given.get("name"))
    layers = config.get("layers")
    return ConfigLayer(
        name if isinstance(name, str) else "",
        class_name,
        _unique(snake_case(class_name), used),
        _layers(layers, depth + 1) if isinstance(layers, list) else (),
        _layer(config.get("layer"), {}, depth + 1),
    )


def _layers(given: list[object], depth: int) -> tuple[ConfigLayer, ...]:
    used: dict[str, int] = {}
    found = (_layer(one, used, depth) for one in given)
    return tuple(one for one in found if one is not None)


def _unique(name: str, used: dict[str, int]) -> str:
    """The name with a number from its second use on, as Keras tells groups of layers apart."""
    count = used.get(name, 0)
    used[name] = count + 1
    return f"{name}_{count}" if count else name
