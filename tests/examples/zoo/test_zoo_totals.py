"""Networks of the zoo of which torchvision's totals are known, and names of VGGs by the pattern of the known ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import pytest
from dotnn.compiler import compile_file
from dotnn.compiler.compiled import Compiled

from tests.helpers.example_facts import example_path, zoo, zoo_totals
from tests.helpers.paths import ZOO
from tests.helpers.zoo_facts import ZOO_FACTS

#: How many convolutions the stages of the configurations have (Simonyan and Zisserman 2015, table 1, A B D E).
CONVOLUTIONS: Mapping[str, Sequence[int]] = {
    "vgg11": (1, 1, 2, 2, 2),
    "vgg13": (2, 2, 2, 2, 2),
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}
WIDTHS = (64, 128, 256, 512, 512)
VGGS = [f"{name}{norm}" for name in CONVOLUTIONS for norm in ("", "_bn")]
TOTALS = sorted(name for name in zoo_totals() if (ZOO / f"{name}.nn").exists())


@cache
def compiled(name: str) -> Compiled:
    return compile_file(example_path(name))


@pytest.mark.parametrize("name", TOTALS)
def test_totals_are_those_of_torchvision(name: str) -> None:
    total, summary = zoo_totals()[name], compiled(name).summary()
    assert summary.count.params == total["params"] == ZOO_FACTS[name].params
    assert isinstance(summary.macs, int)
    assert round(summary.macs / 10**9, 3) == total["gigamacs"]


def test_all_vggs_have_totals() -> None:
    assert set(VGGS) <= set(TOTALS)


# Names of VGGs -------------------------------------------------------------------------------------------------------


def vgg_weights(name: str) -> dict[str, list[int]]:
    """Names and shapes of the weights: layers count from 0, those without weights too."""
    features, norm = _features(CONVOLUTIONS[name.removesuffix("_bn")]), name.endswith("_bn")
    weights: dict[str, list[int]] = {}
    place, inputs = 0, 3
    for width in features:
        if width:
            weights |= {f"features.{place}.weight": [width, inputs, 3, 3], f"features.{place}.bias": [width]}
            if norm:
                parts = ("weight", "bias", "running_mean", "running_var")
                weights |= {f"features.{place + 1}.{part}": [width] for part in parts}
            inputs = width
        place += (3 if norm else 2) if width else 1
    for place, (units, inputs) in {0: (4096, 512 * 7 * 7), 3: (4096, 4096), 6: (1000, 4096)}.items():
        weights |= {f"classifier.{place}.weight": [units, inputs], f"classifier.{place}.bias": [units]}
    return weights


def _features(convolutions: Sequence[int]) -> Iterator[int]:
    """The channels of each convolution, and 0 for a pooling."""
    for count, width in zip(convolutions, WIDTHS, strict=True):
        yield from [width] * count
        yield 0


@pytest.mark.parametrize("name", [name for name in VGGS if name in zoo()])
def test_the_pattern_is_that_of_the_known_ones(name: str) -> None:
    theirs = zoo()[name]["state_dict"]
    known = [(key, shape) for key, shape in theirs.items() if not key.endswith(".num_batches_tracked")]
    assert list(vgg_weights(name).items()) == known


@pytest.mark.parametrize("name", VGGS)
def test_names_and_shapes_follow_the_pattern(name: str) -> None:
    ours = [(weight.name, list(weight.shape)) for weight in compiled(name).graph.weights()]
    assert ours == list(vgg_weights(name).items())
