"""Inputs of models that tests feed, and what is said of feeds that are wrong."""

from __future__ import annotations

import io

import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.runtime import TensorInfo, read_feeds

X = TensorInfo("x", "float32", ("N", 4))
IDS = TensorInfo("ids", "int64", ("N", "T"))
MASK = TensorInfo("mask", "bool", ("N", 2))
IMAGE = TensorInfo("image", "float32", ("N", 1, 2, 3))


def read(*texts, inputs=(X,), stdin=None):
    stream = None if stdin is None else io.BytesIO(stdin)
    return read_feeds(texts, inputs, stdin=stream).arrays


def fault(action, *expected):
    """The diagnostics of a refusal, whose codes must be these."""
    with pytest.raises(DotnnError) as raised:
        action()
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == list(expected)
    for diagnostic in raised.value.diagnostics:
        assert diagnostic.headline()
        assert diagnostic.advice()
    return raised.value.diagnostics


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
