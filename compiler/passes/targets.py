"""What a model is built for, and what may stand in it beside standard operators."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Target: TypeAlias = Literal["onnx", "onnxruntime", "onnxruntime-cpu"]

DEFAULT_TARGET: Final = "onnxruntime"
