"""Which settings hold for a file: the nearest ones above it, no further up than its repository."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from ..diagnostics.phrases import Phrase
from ..regular_files import NotRegular, instead, read_regular, why_not
from ..source import Source
from .settings import Settings

#: The file that has nothing but settings, and the one that has a table of them.
OWN_FILE: Final = "dotnn.toml"
SHARED_FILE: Final = "pyproject.toml"
#: What stands in the root of a repository.
REPOSITORY: Final = ".git"

_MOST_BYTES: Final = 1_000_000


class Configuration:
    """The settings of all files of a call, each file with settings read once.

    Attributes:
        file: the file whose settings hold for all; None to look for them.
        isolated: no settings hold for any.
    """

    def __init__(self, file: str | os.PathLike[str] | None = None, isolated: bool = False) -> None:
        self.file = None if file is None else Path(file)
        self.isolated = isolated
        self._found: dict[Path, Settings] = {}
        self._given: Settings | None = None

    def of_file(self, path: str) -> Settings:
        """The settings for a file; those of the working folder for standard input, ``-``."""
        try:
            return self.of_folder(Path.cwd() if path == "-" else Path(path).resolve().parent)
        except (OSError, ValueError, RuntimeError):
            # There is no such place, which whoever reads it says.
            return Settings()

    def of_folder(self, folder: Path) -> Settings:
        """The settings for what lies in a folder, given by its whole path."""
        if self.isolated:
            return Settings()
        if self.file is not None:
            self._given = self._given or _given(self.file)
            return self._given
        passed: list[Path] = []
        for place in (folder, *folder.parents):
            settings = self._found.get(place) or _settings_in(place)
            passed.append(place)
            if settings is not None or os.path.lexists(place / REPOSITORY):
                break
        else:
            settings = None
        self._found.update(dict.fromkeys(passed, settings or Settings()))
        return self._found[folder]


def working_folder() -> Path | None:
    """The working folder; None where it has been removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def shown_path(path: Path) -> str:
    """What a file is called in messages: its path from the working folder."""
    here = working_folder()
    return str(path) if here is None or path.anchor != here.anchor else os.path.relpath(path, here)


def _given(file: Path) -> Settings:
    """The settings of ``--config``: their patterns begin in the working folder, as those of the command line do."""
    from ..diagnostics.configuration import TomlFault

    folder = working_folder() or Path(file.anchor or os.sep)
    try:
        found = _parsed(file, str(file), folder, read_regular(file, _MOST_BYTES))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.EISDIR:
            return _faulty(folder, str(file), TomlFault.IS_FOLDER())
        return _unreadable(folder, str(file).replace("\0", "\\0"), error)
    return _faulty(folder, str(file), TomlFault.NO_TABLE_OF_OURS()) if found is None else found


def _settings_in(folder: Path) -> Settings | None:
    """The settings of a folder; None if it has none."""
    for name in (OWN_FILE, SHARED_FILE):
        path = folder / name
        try:
            content = read_regular(path, _MOST_BYTES)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            if name == SHARED_FILE and isinstance(error, NotRegular):
                # It is nobody's settings.
                continue
            return _unreadable(folder, shown_path(path), error)
        found = (
            _parsed(path, shown_path(path), folder, content)
            if name == OWN_FILE or _may_have_our_table(content)
            else None
        )
        if found is not None:
            return found
    return None


def _may_have_our_table(content: bytes) -> bool:
    """Whether a shared file need be parsed: a line of it may begin with ``[tool.dotnn``, ``[tool]`` or ``tool =``.

    Nearly all have no such line, and to look for one takes less than to load the reader of TOML.
    """
    starts = (line.lstrip(b"\xef\xbb\xbf \t[\"'") for line in content.splitlines())
    rests = (line[4:].lstrip(b" \t\"'") for line in starts if line.startswith(b"tool"))
    return any(rest.startswith((b"]", b"=")) or (rest.startswith(b".") and b"dotnn" in rest) for rest in rests)


def _parsed(path: Path, name: str, folder: Path, content: bytes) -> Settings | None:
    # Most calls have no settings, so what reads them is loaded here.
    from ..diagnostics.configuration import TomlFault
    from .settings_reader import read_settings

    if len(content) > _MOST_BYTES:
        return _faulty(folder, name, TomlFault.TOO_LONG(most=_MOST_BYTES))
    try:
        source = Source(name, content.decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        return _faulty(folder, name, TomlFault.NO_TEXT())
    return read_settings(source, folder, is_shared=path.name == SHARED_FILE)


def _unreadable(folder: Path, name: str, error: OSError | ValueError) -> Settings:
    from ..diagnostics.configuration import TomlFault

    return _faulty(folder, name, TomlFault.CANNOT_BE_READ(reason=why_not(error)), instead(error))


def _faulty(folder: Path, name: str, fault: Phrase, hint: str = "") -> Settings:
    from ..diagnostics.configuration import BadConfiguration

    return Settings(folder, faults=(BadConfiguration(path=name, fault=fault, hint=hint),))
