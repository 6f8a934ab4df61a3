"""Which class of Keras a layer is there."""

from __future__ import annotations

from typing import Final

from ..layers.base import Layer

#: The classes of Keras by the kinds of layers that have weights.
KERAS_CLASSES: Final = {
    **{f"conv{rank}d": f"Conv{rank}D" for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": f"Conv{rank}DTranspose" for rank in (1, 2, 3)},
    **{f"depthwise_conv{rank}d": f"DepthwiseConv{rank}D" for rank in (1, 2)},
    **{f"separable_conv{rank}d": f"SeparableConv{rank}D" for rank in (1, 2)},
    "dense": "Dense",
    "embedding": "Embedding",
    "rnn": "SimpleRNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "multi_head_attention": "MultiHeadAttention",
    "batch_norm": "BatchNormalization",
    "instance_norm": "GroupNormalization",
    "group_norm": "GroupNormalization",
    "layer_norm": "LayerNormalization",
    "rms_norm": "RMSNormalization",
    "prelu": "PReLU",
}
_BOTH_DIRECTIONS: Final = "Bidirectional"


def keras_class(layer: Layer) -> str:
    """The class of Keras that a layer is; its kind where Keras has none."""
    if getattr(layer, "bidirectional", False):
        return _BOTH_DIRECTIONS
    return KERAS_CLASSES.get(layer.kind, layer.kind)


def same_class(one: str, other: str) -> bool:
    """Whether two names of classes are one, be they ``Conv2D``, ``conv2d`` or ``p_re_lu``."""
    return plain_class(one) == plain_class(other)


def plain_class(name: str) -> str:
    """The name of a class in small letters, without underscores."""
    return name.replace("_", "").lower()


#: All classes that a layer of a kind can be taken for another's; a class of the user's own is none of these.
KNOWN_CLASSES: Final = frozenset(map(plain_class, (*KERAS_CLASSES.values(), _BOTH_DIRECTIONS)))
