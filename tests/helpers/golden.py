"""Golden files: expected texts kept beside the tests, rewritten by ``DOTNN_UPDATE_GOLDEN=1 pytest``."""

from __future__ import annotations

import os

from tests.helpers.paths import GOLDEN


def assert_golden(name: str, text: str) -> None:
    """The text is what ``tests/golden/<name>`` holds; a line end is added where the text has none."""
    path = GOLDEN / name
    text = text if text.endswith("\n") else text + "\n"
    if os.environ.get("DOTNN_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    assert path.exists(), f"{path} is missing: run the test once with DOTNN_UPDATE_GOLDEN=1 and read what it wrote"
    assert text == path.read_bytes().decode("utf-8")
