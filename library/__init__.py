"""The library of blocks, written in the language itself: what ``import … from "dotnn/…"`` reads."""

from __future__ import annotations

from functools import cache
from pathlib import Path

#: How the path of an import begins that means the library, and no folder of the project.
PREFIX = "dotnn/"


@cache
def library_files() -> dict[str, Path]:
    """The files of the library by what an import writes, such as ``dotnn/residual``, in alphabetical order."""
    return {f"{PREFIX}{path.stem}": path for path in sorted(Path(__file__).parent.glob("*.nn"))}
