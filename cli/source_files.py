"""The files that a call means which takes folders: those that it names, and all ``.nn`` files below the folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import click

#: The file that stands in every virtual environment of Python.
_ENVIRONMENT = "pyvenv.cfg"


def source_files(sources: Iterable[str]) -> list[str]:
    """The files of some paths, each once, in the order of the paths, and below a folder in that of their names.

    Raises:
        click.UsageError: there is no .nn file in a folder, or it cannot be read.
    """
    found: dict[str, str] = {}
    for source in sources:
        for path in _below(source) if os.path.isdir(source) else [source]:
            found.setdefault(_place(path), path)
    return list(found.values())


def are_named(files: Iterable[str], sources: Iterable[str]) -> list[bool]:
    """Whether each file is one of the sources itself, and is not only in a folder of these."""
    named = {_place(source) for source in sources}
    return [_place(file) in named for file in files]


def _place(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)


def _below(folder: str) -> list[str]:
    paths = sorted(_walk(folder), key=lambda path: path.split(os.sep))
    if not paths:
        raise click.UsageError(f"there is no .nn file in {folder!r}")
    return paths


def _walk(folder: str) -> Iterator[str]:
    """The .nn files below a folder, but for what tools keep there: hidden folders and virtual environments."""
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [one for one in folders if not _is_kept_by_tools(place, one)]
        yield from (os.path.join(place, name) for name in names if name.endswith(".nn"))


def _is_kept_by_tools(place: str, name: str) -> bool:
    return name.startswith(".") or os.path.exists(os.path.join(place, name, _ENVIRONMENT))


def _refuse(error: OSError) -> None:
    reason = (error.strerror or "it cannot be read").lower()
    raise click.UsageError(f"{error.filename!r}: {reason}") from None
