"""Recurrent networks of the zoo as modules of PyTorch, written from the papers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class CharLstm(nn.Module):
    """The character model of char-rnn: letters as one-hot vectors, stacked LSTMs, a score of each next letter."""

    def __init__(self, vocabulary: int = 65, units: int = 128, layers: int = 2) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.lstm = nn.LSTM(vocabulary, units, layers, batch_first=True, dropout=0.5)
        self.fc = nn.Linear(units, vocabulary)

    def forward(self, letters: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states, (h, c) = self.lstm(F.one_hot(letters, self.vocabulary).to(h.dtype), (h, c))
        return self.fc(states), h, c


class Reader(nn.Module):
    """An embedding and stacked LSTMs, as encoder and as decoder."""

    def __init__(self, vocabulary: int, units: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, units)
        self.lstm = nn.LSTM(units, units, layers, batch_first=True)


class GeneralAttention(nn.Module):
    """Global attention with the score `general` (Luong and others 2015, equations 5, 7 and 8)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.query = nn.Linear(units, units, bias=False)
        self.combine = nn.Linear(2 * units, units, bias=False)

    def forward(self, states: torch.Tensor, memory: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        scores = torch.einsum("ntu,nsu->nts", self.query(states), memory)
        behind = torch.arange(memory.shape[1])[None, None] >= lengths[:, None, None]
        weights = scores.masked_fill(behind, -torch.inf).softmax(dim=2)
        return torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=2)))


class Seq2SeqAttention(nn.Module):
    """The translator of that paper, without the feeding of what attention found into the next step."""

    def __init__(self, source_vocabulary: int, target_vocabulary: int, units: int, layers: int) -> None:
        super().__init__()
        self.encoder = Reader(source_vocabulary, units, layers)
        self.decoder = Reader(target_vocabulary, units, layers)
        self.attention = GeneralAttention(units)
        self.fc = nn.Linear(units, target_vocabulary)

    def forward(self, source: torch.Tensor, lengths: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        words = self.encoder.embedding(source)
        packed = pack_padded_sequence(words, lengths, batch_first=True, enforce_sorted=False)
        outputs, final = self.encoder.lstm(packed)
        memory, _ = pad_packed_sequence(outputs, batch_first=True, total_length=source.shape[1])
        states, _ = self.decoder.lstm(self.decoder.embedding(target), final)
        return self.fc(self.attention(states, memory, lengths))


class Basic(nn.Module):
    """Two convolutions and a shortcut (He and others 2015, figure 2)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Eye(nn.Module):
    """The feature map of ResNet-18 (table 1 there)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        for stage, (inputs, outputs) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)], 1):
            blocks = Basic(inputs, outputs, 1 if stage == 1 else 2), Basic(outputs, outputs, 1)
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        y = F.max_pool2d(torch.relu(self.bn1(self.conv1(image))), 3, stride=2, padding=1)
        for stage in range(1, 5):
            y = self.get_submodule(f"layer{stage}")(y)
        return y


class EyeAndVector(Eye):
    """And a vector of the means of its channels."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.fc = nn.Linear(512, units)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.fc(super().forward(image).mean(dim=(2, 3)))


class CaptionLstm(nn.Module):
    """Show and Tell (Vinyals and others 2015, equations 10 to 12): the image is the first word."""

    def __init__(self, vocabulary: int = 10_000, units: int = 512) -> None:
        super().__init__()
        self.cnn = EyeAndVector(units)
        self.embedding = nn.Embedding(vocabulary, units)
        self.lstm = nn.LSTM(units, units, batch_first=True)
        self.fc = nn.Linear(units, vocabulary)

    def forward(self, image: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        sentence = torch.cat([self.cnn(image)[:, None], self.embedding(words)], dim=1)
        return self.fc(self.lstm(sentence)[0])


class AdditiveAttention(nn.Module):
    """Attention by a network of one hidden layer (Bahdanau and others 2014, appendix A.1.2)."""

    def __init__(self, states: int, memory: int, units: int) -> None:
        super().__init__()
        self.query = nn.Linear(states, units)
        self.key = nn.Linear(memory, units, bias=False)
        self.score = nn.Linear(units, 1, bias=False)

    def forward(self, states: torch.Tensor, memory: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = torch.tanh(self.query(states)[:, :, None] + self.key(memory)[:, None])
        weights = self.score(hidden)[..., 0].softmax(dim=2)
        return torch.bmm(weights, memory), weights


class CaptionAttention(nn.Module):
    """Show, Attend and Tell (Xu and others 2015, section 3.1), with attention behind the LSTM."""

    def __init__(self, vocabulary: int, units: int) -> None:
        super().__init__()
        self.cnn = Eye()
        self.init_h = nn.Linear(512, units)
        self.init_c = nn.Linear(512, units)
        self.decoder = Reader(vocabulary, units, 1)
        self.attention = AdditiveAttention(units, 512, units)
        self.fc = nn.Linear(units + 512, vocabulary)

    def forward(self, image: torch.Tensor, words: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        places = self.cnn(image).flatten(2).transpose(1, 2)
        mean = places.mean(dim=1)
        first = torch.tanh(self.init_h(mean))[None], torch.tanh(self.init_c(mean))[None]
        states, _ = self.decoder.lstm(self.decoder.embedding(words), first)
        found, weights = self.attention(states, places)
        return self.fc(torch.cat([states, found], dim=2)), weights


class Convolutions(nn.Module):
    """Two convolutions over frequencies and frames (Amodei and others 2015, table 4), with their clipped ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, (41, 11), stride=(2, 2), padding=(20, 5), bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 32, (21, 11), stride=(2, 1), padding=(10, 5), bias=False)
        self.bn2 = nn.BatchNorm2d(32)

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        y = self.bn1(self.conv1(spectrogram)).clamp(0, 20)
        return self.bn2(self.conv2(y)).clamp(0, 20)


class BothWays(nn.Module):
    """A GRU from each end, their sum (section 3.1 there), and normalization over examples and steps."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.gru = nn.GRU(inputs, units, batch_first=True, bidirectional=True)
        self.norm = nn.BatchNorm1d(units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, _ = self.gru(x)
        y = y[..., : self.units] + y[..., self.units :]
        return self.norm(y.transpose(1, 2)).transpose(1, 2)


class SpeechRecognizer(nn.Module):
    """Deep Speech 2 with GRUs, up to the logarithms that CTC reads."""

    def __init__(self, characters: int = 29, frequencies: int = 161, units: int = 800, layers: int = 5) -> None:
        super().__init__()
        left = (((frequencies + 1) // 2) + 1) // 2
        self.conv = Convolutions()
        self.rnn = nn.Sequential(*[BothWays(units if layer else 32 * left, units) for layer in range(layers)])
        self.fc = nn.Linear(units, characters)

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        features = self.conv(spectrogram)
        frames = features.reshape(len(features), -1, features.shape[3]).transpose(1, 2)
        return self.fc(self.rnn(frames)).log_softmax(dim=2)
