"""Files of safetensors written byte by byte, and what is read of a file."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from dotnn.compiler.weights.readers import open_weights


def read_all(path: Path) -> dict[str, np.ndarray]:
    with open_weights(path) as file:
        return {name: np.array(file.load(name)) for name in file.names}


def content(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    """A `.safetensors` file with a header as it is, valid or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(start: int, end: int, *shape: Any, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


FOUR = b"\0" * 4
