"""onnxruntime, which sends no telemetry when it is imported here. No other module imports it.

From 1.31 on its wheels look up a host of their maker, and keep an identifier of the device and a database in the user's
folder for caches, unless ``ORT_DISABLE_TELEMETRY`` is set when the library is loaded; calling
``disable_telemetry_events`` afterwards is too late. What the user has set is left as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_SWITCH: Final = "ORT_DISABLE_TELEMETRY"


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """Set the switch for the time of an import; it is read then and never again, so no child process inherits it."""
    if _SWITCH in os.environ:
        yield
        return
    os.environ[_SWITCH] = "1"
    try:
        yield
    finally:
        del os.environ[_SWITCH]


with _without_telemetry():
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state  # pyright: ignore[reportAttributeAccessIssue]

__all__ = ["extension", "onnxruntime"]

#: The extension module, which has no stubs: onnxruntime's exceptions are there, and the path of its libraries.
extension: Any = onnxruntime_pybind11_state
