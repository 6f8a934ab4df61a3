"""ConvNeXt-Tiny and ViT-B/16 as modules of PyTorch, written from the papers, with torchvision's names of the parts."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn


class ChannelNorm(nn.LayerNorm):
    """Layer normalization of the channels at every pixel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class Moved(nn.Module):
    """Puts an axis elsewhere."""

    def __init__(self, source: int, destination: int) -> None:
        super().__init__()
        self.places = source, destination

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.movedim(*self.places)


class ConvNeXtBlock(nn.Module):
    """The block (Liu and others 2022, figure 4), whose 1x1 convolutions are dense layers on the last axis, and its
    layer scale."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer_scale = nn.Parameter(torch.full((width, 1, 1), 1e-6))
        self.block = nn.Sequential(
            nn.Conv2d(width, width, 7, padding=3, groups=width),
            Moved(1, -1),
            nn.LayerNorm(width, eps=1e-6),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
            Moved(-1, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layer_scale * self.block(x)


class ConvNeXt(nn.Module):
    """The network of table 9 there: a stem of patches, stages of 3, 3, 9 and 3 blocks, and halvings between them."""

    def __init__(self, width: int = 96, blocks: int = 9, classes: int = 1000) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        inputs = 3
        for index, count in enumerate((3, 3, blocks, 3)):
            outputs = width * 2**index
            if parts:
                halving = nn.Conv2d(inputs, outputs, 2, stride=2)
                parts.append(nn.Sequential(ChannelNorm(inputs, eps=1e-6), halving))
            else:
                patches = nn.Conv2d(inputs, outputs, 4, stride=4)
                parts.append(nn.Sequential(patches, ChannelNorm(outputs, eps=1e-6)))
            parts.append(nn.Sequential(*(ConvNeXtBlock(outputs) for _ in range(count))))
            inputs = outputs
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(ChannelNorm(inputs, eps=1e-6), nn.Flatten(), nn.Linear(inputs, classes))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(image).mean(dim=(2, 3), keepdim=True))


class VisionLayer(nn.Module):
    """A layer of the encoder (Dosovitskiy and others 2021, equations 2 and 3)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Identity(), nn.Linear(4 * width, width), nn.Identity()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class VisionEncoder(nn.Module):
    def __init__(self, positions: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.randn(1, positions, width))
        named = ((f"encoder_layer_{index}", VisionLayer(width, heads)) for index in range(layers))
        self.layers = nn.Sequential(OrderedDict(named))
        self.ln = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.ln(self.layers(x + self.pos_embedding))


class VisionTransformer(nn.Module):
    """The whole of it (equations 1 and 4 there), with patches of 16x16 pixels."""

    def __init__(
        self, size: int = 224, width: int = 768, layers: int = 12, heads: int = 12, classes: int = 1000
    ) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.randn(1, 1, width))
        self.conv_proj = nn.Conv2d(3, width, 16, stride=16)
        self.encoder = VisionEncoder(1 + (size // 16) ** 2, width, layers, heads)
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(width, classes)))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        patches = self.conv_proj(image).flatten(2).transpose(1, 2)
        words = torch.cat([self.class_token.expand(len(image), -1, -1), patches], dim=1)
        return self.heads(self.encoder(words)[:, 0])
