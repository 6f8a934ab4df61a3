"""What a file of Keras says of its model: the layers that have weights, under the names that Keras gives them."""

from __future__ import annotations

import re
from typing import Final

from ..records import positional_record

_WORD_BOUNDARIES: Final = (re.compile(r"(.)([A-Z][a-z]+)"), re.compile(r"([a-z])([A-Z])"))


@positional_record
class KerasVariable:
    """A tensor of a layer.

    Attributes:
        name: Keras's name of it, such as ``kernel``, where the file has names; else None.
        part: the names of the layers inside of the layer that it belongs to, such as ``forward_layer/cell``; mostly
            empty.
        index: its place among the tensors of that (inner) layer, from 0.
        full: by which the file loads it.
        shape: in Keras's layout.
    """

    name: str | None
    part: str
    index: int
    full: str
    shape: tuple[int, ...]


@positional_record
class KerasLayer:
    """A layer that has tensors.

    Attributes:
        name: the one that the user gave it, or else Keras.
        path: the names of the models that it is nested in and its own, joined by dots: ``encoder.conv1``.
        class_name: Keras's, such as ``Conv2D``; in small letters with underscores, ``conv2d``, where only the file's
            groups tell it.
        automatic: whether the name is one that Keras gives by itself: ``conv2d_3``.
        tensors: in Keras's order.
    """

    name: str
    path: str
    class_name: str
    automatic: bool
    tensors: tuple[KerasVariable, ...]


@positional_record
class KerasModel:
    """The layers of a file that have tensors, in the order of the model as far as the file tells it."""

    layers: tuple[KerasLayer, ...]


def snake_case(class_name: str) -> str:
    """The name that Keras makes of that of a class: ``Conv2D`` becomes ``conv2d``, and ``MaxPool`` ``max_pool``."""
    name = re.sub(r"\W+", "", class_name)
    for boundary in _WORD_BOUNDARIES:
        name = boundary.sub(r"\1_\2", name)
    return name.lower()


def is_automatic(name: str, class_name: str) -> bool:
    """Whether Keras gives layers of a class such names."""
    return re.fullmatch(re.escape(snake_case(class_name)) + r"(_\d+)?", name) is not None


def without_number(name: str) -> str:
    """A name without the number that Keras tells it apart by: ``conv2d_1`` is ``conv2d``."""
    return re.sub(r"_\d+$", "", name)
