"""Networks of the zoo that Keras has, too: what its layers count and give, layer by layer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dotnn.compiler import compile_file
from dotnn.compiler.dims import format_dim

from tests.helpers.example_facts import example_path
from tests.helpers.paths import FACTS


def keras_model(name: str) -> dict[str, Any]:
    return json.loads((FACTS / "zoo_keras.json").read_text(encoding="utf-8"))[name]


def test_every_layer_of_xception() -> None:
    """By Keras's names; those that it gives by itself, of the shortcuts, in their order."""
    facts = keras_model("Xception")
    rows = compile_file(example_path("xception")).summary().rows
    ours = {
        row.path.replace(".", "_"): (
            [format_dim(dim) for dim in row.outputs[0].shape[1:]],
            row.count.params + row.count.statistics,
        )
        for row in rows
        if row.count.params
    }
    unnamed = iter([name for name in ours if name.endswith(("_conv2d", "_batch_norm"))])
    theirs = {}
    for layer in facts["layers"]:
        if layer["params"]:
            _, *positions, channels = layer["output_shape"]
            name = next(unnamed) if layer["name"].startswith(("conv2d", "batch_normalization")) else layer["name"]
            theirs[name] = ([str(size) for size in (channels, *positions)], layer["params"])
    assert ours == theirs
    assert next(unnamed, None) is None


@pytest.mark.parametrize("statistic", ["running_mean", "running_var"])
def test_inception_v3_is_that_of_keras_but_for_the_scales(statistic: str) -> None:
    """Keras's normalization has no scale there; it has as many numbers as each statistic."""
    facts, model = keras_model("InceptionV3"), compile_file(example_path("inception_v3"))
    scales = sum(weight.elements for weight in model.graph.weights() if weight.name.endswith(statistic))
    assert model.summary().count.params - scales == facts["trainable_params"]
    assert model.summary().count.statistics == facts["non_trainable_params"]
    assert model.summary().macs == facts["macs_conv_dense"]
