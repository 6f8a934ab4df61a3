"""Files that a weight file names: they lie beside it, and nothing else is opened."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..diagnostics import DotnnError
from ..diagnostics.weight_formats import OutsideOfTheFolder


def beside(path: Path, name: str) -> Path:
    """The file of a name that the file at ``path`` gives, taken from its folder.

    A link leads to where it points to. Where the file at ``path`` is one itself, as in the cache of Hugging Face, the
    folder that it leads to counts as well.

    Raises:
        DotnnError: OutsideOfTheFolder.
    """
    if not _is_plain(name):
        raise DotnnError(OutsideOfTheFolder(path=str(path), name=_legible(name)))
    found = path.parent / name
    try:
        real = os.path.realpath(found)
        folders = [os.path.realpath(path.parent), os.path.dirname(os.path.realpath(path))]
    except (OSError, ValueError):
        folders, real = [], ""
    if not any(real.startswith(os.path.join(folder, "")) for folder in folders):
        raise DotnnError(OutsideOfTheFolder(path=str(path), name=_legible(name)))
    return found


def _is_plain(name: str) -> bool:
    """Whether a name can only mean something in a folder, on any system."""
    paths = (PurePosixPath(name), PureWindowsPath(name))
    return bool(name) and "\0" not in name and not any(one.anchor or ".." in one.parts for one in paths)


def _legible(name: str) -> str:
    return name.replace("\0", "\\0")[:200]
