"""What is known of the networks of the zoo from elsewhere, by the names of their files."""

from __future__ import annotations

from collections.abc import Mapping

from example_facts import EXAMPLE_FACTS, Example, zoo


def _imagenet(key: str, params: int, smaller: int, flipped: str | None = None) -> Example:
    """A network of torchvision.

    Args:
        key: its name in ``facts/zoo.json``.
        params: as published.
        smaller: rows and columns of smaller images.
        flipped: as in ``Example``.
    """
    macs = zoo()[key]["macs_conv_linear"]
    return Example(params, {"logits": (1, 1000)}, macs=macs, zoo=key, smaller={"size": smaller}, flipped=flipped)


#: Small images leave 2x2 positions before the classifier. Recurrent counts are those of facts/recurrent.md: LSTM with
#: one bias 4H(I+H+1), GRU 3H(I+H+2) for each direction.
ZOO_FACTS: Mapping[str, Example] = {
    "alexnet": _imagenet("alexnet", 61_100_840, smaller=95),
    "vgg16": _imagenet("vgg16", 138_357_544, smaller=64),
    "resnet18": _imagenet("resnet18", 11_689_512, smaller=64),
    "resnet50": _imagenet("resnet50", 25_557_032, smaller=64),
    "resnet152": _imagenet("resnet152", 60_192_808, smaller=64),
    "mobilenet_v1": Example(
        4_231_976,
        {"logits": (1, 1000)},
        macs=568_740_352,
        keras="MobileNet",
        smaller={"size": 64},
        flipped="conv_dw_7.weight",
    ),
    "mobilenet_v2": _imagenet("mobilenet_v2", 3_504_872, smaller=64),
    "mobilenet_v3_large": _imagenet("mobilenet_v3_large", 5_483_032, smaller=64),
    "mobilenet_v3_small": _imagenet("mobilenet_v3_small", 2_542_856, smaller=64, flipped="features.4.block.1.0.weight"),
    "shufflenet_v2_x1_0": _imagenet("shufflenet_v2_x1_0", 2_278_604, smaller=64),
    "efficientnet_b0": _imagenet("efficientnet_b0", 5_288_548, smaller=64, flipped="features.5.0.block.1.0.weight"),
    "mnasnet1_0": _imagenet("mnasnet1_0", 4_383_312, smaller=64),
    "gru_tagger": Example(
        5_000 * 64 + 2 * 3 * 64 * (64 + 64 + 2) + 128 * 17 + 17,
        {"probabilities": (2, 5, 17)},
        feeds=("words=sentences.json", "lengths=lengths.json"),
        sizes={"N": 2, "T": 5},
    ),
    "text_cnn": Example(
        10_000 * 64 + (3 + 4 + 5) * 64 * 64 + 3 * 64 + 3 * 64 * 2 + 2,
        {"probabilities": (1, 2)},
        feeds=("words=review.json",),
        sizes={"N": 1, "T": 8},
    ),
    "unet": Example(
        (3 * 9 + 1) * 16
        + 2 * (16 * 9 + 1) * 16
        + (16 * 9 + 1) * 32
        + 2 * (32 * 9 + 1) * 32
        + (32 * 9 + 1) * 64
        + (64 * 9 + 1) * 64
        + (96 * 9 + 1) * 32
        + (48 * 9 + 1) * 16
        + (16 + 1) * 2,
        {"mask": (2, 2, 12, 8)},
        sizes={"N": 2, "H": 3, "W": 2},
    ),
    "video_cnn": Example(
        (27 * 3 + 1) * 32 + (27 * 32 + 1) * 64 + (27 * 64 + 1) * 128 + (128 + 1) * 10,
        {"probabilities": (1, 10)},
        sizes={"N": 1, "T": 5},
    ),
}

#: The examples and the zoo.
ALL_FACTS: Mapping[str, Example] = {**EXAMPLE_FACTS, **ZOO_FACTS}
