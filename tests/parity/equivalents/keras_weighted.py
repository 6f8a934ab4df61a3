"""What dense layers, normalization and convolutions are in Keras, whose weights are laid out otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def keras_layer(name: str, *arguments: Any, **options: Any) -> Any:
    """A layer of Keras, which is imported where it is wanted."""
    import keras

    return getattr(keras.layers, name)(*arguments, **options)


IMAGES, SEQUENCES, VECTORS = (2, 6, 9, 8), (2, 7, 5), (3, 6)

KERAS: dict[str, tuple[dict[str, Any], Callable[[], Any], tuple[int, ...]]] = {
    "dense": ({"kind": "dense", "units": 4}, lambda: keras_layer("Dense", 4), VECTORS),
    "dense along sequences": ({"kind": "dense", "units": 4}, lambda: keras_layer("Dense", 4), SEQUENCES),
    "batch norm": ({"kind": "batch_norm", "eps": 1e-3}, lambda: keras_layer("BatchNormalization"), IMAGES),
    "conv1d": ({"kind": "conv1d", "filters": 4, "kernel": 3}, lambda: keras_layer("Conv1D", 4, 3), (2, 6, 9)),
    "conv2d in groups": (
        {"kind": "conv2d", "filters": 4, "kernel": (3, 2), "groups": 2},
        lambda: keras_layer("Conv2D", 4, (3, 2), groups=2),
        IMAGES,
    ),
    "conv2d same with a stride": (
        {"kind": "conv2d", "filters": 4, "kernel": 3, "stride": 2, "padding": "same"},
        lambda: keras_layer("Conv2D", 4, 3, strides=2, padding="same"),
        IMAGES,
    ),
    "conv3d": ({"kind": "conv3d", "filters": 3, "kernel": 2}, lambda: keras_layer("Conv3D", 3, 2), (2, 3, 4, 5, 6)),
}
