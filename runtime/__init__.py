"""Running models: sessions on onnxruntime, inputs from files, and outputs to read or to save."""

from __future__ import annotations

from .feeds import read_feeds
from .outputs import render_outputs, save_outputs, top_k
from .random_feeds import random_feeds
from .session import Session
from .tensor_info import FedDemand, Feeds, TensorInfo

__all__ = [
    "FedDemand",
    "Feeds",
    "Session",
    "TensorInfo",
    "random_feeds",
    "read_feeds",
    "render_outputs",
    "save_outputs",
    "top_k",
]
