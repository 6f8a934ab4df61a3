"""What is known of the networks of the zoo from elsewhere, by the names of their files."""

from __future__ import annotations

from collections.abc import Mapping

from example_facts import EXAMPLE_FACTS, Example, zoo


def _imagenet(
    key: str, params: int, smaller: int, like: str | None = None, flipped: str | None = None, **arguments: int
) -> Example:
    """A network of torchvision.

    Args:
        key: its name in ``facts/zoo.json``, which has no more than the totals of some.
        params: as published.
        smaller: rows and columns of smaller images.
        like: a network of the same blocks.
        flipped: as in ``Example``.
        arguments: further arguments that make the model smaller.
    """
    facts = zoo().get(key)
    macs, name = (None, None) if facts is None else (facts["macs_conv_linear"], key)
    small = {"size": smaller, **arguments}
    outputs = {"logits": (1, 1000)}
    return Example(params, outputs, macs=macs, zoo=name, smaller=small, like=like, flipped=flipped)


#: Small images leave 2x2 positions before the classifier. Recurrent counts are those of facts/recurrent.md: LSTM with
#: one bias 4H(I+H+1), GRU 3H(I+H+2) for each direction.
ZOO_FACTS: Mapping[str, Example] = {
    "alexnet": _imagenet("alexnet", 61_100_840, smaller=95, units=64),
    "vgg11": _imagenet("vgg11", 132_863_336, smaller=64, units=64),
    "vgg11_bn": _imagenet("vgg11_bn", 132_868_840, smaller=32, units=64),
    "vgg13": _imagenet("vgg13", 133_047_848, smaller=64, like="vgg11", units=64),
    "vgg13_bn": _imagenet("vgg13_bn", 133_053_736, smaller=64, like="vgg11_bn", units=64),
    "vgg16": _imagenet("vgg16", 138_357_544, smaller=64, like="vgg11", units=64),
    "vgg16_bn": _imagenet("vgg16_bn", 138_365_992, smaller=64, like="vgg11_bn", units=64),
    "vgg19": _imagenet("vgg19", 143_667_240, smaller=64, like="vgg11", units=64),
    "vgg19_bn": _imagenet("vgg19_bn", 143_678_248, smaller=64, like="vgg11_bn", units=64),
    "squeezenet1_0": _imagenet("squeezenet1_0", 1_248_424, smaller=64),
    "squeezenet1_1": _imagenet("squeezenet1_1", 1_235_496, smaller=64),
    "resnet18": _imagenet("resnet18", 11_689_512, smaller=64),
    "resnet34": _imagenet("resnet34", 21_797_672, smaller=64, like="resnet18"),
    "resnet50": _imagenet("resnet50", 25_557_032, smaller=64),
    "resnet101": _imagenet("resnet101", 44_549_160, smaller=64, like="resnet50"),
    "resnet152": _imagenet("resnet152", 60_192_808, smaller=64, like="resnet50"),
    "resnext50_32x4d": _imagenet("resnext50_32x4d", 25_028_904, smaller=64, like="resnet50"),
    "wide_resnet50_2": _imagenet("wide_resnet50_2", 68_883_240, smaller=64, like="resnet50"),
    "lenet5": Example(61_706, {"logits": (1, 10)}),
    "mobilenet_v1": Example(
        4_231_976,
        {"logits": (1, 1000)},
        macs=568_740_352,
        keras="MobileNet",
        smaller={"size": 64},
        flipped="conv_dw_7.weight",
    ),
    "mobilenet_v2": _imagenet("mobilenet_v2", 3_504_872, smaller=64),
    "mobilenet_v3_large": _imagenet("mobilenet_v3_large", 5_483_032, smaller=64, like="mobilenet_v3_small"),
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
