"""From a path to the file, parsed, with all that it imports; and which of its models is meant."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from .diagnostics import Report
from .diagnostics.imports import (
    FileNotThere,
    FileWithoutModel,
    FolderForFile,
    NoModel,
    NoSuchModel,
    NotARegularFile,
    SeveralModels,
    SourceUnreadable,
    TextForPath,
)
from .diagnostics.suggest import listed, near_names
from .limits import Limits
from .names.project import Module, Project, project_root
from .python_arguments import need_path
from .regular_files import instead, read_bounded, read_regular, why_not
from .source import Source
from .syntax.read_source import begins_as_model, read_source

#: Names in a folder beyond this many are not looked at for one that is meant.
MOST_NAMES = 10_000


def load_source(
    path: str | os.PathLike[str], limits: Limits, report: Report, text: str | bytes | None = None
) -> Source | None:
    """Read a source file, or standard input for ``-``; None where that fails, with the reason in the report.

    Args:
        path: the file.
        limits: bounds of its size.
        report: takes the diagnostics.
        text: what the file is to hold, such as what an editor has not saved yet, as text or as its bytes; None for what
            it holds.

    Raises:
        TypeError: no path.
    """
    path = need_path(path, "path")
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        if path == "-":
            # A process may be started without a standard input.
            stream = sys.stdin.buffer if sys.stdin is not None else io.BytesIO()
            data = read_bounded(stream, limits.source_bytes) if data is None else data
            return _read(data, "<stdin>", None, limits, report)
        data = read_regular(path, limits.source_bytes) if data is None else data
        return _read(data, path, Path(path).resolve(), limits, report)
    except (OSError, ValueError) as error:
        report.add(_unreadable(path, error))
    return None


def _read(data: bytes, name: str, path: Path | None, limits: Limits, report: Report) -> Source | None:
    if not begins_as_model(data):
        # Nearly all begin as texts of ours.
        from .diagnostics.other_files import OtherKindOfFile
        from .file_kinds import kind_of

        kind = kind_of(data, name)
        if kind is not None:
            # What it holds is nothing to look at.
            report.add(OtherKindOfFile(span=Source(name, "", path).span(0, 0), path=name, kind=kind))
            return None
    return read_source(data, name, path, limits, report)


def _unreadable(path: str, error: OSError | ValueError) -> SourceUnreadable:
    shown, reason = path.replace("\0", "\\0"), why_not(error)
    if "{" in path and path.rstrip().endswith("}"):
        return TextForPath(path=shown, reason=reason)
    if isinstance(error, ValueError):
        return SourceUnreadable(path=shown, reason=reason)
    if isinstance(error, FileNotFoundError):
        return FileNotThere(path=shown, reason=reason, near=_near_files(path))
    if error.errno == errno.EISDIR:
        return FolderForFile(path=shown, reason=reason, files=tuple(_texts_in(path)))
    if instead(error):
        return NotARegularFile(path=shown, reason=reason, instead=instead(error))
    return SourceUnreadable(path=shown, reason=reason)


def _near_files(path: str) -> tuple[str, ...]:
    """The `.nn` files of a folder whose names are near that of one that is not there."""
    folder, name = os.path.split(path)
    stems = {os.path.basename(text).removesuffix(".nn") for text in _texts_in(folder or os.curdir)}
    stem = name.removesuffix(".nn")
    near = (stem,) if stem in stems else near_names(stem, sorted(stems))
    return tuple(os.path.join(folder, f"{one}.nn") for one in near)


def _texts_in(folder: str) -> list[str]:
    """The paths of the `.nn` files of a folder; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_NAMES) if entry.name.endswith(".nn")]
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names)]


def load_module(
    source: Source,
    limits: Limits,
    root: str | os.PathLike[str] | None,
    report: Report,
    contents: Mapping[Path | None, bytes] | None = None,
) -> Module | None:
    """Parse a text and all that it imports; None where nothing could be made of it.

    Args:
        source: the text.
        limits: bounds of the compilation.
        root: the folder that imports may not leave; None for that of the project.
        report: takes the diagnostics.
        contents: by path, what imported files are to hold, where that is not what they hold.
    """
    if root is not None:
        folder = Path(root).resolve()
    else:
        folder = project_root(source.path) if source.path is not None else _working_folder()
    return Project(limits, report, folder, contents).add(source)


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def the_model(module: Module, model: str | None, report: Report) -> list[str]:
    """The model that is meant; none, and a diagnostic, where that is not clear."""
    names = list(module.models) if model is None else [name for name in module.models if name == model]
    if len(names) == 1:
        return names
    if names or not module.file.skipped:
        report.add(_no_model(module, model))
    return []


def _no_model(module: Module, model: str | None) -> NoModel:
    names, file = list(module.models), module.source.name
    if not names:
        return FileWithoutModel(file=file)
    if model is None:
        return SeveralModels(file=file, known=listed(names))
    return NoSuchModel(file=file, name=model, known=listed(names), near=near_names(model, names))


def any_models(module: Module, model: str | None, report: Report) -> list[str]:
    """All models of a file, or the one that is asked for; there may be none."""
    return [name for name in module.models if model in (None, name)]


def all_models(module: Module, model: str | None, report: Report) -> list[str]:
    """All models of a file, or the one that is asked for; a diagnostic where there is none."""
    found = any_models(module, model, report)
    if not found and not module.file.skipped:
        report.add(_no_model(module, model))
    return found
