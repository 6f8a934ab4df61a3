"""The files that a call means which takes folders and globs: those that it names, and ``.nn`` files below folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..compiler.configuration.finding import Configuration
    from ..compiler.configuration.ignored_files import GitIgnore
    from ..compiler.configuration.patterns import Pattern

#: The file that stands in every virtual environment of Python.
_ENVIRONMENT = "pyvenv.cfg"
#: Signs by which a path that is none is a glob.
_GLOB_SIGNS = "*?["
#: Paths that a message lists.
_MOST_LISTED = 3


def source_files(sources: Iterable[str], configuration: Configuration | None = None) -> list[str]:
    """The files of some paths, each once, in the order of the paths, and below a folder in that of their names.

    What git ignores is passed over below folders and globs, and what the settings exclude; a file that is named is not.

    Args:
        sources: files, folders and globs.
        configuration: whose settings exclude files; None to exclude none.

    Raises:
        click.UsageError: there is no .nn file in a folder, or none that a glob matches, or a folder cannot be read.
    """
    found: dict[str, str] = {}
    for source in sources:
        for path in _meant(source, configuration):
            found.setdefault(_place(path), path)
    return list(found.values())


def are_named(files: Iterable[str], sources: Iterable[str]) -> list[bool]:
    """Whether each file is one of the sources itself, and is not only in a folder of these."""
    named = {_place(source) for source in sources}
    return [_place(file) in named for file in files]


def _place(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)


def _meant(source: str, configuration: Configuration | None) -> list[str]:
    if os.path.isdir(source):
        walk = _Walk(configuration)
        # What CI shows beside a line goes by paths as git has them, without `./`.
        found = _sorted(walk.below("" if os.path.normpath(source) == os.curdir else source))
        if not found:
            raise click.UsageError(f"there is no .nn file in {source!r}{walk.passed_over()}")
        return found
    if os.path.lexists(source) or not any(sign in source for sign in _GLOB_SIGNS):
        return [source]
    folder, pattern = _glob(source)
    walk = _Walk(configuration)
    below = walk.below(folder) if os.path.isdir(folder or os.curdir) else ()
    start = len(os.path.join(folder, "")) if folder else 0
    matching = (path for path in below if pattern.covers(path[start:].split(os.sep)))
    found = _sorted(matching)
    if not found:
        raise click.UsageError(f"there is no .nn file that {source!r} matches{walk.passed_over(pattern, start)}")
    return found


def _glob(source: str) -> tuple[str, Pattern]:
    """The folder in which a glob begins, and the pattern of what it matches below."""
    from ..compiler.configuration.patterns import Pattern, read_pattern

    names = source.split("/")
    fixed = next(number for number, name in enumerate(names) if any(sign in name for sign in _GLOB_SIGNS))
    # The slash ties it to the folder, as in a shell.
    pattern = read_pattern("/" + "/".join(names[fixed:]))
    if not isinstance(pattern, Pattern):
        raise click.UsageError(f"there is no file {source!r}, and as a glob it cannot be read: {pattern}")
    folder = "/".join(names[:fixed])
    return (folder or "/") if fixed else "", pattern


def _sorted(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: path.split(os.sep))


class _Walk:
    """Goes through folders, and notes what it passes over."""

    def __init__(self, configuration: Configuration | None) -> None:
        self._configuration = configuration
        self._ignored: list[str] = []
        self._excluded: list[str] = []

    def below(self, folder: str) -> Iterator[str]:
        """The .nn files below a folder, the working one for an empty text, but for what is passed over.

        Hidden folders and virtual environments are kept by tools. Links to folders are not followed.
        """
        from ..compiler.configuration.ignored_files import GitIgnore

        root = folder or os.curdir
        shown = str if folder else os.path.relpath
        top = Path(root).resolve()
        pending = {root: (top, GitIgnore.of(top))}
        for place, folders, names in os.walk(root, onerror=_refuse):
            whole, ignore = pending.pop(place)
            kept = [one for one in folders if not _is_kept_by_tools(place, one)]
            folders[:] = [
                one for one in kept if self._takes(shown(os.path.join(place, one)), whole / one, ignore, True)
            ]
            pending |= {os.path.join(place, one): (whole / one, ignore.inside(whole / one)) for one in folders}
            for name in names:
                if not name.endswith(".nn"):
                    continue
                path = shown(os.path.join(place, name))
                if self._takes(path, whole / name, ignore, False):
                    yield path

    def _takes(self, shown: str, path: Path, ignore: GitIgnore, is_folder: bool) -> bool:
        from ..compiler.configuration.ignored_files import excludes

        if ignore.ignores(path, is_folder):
            self._ignored.append(shown)
            return False
        settings = self._configuration.of_folder(path.parent) if self._configuration is not None else None
        if settings is not None and excludes(settings.exclude, settings.names_of(path), is_folder):
            self._excluded.append(shown)
            return False
        return True

    def passed_over(self, pattern: Pattern | None = None, start: int = 0) -> str:
        """What to add to the message that nothing was found: which files were passed over, and why.

        Args:
            pattern: what the files are to match.
            start: where in their paths that begins.
        """
        passed = [
            f"{who} {_listed(files)}"
            for who, paths in (("git ignores", self._ignored), ("`exclude` leaves out", self._excluded))
            if (files := _sources_in(paths, pattern, start))
        ]
        return f"; {', and '.join(passed)}" if passed else ""


def _sources_in(paths: Iterable[str], pattern: Pattern | None, start: int) -> list[str]:
    """The .nn files among some paths and below them that a pattern matches."""
    found = (path for one in paths for path in _files_at(one) if path.endswith(".nn"))
    return sorted(path for path in found if pattern is None or pattern.covers(path[start:].split(os.sep)))


def _files_at(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
    for place, _, names in os.walk(path):
        yield from (os.path.join(place, name) for name in names)


def _listed(paths: list[str]) -> str:
    more = len(paths) - _MOST_LISTED
    shown = ", ".join(repr(path) for path in paths[:_MOST_LISTED])
    return f"{shown} and {more} more" if more > 0 else shown


def _is_kept_by_tools(place: str, name: str) -> bool:
    return name.startswith(".") or os.path.exists(os.path.join(place, name, _ENVIRONMENT))


def _refuse(error: OSError) -> None:
    reason = (error.strerror or "it cannot be read").lower()
    raise click.UsageError(f"{error.filename!r}: {reason}") from None
