"""The layers: one class each, one file per family. ``LAYERS`` finds them by their kinds."""

from __future__ import annotations

from .base import LAYERS, Layer

__all__ = ["LAYERS", "Layer"]
