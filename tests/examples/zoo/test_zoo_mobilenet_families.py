"""MobileNet and MobileNetV2 of every width and image size count what Keras's count, and what was published."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from dotnn.compiler import compile_file

from tests.helpers.cli_calls import dotnn
from tests.helpers.example_facts import example_path
from tests.helpers.paths import FACTS

FAMILIES = json.loads((FACTS / "mobilenet_families.json").read_text(encoding="utf-8"))
ROWS = [(version, row) for version in ("v1", "v2") for row in FAMILIES[version]]


def label(version: str, row: dict[str, Any]) -> str:
    return f"{version}-{row['alpha']}-{row['resolution']}"


@pytest.mark.parametrize(("version", "row"), ROWS, ids=[label(*row) for row in ROWS])
def test_a_network_of_the_family(version: str, row: dict[str, Any]) -> None:
    """Keras's totals count running statistics, too."""
    arguments = {"alpha": row["alpha"], "size": row["resolution"]}
    summary = compile_file(example_path(f"mobilenet_{version}"), arguments=arguments).summary()
    assert summary.macs == row["keras_macs"]
    assert summary.count.params == row["keras_trainable"]
    assert summary.count.params + summary.count.statistics == row["keras_params"]


@pytest.mark.parametrize(("version", "row"), [one for one in ROWS if one[1]["keras_params_1001"]])
def test_a_class_for_the_background(version: str, row: dict[str, Any]) -> None:
    """The published networks have one class more."""
    arguments = {"alpha": row["alpha"], "classes": 1001}
    count = compile_file(example_path(f"mobilenet_{version}"), arguments=arguments).summary().count
    assert count.params + count.statistics == row["keras_params_1001"]


def test_the_command_sets_width_and_size() -> None:
    path = str(example_path("mobilenet_v1"))
    done = dotnn("summary", path, "--set", "alpha=0.25", "--set", "size=128")
    assert done.code == 0, done
    assert "parameters:           470,072" in done.out
    assert "MACs:                 13,570,048" in done.out


@pytest.mark.parametrize(("alpha", "size"), [("1.0", 224), ("0.75", 128)])
def test_every_layer_of_mobilenet(alpha: str, size: int) -> None:
    """Parameters and products of each convolution, by Keras's names; without the bias of the last one."""
    compiled = compile_file(example_path("mobilenet_v1"), arguments={"alpha": float(alpha), "size": size})
    macs = {row.path: row.macs for row in compiled.summary().rows}
    weights = {weight.name: weight for weight in compiled.graph.weights()}
    expected = FAMILIES[f"v1_layers_{alpha}_{size}"]
    assert len(expected) == 28
    for name, parameters, products in expected:
        assert (parameters, products) == (math.prod(weights[f"{name}.weight"].shape), macs[name])
