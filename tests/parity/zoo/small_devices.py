"""Networks for small devices, written from their papers, with the names of torchvision's modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

Activation = Callable[[], nn.Module]


def conv_norm(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int,
    activation: Activation | None,
    groups: int = 1,
    eps: float = 1e-5,
) -> nn.Sequential:
    """A convolution that keeps the size but for its stride, its normalization, and an activation if there is one."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2, groups=groups, bias=False)
    parts: list[nn.Module] = [conv, nn.BatchNorm2d(outputs, eps=eps)]
    return nn.Sequential(*parts, *([activation()] if activation else []))


class Residual(nn.Module):
    """Adds what a part computes to what it reads, where the shapes agree; the part has a name."""

    def __init__(self, name: str, part: nn.Module, adds: bool) -> None:
        super().__init__()
        self.name, self.adds = name, adds
        self.add_module(name, part)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.get_submodule(self.name)(x)
        return x + y if self.adds else y


class Pooled(nn.Module):
    """Features, the mean of each over all positions, and a classifier; the features have a name."""

    def __init__(self, name: str, features: Iterable[nn.Module], classifier: nn.Module) -> None:
        super().__init__()
        self.name = name
        self.add_module(name, nn.Sequential(*features))
        self.classifier = classifier

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.get_submodule(self.name)(image).mean(dim=(2, 3)))


# MobileNetV2 (Sandler and others 2018) --------------------------------------------------------------------------------


def inverted_residual(inputs: int, outputs: int, expansion: int, stride: int) -> nn.Module:
    """The bottleneck of table 1."""
    hidden = inputs * expansion
    widened = [conv_norm(inputs, hidden, 1, 1, nn.ReLU6)] if expansion > 1 else []
    filtered = conv_norm(hidden, hidden, 3, stride, nn.ReLU6, groups=hidden)
    narrowed = [nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
    return Residual("conv", nn.Sequential(*widened, filtered, *narrowed), stride == 1 and inputs == outputs)


def mobilenet_v2() -> nn.Module:
    """The network of table 2."""
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    features: list[nn.Module] = [conv_norm(3, 32, 3, 2, nn.ReLU6)]
    inputs = 32
    for expansion, outputs, count, stride in table:
        for index in range(count):
            features.append(inverted_residual(inputs, outputs, expansion, stride if index == 0 else 1))
            inputs = outputs
    features.append(conv_norm(320, 1280, 1, 1, nn.ReLU6))
    return Pooled("features", features, nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000)))


# MobileNetV3 (Howard and others 2019) and EfficientNet (Tan and Le 2019) ----------------------------------------------


class SqueezeExcite(nn.Module):
    """Weighs channels (Hu and others 2018)."""

    def __init__(self, channels: int, squeezed: int, activation: Activation, gate: Activation) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
        self.activation, self.gate = activation(), gate()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(self.fc2(self.activation(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


def mobile_block(
    inputs: int,
    hidden: int,
    outputs: int,
    kernel: int,
    stride: int,
    activation: Activation,
    excite: Callable[[int], nn.Module] | None,
    eps: float,
) -> nn.Module:
    """The inverted residual with a squeeze and excitation behind the depthwise convolution (MobileNetV3, figure 4)."""
    widened = [conv_norm(inputs, hidden, 1, 1, activation, eps=eps)] if hidden != inputs else []
    filtered = conv_norm(hidden, hidden, kernel, stride, activation, groups=hidden, eps=eps)
    weighed = [excite(hidden)] if excite else []
    narrowed = conv_norm(hidden, outputs, 1, 1, None, eps=eps)
    return Residual("block", nn.Sequential(*widened, filtered, *weighed, narrowed), stride == 1 and inputs == outputs)


#: Kernel, channels within, channels behind, whether they are weighed, whether by hard swish, and the stride.
V3_LARGE = (
    (3, 16, 16, 0, 0, 1),
    (3, 64, 24, 0, 0, 2),
    (3, 72, 24, 0, 0, 1),
    (5, 72, 40, 1, 0, 2),
    (5, 120, 40, 1, 0, 1),
    (5, 120, 40, 1, 0, 1),
    (3, 240, 80, 0, 1, 2),
    (3, 200, 80, 0, 1, 1),
    (3, 184, 80, 0, 1, 1),
    (3, 184, 80, 0, 1, 1),
    (3, 480, 112, 1, 1, 1),
    (3, 672, 112, 1, 1, 1),
    (5, 672, 160, 1, 1, 2),
    (5, 960, 160, 1, 1, 1),
    (5, 960, 160, 1, 1, 1),
)
V3_SMALL = (
    (3, 16, 16, 1, 0, 2),
    (3, 72, 24, 0, 0, 2),
    (3, 88, 24, 0, 0, 1),
    (5, 96, 40, 1, 1, 2),
    (5, 240, 40, 1, 1, 1),
    (5, 240, 40, 1, 1, 1),
    (5, 120, 48, 1, 1, 1),
    (5, 144, 48, 1, 1, 1),
    (5, 288, 96, 1, 1, 2),
    (5, 576, 96, 1, 1, 1),
    (5, 576, 96, 1, 1, 1),
)


def quarter(channels: int) -> int:
    """The multiple of 8 nearest to a fourth, but not less than nine tenths of it."""
    nearest = max(8, (channels // 4 + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * (channels // 4) else nearest


def mobilenet_v3(table: tuple[tuple[int, int, int, int, int, int], ...], last: int) -> nn.Module:
    """The networks of tables 1 and 2.

    Args:
        table: of the blocks.
        last: channels within the classifier.
    """
    excite = lambda channels: SqueezeExcite(channels, quarter(channels), nn.ReLU, nn.Hardsigmoid)  # noqa: E731
    features: list[nn.Module] = [conv_norm(3, 16, 3, 2, nn.Hardswish, eps=0.001)]
    inputs = 16
    for kernel, hidden, outputs, weighed, swish, stride in table:
        activation = nn.Hardswish if swish else nn.ReLU
        excited = excite if weighed else None
        features.append(mobile_block(inputs, hidden, outputs, kernel, stride, activation, excited, 0.001))
        inputs = outputs
    features.append(conv_norm(inputs, 6 * inputs, 1, 1, nn.Hardswish, eps=0.001))
    classifier = nn.Sequential(nn.Linear(6 * inputs, last), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(last, 1000))
    return Pooled("features", features, classifier)


def efficientnet_b0() -> nn.Module:
    """The network of table 1: expansion, kernel, channels, layers and stride of each stage."""
    table = (
        (1, 3, 16, 1, 1),
        (6, 3, 24, 2, 2),
        (6, 5, 40, 2, 2),
        (6, 3, 80, 3, 2),
        (6, 5, 112, 3, 1),
        (6, 5, 192, 4, 2),
        (6, 3, 320, 1, 1),
    )
    features: list[nn.Module] = [conv_norm(3, 32, 3, 2, nn.SiLU)]
    inputs = 32
    for expansion, kernel, outputs, count, stride in table:
        stage = []
        for index in range(count):
            step, squeezed = stride if index == 0 else 1, inputs // 4
            excite = lambda channels, squeezed=squeezed: SqueezeExcite(channels, squeezed, nn.SiLU, nn.Sigmoid)  # noqa: E731
            stage.append(mobile_block(inputs, expansion * inputs, outputs, kernel, step, nn.SiLU, excite, 1e-5))
            inputs = outputs
        features.append(nn.Sequential(*stage))
    features.append(conv_norm(320, 1280, 1, 1, nn.SiLU))
    return Pooled("features", features, nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000)))


# MnasNet-B1 (Tan and others 2019) -------------------------------------------------------------------------------------


def separable(inputs: int, hidden: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    """A depthwise convolution and one of 1x1, which is linear."""
    return [
        nn.Conv2d(hidden, hidden, kernel, stride, padding=kernel // 2, groups=hidden, bias=False),
        nn.BatchNorm2d(hidden),
        nn.ReLU(),
        nn.Conv2d(hidden, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
    ]


def mnasnet() -> nn.Module:
    """The network of the figure with the baseline: expansion, kernel, channels, layers and stride of each stage."""
    table = (
        (3, 3, 24, 3, 2),
        (3, 5, 40, 3, 2),
        (6, 5, 80, 3, 2),
        (6, 3, 96, 2, 1),
        (6, 5, 192, 4, 2),
        (6, 3, 320, 1, 1),
    )
    features = [nn.Conv2d(3, 32, 3, 2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
    features += separable(32, 32, 16, 3, 1)
    inputs = 16
    for expansion, kernel, outputs, count, stride in table:
        stage = []
        for index in range(count):
            hidden, step = expansion * inputs, stride if index == 0 else 1
            widened = [nn.Conv2d(inputs, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU()]
            layers = nn.Sequential(*widened, *separable(inputs, hidden, outputs, kernel, step))
            stage.append(Residual("layers", layers, step == 1 and inputs == outputs))
            inputs = outputs
        features.append(nn.Sequential(*stage))
    features += [nn.Conv2d(320, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU()]
    return Pooled("layers", features, nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000)))


# ShuffleNet V2 (Ma and others 2018) -----------------------------------------------------------------------------------


class ShuffleUnit(nn.Module):
    """The units of figure 3 (c) and, where rows and columns are halved, (d)."""

    def __init__(self, inputs: int, outputs: int, halves: bool) -> None:
        super().__init__()
        read, half, stride = inputs if halves else inputs // 2, outputs // 2, 2 if halves else 1
        self.branch1 = (
            nn.Sequential(
                nn.Conv2d(read, read, 3, 2, padding=1, groups=read, bias=False),
                nn.BatchNorm2d(read),
                nn.Conv2d(read, half, 1, bias=False),
                nn.BatchNorm2d(half),
                nn.ReLU(),
            )
            if halves
            else None
        )
        self.branch2 = nn.Sequential(
            nn.Conv2d(read, half, 1, bias=False),
            nn.BatchNorm2d(half),
            nn.ReLU(),
            nn.Conv2d(half, half, 3, stride, padding=1, groups=half, bias=False),
            nn.BatchNorm2d(half),
            nn.Conv2d(half, half, 1, bias=False),
            nn.BatchNorm2d(half),
            nn.ReLU(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.branch1 is None:
            left, right = x.chunk(2, dim=1)
        else:
            left, right = self.branch1(x), x
        # Channels alternate between the two: one of the left, one of the right.
        return torch.stack([left, self.branch2(right)], dim=2).flatten(1, 2)


class ShuffleNetV2(nn.Module):
    """The network of table 5 of width 1."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = conv_norm(3, 24, 3, 2, nn.ReLU)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.stage2, self.stage3, self.stage4 = self.stage(24, 116, 4), self.stage(116, 232, 8), self.stage(232, 464, 4)
        self.conv5 = conv_norm(464, 1024, 1, 1, nn.ReLU)
        self.fc = nn.Linear(1024, 1000)

    @staticmethod
    def stage(inputs: int, outputs: int, count: int) -> nn.Sequential:
        units = [ShuffleUnit(outputs, outputs, halves=False) for _ in range(count - 1)]
        return nn.Sequential(ShuffleUnit(inputs, outputs, halves=True), *units)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.conv1(image))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        return self.fc(x.mean(dim=(2, 3)))
