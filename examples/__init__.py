"""The examples and the zoo, as files: what ``dotnn new --from`` copies."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def example_files() -> dict[str, Path]:
    """Every example by its name, such as ``mnist_cnn`` or ``zoo/resnet18``, in alphabetical order."""
    folder = Path(__file__).parent
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.nn"))}
