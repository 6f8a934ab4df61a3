"""The index of weights in several `.safetensors` files."""

from __future__ import annotations

from . import safetensors_file
from .shards import index_format

FORMAT = index_format(".safetensors.index.json", safetensors_file.FORMAT)
