"""Every layer of PyTorch and Keras, and every operator of ONNX, is known by its name."""

from __future__ import annotations

import inspect
import os

import onnx
import pytest
from dotnn.compiler.diagnostics.foreign_layers import layer_note
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.name_suggestions import known_as

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs the extra [parity]")

OURS = [kind for kind, layer in LAYERS.items() if layer.callable]


def names() -> list[str]:
    modules = [one for one in vars(torch.nn).values() if inspect.isclass(one) and issubclass(one, torch.nn.Module)]
    layers = [name for name, one in vars(keras.layers).items() if inspect.isclass(one)]
    activations = [name for name in dir(keras.activations) if not name.startswith("_")]
    operators = [schema.name for schema in onnx.defs.get_all_schemas()]
    helpers = {"deserialize", "serialize", "get", "linear"}
    return sorted({*(one.__name__ for one in modules), *layers, *operators, *activations} - helpers)


@pytest.mark.parametrize("name", names())
def test_a_layer_of_another_framework_is_known(name: str) -> None:
    """It is a layer here, or there is a sentence about it, but never both."""
    assert bool(known_as(name, OURS)) != (layer_note(name) is not None)
