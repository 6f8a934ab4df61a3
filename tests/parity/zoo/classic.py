"""AlexNet, VGG, SqueezeNet and ResNeXt as modules of PyTorch, written from the papers, with torchvision's names."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


def dense_end(inputs: int, units: int) -> list[nn.Module]:
    """Three dense layers with ReLU between them."""
    return [nn.Linear(inputs, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU(), nn.Linear(units, 1000)]


class AlexNet(nn.Module):
    """The network on one GPU (Krizhevsky 2014, section 5), dropout as in the first paper of 2012, section 4.2."""

    def __init__(self, units: int = 4096) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *[nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2)],
            *[nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2)],
            *[nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()],
            *[nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()],
            *[nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, stride=2)],
        )
        first, activation, *further = dense_end(256 * 6 * 6, units)
        self.classifier = nn.Sequential(nn.Dropout(), first, activation, nn.Dropout(), *further)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(image).flatten(1))


class Vgg(nn.Module):
    """A column of table 1 of Simonyan and Zisserman 2015: so many convolutions of so many channels, then a pooling."""

    def __init__(self, convolutions: Sequence[int], norm: bool, units: int = 4096) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for count, width in zip(convolutions, (64, 128, 256, 512, 512), strict=True):
            for _ in range(count):
                layers.append(nn.Conv2d(inputs, width, 3, padding=1))
                layers += [nn.BatchNorm2d(width)] if norm else []
                layers.append(nn.ReLU())
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        first, activation, second, again, last = dense_end(512 * 7 * 7, units)
        self.classifier = nn.Sequential(first, activation, nn.Dropout(), second, again, nn.Dropout(), last)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(image).flatten(1))


class Fire(nn.Module):
    """The fire module (Iandola and others 2016, section 3.2), with four times the channels in both parts behind it."""

    def __init__(self, inputs: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, 4 * squeezed, 1)
        self.expand3x3 = nn.Conv2d(squeezed, 4 * squeezed, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        small = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.expand1x1(small)), torch.relu(self.expand3x3(small))], dim=1)


class SqueezeNet11(nn.Module):
    """SqueezeNet as its authors revised it: a first convolution of 64 filters of 3x3, and poolings at 1, 3 and 5."""

    def __init__(self) -> None:
        super().__init__()
        pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.features = nn.Sequential(
            *[nn.Conv2d(3, 64, 3, stride=2), nn.ReLU(), pool],
            *[Fire(64, 16), Fire(128, 16), pool],
            *[Fire(128, 32), Fire(256, 32), pool],
            *[Fire(256, 48), Fire(384, 48), Fire(384, 64), Fire(512, 64)],
        )
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(512, 1000, 1), nn.ReLU())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(image)).mean(dim=(2, 3))


class GroupedBottleneck(nn.Module):
    """The block of ResNeXt in its third form (Xie and others 2017, figure 3c)."""

    def __init__(self, inputs: int, width: int, stride: int, groups: int) -> None:
        super().__init__()
        outputs = 2 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNeXt50(nn.Module):
    """ResNeXt-50 (32x4d) of table 1 there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = self.stage(64, 128, 1, 3)
        self.layer2 = self.stage(256, 256, 2, 4)
        self.layer3 = self.stage(512, 512, 2, 6)
        self.layer4 = self.stage(1024, 1024, 2, 3)
        self.fc = nn.Linear(2048, 1000)

    @staticmethod
    def stage(inputs: int, width: int, stride: int, count: int) -> nn.Sequential:
        further = [GroupedBottleneck(2 * width, width, 1, 32) for _ in range(count - 1)]
        return nn.Sequential(GroupedBottleneck(inputs, width, stride, 32), *further)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        y = torch.max_pool2d(torch.relu(self.bn1(self.conv1(image))), 3, stride=2, padding=1)
        y = self.layer4(self.layer3(self.layer2(self.layer1(y))))
        return self.fc(y.mean(dim=(2, 3)))
