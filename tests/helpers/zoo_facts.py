"""What is known of the networks of the zoo from elsewhere, by the names of their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.helpers.example_facts import EXAMPLE_FACTS, Example, zoo


def _imagenet(
    key: str,
    params: int,
    smaller: int,
    like: str | None = None,
    scales: tuple[float, float] = (0.5, 1),
    **arguments: int,
) -> Example:
    """A network of torchvision.

    Args:
        key: its name in ``facts/zoo.json``, which has no more than the totals of some.
        params: as published.
        smaller: rows and columns of smaller images.
        like: a network of the same blocks.
        scales: of normalizations, as in ``Example``.
        arguments: further arguments that make the model smaller.
    """
    facts = zoo().get(key)
    macs, name = (None, None) if facts is None else (facts["macs_conv_linear"], key)
    small = {"size": smaller, **arguments}
    outputs = {"logits": (1, 1000)}
    return Example(params, outputs, macs=macs, zoo=name, smaller=small, like=like, scales=scales)


def _double(channels: int, width: int) -> int:
    """Parameters of two convolutions of 3x3."""
    return (9 * channels + 1) * width + (9 * width + 1) * width


def _lstm(inputs: int, units: int) -> int:
    """An LSTM with one bias, of one layer and one direction (facts/recurrent.md)."""
    return 4 * units * (inputs + units + 1)


def _gru(inputs: int, units: int) -> int:
    """A GRU, of one layer and one direction (facts/recurrent.md)."""
    return 3 * units * (inputs + units + 2)


#: ResNet-18 without its dense layer of 1000 classes.
RESNET18_FEATURES = 11_689_512 - 513 * 1000

#: Small images leave 2x2 positions before the classifier.
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
        scales=(0.7, 1.3),
    ),
    "mobilenet_v2": _imagenet("mobilenet_v2", 3_504_872, smaller=64),
    "mobilenet_v3_large": _imagenet("mobilenet_v3_large", 5_483_032, smaller=64, like="mobilenet_v3_small"),
    "mobilenet_v3_small": _imagenet("mobilenet_v3_small", 2_542_856, smaller=64, scales=(0.7, 1.3)),
    "shufflenet_v2_x1_0": _imagenet("shufflenet_v2_x1_0", 2_278_604, smaller=64),
    "efficientnet_b0": _imagenet("efficientnet_b0", 5_288_548, smaller=64, scales=(0.7, 1.3)),
    "mnasnet1_0": _imagenet("mnasnet1_0", 4_383_312, smaller=64),
    "googlenet": _imagenet("googlenet_noaux", 6_624_904, smaller=64, like="googlenet_aux"),
    # Torchvision's multiply-accumulates are without the auxiliary classifiers: 1x1 on 4x4 positions, two dense layers.
    "googlenet_aux": Example(
        13_004_888,
        {"aux_logits1": (1, 1000), "aux_logits2": (1, 1000), "logits": (1, 1000)},
        macs=zoo()["googlenet_aux"]["macs_conv_linear"]
        + (512 + 528) * 128 * 4 * 4
        + 2 * (128 * 4 * 4 * 1024 + 1024 * 1000),
        zoo="googlenet_aux",
        smaller={"size": 80},
    ),
    "inception_v3": Example(
        23_834_568,
        {"logits": (1, 1000)},
        macs=zoo()["inception_v3_noaux"]["macs_conv_linear"],
        zoo="inception_v3_noaux",
        smaller={"size": 75},
        scales=(0.7, 1.3),
    ),
    # Likewise: 1x1 on 5x5 positions, one window of 5x5, a dense layer. These take no smaller images.
    "inception_v3_aux": Example(
        27_161_264,
        {"aux_logits": (1, 1000), "logits": (1, 1000)},
        macs=zoo()["inception_v3_aux"]["macs_conv_linear"] + 2 * 768 * 128 * 5 * 5 + 768 * 1000,
        zoo="inception_v3_aux",
        like="inception_v3",
    ),
    "xception": Example(22_855_952, {"logits": (1, 1000)}, macs=8_357_403_496, keras="Xception", smaller={"size": 39}),
    "densenet121": _imagenet("densenet121", 7_978_856, smaller=64),
    "convnext_tiny": _imagenet("convnext_tiny", 28_589_128, smaller=64, width=16, blocks=3),
    # What torchvision's modules count leaves the projections and products of its attention out.
    "vit_b_16": replace(
        _imagenet("vit_b_16", 86_567_656, smaller=32, width=48, layers=3, heads=4),
        macs=zoo()["vit_b_16"]["macs_conv_linear"] + 12 * (197 * 768 * 4 * 768 + 2 * 197 * 197 * 768),
    ),
    "gru_tagger": Example(
        5_000 * 64 + 2 * _gru(64, 64) + 128 * 17 + 17,
        {"probabilities": (2, 5, 17)},
        feeds=("words=sentences.json", "lengths=lengths.json"),
        sizes={"N": 2, "T": 5},
    ),
    "char_lstm": Example(
        _lstm(65, 128) + _lstm(128, 128) + 128 * 65 + 65,
        {"logits": (2, 5, 65), "final_h": (2, 2, 128), "final_c": (2, 2, 128)},
        sizes={"N": 2, "T": 5},
    ),
    "sentiment_bilstm": Example(
        # As Keras prints it for https://keras.io/examples/nlp/bidirectional_lstm_imdb.
        2_757_761,
        {"favourable": (2, 1)},
        feeds=("words=sentences.json", "lengths=lengths.json"),
        sizes={"N": 2, "T": 5},
    ),
    "seq2seq": Example(
        (10_000 + 8_000) * 512 + 2 * 2 * _gru(512, 512) + 512 * 8_000 + 8_000,
        {"logits": (2, 5, 90), "memory": (3, 2, 16)},
        sizes={"N": 2, "S": 4, "T": 5},
        smaller={"source_vocabulary": 100, "target_vocabulary": 90, "units": 16, "layers": 3},
    ),
    "seq2seq_attention": Example(
        2 * 50_000 * 500 + 2 * 2 * _lstm(500, 500) + 500 * 500 + 2 * 500 * 500 + 501 * 50_000,
        {"logits": (2, 5, 90)},
        sizes={"N": 2, "S": 4, "T": 5},
        smaller={"source_vocabulary": 100, "target_vocabulary": 90, "units": 16, "layers": 3},
    ),
    "caption_lstm": Example(
        RESNET18_FEATURES + 513 * 512 + 10_000 * 512 + _lstm(512, 512) + 513 * 10_000,
        {"logits": (2, 1 + 5, 200)},
        sizes={"N": 2, "T": 5},
        smaller={"vocabulary": 200, "units": 64, "size": 33},
    ),
    "caption_attention": Example(
        RESNET18_FEATURES
        + 2 * 513 * 512
        + 10_000 * 512
        + _lstm(512, 512)
        + (513 * 512 + 512 * 512 + 512)
        + (2 * 512 + 1) * 10_000,
        {"logits": (2, 5, 200), "attention_weights": (2, 5, 4)},
        sizes={"N": 2, "T": 5},
        smaller={"vocabulary": 200, "units": 64, "size": 33},
    ),
    "speech_recognizer": Example(
        (41 * 11 * 32 + 2 * 32)
        + (21 * 11 * 32 * 32 + 2 * 32)
        + 2 * (_gru(32 * 41, 800) + 4 * _gru(800, 800))
        + 5 * 2 * 800
        + 801 * 29,
        {"log_probabilities": (2, 10, 29)},
        sizes={"N": 2, "T": 19},
        smaller={"frequencies": 33, "units": 32, "layers": 3},
    ),
    "sketch_decoder": Example(
        129 * 2 * 512 + _lstm(5 + 128, 512) + 513 * (6 * 20 + 3),
        {
            "mixture_probabilities": (2, 5, 20),
            "means": (2, 5, 20, 2),
            "deviations": (2, 5, 20, 2),
            "correlations": (2, 5, 20),
            "pen_probabilities": (2, 5, 3),
        },
        sizes={"N": 2, "T": 5},
    ),
    "text_cnn": Example(
        10_000 * 64 + (3 + 4 + 5) * 64 * 64 + 3 * 64 + 3 * 64 * 2 + 2,
        {"probabilities": (1, 2)},
        feeds=("words=review.json",),
        sizes={"N": 1, "T": 8},
    ),
    # Two convolutions of 3x3 at five sizes on the way down and at four on the way up, where the first one reads twice
    # as many channels; four transposed convolutions of 2x2; and one of 1x1.
    "unet": Example(
        _double(3, 64)
        + sum(_double(width // 2, width) + _double(width, width // 2) for width in (128, 256, 512, 1024))
        + sum((4 * width + 1) * width // 2 for width in (128, 256, 512, 1024))
        + (64 + 1) * 2,
        {"logits": (2, 2, 48, 32)},
        sizes={"N": 2, "H": 3, "W": 2},
        smaller={"width": 8},
    ),
    "siamese": Example(
        (9 + 1) * 16 + (9 * 16 + 1) * 32 + (32 * 5 * 5 + 1) * 64 + 64 + 1,
        {"same": (2, 1)},
        sizes={"N": 2},
    ),
    "video_cnn": Example(
        (27 * 3 + 1) * 32 + (27 * 32 + 1) * 64 + (27 * 64 + 1) * 128 + (128 + 1) * 10,
        {"probabilities": (1, 10)},
        sizes={"N": 1, "T": 5},
    ),
}

#: The examples and the zoo.
ALL_FACTS: Mapping[str, Example] = {**EXAMPLE_FACTS, **ZOO_FACTS}
