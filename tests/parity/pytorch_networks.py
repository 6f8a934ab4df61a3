"""Networks of ``test_ten_networks.py`` as modules of PyTorch, written from the papers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class LeNet(nn.Module):
    """LeNet-5 (LeCun and others 1998, figure 2), every map of C3 connected to every one of S2."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        s2 = F.avg_pool2d(torch.tanh(self.c1(image)), 2)
        s4 = F.avg_pool2d(torch.tanh(self.c3(s2)), 2)
        c5 = torch.tanh(self.c5(s4)).flatten(1)
        return self.output(torch.tanh(self.f6(c5)))


class SqueezeExcite(nn.Module):
    """Squeeze and excitation (Hu and others 2018, equations 2 to 4), with the reduction of 16."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // 16)
        self.fc2 = nn.Linear(channels // 16, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squeezed = x.mean(dim=(2, 3))
        excited = torch.sigmoid(self.fc2(torch.relu(self.fc1(squeezed))))
        return x * excited[:, :, None, None]


class Basic(nn.Module):
    """Two convolutions and a shortcut (He and others 2015, figure 2), squeezed and excited before the sum or not."""

    def __init__(self, inputs: int, outputs: int, stride: int, excite: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if excite:
            self.se = SqueezeExcite(outputs)
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y = self.se(y) if hasattr(self, "se") else y
        return torch.relu(y + (self.shortcut(x) if hasattr(self, "shortcut") else x))


class CifarResNet(nn.Module):
    """ResNet for small images (He and others 2015, section 4.2): three stages of so many blocks."""

    def __init__(self, width: int, blocks: int, excite: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = self.stage(width, width, 1, blocks, excite)
        self.layer2 = self.stage(width, 2 * width, 2, blocks, excite)
        self.layer3 = self.stage(2 * width, 4 * width, 2, blocks, excite)
        self.fc = nn.Linear(4 * width, 10)

    @staticmethod
    def stage(inputs: int, outputs: int, stride: int, blocks: int, excite: bool) -> nn.Sequential:
        further = [Basic(outputs, outputs, 1, excite) for _ in range(blocks - 1)]
        return nn.Sequential(Basic(inputs, outputs, stride, excite), *further)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(image)))
        y = self.layer3(self.layer2(self.layer1(y)))
        return self.fc(y.mean(dim=(2, 3)))


class DoubleConv(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv2(torch.relu(self.conv1(x))))


class Up(nn.Module):
    """An "up-convolution" that halves the channels, what was kept of this size before it, and two convolutions."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, inputs // 2, 2, stride=2)
        self.conv = DoubleConv(inputs, inputs // 2)

    def forward(self, x: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        return self.conv(torch.cat([kept, self.up(x)], dim=1))


class Down(nn.Module):
    """Pooling that halves the sides, and two convolutions."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv = DoubleConv(inputs, 2 * inputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.max_pool2d(x, 2))


class UNet(nn.Module):
    """U-Net (Ronneberger and others 2015, figure 1), its convolutions padded."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down1, self.down2 = DoubleConv(3, width), Down(width)
        self.down3, self.down4, self.bottom = Down(2 * width), Down(4 * width), Down(8 * width)
        self.up4, self.up3 = Up(16 * width), Up(8 * width)
        self.up2, self.up1 = Up(4 * width), Up(2 * width)
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        kept = [self.down1(image)]
        for down in (self.down2, self.down3, self.down4, self.bottom):
            kept.append(down(kept[-1]))
        x = kept.pop()
        for up in (self.up4, self.up3, self.up2, self.up1):
            x = up(x, kept.pop())
        return self.head(x)


class BiLstmTagger(nn.Module):
    """Two bidirectional LSTM layers over words, and a score of each tag (Huang and others 2015, figure 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 64)
        self.lstm = nn.LSTM(64, 64, num_layers=2, bidirectional=True, dropout=0.3, batch_first=True)
        self.fc = nn.Linear(128, 17)

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = pack_padded_sequence(self.embedding(words), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=words.shape[1])
        return self.fc(states)


class Encoder(nn.Module):
    def __init__(self, vocabulary: int, units: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, units)
        self.gru = nn.GRU(units, units, num_layers=2, batch_first=True)

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = pack_padded_sequence(self.embedding(words), lengths, batch_first=True, enforce_sorted=False)
        return self.gru(packed)[1]


class Decoder(nn.Module):
    def __init__(self, vocabulary: int, units: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, units)
        self.gru = nn.GRU(units, units, num_layers=2, batch_first=True)

    def forward(self, words: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.gru(self.embedding(words), state)


class Seq2Seq(nn.Module):
    """The decoder begins with all states of the encoder (Sutskever and others 2014, with GRUs)."""

    def __init__(self, source_vocabulary: int, target_vocabulary: int, units: int) -> None:
        super().__init__()
        self.encoder = Encoder(source_vocabulary, units)
        self.decoder = Decoder(target_vocabulary, units)
        self.fc = nn.Linear(units, target_vocabulary)

    def forward(
        self, source: torch.Tensor, lengths: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        states, last = self.decoder(target, self.encoder(source, lengths))
        return self.fc(states), last


def halving(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)


def doubling(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)


class Autoencoder(nn.Module):
    """Convolutions that halve the sides, and transposed ones that double them (Masci and others 2011)."""

    def __init__(self) -> None:
        super().__init__()
        down = [halving(1, 16), nn.ReLU(), halving(16, 32), nn.ReLU(), nn.Conv2d(32, 8, 1)]
        up = [doubling(8, 16), nn.ReLU(), doubling(16, 1), nn.Sigmoid()]
        self.encoder, self.decoder = nn.Sequential(*down), nn.Sequential(*up)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        code = self.encoder(image)
        return code, self.decoder(code)


class Tower(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.fc = nn.Linear(32 * (((size - 2) // 2 - 2) // 2) ** 2, 64)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        y = F.max_pool2d(torch.relu(self.conv1(image)), 2)
        y = F.max_pool2d(torch.relu(self.conv2(y)), 2)
        return torch.sigmoid(self.fc(y.flatten(1)))


class Siamese(nn.Module):
    """One tower for two images, and a weighted distance of what it gives (Koch and others 2015, section 3.1)."""

    def __init__(self, size: int = 28) -> None:
        super().__init__()
        self.tower = Tower(size)
        self.head = nn.Linear(64, 1)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.head((self.tower(left) - self.tower(right)).abs()))
