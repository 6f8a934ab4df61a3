"""From a path to the file, parsed, with all that it imports; and which of its models is meant."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .arguments import need_path
from .diagnostics import Report
from .diagnostics.imports import NoModel, SourceUnreadable
from .diagnostics.suggest import listed, near_names
from .files import instead, read_bounded, read_regular, why_not
from .limits import Limits
from .names.project import Module, Project, project_root
from .source import Source
from .syntax.read import read_source


def load_source(path: str | os.PathLike[str], limits: Limits, report: Report, text: str | None = None) -> Source | None:
    """Read a source file, or standard input for ``-``; None where that fails, with the reason in the report.

    Args:
        path: the file.
        limits: bounds of its size.
        report: takes the diagnostics.
        text: what the file is to hold, such as what an editor has not saved yet; None for what it holds.

    Raises:
        TypeError: no path.
    """
    path = need_path(path, "path")
    if text is not None:
        return read_source(text.encode("utf-8", "surrogatepass"), path, Path(path).resolve(), limits, report)
    try:
        if path == "-":
            # A process may be started without a standard input.
            data = read_bounded(sys.stdin.buffer, limits.source_bytes) if sys.stdin is not None else b""
            return read_source(data, "<stdin>", None, limits, report)
        data = read_regular(path, limits.source_bytes)
        return read_source(data, path, Path(path).resolve(), limits, report)
    except (OSError, ValueError) as error:
        report.add(_unreadable(path, error))
    return None


def _unreadable(path: str, error: OSError | ValueError) -> SourceUnreadable:
    shown, reason = path.replace("\0", "\\0"), why_not(error)
    if "{" in path and path.rstrip().endswith("}"):
        return SourceUnreadable(path=shown, reason=reason, hint="this is a text: `dotnn.compile_source` takes it")
    if instead(error):
        return SourceUnreadable(path=shown, reason=reason, hint=f"`-` reads standard input; else {instead(error)}")
    return SourceUnreadable(path=shown, reason=reason)


def load_module(source: Source, limits: Limits, root: str | os.PathLike[str] | None, report: Report) -> Module | None:
    """Parse a text and all that it imports; None where nothing could be made of it."""
    if root is not None:
        folder = Path(root).resolve()
    else:
        folder = project_root(source.path) if source.path is not None else _working_folder()
    return Project(limits, report, folder).add(source)


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
    names = list(module.models)
    known = listed(names)
    if not names:
        hint = "write one: `model name { input … output … }`; a file of blocks is for `import`"
        return NoModel(reason=f"`{module.source.name}` has no model", hint=hint)
    if model is None:
        return NoModel(reason=f"`{module.source.name}` has several models: {known}", hint="choose one with `--model`")
    near = near_names(model, names)
    return NoModel(reason=f"`{module.source.name}` has no model `{model}`", hint=f"it has {known}", near=near)


def any_models(module: Module, model: str | None, report: Report) -> list[str]:
    """All models of a file, or the one that is asked for; there may be none."""
    return [name for name in module.models if model in (None, name)]


def all_models(module: Module, model: str | None, report: Report) -> list[str]:
    """All models of a file, or the one that is asked for; a diagnostic where there is none."""
    found = any_models(module, model, report)
    if not found and not module.file.skipped:
        report.add(_no_model(module, model))
    return found
