"""The index of weights in several files of PyTorch."""

from __future__ import annotations

from . import torch_file
from .shards import index_format

FORMAT = index_format(".bin.index.json", torch_file.BIN)
