"""DenseNet-121 as a module of PyTorch, written from the paper, with torchvision's names."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F

#: Layers of the four blocks, and how many channels each adds (Huang and others 2016, table 1).
LAYERS, GROWTH = (6, 12, 24, 16), 32


class DenseLayer(nn.Module):
    """Normalization, ReLU and a 1x1 convolution, then the same with a 3x3 (section 3 there, "bottleneck layers")."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * GROWTH)
        self.conv2 = nn.Conv2d(4 * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        narrow = self.conv1(torch.relu(self.norm1(x)))
        return self.conv2(torch.relu(self.norm2(narrow)))


class DenseBlock(nn.Module):
    """Each layer reads the input and the results of all layers before it (equation 2 there)."""

    def __init__(self, inputs: int, layers: int) -> None:
        super().__init__()
        for number in range(layers):
            self.add_module(f"denselayer{number + 1}", DenseLayer(inputs + number * GROWTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        results = [x]
        for layer in self.children():
            results.append(layer(torch.cat(results, dim=1)))
        return torch.cat(results, dim=1)


class Transition(nn.Module):
    """Half of the channels, the rows and the columns (section 3 there, "compression")."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, inputs // 2, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(self.conv(torch.relu(self.norm(x))), 2)


class DenseNet121(nn.Module):
    """The column DenseNet-121 of table 1."""

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        parts: OrderedDict[str, nn.Module] = OrderedDict(conv0=stem, norm0=nn.BatchNorm2d(64), relu0=nn.ReLU())
        parts["pool0"] = nn.MaxPool2d(3, stride=2, padding=1)
        width = 64
        for number, layers in enumerate(LAYERS, start=1):
            parts[f"denseblock{number}"] = DenseBlock(width, layers)
            width += layers * GROWTH
            if number < len(LAYERS):
                parts[f"transition{number}"] = Transition(width)
                width //= 2
        parts["norm5"] = nn.BatchNorm2d(width)
        self.features = nn.Sequential(parts)
        self.classifier = nn.Linear(width, 1000)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = torch.relu(self.features(image))
        return (self.classifier(features.mean(dim=(2, 3))),)
