"""What PyTorch, Keras and ONNX say of single layers, measured there: the files of ``tests/facts``."""

from __future__ import annotations

import json
from typing import Any

from tests.helpers.paths import FACTS

CONVENTIONS: dict[str, Any] = json.loads((FACTS / "conventions.json").read_text(encoding="utf-8"))
#: Layers of PyTorch and of Keras, by what they are described as.
TORCH: dict[str, Any] = {case["desc"]: case for case in CONVENTIONS["torch_single_layer_facts"]}
KERAS: dict[str, Any] = {
    case["desc"]: case for case in json.loads((FACTS / "layers_keras.json").read_text(encoding="utf-8"))
}
