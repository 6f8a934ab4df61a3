"""Calls as PyTorch, Keras and TensorFlow write them, and what they are here.

A call is translated where it is certain what it means: which layer, which argument is which, and what is left out
because the compiler infers it. The order of arguments is that of the framework whose way of writing is recognized.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ..diagnostics.suggest_foreign import attribute_words, is_left_out, plain_word
from ..initializers import INITIALIZERS
from ..layers.attributes import REQUIRED
from ..layers.base import LAYERS, Layer
from ..layers.name_suggestions import known_as
from ..syntax import tree
from .name_errors import takes_argument

#: An argument that is left out, because the compiler infers it.
_INFERRED: Final = ""
#: What is written as a stage of its own.
_ACTIVATION: Final = "activation"
#: An activation that does nothing.
_LINEAR: Final = "linear"
#: What is written as a label.
_NAME: Final = "name"
#: The kernels that convolutions have.
_KERNELS: Final = (1, 3, 5, 7, 9, 11)

_CONV: Final = ("filters", "kernel", "stride", "padding")
_POOL: Final = ("kernel", "stride", "padding")

#: The order of arguments by the layer that it is here, without the number of its spatial axes.
_TORCH: Final[Mapping[str, tuple[str, ...]]] = {
    "conv": (_INFERRED, *_CONV, "dilation", "groups", "bias"),
    "conv_transpose": (_INFERRED, *_CONV, "output_padding", "groups", "bias", "dilation"),
    "dense": (_INFERRED, "units", "bias"),
    "batch_norm": (_INFERRED, "eps", "momentum"),
    "instance_norm": (_INFERRED, "eps", "momentum"),
    "group_norm": ("groups", _INFERRED, "eps"),
    "layer_norm": (_INFERRED, "eps"),
    "rms_norm": (_INFERRED, "eps"),
    "max_pool": (*_POOL, "dilation"),
    "avg_pool": _POOL,
    "adaptive_avg_pool": ("size",),
    "adaptive_max_pool": ("size",),
    "embedding": ("vocabulary", "dim"),
    **dict.fromkeys(("lstm", "gru", "rnn"), (_INFERRED, "units", "layers")),
    "multi_head_attention": (_INFERRED, "heads"),
    "dropout": ("rate",),
    "spatial_dropout": ("rate",),
    **dict.fromkeys(("softmax", "log_softmax", "unsqueeze", "squeeze", "argmax", "concat", "stack", "flip"), ("axis",)),
    **dict.fromkeys(("mean", "sum", "max", "min", "variance", "norm"), ("axis", "keepdims")),
    "leaky_relu": ("slope",),
    "elu": ("alpha",),
    "flatten": ("start", "end"),
    "split": ("parts", "axis"),
    "clip": ("low", "high"),
    "channel_shuffle": ("groups",),
    "pixel_shuffle": ("factor",),
}
_KERAS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("conv", "conv_transpose", "separable_conv"), _CONV),
    "depthwise_conv": ("kernel", "stride", "padding"),
    "dense": ("units", _ACTIVATION),
    "embedding": ("vocabulary", "dim"),
    "max_pool": _POOL,
    "avg_pool": _POOL,
    **dict.fromkeys(("lstm", "gru", "rnn"), ("units",)),
    "dropout": ("rate",),
    "reshape": ("shape",),
    "transpose": ("order",),
    "upsample": ("factor",),
    "leaky_relu": ("slope",),
    **dict.fromkeys(("softmax", "layer_norm", "concat"), ("axis",)),
}
_KERAS_MODULES: Final = frozenset({"layers", "keras", "tf", "tfl", "tfkl"})
_FUNCTION_MODULES: Final = frozenset({"F", "torch", "functional", "tf", "np", "K", "ops", "math"})
#: Lists that count no batch in Keras, and what stands for it here.
_LEFT_OUT: Final[Mapping[str, Mapping[str, str]]] = {"reshape": {"shape": "N"}, "transpose": {"order": "0"}}
#: Pooling without a size takes windows of two in Keras.
_KERAS_POOL: Final = "2"


class Written(NamedTuple):
    """A call as it is written here.

    Attributes:
        layer: what it applies.
        arguments: without those that are tensors.
        activation: the layer that follows; empty where there is none.
        label: its name; empty where it has none.
    """

    layer: type[Layer]
    arguments: tuple[str, ...]
    activation: str = ""
    label: str = ""

    def stage(self) -> str:
        """As a stage of a pipeline, or several."""
        called = _called(self.layer.kind, self.arguments, bare=True)
        labelled = f"{self.label}: {called}" if self.label else called
        return f"{labelled} -> {self.activation}" if self.activation else labelled

    def applied(self, tensors: Sequence[str]) -> str:
        """As a call of tensors."""
        call = _called(self.layer.kind, (*tensors, *self.arguments))
        return _called(self.activation, (call,)) if self.activation else call


def _called(name: str, arguments: Sequence[str], *, bare: bool = False) -> str:
    return name if bare and not arguments else f"{name}({', '.join(arguments)})"


@lru_cache(maxsize=1024)
def layer_called(name: str) -> type[Layer] | None:
    """The layer that a name of this language or of another framework means; None where there is none, or several."""
    found = known_as(name, [kind for kind, layer in LAYERS.items() if layer.callable])
    return LAYERS[found[0]] if len(found) == 1 else None


def written_here(layer: type[Layer], name: str, call: tree.Call, tensors: int) -> Written | None:
    """A call of a layer as it is written here; None where it is not certain what it means.

    Args:
        layer: what is applied.
        name: how it is called, with the modules in front.
        call: the call.
        tensors: how many of its first arguments are tensors.
    """
    positional = call.positional[tensors:]
    order = _order(layer, name, positional, call.named)
    if len(positional) > len(order):
        return None
    named = {one.name: one.value for one in call.named}
    label = _label(named.pop(_NAME), call) if _NAME in named and not takes_argument(layer, _NAME) else ""
    values = _values(layer, [*zip(order, positional, strict=False), *named.items()])
    if values is None:
        return None
    activation = "" if takes_argument(layer, _ACTIVATION) else values.pop(_ACTIVATION, "")
    if _is_keras(name):
        if name.rpartition(".")[2][:1].isupper():
            # A class; functions such as `tf.reshape` count the batch.
            _count_batch(layer, values, call)
        activation = _as_in_keras(layer, values, named) or activation
    if any(one.name not in values for one in layer.attributes() if one.default is REQUIRED):
        return None
    return Written(layer, tuple(_arguments(layer, values)), "" if activation == _LINEAR else activation, label)


def _values(layer: type[Layer], given: Iterable[tuple[str, tree.Expression]]) -> dict[str, str] | None:
    """Values of the arguments by their names here, as text; None where one is not known."""
    values: dict[str, str] = {}
    for key, value in given:
        attribute = _attribute(layer, key)
        if attribute is None:
            return None
        is_stage = attribute == _ACTIVATION and not takes_argument(layer, attribute)
        text = _activation(value) if is_stage else _value(attribute, value)
        if is_stage and not text:
            return None
        if attribute and text:
            values[attribute] = text
    return values


def _as_in_keras(layer: type[Layer], values: dict[str, str], named: Mapping[str, tree.Expression]) -> str:
    """What Keras does unless it is told otherwise: windows of pooling, and what follows; empty for nothing."""
    root = _root(layer)
    if root in ("max_pool", "avg_pool"):
        values.setdefault("kernel", _KERAS_POOL)
    # Its global pooling gives vectors.
    return "flatten" if root.startswith("global_") and "keepdims" not in named else ""


def _count_batch(layer: type[Layer], values: dict[str, str], call: tree.Call) -> None:
    """Put the batch, which Keras leaves out of shapes and orders of axes, before the other axes, unless it is there."""
    if re.search(r"[\[(]\s*N\b", call.span.text):
        return
    for key, batch in _LEFT_OUT.get(layer.kind, {}).items():
        text = values.get(key, "")
        if text.startswith("["):
            # A first size of -1 has been taken for the batch, and in Keras it is not.
            rest = text[1:-1].replace("N", "-1", 1) if text.startswith("[N") else text[1:-1]
            values[key] = f"[{batch}, {rest}]"


def _label(value: tree.Expression, call: tree.Call) -> str:
    """The label that a name is; empty where it can be none, or the stage has one."""
    before = call.span.source.text[: call.span.start].rstrip()
    name = value.value if isinstance(value, tree.String) else ""
    return name if name.isidentifier() and not before.endswith(":") else ""


def _arguments(layer: type[Layer], values: Mapping[str, str]) -> Iterable[str]:
    """The arguments in their order here, the size first and without its name."""
    known = [one.name for one in layer.attributes()]
    for name in (*known, *(name for name in values if name not in known)):
        if name in values:
            positional = any(one.name == name and one.metadata["positional"] for one in layer.attributes())
            yield values[name] if positional else f"{name}={values[name]}"


def _attribute(layer: type[Layer], key: str) -> str | None:
    """What an argument is called here; empty where it is left out, None where it is not known."""
    if key in (_INFERRED, _ACTIVATION) or takes_argument(layer, key):
        return key
    known = [one.name for one in layer.attributes()]
    word = next((one for one in attribute_words(key) if one in known), None)
    if word is not None:
        return word
    return "" if is_left_out(key) else None


def _value(attribute: str, value: tree.Expression) -> str:
    """The text of a value as it is written here; empty where it is left out."""
    text = value.span.text
    if isinstance(value, tree.String) and not text.startswith('"'):
        # In the quotes of another language.
        text = f'"{text[1:-1]}"'
    if isinstance(value, tree.Boolean):
        return "true" if value.value else "false"
    if isinstance(value, tree.ListExpression):
        items = [_value("", item) for item in value.items]
        if attribute == "shape" and items[:1] == ["-1"]:
            items[0] = "N"
        return f"[{', '.join(items)}]"
    if isinstance(value, tree.String) and attribute == "padding":
        return "" if value.value.lower() == "valid" else text.lower()
    if isinstance(value, tree.String) and plain_word(attribute).endswith("init"):
        return initializer_called(value.value) or text
    return text


def initializer_called(name: str) -> str:
    """The initializer that a name of another framework means; empty where there is none."""
    word = plain_word(name).replace("glorot", "xavier").replace("kaiming", "he").removeprefix("random")
    word = {"zero": "zeros", "one": "ones"}.get(word, word)
    return next((one for one in INITIALIZERS if plain_word(one) == word), "")


def _activation(value: tree.Expression) -> str:
    """The layer that an activation is; `linear` for none, empty where it is not known."""
    name = value.value if isinstance(value, tree.String) else value.span.text
    if name in (_LINEAR, "None"):
        return _LINEAR
    layer = layer_called(name) if name.replace(".", "_").isidentifier() else None
    return layer.kind if layer is not None else ""


def _order(
    layer: type[Layer], name: str, positional: Sequence[tree.Expression], named: Sequence[tree.Argument]
) -> tuple[str, ...]:
    """What the arguments without a name are, in their order."""
    root = _root(layer)
    torch, keras = _TORCH.get(root, ()), _KERAS.get(root, ())
    if _is_keras(name):
        return keras or torch
    given = {_attribute(layer, one.name) for one in named}
    if name != layer.kind or not keras:
        return torch or keras
    if len(positional) == 1:
        # The size alone, as this language itself has it.
        return keras
    if not root.startswith("conv") or "kernel" in given:
        return torch
    return keras if len(positional) == 2 or _begins_with_filters(positional) else torch


def _begins_with_filters(positional: Sequence[tree.Expression]) -> bool:
    """Whether numbers begin with filters and a kernel, not with channels and filters: kernels are small and odd."""
    first, second = positional[:2]
    if not isinstance(first, tree.Number) or not isinstance(second, tree.Number):
        return False
    return second.value in _KERNELS and second.value < first.value


def _root(layer: type[Layer]) -> str:
    """The name of a layer without the number of its spatial axes."""
    kind = layer.kind
    return kind[:-2] if kind[-2:] in ("1d", "2d", "3d") else kind


def _is_keras(name: str) -> bool:
    """Whether a name is written as Keras does."""
    modules = set(name.split(".")[:-1])
    last = name.rpartition(".")[2]
    by_word = re.search(r"[123]D", last) is not None or last in (
        "Dense",
        "LSTM",
        "GRU",
        "SimpleRNN",
        "BatchNormalization",
        "Reshape",
        "Permute",
    )
    return bool(modules & _KERAS_MODULES) or (by_word and not modules)


def is_function(name: str) -> bool:
    """Whether a name with a module in front is a function of tensors, and no class of layers."""
    *modules, last = name.split(".")
    return bool(modules) and modules[-1] in _FUNCTION_MODULES and last.islower()


def is_literal(value: tree.Expression) -> bool:
    """Whether a value is written as numbers, a list of them, a string or a truth value, so that it is no tensor."""
    if isinstance(value, tree.ListExpression):
        return all(is_literal(item) for item in value.items)
    if isinstance(value, tree.Unary):
        return is_literal(value.operand)
    return isinstance(value, tree.Number | tree.String | tree.Boolean)


def dotted_name(value: object) -> str:
    """The text of a name with attributes, `torch.nn`; empty for anything else."""
    if isinstance(value, tree.Name):
        return value.name
    if not isinstance(value, tree.Attribute):
        return ""
    base = dotted_name(value.base)
    return f"{base}.{value.name}" if base else ""
