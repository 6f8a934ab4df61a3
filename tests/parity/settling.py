"""What tests against whole networks of PyTorch share: weights as after some training, and errors in units of scale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch's threads wait for each other by spinning: where tests share the processors, that takes longer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def settle(module: nn.Module, *tensors: torch.Tensor, rounds: int = 1) -> None:
    """Weights as after some training: numbers neither vanish nor explode from layer to layer, as they do with PyTorch's
    first weights, and no bias, scale, shift or statistic is 0 or 1.

    Batch normalization gets about the statistics of these inputs, and a scale and a shift of its own; the
    more rounds, the nearer they come. Very deep networks need some.
    """
    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.kaiming_normal_(part.weight)
            if part.bias is not None:
                nn.init.uniform_(part.bias, -0.5, 0.5)
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.uniform_(norm.bias, -0.5, 0.5)
        norm.momentum = 0.7
    if norms:
        with torch.no_grad():
            for _ in range(rounds):
                module.train()(*tensors)


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """How far numbers are off, in units of the largest one."""
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())
