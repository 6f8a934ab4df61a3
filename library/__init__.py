"""The library of blocks, written in the language itself: what ``import … from "dotnn/…"`` reads."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

#: How the path of an import begins that means the library, and no folder of the project.
PREFIX = "dotnn/"
#: What the names of its files end with, and imports leave out.
ENDING = ".nn"


class Indexed(NamedTuple):
    """A public block in the index: the file that an import of it names, and its first sentence."""

    file: str
    summary: str


@cache
def library_files() -> dict[str, Path]:
    """The files of the library by what an import writes, such as ``dotnn/residual``, in alphabetical order."""
    return {f"{PREFIX}{path.stem}": path for path in sorted(Path(__file__).parent.glob(f"*{ENDING}"))}


def import_line(name: str, file: str) -> str:
    """The import of a block of a file of the library."""
    return f'import {name} from "{file}"'
